package fleet

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/karmacadabra/karmactl/internal/agents"
)

// week is in the order of AWS cron, where SUN is 1.
var week = [7]string{"SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"}

// daysOf reads MON-FRI, or MON,WED.
func daysOf(s string) [7]bool {
	var on [7]bool
	for _, part := range strings.Split(s, ",") {
		from, to, ranged := strings.Cut(strings.TrimSpace(part), "-")
		if !ranged {
			to = from
		}
		i, j := slices.Index(week[:], from), slices.Index(week[:], to)
		for ; i >= 0 && i <= j; i++ {
			on[i] = true
		}
	}
	return on
}

// daysField writes days as AWS cron takes them: runs of three and more as a range,
// and never a range over the end of the week.
func daysField(on [7]bool) string {
	var parts []string
	for i := 0; i < len(on); i++ {
		if !on[i] {
			continue
		}
		j := i
		for j+1 < len(on) && on[j+1] {
			j++
		}
		switch {
		case i == 0 && j == len(on)-1:
			return "*"
		case j-i >= 2:
			parts = append(parts, week[i]+"-"+week[j])
		case j > i:
			parts = append(parts, week[i], week[j])
		default:
			parts = append(parts, week[i])
		}
		i = j
	}
	return strings.Join(parts, ",")
}

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

// WindowOf is the window of a schedule.
func WindowOf(s agents.Schedule) (Window, error) {
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

// overnight: it stops on the day after.
func (w Window) overnight() bool { return w.stop <= w.start }

// StartCron and StopCron are the window's two ends as AWS takes them. One of the
// two fields for days must be a question mark:
// https://docs.aws.amazon.com/autoscaling/application/userguide/scheduled-scaling-using-cron-expressions.html
func (w Window) StartCron() string { return cron(w.start, w.days) }

// StopCron is the counterpart of StartCron.
func (w Window) StopCron() string {
	days := w.days
	if w.overnight() {
		for i := range days {
			days[(i+1)%len(days)] = w.days[i]
		}
	}
	return cron(w.stop, days)
}

func cron(at clockTime, days [7]bool) string {
	return fmt.Sprintf("cron(%d %d ? * %s *)", int(at)%60, int(at)/60, daysField(days))
}

// plainCron says when an expression of ours fires: MON-FRI 09:00. Any other stays
// as it is.
func plainCron(expression string) string {
	var minute, hour int
	var days string
	if n, err := fmt.Sscanf(expression, "cron(%d %d ? * %s *)", &minute, &hour, &days); err != nil || n != 3 {
		return expression
	}
	at := clockTime(60*hour + minute)
	if cron(at, daysOf(days)) == expression {
		return fmt.Sprintf("%s %02d:%02d", days, hour, minute)
	}
	if cron(at, [7]bool{true, true, true, true, true, true, true}) == expression {
		return fmt.Sprintf("every day %02d:%02d", hour, minute)
	}
	return expression
}

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

// Firing is one time at which a scheduled action sets bounds.
type Firing struct {
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
		if action == stop {
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
	for _, action := range []string{start, stop} {
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
