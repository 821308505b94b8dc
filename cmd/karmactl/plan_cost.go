package main

import (
	"cmp"
	"errors"
	"fmt"
	"slices"

	"github.com/shopspring/decimal"

	"github.com/karmacadabra/karmactl/internal/agents"
	"github.com/karmacadabra/karmactl/internal/cost"
	"github.com/karmacadabra/karmactl/internal/document"
	"github.com/karmacadabra/karmactl/internal/engine"
	"github.com/karmacadabra/karmactl/internal/ui"
)

// priced is a plan with what it would cost.
func (p *plan) priced() (*document.Plan, error) {
	doc := p.doc()
	var v cost.Verdict
	var err error
	if doc.Cost, v, err = p.cost(); err != nil {
		return nil, err
	}
	if p.asleep != nil {
		saving, err := p.saving()
		if err != nil {
			return nil, err
		}
		doc.Hibernation = hibernationDoc(p.asleep, saving)
	}
	doc.Warnings = append(doc.Warnings, document.Warn(append(p.keptFiles(), costWarnings(v, p.cfg.Region)...)...)...)
	if p.asleep == nil {
		doc.Cost.BestSaving, err = p.app.bestSaving(p.cfg)
	}
	return doc, err
}

// bestSaving is the one change of agents.yaml that saves most; nil when none does.
func (a *app) bestSaving(cfg *agents.Config) (*document.BestSaving, error) {
	prices, err := a.book(cfg)
	if err != nil {
		return nil, err
	}
	best, err := cost.BestSaving(cfg, prices)
	if best == nil || err != nil {
		return nil, err
	}
	return &document.BestSaving{Name: best.Name, How: best.How, Monthly: cost.USD(best.Monthly), Risk: best.Risk}, nil
}

// withinBudget refuses before anything is written, the lock and the state's
// bucket among it: the estimate needs no account.
func (s *session) withinBudget(budget string, insist bool) error {
	e, _, err := s.app.estimateOf(s.cfg)
	if err != nil {
		return err
	}
	v, err := cost.Guard(e, cmp.Or(budget, s.cfg.Budget.MonthlyUSD))
	if err != nil {
		return &usageError{err}
	}
	if insist {
		return nil
	}
	return v.Err()
}

// cost is the estimate of what a plan leads to, and what it changes.
func (p *plan) cost() (*document.PlanCost, cost.Verdict, error) {
	prices, err := p.app.book(p.cfg)
	if err != nil {
		return nil, cost.Verdict{}, err
	}
	nodes := p.stack.Resources()
	if p.sleeps != nil {
		nodes = slices.DeleteFunc(slices.Clone(nodes), func(n engine.Node) bool { return p.sleeps(n.Key()) })
	}
	e, err := cost.Of(p.cfg, nodes, prices)
	if err != nil {
		return nil, cost.Verdict{}, err
	}
	budget := cmp.Or(p.budget, p.cfg.Budget.MonthlyUSD)
	v, err := cost.Guard(e, budget)
	if err != nil {
		return nil, v, &usageError{err}
	}
	delta, err := cost.Delta(p.cfg, nodes, p.res.Outcomes, prices)
	if err != nil {
		return nil, v, err
	}
	if !changed(p.res) { // what costs otherwise then is not what the plan does
		delta = decimal.Zero
	}
	out := &document.PlanCost{PricesAsOf: e.PricesAsOf, Region: e.Region, Budget: budget, Over: v.Over, Unknown: len(v.Unsure)}
	out.Missing = itemNames(e.Lacks(func(cost.Component) bool { return true }))
	known := func(c cost.Component) bool { return c.Known }
	if slices.ContainsFunc(e.Components, known) { // what is not known is left empty, never 0
		out.Monthly = costRange(e.Total())
	}
	if out.Unknown == 0 {
		out.Delta = cost.USD(delta)
	}
	for _, h := range e.Overview(p.cfg, nodes) {
		out.Lines = append(out.Lines, document.CostLine{Name: h.Name, About: h.About, Range: costRange(h.Monthly)})
	}
	if e.PricesAsOf == "" {
		out.PricesAsOf = "no date"
	}
	return out, v, nil
}

// lack says which prices are missing, and what helps.
func lack(region string, items []cost.Item) string { return lackNames(region, itemNames(items)) }

func lackNames(region string, names []string) string {
	return fmt.Sprintf("no price for %s in %s (karmactl cost refresh fetches them)", ui.Few(names, 3), region)
}

// itemNames are the names of items without a price; nil when all have one.
func itemNames(items []cost.Item) []string {
	var names []string
	for _, item := range items {
		names = append(names, string(item))
	}
	return names
}

func prices(n int) string {
	if n == 1 {
		return "one price is"
	}
	return fmt.Sprintf("%d prices are", n)
}

func costWarnings(v cost.Verdict, region string) []string {
	var out []string
	if len(v.Unsure) > 0 {
		out = append(out, fmt.Sprintf("%s not known in %s: karmactl cost refresh fetches today's prices", prices(len(v.Unsure)), region))
	}
	err := v.Err()
	var over *cost.OverBudget
	var unknown *cost.UnknownCost
	switch {
	case errors.As(err, &over):
		out = append(out, fmt.Sprintf("over the budget by %s a month: up will refuse. %s", cost.USD(over.Expected.Sub(over.Budget)), over.Try()))
	case errors.As(err, &unknown):
		out = append(out, fmt.Sprintf("whether the budget of %s holds is not known: up will refuse without --over-budget", cost.USD(unknown.Budget)))
	}
	return out
}
