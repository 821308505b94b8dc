package agents

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func window(t *testing.T, days, start, stop, zone string) Window {
	t.Helper()
	w, err := Schedule{Days: days, Start: start, Stop: stop, Timezone: zone}.Window()
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func TestAWindowIsTwoCronsThatAWSTakes(t *testing.T) {
	for _, c := range []struct{ days, start, stop, on, off string }{
		{"MON-FRI", "09:00", "18:00", "cron(0 9 ? * MON-FRI *)", "cron(0 18 ? * MON-FRI *)"},
		{"MON,WED", "08:30", "12:05", "cron(30 8 ? * MON,WED *)", "cron(5 12 ? * MON,WED *)"},
		{"SUN-SAT", "00:00", "23:59", "cron(0 0 ? * * *)", "cron(59 23 ? * * *)"},
		{"MON-FRI", "22:00", "06:00", "cron(0 22 ? * MON-FRI *)", "cron(0 6 ? * TUE-SAT *)"},
		{"FRI,SAT", "20:00", "02:00", "cron(0 20 ? * FRI,SAT *)", "cron(0 2 ? * SUN,SAT *)"},
	} {
		w := window(t, c.days, c.start, c.stop, "UTC")
		if w.StartCron() != c.on || w.StopCron() != c.off {
			t.Errorf("%s %s–%s: %s and %s, want %s and %s", c.days, c.start, c.stop, w.StartCron(), w.StopCron(), c.on, c.off)
		}
	}
}

func TestAWindowIsOpenInItsOwnZone(t *testing.T) {
	office, night := window(t, "MON-FRI", "09:00", "18:00", "America/New_York"), window(t, "FRI", "22:00", "06:00", "Europe/Madrid")
	for _, c := range []struct {
		w    Window
		at   string
		open bool
	}{
		{office, "2026-11-23T13:59:00Z", false},
		{office, "2026-11-23T14:00:00Z", true},
		{office, "2026-11-23T22:59:00Z", true},
		{office, "2026-11-23T23:00:00Z", false},
		{office, "2026-11-22T16:00:00Z", false}, // a Sunday
		{night, "2026-11-27T20:30:00Z", false},
		{night, "2026-11-27T21:30:00Z", true},
		{night, "2026-11-28T04:30:00Z", true},
		{night, "2026-11-28T05:00:00Z", false},
	} {
		at, err := time.Parse(time.RFC3339, c.at)
		if err != nil {
			t.Fatal(err)
		}
		if got := c.w.Open(at); got != c.open {
			t.Errorf("at %s it is open: %t", c.at, got)
		}
	}
}

func TestTheHoursStayWhenTheClocksChange(t *testing.T) {
	at := time.Date(2026, 11, 23, 21, 0, 0, 0, time.UTC)
	var got []string
	for _, f := range window(t, "MON-FRI", "09:00", "18:00", "America/New_York").Firings(at) {
		got = append(got, f.Action+" "+f.At.Format("Mon 2006-01-02 15:04 MST")+" = "+f.At.UTC().Format("15:04"))
	}
	want := []string{
		"stop Mon 2026-11-23 18:00 EST = 23:00",
		"start Tue 2026-11-24 09:00 EST = 14:00",
		"start Mon 2027-03-15 09:00 EDT = 13:00",
		"stop Mon 2027-03-15 18:00 EDT = 22:00",
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}

func TestAZoneWithoutSummerTimeHasNoFiringsAfterAChange(t *testing.T) {
	if got := window(t, "MON", "09:00", "18:00", "Asia/Tokyo").Firings(time.Date(2026, 11, 23, 0, 0, 0, 0, time.UTC)); len(got) != 2 {
		t.Errorf("%d firings: %v", len(got), got)
	}
}

func TestAnExpressionOfOursIsToldAsPeopleDo(t *testing.T) {
	for expression, want := range map[string]string{
		"cron(0 9 ? * MON-FRI *)":     "MON-FRI 09:00",
		"cron(5 18 ? * MON,WED *)":    "MON,WED 18:05",
		"cron(30 7 ? * * *)":          "every day 07:30",
		"cron(0 9 1 * ? *)":           "cron(0 9 1 * ? *)",
		"cron(0 9 ? * MON-FRI 2027)":  "cron(0 9 ? * MON-FRI 2027)",
		"cron(0 9 ? JAN MON-FRI *)":   "cron(0 9 ? JAN MON-FRI *)",
		"rate(5 minutes)":             "rate(5 minutes)",
		"at(2027-01-01T00:00:00)":     "at(2027-01-01T00:00:00)",
		"cron(0 9 ? * FRI-MON *)":     "cron(0 9 ? * FRI-MON *)",
		"cron(0/15 9 ? * MON-FRI *)":  "cron(0/15 9 ? * MON-FRI *)",
		"cron(0 9 ? * MON-FRI *) etc": "cron(0 9 ? * MON-FRI *) etc",
	} {
		if got := PlainCron(expression); got != want {
			t.Errorf("%s: got %q, want %q", expression, got, want)
		}
	}
}

func TestHoursOfAScheduleAreCounted(t *testing.T) {
	for _, c := range []struct {
		days, start, stop string
		want              time.Duration
	}{
		{"MON-FRI", "09:00", "18:00", 45 * time.Hour}, {"MON,WED", "08:30", "12:00", 7 * time.Hour}, {"FRI,SAT,SUN,MON", "00:00", "12:00", 48 * time.Hour}, {"SAT", "22:00", "06:00", 8 * time.Hour},
	} {
		if got := window(t, c.days, c.start, c.stop, "UTC").HoursPerWeek(); got != c.want {
			t.Errorf("%s %s to %s is open for %s, want %s", c.days, c.start, c.stop, got, c.want)
		}
	}
}
