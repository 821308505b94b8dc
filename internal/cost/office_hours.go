package cost

import (
	"fmt"
	"time"

	"github.com/shopspring/decimal"

	"github.com/karmacadabra/karmactl/internal/agents"
)

// weeksPerMonth is 730 / 168.
var weeksPerMonth = hours.Div(decimal.NewFromInt(168))

// weekly is how many hours a week a schedule has agents running.
func weekly(s agents.Schedule) (decimal.Decimal, error) {
	w, err := s.Window()
	if err != nil {
		return decimal.Zero, err
	}
	return decimal.NewFromInt(int64(w.HoursPerWeek() / time.Minute)).Div(decimal.NewFromInt(60)), nil
}

// monthly is how many of a month's 730 hours a schedule has agents running.
func monthly(s agents.Schedule) (decimal.Decimal, error) {
	week, err := weekly(s)
	return decimal.Min(hours, week.Mul(weeksPerMonth)), err
}

// when says a schedule in a few words.
func when(s agents.Schedule) string {
	return fmt.Sprintf("%s %s–%s %s", s.Days, s.Start, s.Stop, s.Timezone)
}
