package agents

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

const withJob = `
project: acme
agents:
  scout: {port: 9000, cpu: 512, memory: 2048}
jobs:
  nightly: {agent: scout, command: [python, digest.py], %s}
`

func jobOf(t *testing.T, keys string) Job {
	t.Helper()
	cfg, err := Parse("agents.yaml", []byte(fmt.Sprintf(withJob, keys)), "")
	if err != nil {
		t.Fatal(err)
	}
	return cfg.Jobs["nightly"]
}

func TestAScheduleInWordsIsOneThatEventBridgeSchedulerTakes(t *testing.T) {
	for words, want := range map[string]string{
		"every day at 03:00":              "cron(0 3 ? * * *)",
		"every day at 3:05":               "cron(5 3 ? * * *)",
		"every weekday at 9:30":           "cron(30 9 ? * MON-FRI *)",
		"every weekend at 10:00":          "cron(0 10 ? * SUN,SAT *)",
		"every monday at 9:30":            "cron(30 9 ? * MON *)",
		"every mon, wed and fri at 23:59": "cron(59 23 ? * MON,WED,FRI *)",
		"every 15 minutes":                "cron(0/15 * * * ? *)",
		"every minute":                    "cron(* * * * ? *)",
		"every hour":                      "cron(0 * * * ? *)",
		"every 6 hours":                   "cron(0 0/6 * * ? *)",
		"rate(5 days)":                    "rate(5 days)",
		"cron(0 7 ? * MON-FRI *)":         "cron(0 7 ? * MON-FRI *)",
		"cron(15 12 L * ? *)":             "cron(15 12 L * ? *)",
	} {
		j := jobOf(t, "schedule: "+fmt.Sprintf("%q", words))
		if j.Expression != want {
			t.Errorf("%s is %s, want %s", words, j.Expression, want)
		}
		if _, err := j.Times(); err != nil {
			t.Errorf("%s: %v", words, err)
		}
	}
}

func TestAJobHasTheSizeOfItsAgentUnlessItSaysItsOwn(t *testing.T) {
	for keys, want := range map[string]string{
		"schedule: every hour":                              "512 2048",
		"schedule: every hour, cpu: 1024":                   "1024 2048",
		"schedule: every hour, memory: 4096":                "512 4096",
		"schedule: every hour, cpu: 2048, memory: 8192":     "2048 8192",
		"schedule: every day at 1:00, timezone: Asia/Tokyo": "512 2048",
	} {
		if j := jobOf(t, keys); fmt.Sprint(j.CPU, " ", j.Memory) != want {
			t.Errorf("%s: %d CPU units and %d MiB, want %s", keys, j.CPU, j.Memory, want)
		}
	}
}

func TestAJobRunsAsItsAgentWithoutWhatOnlyAServiceHas(t *testing.T) {
	cfg, err := Parse("agents.yaml", []byte(fmt.Sprintf(withJob, "schedule: every hour")), "")
	if err != nil {
		t.Fatal(err)
	}
	a := cfg.Jobs["nightly"].AsAgent(cfg.Agents[0])
	if a.Name != "nightly" || strings.Join(a.Command, " ") != "python digest.py" || a.Port != 0 || a.Public || a.Exec || len(a.Health.Container.Command) != 0 || a.Env["AGENT_NAME"] != "scout" {
		t.Errorf("%+v", a)
	}
}

func TestAJobsTimeoutIsKeptByAContainerOfItsOwn(t *testing.T) {
	for timeout, want := range map[string]string{"10s": "10s sleep 10 ", "30m": "30m sleep 1800 ", "90m": "1h30m sleep 5400 ", "2h": "2h sleep 7200 ", "20m": "20m sleep 1200 "} {
		cfg, err := Parse("agents.yaml", []byte(fmt.Sprintf(withJob, "schedule: every hour, timeout: "+timeout)), "")
		if err != nil {
			t.Fatal(err)
		}
		j := cfg.Jobs["nightly"]
		a := j.AsAgent(cfg.Agents[0])
		if len(a.Sidecars) != 1 || len(cfg.Agents[0].Sidecars) != 0 {
			t.Fatalf("%d containers beside the job's, %d beside the agent's", len(a.Sidecars), len(cfg.Agents[0].Sidecars))
		}
		s := a.Sidecars[0]
		if got := j.TimeoutText() + " " + strings.Join(s.Command, " "); !s.Essential || !s.Timer || s.Wait != WaitNone || !strings.HasPrefix(got, strings.Replace(want, " sleep", " sh -c trap 'exit 0' TERM; sleep", 1)) {
			t.Errorf("%s: %s", timeout, got)
		}
	}
}

