package awssim

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/karmacadabra/karmactl/internal/lazyregexp"
)

// schedule is a parsed at(), rate() or cron() of Application Auto Scaling:
// https://docs.aws.amazon.com/autoscaling/application/userguide/scheduled-scaling-using-cron-expressions.html
type schedule struct {
	at    time.Time
	every time.Duration
	cron  *cron
	zone  *time.Location
}

// cron is minute, hour, day of month, month, day of week, year.
type cron struct{ fields [6]cronField }

type cronField struct {
	any    bool // * or ?
	values []int
	// monthly tells of a day of a month whether it is L, 15W, 6L or 6#3; nil for other forms.
	monthly func(time.Time) bool
}

// monthForm are the forms of a field of days that mean another day in each month.
var monthForm = lazyregexp.New(`^(?:(L)|(\d+)W|([1-7]|[A-Z]{3})L|([1-7]|[A-Z]{3})#([1-5]))$`)

// parseMonthly reads such a form: in the third field L and 15W, in the fifth L, 6L and 6#3.
func parseMonthly(text string, i int) (f cronField, ok bool) {
	m := monthForm.FindStringSubmatch(text)
	if m == nil || i != 2 && i != 4 {
		return f, false
	}
	var weekday cronField
	if name := m[3] + m[4]; name != "" {
		if weekday, ok = parseCronField(name, 4); !ok {
			return f, false
		}
	}
	month := func(t time.Time) time.Month { return t.Month() }
	near, _ := strconv.Atoi(m[2])
	nth, _ := strconv.Atoi(m[5])
	switch {
	case i == 4 && m[1] != "":
		return cronField{values: []int{7}}, true
	case i == 2 && m[1] != "":
		f.monthly = func(t time.Time) bool { return month(t.AddDate(0, 0, 1)) != month(t) }
	case i == 2 && near >= 1 && near <= 31:
		// Of the days from Monday to Friday none of the month is nearer to it.
		f.monthly = func(t time.Time) bool {
			if t.Weekday() == time.Saturday || t.Weekday() == time.Sunday {
				return false
			}
			for d := 1; d <= 31; d++ {
				o := time.Date(t.Year(), t.Month(), d, 12, 0, 0, 0, time.UTC)
				weekend := o.Weekday() == time.Saturday || o.Weekday() == time.Sunday
				if !weekend && o.Month() == t.Month() && max(d-near, near-d) < max(t.Day()-near, near-t.Day()) {
					return false
				}
			}
			return true
		}
	case i == 4 && m[3] != "":
		f.monthly = func(t time.Time) bool {
			return weekday.has(int(t.Weekday())+1) && month(t.AddDate(0, 0, 7)) != month(t)
		}
	case i == 4 && nth > 0:
		f.monthly = func(t time.Time) bool {
			return weekday.has(int(t.Weekday())+1) && month(t.AddDate(0, 0, 7-7*nth)) == month(t) && month(t.AddDate(0, 0, -7*nth)) != month(t)
		}
	default:
		return f, false
	}
	return f, true
}

var (
	atForm   = lazyregexp.New(`^at\((\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2})\)$`)
	rateForm = lazyregexp.New(`^rate\((\d+) (minute|minutes|hour|hours|day|days)\)$`)
	cronForm = lazyregexp.New(`^cron\(([^()]+)\)$`)
)

// parseSchedule refuses what AWS refuses: five fields, a * for both the day of
// the month and of the week, an unknown zone, rate(1 hours).
func parseSchedule(text, zone string) (*schedule, error) {
	bad := func(why string) error {
		return fail("ValidationException", "Invalid schedule expression %s: %s", text, why)
	}
	sch := &schedule{zone: time.UTC}
	if zone != "" {
		loc, err := time.LoadLocation(zone)
		if err != nil || zone == "Local" {
			return nil, fail("ValidationException", "Invalid timezone: %s", zone)
		}
		sch.zone = loc
	}
	if m := atForm.FindStringSubmatch(text); m != nil {
		at, err := time.ParseInLocation("2006-01-02T15:04:05", m[1], sch.zone)
		if err != nil {
			return nil, bad("not a time")
		}
		sch.at = at
		return sch, nil
	}
	if m := rateForm.FindStringSubmatch(text); m != nil {
		n, err := strconv.Atoi(m[1])
		if err != nil || n < 1 || (n == 1) == strings.HasSuffix(m[2], "s") {
			return nil, bad("one is singular, more are plural")
		}
		unit := map[string]time.Duration{"minute": time.Minute, "hour": time.Hour, "day": 24 * time.Hour}[strings.TrimSuffix(m[2], "s")]
		sch.every = time.Duration(n) * unit
		return sch, nil
	}
	m := cronForm.FindStringSubmatch(text)
	if m == nil {
		return nil, bad("it must be at(...), rate(...) or cron(...)")
	}
	c, why := parseCron(m[1])
	if why != "" {
		return nil, bad(why)
	}
	sch.cron = c
	return sch, nil
}

