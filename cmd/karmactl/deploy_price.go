package main

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/karmacadabra/karmactl/internal/cost"
	"github.com/karmacadabra/karmactl/internal/engine"
	"github.com/karmacadabra/karmactl/internal/stack"
)

// price is what the deploy changes of the bill of all agents of agents.yaml: another
// size, another architecture, or an agent that was not up.
func (d *deploy) price(st *stack.Stack, res *engine.Result) (money, error) {
	m := money{region: d.cfg.Region, budget: cmp.Or(d.o.budget, d.cfg.Budget.MonthlyUSD)}
	prices, err := d.app.book(d.cfg)
	if err != nil {
		return m, err
	}
	e, err := cost.EstimateConfig(d.cfg, prices)
	if err != nil {
		return m, err
	}
	theirs := slices.DeleteFunc(slices.Clone(st.Resources()), func(n engine.Node) bool { return !slices.Contains(d.names, st.AgentOf(n.Key())) })
	// The walk has read the other agents, too: what it found of them is no part of this.
	outcomes := slices.DeleteFunc(slices.Clone(res.Outcomes), func(o engine.Outcome) bool { return !slices.Contains(d.names, st.AgentOf(o.Key)) })
	delta, err := cost.Delta(d.cfg, theirs, outcomes, prices)
	if err != nil {
		return m, err
	}
	m.now, m.lacks = e.Total().Expected, e.Lacks(func(cost.Component) bool { return true })
	m.was = m.now.Sub(delta)
	return m, nil
}

// fits refuses a rollout that the account's Fargate quotas do not allow.
func (d *deploy) fits(ctx context.Context, st *stack.Stack, res *engine.Result) error {
	var restarted []string
	if d.o.restart {
		restarted = d.names
	}
	short, notes, err := st.Quotas(ctx, res, restarted)
	for _, n := range notes {
		d.app.term.Notef("  ! %v", d.explain(n))
	}
	if err != nil || len(short) == 0 {
		return err
	}
	return &advice{fmt.Errorf("nothing was deployed: %w", short[0]), short[0].Ask() + ", or deploy fewer agents at a time"}
}
