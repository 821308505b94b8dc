package agents

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/karmacadabra/karmactl/internal/lazyregexp"
)

var (
	crontabField = lazyregexp.New(`^(\*|[0-9A-Za-z]+)([-,/][0-9A-Za-z]+)*$`)
	crontabDay   = lazyregexp.New(`^[0-7]([-,][0-7])*(/[0-9]+)?$`)
)

// OfCrontab is the line of a crontab as EventBridge Scheduler has it, where there is one: that counts
// the days of the week from 1, has a year, and wants a ? for the day that does not matter
// (https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html#cron-based). A crontab that names days of
// the month and of the week means either, which Scheduler cannot say.
func OfCrontab(line string) (string, bool) {
	fields := strings.Fields(line)
	if len(fields) != 5 {
		return "", false
	}
	for i, from := range []string{"0", "0", "1", "1", "0"} {
		if !crontabField.MatchString(fields[i]) {
			return "", false
		}
		if every, ok := strings.CutPrefix(fields[i], "*/"); ok {
			fields[i] = from + "/" + every
		}
	}
	day, weekday := fields[2], fields[4]
	switch {
	case weekday == "*":
		weekday = "?"
	case day != "*":
		return "", false
	case crontabDay.MatchString(weekday):
		day, weekday = "?", fromSunday(weekday)
	case strings.ContainsAny(weekday, "0123456789"):
		return "", false
	default:
		day, weekday = "?", strings.ToUpper(weekday)
	}
	expression := fmt.Sprintf("cron(%s %s %s %s %s *)", fields[0], fields[1], day, strings.ToUpper(fields[3]), weekday)
	if _, err := ParseJobTimes(expression, "UTC"); err != nil { // 5-7 goes around the end of the week there
		return "", false
	}
	return expression, true
}

// fromSunday counts the days from 1, Sunday, where a crontab's are from 0, and 7 is Sunday too.
func fromSunday(weekday string) string {
	var b strings.Builder
	days, step, stepped := strings.Cut(weekday, "/")
	for _, r := range days {
		if n, err := strconv.Atoi(string(r)); err == nil {
			b.WriteString(strconv.Itoa(n%7 + 1))
			continue
		}
		b.WriteRune(r)
	}
	if stepped {
		b.WriteString("/" + step)
	}
	return b.String()
}
