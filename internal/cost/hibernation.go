package cost

import (
	"github.com/shopspring/decimal"

	"github.com/karmacadabra/karmactl/internal/agents"
	"github.com/karmacadabra/karmactl/internal/engine"
)

// Rest is what hibernating saves: what bills by the hour of the stack awake,
// less that of the stack asleep. Traffic that does not happen is not counted.
type Rest struct {
	Hourly  decimal.Decimal
	Monthly decimal.Decimal
	// Nights is the month's saving when the stack is awake in office hours only;
	// zero when the configuration has none.
	Nights decimal.Decimal
	// Office says when those are: "MON-FRI 09:00–18:00 America/New_York".
	Office string
}

// Hibernated prices what a stack saves while asleep is away.
func Hibernated(cfg *agents.Config, nodes []engine.Node, asleep func(engine.Key) bool, book *Book) (Rest, error) {
	var left []engine.Node
	for _, n := range nodes {
		if !asleep(n.Key()) {
			left = append(left, n)
		}
	}
	byTheHour := func(nodes []engine.Node) (decimal.Decimal, error) {
		e, err := Of(cfg, nodes, book)
		if err != nil {
			return decimal.Zero, err
		}
		return e.Sum(func(c Component) bool { return c.Hourly }).Expected, nil
	}
	awake, err := byTheHour(nodes)
	if err != nil {
		return Rest{}, err
	}
	resting, err := byTheHour(left)
	if err != nil {
		return Rest{}, err
	}
	r := Rest{Monthly: awake.Sub(resting)}
	r.Hourly = r.Monthly.Div(hours)
	if s, ok := cfg.Schedules[agents.OfficeHours]; ok {
		up := decimal.Min(hours, weekly(s).Mul(weeksPerMonth))
		r.Nights, r.Office = r.Hourly.Mul(hours.Sub(up)), when(s)
	}
	return r, nil
}
