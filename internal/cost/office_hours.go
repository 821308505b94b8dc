package cost

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/shopspring/decimal"

	"github.com/karmacadabra/karmactl/internal/agents"
)

// weeksPerMonth is 730 / 168.
var weeksPerMonth = hours.Div(decimal.NewFromInt(168))

// weekly is how many hours a week a schedule has agents running. One that stops
// before it starts runs over midnight.
func weekly(s agents.Schedule) decimal.Decimal {
	start, err := time.Parse("15:04", s.Start)
	if err != nil {
		return decimal.NewFromInt(168)
	}
	stop, err := time.Parse("15:04", s.Stop)
	if err != nil {
		return decimal.NewFromInt(168)
	}
	d := stop.Sub(start)
	if d <= 0 {
		d += 24 * time.Hour
	}
	minutes := decimal.NewFromInt(int64(d / time.Minute))
	return minutes.Div(decimal.NewFromInt(60)).Mul(decimal.NewFromInt(int64(days(s.Days))))
}

// when says a schedule in a few words.
func when(s agents.Schedule) string {
	return fmt.Sprintf("%s %s–%s %s", s.Days, s.Start, s.Stop, s.Timezone)
}

// days counts the days of MON-FRI, MON,WED, *.
func days(s string) int {
	week := []string{"SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"}
	on := map[int]bool{}
	for _, part := range strings.Split(strings.ToUpper(s), ",") {
		from, to, isRange := strings.Cut(strings.TrimSpace(part), "-")
		if !isRange {
			to = from
		}
		i, j := slices.Index(week, from), slices.Index(week, to)
		if i < 0 || j < 0 {
			return len(week)
		}
		for ; ; i = (i + 1) % len(week) {
			on[i] = true
			if i == j {
				break
			}
		}
	}
	return len(on)
}
