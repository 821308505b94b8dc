package agents

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/karmacadabra/karmactl/internal/lazyregexp"
)

const jobTimesAllowed = `"every day at 03:00", "every weekday at 9:30", "every monday, friday at 9:30", "every 15 minutes", "every 2 hours", cron(0 3 * * ? *) or rate(5 days)`

var (
	everyAt  = lazyregexp.New(`^every ([a-z]+(?:(?:, *| and )[a-z]+)*) at ([0-9]{1,2}:[0-9]{2})$`)
	everyN   = lazyregexp.New(`^every (?:([0-9]{1,4}) )?(minute|hour)s?$`)
	rateForm = lazyregexp.New(`^rate\(([1-9][0-9]{0,5}) (minute|hour|day)s?\)$`)
	cronForm = lazyregexp.New(`^cron\(([^()]*)\)$`)
)

// isInterval tells whether a schedule has no time of day of its own.
func isInterval(s string) bool { return everyN.MatchString(s) || rateForm.MatchString(s) }

// jobExpression is a schedule in words as EventBridge Scheduler takes it, or why it is none.
// An interval becomes a cron: a rate would begin again with each change.
func jobExpression(s string) (expression, why string) {
	if strings.HasPrefix(s, "cron(") || strings.HasPrefix(s, "rate(") {
		return s, ""
	}
	if m := everyN.FindStringSubmatch(s); m != nil {
		n := 1
		if m[1] != "" {
			n, _ = strconv.Atoi(m[1])
		}
		whole := map[string]int{"minute": 60, "hour": 24}[m[2]]
		if n < 1 || whole%n != 0 {
			return "", fmt.Sprintf("%d does not divide %d %ss: rate(%d %ss) counts from when it is made", n, whole, m[2], n, m[2])
		}
		every := "*"
		if n > 1 {
			every = fmt.Sprintf("0/%d", n)
		}
		if m[2] == "minute" {
			return fmt.Sprintf("cron(%s * * * ? *)", every), ""
		}
		return fmt.Sprintf("cron(0 %s * * ? *)", every), ""
	}
	m := everyAt.FindStringSubmatch(s)
	if m == nil {
		if cron, ok := OfCrontab(s); ok {
			return "", "that is a crontab's line, which is " + cron + " here"
		}
		return "", "it says no time"
	}
	clock := m[2]
	if len(clock) == len("9:30") {
		clock = "0" + clock
	}
	at, err := parseClock(clock)
	if err != nil {
		return "", fmt.Sprintf("%s is no time of day", m[2])
	}
	var on [7]bool
	for word := range strings.FieldsFuncSeq(strings.ReplaceAll(m[1], " and ", ","), func(r rune) bool { return r == ',' || r == ' ' }) {
		some, ok := daysCalled(word)
		if !ok {
			return "", fmt.Sprintf("%q is no day", word)
		}
		for i := range on {
			on[i] = on[i] || some[i]
		}
	}
	return cron(at, on), ""
}

// daysCalled are the days that a word means: monday, mon, day, weekday, weekend.
func daysCalled(word string) (on [7]bool, ok bool) {
	switch word {
	case "day":
		return [7]bool{true, true, true, true, true, true, true}, true
	case "weekday":
		return daysOf("MON-FRI"), true
	case "weekend":
		return daysOf("SAT,SUN"), true
	}
	for i, short := range weekdays {
		full := strings.ToLower(fullDay(short).String())
		if word == full || word == strings.ToLower(short) {
			on[i] = true
			return on, true
		}
	}
	return on, false
}

// fullDay is the day of AWS's three letters.
func fullDay(short string) time.Weekday { return time.Weekday(slices.Index(weekdays[:], short)) }

// JobTimes are the times of a schedule as EventBridge Scheduler invokes it: at those of a cron
// as the clocks of Zone show them, or every so often from when it was made.
type JobTimes struct {
	Zone  *time.Location
	Every time.Duration

	// minute, hour, day of month, month, day of week, year
	fields [6][]int
	month  monthDay
}

// cronRanges are the lowest and highest value of each field, and cronNames their names.
// https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html#cron-based
var (
	cronRanges = [6][2]int{{0, 59}, {0, 23}, {1, 31}, {1, 12}, {1, 7}, {1970, 2199}}
	cronWhat   = [6]string{"minutes", "hours", "day of month", "month", "day of week", "year"}
	cronNames  = [6][]string{3: {"JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"}, 4: {"SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"}}
)

