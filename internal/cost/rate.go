package cost

import (
	"github.com/shopspring/decimal"

	"github.com/karmacadabra/karmactl/internal/agents"
)

// Rate is what a stack costs as it is now, by its own prices: Cost Explorer is a
// day behind.
type Rate struct {
	// Today is a day of it, Month 730 hours of it, with the traffic of `usage:`.
	Today, Month decimal.Decimal
	// Lacks are prices without which neither is known.
	Lacks []Item
}

// AtRate prices a stack that is up with as many tasks of each agent as there are.
// Nothing is asked of anybody.
func AtRate(cfg *agents.Config, tasks map[string]int, book *Book) (Rate, error) {
	now := clone(cfg)
	for i := range now.Agents {
		n := tasks[now.Agents[i].Name]
		now.Agents[i].Scale.Min, now.Agents[i].Scale.Max = n, n
	}
	e, err := OfConfig(now, book)
	if err != nil {
		return Rate{}, err
	}
	month := e.Total().Expected
	return Rate{
		Today: month.Mul(decimal.NewFromInt(24)).Div(hours), Month: month,
		Lacks: e.Lacks(func(Component) bool { return true }),
	}, nil
}