func TestTheNextRunIsTheOneThatTheSchedulerMakes(t *testing.T) {
	for _, c := range []struct{ expression, zone, after, want string }{
		{"cron(0 3 ? * * *)", "UTC", "2026-01-01T02:59:00Z", "2026-01-01T03:00:00Z"},
		{"cron(0 3 ? * * *)", "UTC", "2026-01-01T03:00:00Z", "2026-01-02T03:00:00Z"},
		{"cron(30 2 ? * * *)", "Europe/Berlin", "2026-03-28T01:30:00Z", "2026-03-30T00:30:00Z"},    // on 29 March the clocks skip it
		{"cron(30 2 ? * * *)", "Europe/Berlin", "2026-10-24T12:00:00Z", "2026-10-25T00:30:00Z"},    // shown twice: the first
		{"cron(30 2 ? * * *)", "Europe/Berlin", "2026-10-25T00:30:00Z", "2026-10-26T01:30:00Z"},    // and not the second
		{"cron(30 1 ? * * *)", "America/New_York", "2026-11-01T05:30:00Z", "2026-11-02T06:30:00Z"}, // shown twice there, too
		{"cron(0/15 * * * ? *)", "UTC", "2026-01-01T03:46:00Z", "2026-01-01T04:00:00Z"},
		{"cron(0 7 ? * MON-FRI *)", "Asia/Tokyo", "2026-11-27T22:30:00Z", "2026-11-29T22:00:00Z"},
		{"cron(0 0 L * ? *)", "UTC", "2026-02-01T00:00:00Z", "2026-02-28T00:00:00Z"},
		{"cron(15 10 ? * 6L *)", "UTC", "2026-11-27T10:15:00Z", "2026-12-25T10:15:00Z"}, // the last Friday
		{"cron(0 9 ? * FRI#3 *)", "UTC", "2026-11-20T09:00:00Z", "2026-12-18T09:00:00Z"},
		{"cron(0 9 ? * 1#5 *)", "UTC", "2026-11-30T00:00:00Z", "2027-01-31T09:00:00Z"}, // the next month with a fifth Sunday
		{"cron(0 9 ? * L *)", "UTC", "2026-11-23T00:00:00Z", "2026-11-28T09:00:00Z"},   // the last day of the week
		{"cron(0 9 15W * ? *)", "UTC", "2026-11-01T00:00:00Z", "2026-11-16T09:00:00Z"}, // the 15th is a Sunday
		{"cron(0 9 14W * ? *)", "UTC", "2026-11-01T00:00:00Z", "2026-11-13T09:00:00Z"}, // the 14th a Saturday
		{"cron(0 9 1W * ? *)", "UTC", "2026-08-01T00:00:00Z", "2026-08-03T09:00:00Z"},  // not in the month before
		{"cron(0 9 28W 2 ? *)", "UTC", "2027-01-01T00:00:00Z", "2027-02-26T09:00:00Z"}, // nor in the one after
		{"cron(0 9 10W * ? *)", "UTC", "2026-11-01T00:00:00Z", "2026-11-10T09:00:00Z"},
		{"cron(0 0 29 2 ? *)", "UTC", "2096-03-01T00:00:00Z", "2104-02-29T00:00:00Z"},
		{"rate(7 hours)", "UTC", "2026-01-01T07:00:00Z", "2026-01-01T14:00:00Z"},
	} {
		times, err := ParseJobTimes(c.expression, c.zone)
		if err != nil {
			t.Fatal(err)
		}
		after, err := time.Parse(time.RFC3339, c.after)
		if err != nil {
			t.Fatal(err)
		}
		made := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
		next, ok := times.Next(made, after)
		if got := next.UTC().Format(time.RFC3339); !ok || got != c.want {
			t.Errorf("%s in %s after %s: %s, want %s", c.expression, c.zone, c.after, got, c.want)
		}
	}
	times, err := ParseJobTimes("cron(0 0 30 2 ? *)", "UTC")
	if err != nil {
		t.Fatal(err)
	}
	if at, ok := times.Next(time.Time{}, time.Now()); ok {
		t.Errorf("a 30 February came at %s", at)
	}
}

func TestAJobsRunsAMonthAreCountedOverAYear(t *testing.T) {
	from := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	for said, want := range map[string]float64{
		"UTC cron(0 3 ? * * *)": 365.0 / 12, "UTC cron(0/15 * * * ? *)": 365 * 96.0 / 12, "UTC rate(1 days)": 365.0 / 12, "UTC cron(0 0 1 * ? *)": 1,
		"Europe/Berlin cron(30 2 ? * * *)": 364.0 / 12, "Europe/Berlin cron(0/15 * * * ? *)": (365*96 - 4) / 12.0, // the clocks skip an hour
	} {
		zone, expression, _ := strings.Cut(said, " ")
		times, err := ParseJobTimes(expression, zone)
		if err != nil {
			t.Fatal(err)
		}
		if got := times.PerMonth(from); got != want {
			t.Errorf("%s runs %v times a month, want %v", said, got, want)
		}
	}
}

func TestADayThatNoMonthHasIsNoSchedule(t *testing.T) {
	for _, fields := range []string{"0 9 29W * ? *", "0 9 0W * ? *", "0 9 W * ? *", "0 9 LW * ? *", "0 9 ? * FRI#0 *", "0 9 ? * FRI#6 *", "0 9 ? * 8#1 *", "0 9 ? * #1 *", "0 9 ? * MON-FRI#1 *", "0 9 ? * 3#1,6#3 *", "0 9 ? * 0L *", "0 L * * ? *", "5W 9 * * ? *", "0 9 ? 3#2 MON *"} {
		if _, err := ParseJobTimes("cron("+fields+")", "UTC"); err == nil {
			t.Errorf("%s is taken", fields)
		}
	}
}
