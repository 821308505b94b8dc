package main

import (
	"fmt"

	"github.com/karmacadabra/karmactl/internal/cost"
	"github.com/karmacadabra/karmactl/internal/document"
	"github.com/karmacadabra/karmactl/internal/fleet"
)

// costNow prices the tasks that there are; nil while nothing is up, or it cannot be told.
func costNow(s *session, st *fleet.Status) (*document.StatusCost, error) {
	count, some, up := map[string]int{}, 0, false
	for _, a := range st.Agents {
		count[a.Name] = a.Running + a.Pending
		some += count[a.Name]
		up = up || a.Revision > 0
	}
	if !up || len(st.Running) == 0 && some > 0 { // then the tasks could not be read, which is in the notes
		return nil, nil
	}
	prices, err := s.app.book(s.cfg)
	if err != nil {
		return nil, err
	}
	var running []cost.Task
	for _, t := range st.Running {
		running = append(running, cost.Task(t))
	}
	r, err := cost.RunRate(s.cfg, count, running, prices)
	if err != nil {
		return nil, err
	}
	out := &document.StatusCost{PricesAsOf: prices.AsOf, Budget: s.cfg.Budget.MonthlyUSD, Missing: itemNames(r.Lacks)}
	if len(r.Lacks) > 0 {
		return out, nil
	}
	out.Today, out.Month = cost.USD(r.Today), cost.USD(r.Month)
	v, err := cost.CheckBudget(r.Month, out.Budget)
	out.Over = v.Over
	return out, err
}

// costLine is it for people.
func costLine(c *document.StatusCost) string {
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
