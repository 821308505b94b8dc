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
	e, prices, err := d.app.estimateOf(d.cfg)
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

// fits has the rollout made in waves that the account's Fargate quotas allow, and refuses one of
// which not even an agent at a time would fit.
func (d *deploy) fits(ctx context.Context, st *stack.Stack, res *engine.Result) error {
	d.waves = d.cfg.CallLevels(d.names)
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
	refused := &engine.Advice{Err: fmt.Errorf("nothing was deployed: %w", short[0]), Do: short[0].Ask()}
	waves, err := st.Waves(ctx, d.names, res, restarted, short)
	switch {
	case err != nil:
		return err
	case waves == nil:
		return refused
	case d.o.noWait:
		refused.Do += ", or deploy without --no-wait: in waves it fits"
		return refused
	}
	q := short[0]
	d.app.term.Notef("%d agents are deployed in %d waves: the quota %q allows %g vCPU at once, and all together need %g", len(d.names), len(waves), q.Name, q.Limit, q.Standing+q.Rolling)
	d.waves = waves
	return nil
}
