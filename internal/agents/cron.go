package agents

import (
	"fmt"
	"slices"
	"strings"
)

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

// daysOf reads MON-FRI, or MON,WED.
func daysOf(s string) [7]bool {
	var on [7]bool
	for _, part := range strings.Split(s, ",") {
		from, to, ranged := strings.Cut(strings.TrimSpace(part), "-")
		if !ranged {
			to = from
		}
		i, j := slices.Index(weekdays, from), slices.Index(weekdays, to)
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
			parts = append(parts, weekdays[i]+"-"+weekdays[j])
		case j > i:
			parts = append(parts, weekdays[i], weekdays[j])
		default:
			parts = append(parts, weekdays[i])
		}
		i = j
	}
	return strings.Join(parts, ",")
}

// PlainCron says when an expression of StartCron or StopCron fires: MON-FRI 09:00.
// Any other expression stays as it is.
func PlainCron(expression string) string {
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
