package cost

import (
	"github.com/shopspring/decimal"

	"github.com/karmacadabra/karmactl/internal/agents"
)

// Scheduled is what a schedule does to the expected monthly bill.
type Scheduled struct {
	// Saves is what the tasks cost outside its hours.
	Saves decimal.Decimal
	// Keeps is what the ways in and out still cost all day: NAT gateway, load
	// balancer, their addresses, interface endpoints.
	Keeps decimal.Decimal
	// SavesLacks and KeepsLacks are the prices without which each is not known.
	SavesLacks, KeepsLacks []Item
}

// ScheduleSaving prices a schedule. Nothing is asked of anybody.
func ScheduleSaving(cfg *agents.Config, book *Book, s agents.Schedule) (Scheduled, error) {
	base, err := EstimateConfig(cfg, book)
	if err != nil {
		return Scheduled{}, err
	}
	up := always
	up.only = s.Agents
	if up.tasks, err = monthly(s); err != nil {
		return Scheduled{}, err
	}
	then, err := ofConfig(cfg, book, up)
	if err != nil {
		return Scheduled{}, err
	}
	stays := func(c Component) bool { return c.Hourly && network(c.Noun) }
	return Scheduled{
		Saves: base.Total().Expected.Sub(then.Total().Expected), Keeps: then.Sum(stays).Expected,
		SavesLacks: base.Lacks(func(c Component) bool { return c.Noun == "service" }), KeepsLacks: base.Lacks(stays),
	}, nil
}
