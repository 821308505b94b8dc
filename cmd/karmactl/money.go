package main

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/shopspring/decimal"
	"github.com/spf13/pflag"

	"github.com/karmacadabra/karmactl/internal/agents"
	"github.com/karmacadabra/karmactl/internal/cost"
	"github.com/karmacadabra/karmactl/internal/document"
	"github.com/karmacadabra/karmactl/internal/engine"
	"github.com/karmacadabra/karmactl/internal/stack"
)

// budgetOptions are of every command that can make the stack dearer.
type budgetOptions struct {
	// budget is in dollars a month; "" is the file's own.
	budget string
	// insist goes over it.
	insist bool
}

func (o *budgetOptions) addFlags(f *pflag.FlagSet) {
	f.StringVar(&o.budget, "budget", "", "refuse to go above this many dollars a month, instead of the file's")
	f.BoolVar(&o.insist, "over-budget", false, "go ahead although the stack is expected to cost more than the budget")
}

// money is what a command changes of the expected monthly bill.
type money struct {
	// was and now are in dollars a month.
	was, now decimal.Decimal
	// less is true when no agent gets more tasks or hours: that is cheaper at any price.
	less bool
	// lacks are prices without which neither is known.
	lacks  []cost.Item
	region string
	// budget is what now is held against; "" is none.
	budget string
}

// guard refuses what costs more than before and more than the budget. What gets cheaper
// is never refused, however dear it still is.
func (m money) guard(insist bool) error {
	v, err := cost.CheckBudget(m.now, m.budget)
	if err != nil {
		return &usageError{err}
	}
	for _, item := range m.lacks {
		v.Unsure = append(v.Unsure, fmt.Sprintf("no price for %s in %s", item, m.region))
	}
	if insist || m.less || len(m.lacks) == 0 && !m.now.Round(2).GreaterThan(m.was.Round(2)) {
		return nil
	}
	return v.Err()
}

func (m money) line() string {
	if len(m.lacks) > 0 {
		return "what it costs is not known: " + lack(m.region, m.lacks)
	}
	d := m.doc()
	out := fmt.Sprintf("$%s → $%s a month (%s)", d.Was, d.Now, d.Delta)
	switch {
	case d.Over:
		return out + ", over the budget of " + d.Budget
	case d.Budget != "":
		return out + ", budget " + d.Budget
	}
	return out
}

func (m money) doc() *document.Monthly {
	d := &document.Monthly{Budget: m.budget, Missing: itemNames(m.lacks)}
	if len(m.lacks) > 0 { // what is not known is left empty, never 0
		return d
	}
	diff := m.now.Round(2).Sub(m.was.Round(2))
	d.Was, d.Now, d.Delta = cost.USD(m.was), cost.USD(m.now), cost.USD(diff)
	if !diff.IsNegative() {
		d.Delta = "+" + d.Delta
	}
	v, err := cost.CheckBudget(m.now, m.budget)
	d.Over = err == nil && v.Over
	return d
}

// capacity is how many tasks agents may have, and who is on which schedule instead.
type capacity struct {
	bounds   map[string]agents.Scale
	schedule map[string]string
}

// monthly prices agents.yaml with the capacity in place of what it says itself.
func (s *session) monthly(c capacity) (decimal.Decimal, []cost.Item, error) {
	cfg := *s.cfg
	cfg.Agents = slices.Clone(cfg.Agents)
	on := map[string][]string{}
	for i, a := range cfg.Agents {
		if name := c.schedule[a.Name]; name != "" {
			on[name] = append(on[name], a.Name)
		} else if b, ok := c.bounds[a.Name]; ok {
			cfg.Agents[i].Scale.Min, cfg.Agents[i].Scale.Max = b.Min, b.Max
		}
	}
	e, prices, err := s.app.estimateOf(&cfg)
	if err != nil {
		return decimal.Zero, nil, err
	}
	total := e.Total().Expected.Round(2) // in cents, as each of these is shown: the sum is theirs
	for name, of := range on {
		w, known := cfg.Schedules[name]
		if !known {
			continue // one that agents.yaml has no more: as if they ran all day
		}
		w.Agents = of
		saved, err := cost.ScheduleSaving(&cfg, prices, w)
		if err != nil {
			return decimal.Zero, nil, err
		}
		total = total.Sub(saved.Saves.Round(2))
	}
	return total, e.Lacks(func(cost.Component) bool { return true }), nil
}

// compare prices what there was and what there will be.
func (s *session) compare(was, now capacity, budget string) (money, error) {
	m := money{region: s.cfg.Region, budget: cmp.Or(budget, s.cfg.Budget.MonthlyUSD)}
	var err error
	if m.was, _, err = s.monthly(was); err != nil {
		return m, err
	}
	m.now, m.lacks, err = s.monthly(now)
	return m, err
}

// room refuses more tasks than the account's Fargate quotas let run at once.
func (s *session) room(ctx context.Context, was, now map[string]int) error {
	short, notes, err := stack.QuotasOf(ctx, s.env(true), s.cfg, was, now)
	for _, n := range notes {
		s.app.term.Notef("  ! %v", s.explain(n))
	}
	if err != nil || len(short) == 0 {
		return err
	}
	return engine.Advise(fmt.Errorf("nothing was changed: %w", short[0]), short[0].Ask()+", or ask for fewer tasks")
}
