package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"

	ecstypes "github.com/aws/aws-sdk-go-v2/service/ecs/types"
	"github.com/shopspring/decimal"

	"github.com/karmacadabra/karmactl/internal/cost"
	"github.com/karmacadabra/karmactl/internal/engine"
	"github.com/karmacadabra/karmactl/internal/provision"
	"github.com/karmacadabra/karmactl/internal/stack"
	"github.com/karmacadabra/karmactl/internal/tasks"
)

// allowed holds one more task against the budget and the account's quotas, beside what runs now.
func (o runOptions) allowed(ctx context.Context, s *session, env *provision.Env, hour decimal.Decimal, known bool) error {
	all, err := tasks.Of(ctx, env.Clients.ECS, env.ClusterName(), "", ecstypes.DesiredStatusRunning)
	if err != nil {
		return err
	}
	if err := o.withinBudget(s, all, hour, known); err != nil {
		return err
	}
	more := tasks.Size{CPU: o.cpu, Memory: o.memory, Spot: o.spot}
	short, notes, err := stack.QuotasBeside(ctx, env, tasks.Sizes(all), more)
	for _, n := range notes {
		s.app.term.Notef("  ! %v", s.explain(n))
	}
	if err != nil || len(short) == 0 {
		return err
	}
	return engine.Advise(fmt.Errorf("nothing was started: %w", short[0]), short[0].Ask()+", or ask for a smaller task")
}

// withinBudget is its half that is about money.
func (o runOptions) withinBudget(s *session, all []ecstypes.Task, hour decimal.Decimal, known bool) error {
	prices, err := s.app.book(s.cfg)
	if err != nil {
		return err
	}
	count, running := map[string]int{}, []cost.Task(nil)
	for _, t := range all {
		count[tasks.Names(s.cfg.ServiceNames()).Agent(tasks.Agent(t))]++
		running = append(running, cost.Task(tasks.SizeOf(t)))
	}
	r, err := cost.RunRate(s.cfg, count, running, prices)
	if err != nil {
		return err
	}
	m := money{region: s.cfg.Region, budget: cmp.Or(o.budget, s.cfg.Budget.MonthlyUSD), was: r.Month, lacks: r.Lacks}
	if !known {
		m.lacks = append(m.lacks, cost.FargateVCPU)
	}
	m.now = m.was.Add(hour.Mul(o.hours()))
	err = m.guard(o.insist)
	if over := (*cost.OverBudget)(nil); errors.As(err, &over) {
		return engine.Advise(err, "--timeout 1h without --detach bounds what it costs; --budget N sets another limit, --over-budget insists")
	}
	return err
}

// hours is how long the task is taken to run this month. A task that is followed ends with its user's
// working day, or with --timeout; one that is left may run all month, since no one is there to stop it.
func (o runOptions) hours() decimal.Decimal {
	month, day := decimal.NewFromInt(cost.HoursPerMonth), decimal.NewFromInt(24)
	switch {
	case o.detach:
		return month
	case o.timeout > 0:
		return decimal.Min(month, decimal.NewFromFloat(o.timeout.Hours()))
	}
	return day
}
