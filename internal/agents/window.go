package agents

import (
	"fmt"
	"slices"
	"time"
)

// Window is when a schedule has agents running: on some days from a time of day
// to another, which may be that of the next morning, as clocks in Zone show it.
type Window struct {
	days        [7]bool
	start, stop clockTime
	Zone        *time.Location
}

// clockTime is minutes since midnight.
type clockTime int

func parseClock(s string) (clockTime, error) {
	t, err := time.Parse("15:04", s)
	if err != nil {
		return 0, fmt.Errorf("%q is not a time of day: HH:MM", s)
	}
	return clockTime(t.Hour()*60 + t.Minute()), nil
}

// on is that time on the day that is n days after day's.
func (c clockTime) on(day time.Time, n int) time.Time {
	return time.Date(day.Year(), day.Month(), day.Day()+n, int(c)/60, int(c)%60, 0, 0, day.Location())
}

// Window is when the schedule has agents running. Load has refused a schedule
// without one.
func (s Schedule) Window() (Window, error) {
	w := Window{days: daysOf(s.Days)}
	var err error
	if w.start, err = parseClock(s.Start); err != nil {
		return w, err
	}
	if w.stop, err = parseClock(s.Stop); err != nil {
		return w, err
	}
	if w.Zone, err = time.LoadLocation(s.Timezone); err != nil {
		return w, fmt.Errorf("the time zone of schedule %s: %w", s.Name, err)
	}
	return w, nil
}

// HoursPerWeek is how long the window is open in a week.
func (w Window) HoursPerWeek() time.Duration {
	long := time.Duration(w.stop-w.start) * time.Minute
	if w.overnight() {
		long += 24 * time.Hour
	}
	var sum time.Duration
	for _, on := range w.days {
		if on {
			sum += long
		}
	}
	return sum
}

// overnight: it stops on the day after.
func (w Window) overnight() bool { return w.stop <= w.start }

// Open tells whether agents run at t.
func (w Window) Open(t time.Time) bool {
	t = t.In(w.Zone)
	for _, back := range []int{0, -1} {
		start := w.start.on(t, back)
		stop := w.stop.on(t, back)
		if w.overnight() {
			stop = w.stop.on(t, back+1)
		}
		if w.days[start.Weekday()] && !t.Before(start) && t.Before(stop) {
			return true
		}
	}
	return false
}

// What happens at the two ends of a window.
const (
	WindowStarts = "start"
	WindowStops  = "stop"
)

// Firing is one time at which a scheduled action sets bounds.
type Firing struct {
	// Action is WindowStarts or WindowStops.
	Action string
	// At is in the schedule's own time zone.
	At time.Time
}

// next is the first start, or stop, after t.
func (w Window) next(t time.Time, action string) (Firing, bool) {
	t = t.In(w.Zone)
	for n := -1; n <= 8; n++ {
		day := clockTime(12*60).on(t, n)
		if !w.days[day.Weekday()] {
			continue
		}
		at := w.start.on(day, 0)
		if action == WindowStops {
			at = w.stop.on(day, 0)
			if w.overnight() {
				at = w.stop.on(day, 1)
			}
		}
		if at.After(t) {
			return Firing{Action: action, At: at}, true
		}
	}
	return Firing{}, false
}

// Firings are the next start and stop after t, in order, and the first two after
// the clocks of the zone change next, where they do within a year.
func (w Window) Firings(t time.Time) []Firing {
	out := w.pair(t)
	if change, ok := w.ClockChange(t); ok {
		for _, f := range w.pair(change) {
			if !slices.ContainsFunc(out, func(o Firing) bool { return o.Action == f.Action && o.At.Equal(f.At) }) {
				out = append(out, f)
			}
		}
	}
	return out
}

func (w Window) pair(t time.Time) []Firing {
	var out []Firing
	for _, action := range []string{WindowStarts, WindowStops} {
		if f, ok := w.next(t, action); ok {
			out = append(out, f)
		}
	}
	slices.SortFunc(out, func(a, b Firing) int { return a.At.Compare(b.At) })
	return out
}

// ClockChange is when the clocks of the zone change next, within a year of t.
func (w Window) ClockChange(t time.Time) (time.Time, bool) {
	_, end := t.In(w.Zone).ZoneBounds()
	if end.IsZero() || end.After(t.AddDate(1, 0, 0)) {
		return time.Time{}, false
	}
	return end, true
}
