package importer

import "testing"

func TestASchedulesTimesAreWrittenAsJobsTakeThem(t *testing.T) {
	for _, x := range []struct{ said, zone, want, why string }{
		{said: "@daily", want: "cron(0 0 * * ? *)"},
		{said: "@weekly", want: "cron(0 0 ? * 1 *)"},
		{said: "@every 1h30m", want: "rate(90 minutes)"},
		{said: "@every 1m", want: "rate(1 minute)"},
		{said: "15 3 * * MON", want: "cron(15 3 ? * MON *)"},
		{said: "cron(15 10 ? * 6L *)", want: "cron(15 10 ? * 6L *)"},
		{said: "cron(15 10 31W * ? *)", why: `jobs take no such schedule, "31W" is no day of month: write it under jobs at times that they take`},
		{said: "rate(5 days)", zone: "Europe/Lisbon", want: "rate(5 days)"},
		{said: "rate(5 days)", zone: "Mars/Olympus", why: "jobs take no such schedule, unknown time zone Mars/Olympus: write it under jobs at times that they take"},
		{said: "${var.when}", why: "only the source knows when: write it under jobs, with schedule"},
		{why: "only the source knows when: write it under jobs, with schedule"},
		{said: "at(2027-01-01T00:00:00)", why: "it is one time, and a job's come again: keep it where it is"},
	} {
		if got, why := expressionOf(copilotTimesOf(x.said), x.zone); got != x.want || why != x.why {
			t.Errorf("%q in %q is %q, %q; want %q, %q", x.said, x.zone, got, why, x.want, x.why)
		}
	}
}

func TestThePortOfAJobsImageIsNotSaidToBeCarriedOver(t *testing.T) {
	j := &job{agent: &agent{name: "nightly", section: "jobs"}}
	port := &tree{name: "port", text: "9090"}
	port.carry(j.key("port"))
	if j.leaveServices(nil, port); port.outcome != left || port.why == "" {
		t.Errorf("the port is %v, %q", port.outcome, port.why)
	}
}
