package agents

import (
	"testing"
	"time"
)

// TestWhatIsClosedIsAllButTheWindow looks at each quarter of an hour of a year, in which clocks change twice.
func TestWhatIsClosedIsAllButTheWindow(t *testing.T) {
	const longer = 15 * time.Minute
	for _, s := range []Schedule{
		{Name: "office", Days: "MON-FRI", Start: "09:00", Stop: "18:00", Timezone: "America/New_York"},
		{Name: "mixed", Days: "MON,WED,SAT", Start: "07:30", Stop: "12:45", Timezone: "Europe/Berlin"},
		{Name: "overnight", Days: "MON-THU", Start: "22:00", Stop: "06:00", Timezone: "America/New_York"},
		{Name: "until midnight", Days: "MON-FRI", Start: "12:00", Stop: "00:00", Timezone: "Australia/Lord_Howe"},
		{Name: "from midnight", Days: "TUE-SAT", Start: "00:00", Stop: "08:00", Timezone: "UTC"},
		{Name: "one day", Days: "SAT", Start: "09:00", Stop: "18:00", Timezone: "Asia/Tokyo"},
		{Name: "daily", Days: "SUN-SAT", Start: "08:00", Stop: "20:00", Timezone: "UTC"},
	} {
		w, err := s.Window()
		if err != nil {
			t.Fatal(err)
		}
		all := w.Closed(longer)
		if len(all) == 0 || w.HoursPerWeek() == 0 || len(all) > MostClosed {
			t.Errorf("%s has %d spans: %+v", s.Name, len(all), all)
		}
		const step = 15 * time.Minute
		first := time.Date(2026, 1, 1, 0, 0, 0, 0, w.Zone)
		muted := map[int64]bool{}
		for n := -7; n < 372; n++ {
			for _, c := range all {
				for _, d := range c.Days {
					at := time.Date(2026, 1, 1+n, 0, int(c.From.Minutes()), 0, 0, w.Zone)
					for end := at.Add(c.For); at.Weekday() == d && at.Before(end); at = at.Add(step) {
						muted[at.Unix()] = true
					}
				}
			}
		}
		for at := first; at.Year() == 2026; at = at.Add(step) {
			justStarted := w.Open(at) && !w.Open(at.Add(-longer))
			if got := muted[at.Unix()]; got == w.Open(at) && !justStarted {
				t.Errorf("%s at %s: open %t, muted %t", s.Name, at.Format("Mon 2006-01-02 15:04 MST"), w.Open(at), got)
				break
			}
		}
	}
}

func TestASpanIsWrittenAsCloudWatchReadsIt(t *testing.T) {
	w, err := Schedule{Name: "office", Days: "MON-FRI", Start: "09:00", Stop: "18:30", Timezone: "UTC"}.Window()
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]time.Duration{"0 0 * * SUN,SAT": 26 * time.Hour, "0 0 * * MON,TUE,WED,THU,FRI": 9*time.Hour + 15*time.Minute, "30 18 * * MON,TUE,WED,THU,FRI": 5*time.Hour + 30*time.Minute + 2*time.Hour}
	for _, c := range w.Closed(15 * time.Minute) {
		if want[c.Cron()] != c.For {
			t.Errorf("%s takes %s", c.Cron(), c.For)
		}
		delete(want, c.Cron())
	}
	if len(want) > 0 {
		t.Errorf("there is no %v", want)
	}
}
