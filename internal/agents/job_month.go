package agents

import (
	"strconv"
	"strings"
	"time"
)

// monthDay is a day that each month has elsewhere: L is its last one, 15W the day from Monday to
// Friday that is nearest to its 15th, FRI#3 its third Friday and FRIL its last one.
// https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html#cron-based
type monthDay struct {
	last bool
	// near is the day of the month that the day is nearest to; 0 is none.
	near int
	// nth is which of the month's days of the week, 1 to 5, or -1 for the last; 0 is each.
	nth int
}

// nearest is the highest day that W takes here: what AWS does with a later one in a month without it is not documented.
const nearest = 28

// special reads a field that is such a day; the day of the week is then in t.fields.
func (t *JobTimes) special(text string, i int) bool {
	day, nth, numbered := strings.Cut(text, "#")
	switch {
	case i == 2 && text == "L":
		t.month.last = true
		return true
	case i == 2 && strings.HasSuffix(text, "W"):
		n, err := strconv.Atoi(strings.TrimSuffix(text, "W"))
		t.month.near = n
		return err == nil && n >= 1 && n <= nearest
	case i != 4:
		return false
	case text == "L": // the last day of the week
		t.fields[i] = []int{7}
		return true
	case numbered:
		n, err := strconv.Atoi(nth)
		if err != nil || n < 1 || n > 5 {
			return false
		}
		t.month.nth = n
	case strings.HasSuffix(text, "L"):
		day, t.month.nth = strings.TrimSuffix(text, "L"), -1
	default:
		return false
	}
	values, err := cronValues(day, i)
	t.fields[i] = values
	return err == nil && len(values) == 1
}

// on tells whether a day is such a one of its month.
func (m monthDay) on(day time.Time) bool {
	switch {
	case m.last:
		return day.AddDate(0, 0, 1).Day() == 1
	case m.near > 0:
		return day.Day() == weekdayNear(day, m.near)
	case m.nth < 0:
		return day.AddDate(0, 0, 7).Month() != day.Month()
	case m.nth > 0:
		return (day.Day()-1)/7+1 == m.nth
	}
	return true
}

// weekdayNear is the day from Monday to Friday that is nearest to a day of a month, and in the same month.
func weekdayNear(in time.Time, day int) int {
	first := in.AddDate(0, 0, 1-in.Day())
	at := first.AddDate(0, 0, day-1)
	switch {
	case at.Weekday() == time.Saturday && day == 1:
		return 3
	case at.Weekday() == time.Saturday:
		return day - 1
	case at.Weekday() == time.Sunday && at.AddDate(0, 0, 1).Day() == 1:
		return day - 2
	case at.Weekday() == time.Sunday:
		return day + 1
	}
	return day
}
