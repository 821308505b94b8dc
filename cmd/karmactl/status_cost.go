package main

import (
	"fmt"

	"github.com/karmacadabra/karmactl/internal/cost"
	"github.com/karmacadabra/karmactl/internal/fleet"
)

// statusCost is what the stack costs as it is now, by karmactl's own prices.
type statusCost struct {
	// Today is a whole day, Month 730 hours, as it is now; "" where prices are missing.
	Today      string      `json:"today"`
	Month      string      `json:"month"`
	PricesAsOf string      `json:"prices_as_of"`
	Budget     string      `json:"budget,omitempty"`
	Over       bool        `json:"over_budget"`
	Missing    []cost.Item `json:"missing,omitempty"`
}

// costNow prices the tasks that there are; nil while nothing is up.
func costNow(s *session, all []fleet.AgentStatus) (*statusCost, error) {
	tasks, up := map[string]int{}, false
	for _, a := range all {
		tasks[a.Name] = a.Running + a.Pending
		up = up || a.Revision > 0
	}
	if !up {
		return nil, nil
	}
	prices, err := s.app.book(s.cfg)
	if err != nil {
		return nil, err
	}
	r, err := cost.AtRate(s.cfg, tasks, prices)
	if err != nil {
		return nil, err
	}
	out := &statusCost{PricesAsOf: prices.AsOf, Budget: s.cfg.Budget.MonthlyUSD, Missing: r.Lacks}
	if len(r.Lacks) > 0 {
		return out, nil
	}
	out.Today, out.Month = cost.USD(r.Today), cost.USD(r.Month)
	v, err := cost.HoldAgainst(r.Month, out.Budget)
	out.Over = v.Over
	return out, err
}

// line is it for people.
func (c *statusCost) line() string {
	if len(c.Missing) > 0 {
		return fmt.Sprintf("what it costs is not known: %d prices are missing (karmactl cost refresh fetches them)", len(c.Missing))
	}
	out := fmt.Sprintf("as it is now it costs $%s today, $%s a month", c.Today, c.Month)
	switch {
	case c.Over:
		return out + ": over the budget of " + c.Budget + " (karmactl cost --savings)"
	case c.Budget != "":
		return out + ", budget " + c.Budget
	}
	return out
}
