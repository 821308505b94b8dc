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
	// Lacks are prices without which the saving is not known: the figures
	// are then not the saving.
	Lacks []Item
}

// Hibernated prices what a stack saves while asleep is away.
func Hibernated(cfg *agents.Config, nodes []engine.Node, asleep func(engine.Key) bool, book *Book) (Rest, error) {
	var left []engine.Node
	for _, n := range nodes {
		if !asleep(n.Key()) {
			left = append(left, n)
		}
	}
	byTheHour := func(c Component) bool { return c.Hourly }
	awake, err := Of(cfg, nodes, book)
	if err != nil {
		return Rest{}, err
	}
	resting, err := Of(cfg, left, book)
	if err != nil {
		return Rest{}, err
	}
	r := Rest{Monthly: awake.Sum(byTheHour).Expected.Sub(resting.Sum(byTheHour).Expected), Lacks: awake.Lacks(byTheHour)}
	r.Hourly = r.Monthly.Div(hours)
	if s, ok := cfg.Schedules[agents.OfficeHours]; ok {
		up, err := monthly(s)
		if err != nil {
			return Rest{}, err
		}
		r.Nights, r.Office = r.Hourly.Mul(hours.Sub(up)), when(s)
	}
	return r, nil
}