// ParseJobTimes reads cron(...) or rate(...).
func ParseJobTimes(expression, zone string) (JobTimes, error) {
	t := JobTimes{}
	var err error
	if t.Zone, err = time.LoadLocation(zone); err != nil {
		return t, err
	}
	if m := rateForm.FindStringSubmatch(expression); m != nil {
		n, _ := strconv.Atoi(m[1])
		t.Every = time.Duration(n) * map[string]time.Duration{"minute": time.Minute, "hour": time.Hour, "day": 24 * time.Hour}[m[2]]
		return t, nil
	}
	m := cronForm.FindStringSubmatch(expression)
	if m == nil {
		return t, errors.New("rate takes a number and minutes, hours or days, cron six fields")
	}
	parts := strings.Fields(m[1])
	if len(parts) != len(t.fields) {
		return t, fmt.Errorf("cron takes six fields and this has %d: minutes, hours, day of month, month, day of week, year", len(parts))
	}
	if (parts[2] == "?") == (parts[4] == "?") {
		return t, errors.New("one of day of month and day of week is ?, and only one")
	}
	for i, p := range parts {
		if t.special(p, i) {
			continue
		}
		if t.fields[i], err = cronValues(p, i); err != nil {
			return t, err
		}
	}
	return t, nil
}

// cronValues are the values of a field; nil is any.
func cronValues(text string, i int) ([]int, error) {
	if text == "*" || text == "?" && (i == 2 || i == 4) {
		return nil, nil
	}
	bad := func(what string) error { return fmt.Errorf("%q is no %s", what, cronWhat[i]) }
	low, high := cronRanges[i][0], cronRanges[i][1]
	value := func(s string) (int, bool) {
		if n := slices.Index(cronNames[i], strings.ToUpper(s)); n >= 0 {
			return n + 1, true
		}
		n, err := strconv.Atoi(s)
		return n, err == nil && n >= low && n <= high
	}
	var out []int
	for item := range strings.SplitSeq(text, ",") {
		span, step, stepped := strings.Cut(item, "/")
		by, from, to := 1, low, high
		if stepped {
			n, err := strconv.Atoi(step)
			if err != nil || n < 1 {
				return nil, bad(item)
			}
			by = n
		}
		if first, last, ranged := strings.Cut(span, "-"); span != "*" {
			var ok bool
			if from, ok = value(first); !ok {
				return nil, bad(item)
			}
			switch {
			case ranged:
				if to, ok = value(last); !ok || to < from {
					return nil, bad(item)
				}
			case !stepped:
				to = from
			}
		}
		for v := from; v <= to; v += by {
			out = append(out, v)
		}
	}
	return out, nil
}

func among(values []int, v int) bool { return values == nil || slices.Contains(values, v) }

// runsOn tells whether the schedule has times on a day.
func (t JobTimes) runsOn(day time.Time) bool {
	return t.month.on(day) && among(t.fields[2], day.Day()) && among(t.fields[3], int(day.Month())) && among(t.fields[4], int(day.Weekday())+1) && among(t.fields[5], day.Year())
}

// farthest is how many days ahead a run is looked for: a 29 February comes every eight years at worst.
const farthest = 8*366 + 1

// Next is the first time after a moment; false is never. A rate counts from made, and runs at once.
func (t JobTimes) Next(made, after time.Time) (time.Time, bool) {
	if t.Every > 0 {
		if after.Before(made) {
			return made, true
		}
		return made.Add((after.Sub(made)/t.Every + 1) * t.Every), true
	}
	start := after.In(t.Zone)
	for n := range farthest {
		day := clockTime(12*60).on(start, n)
		if !t.runsOn(day) {
			continue
		}
		for _, at := range t.on(day) {
			if at.After(after) {
				return at, true
			}
		}
	}
	return time.Time{}, false
}

// on are the times of a day: one that the clocks skip is left out, and of one that they show
// twice the first is taken, as EventBridge Scheduler does.
// https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html#daylist-savings-time
func (t JobTimes) on(day time.Time) []time.Time {
	var out []time.Time
	for hour := range 24 {
		if !among(t.fields[1], hour) {
			continue
		}
		for minute := range 60 {
			if !among(t.fields[0], minute) {
				continue
			}
			at := clockTime(60*hour+minute).on(day, 0)
			if at.Hour() != hour || at.Minute() != minute {
				continue
			}
			if start, _ := at.ZoneBounds(); !start.IsZero() {
				_, before := start.Add(-time.Second).Zone()
				_, now := at.Zone()
				if back := time.Duration(before-now) * time.Second; back > 0 && at.Sub(start) < back {
					at = at.Add(-back)
				}
			}
			out = append(out, at)
		}
	}
	return out
}

// PerMonth is how often it runs in a month of 365/12 days, counted over the year after a moment.
func (t JobTimes) PerMonth(after time.Time) float64 {
	const months = 12
	if t.Every > 0 {
		return float64(365*24*time.Hour) / float64(t.Every) / months
	}
	start, runs, usual := after.In(t.Zone), 0, 0
	for n := range 365 {
		day := clockTime(12*60).on(start, n)
		_, begins := clockTime(0).on(start, n).Zone()
		_, ends := clockTime(0).on(start, n+1).Zone()
		switch {
		case !t.runsOn(day):
		case begins != ends: // the clocks change
			runs += len(t.on(day))
		default:
			if usual == 0 {
				usual = len(t.on(day))
			}
			runs += usual
		}
	}
	return float64(runs) / months
}