// parseCron reads what is between the brackets of cron(...), or says what is wrong with it.
func parseCron(text string) (c *cron, why string) {
	parts := strings.Fields(text)
	if len(parts) != 6 {
		return nil, "cron takes six fields: minutes hours day-of-month month day-of-week year"
	}
	if (parts[2] == "?") == (parts[4] == "?") {
		return nil, "one of day-of-month and day-of-week must be ?, and only one"
	}
	c = &cron{}
	for i, p := range parts {
		f, ok := parseCronField(p, i)
		if !ok {
			return nil, "field " + p
		}
		c.fields[i] = f
	}
	return c, ""
}

// cronRanges are the lowest and highest value of each field.
var cronRanges = [6][2]int{{0, 59}, {0, 23}, {1, 31}, {1, 12}, {1, 7}, {1970, 2199}}

var cronNames = map[int][]string{
	3: {"JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"},
	4: {"SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"},
}

func parseCronField(text string, i int) (cronField, bool) {
	switch {
	case text == "*", text == "?" && (i == 2 || i == 4):
		return cronField{any: true}, true
	}
	if f, ok := parseMonthly(text, i); ok {
		return f, true
	}
	lo, hi := cronRanges[i][0], cronRanges[i][1]
	value := func(s string) (int, bool) {
		if n := slices.Index(cronNames[i], strings.ToUpper(s)); n >= 0 {
			return n + 1, true
		}
		n, err := strconv.Atoi(s)
		return n, err == nil && n >= lo && n <= hi
	}
	var f cronField
	for item := range strings.SplitSeq(text, ",") {
		span, step, stepped := strings.Cut(item, "/")
		by := 1
		if stepped {
			n, err := strconv.Atoi(step)
			if err != nil || n < 1 {
				return f, false
			}
			by = n
		}
		from, to := lo, hi
		if span != "*" {
			a, b, ranged := strings.Cut(span, "-")
			var ok bool
			if from, ok = value(a); !ok {
				return f, false
			}
			if ranged {
				if to, ok = value(b); !ok || to < from {
					return f, false
				}
			} else if !stepped {
				to = from
			}
		}
		for v := from; v <= to; v += by {
			f.values = append(f.values, v)
		}
	}
	return f, true
}

func (f cronField) onDay(t time.Time, v int) bool {
	if f.monthly != nil {
		return f.monthly(t)
	}
	return f.has(v)
}

func (f cronField) has(v int) bool { return f.any || slices.Contains(f.values, v) }

func (c *cron) matches(t time.Time) bool {
	return c.fields[0].has(t.Minute()) && c.fields[1].has(t.Hour()) && c.fields[2].onDay(t, t.Day()) && c.fields[3].has(int(t.Month())) &&
		c.fields[4].onDay(t, int(t.Weekday())+1) && c.fields[5].has(t.Year())
}

// lookBack is how far a schedule is searched for when there was no call for long.
const lookBack = 32 * 24 * time.Hour

// last is the last time after from and up to now at which the schedule was due.
func (s *schedule) last(from, now time.Time) (time.Time, bool) {
	switch {
	case !s.at.IsZero():
		return s.at, s.at.After(from) && !s.at.After(now)
	case s.every > 0:
		n := now.Sub(from) / s.every
		return from.Add(n * s.every), n > 0
	}
	from = later(from, now.Add(-lookBack))
	for t := now.In(s.zone).Truncate(time.Minute); t.After(from); t = t.Add(-time.Minute) {
		if s.cron.matches(t) {
			return t.UTC(), true
		}
	}
	return time.Time{}, false
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
