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
	// last is L (days of month); weekday forms with # and W are not simulated.
	last bool
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
	case text == "L" && i == 2:
		return cronField{last: true}, true
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

func (f cronField) has(v int) bool { return f.any || slices.Contains(f.values, v) }

func (c *cron) matches(t time.Time) bool {
	day := c.fields[2].has(t.Day()) || c.fields[2].last && t.AddDate(0, 0, 1).Day() == 1
	return c.fields[0].has(t.Minute()) && c.fields[1].has(t.Hour()) && day && c.fields[3].has(int(t.Month())) &&
		c.fields[4].has(int(t.Weekday())+1) && c.fields[5].has(t.Year())
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
