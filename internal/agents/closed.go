package agents

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// MostClosed is how many spans Closed gives at most.
const MostClosed = 5

// Closed is a span of time in which a schedule has no agents running: it begins on some
// days of the week at a time of day, as clocks show it, and takes so long.
type Closed struct {
	Days []time.Weekday
	From time.Duration // since midnight
	For  time.Duration
}

// overMidnight is how far a span that continues after midnight runs into the next one:
// a day has 23 to 25 hours, and between the two there must be no gap.
const overMidnight = 2 * time.Hour

// Closed are the spans in which nothing runs, each with the days that it begins on. One that
// is followed by a start takes so much longer, because tasks are not there at once. At each
// midnight another span begins, so that the clocks' changes, which are at night, move no end.
func (w Window) Closed(longer time.Duration) []Closed {
	const minutes, week = clockTime(24 * 60), clockTime(7 * 24 * 60)
	var open [7 * 24 * 60]bool
	long := w.stop - w.start
	if w.overnight() {
		long += minutes
	}
	for d, on := range w.days {
		for m := clockTime(0); on && m < long; m++ {
			open[(clockTime(d)*minutes+w.start+m)%week] = true
		}
	}
	run := func(at clockTime) (end clockTime) { // the end of what is closed from there on, within its day
		for end = at; end < (at/minutes+1)*minutes && !open[end]; end++ {
		}
		return end
	}
	var all []Closed
	for at := clockTime(0); at < week; at++ {
		end := run(at)
		if end == at {
			continue
		}
		more := longer
		if next := end % week; end%minutes == 0 && !open[next] {
			more = min(overMidnight, time.Duration(run(next)-next)*time.Minute)
		}
		c := Closed{From: time.Duration(at%minutes) * time.Minute, For: time.Duration(end-at)*time.Minute + more}
		i := slices.IndexFunc(all, func(o Closed) bool { return o.From == c.From && o.For == c.For })
		if i < 0 {
			all, i = append(all, c), len(all)
		}
		all[i].Days = append(all[i].Days, time.Weekday(at/minutes))
		at = end - 1
	}
	return all
}

// Cron is when it begins, in the five fields of CloudWatch's mute rules: 0 18 * * MON,TUE.
func (c Closed) Cron() string {
	var days []string
	for _, d := range c.Days {
		days = append(days, strings.ToUpper(d.String()[:3]))
	}
	return fmt.Sprintf("%d %d * * %s", int(c.From.Minutes())%60, int(c.From.Hours()), strings.Join(days, ","))
}
