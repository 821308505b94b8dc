package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/karmacadabra/karmactl/internal/cloud"
	"github.com/karmacadabra/karmactl/internal/engine"
	"github.com/karmacadabra/karmactl/internal/fleet"
	"github.com/karmacadabra/karmactl/internal/stack"
	"github.com/karmacadabra/karmactl/internal/state"
	"github.com/karmacadabra/karmactl/internal/ui"
)

type wakeOptions struct {
	dryRun bool
	// insist goes over the budget.
	insist bool
}

func newWakeCmd(a *app) *cobra.Command {
	var o wakeOptions
	cmd := &cobra.Command{
		Use: "wake", Short: "Bring back what hibernate took away", Args: cobra.NoArgs,
		Long: `Makes the whole stack as agents.yaml says it, as up does for one that is awake:
load balancer and NAT gateway side by side, tasks as soon as there is a way out
for them, then what karmactl scale had set before. It takes three to four minutes
and ends with each agent's URL.`,
		RunE: func(c *cobra.Command, _ []string) error {
			ctx, cancel := a.deadline(c.Context())
			defer cancel()
			return a.wake(ctx, o)
		},
	}
	cmd.Flags().BoolVar(&o.dryRun, "dry-run", false, "show what would be made and stop")
	cmd.Flags().BoolVar(&o.insist, "over-budget", false, "go ahead although the stack is expected to cost more than the budget")
	return cmd
}

func (a *app) wake(ctx context.Context, o wakeOptions) error {
	s, err := a.open(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = s.close() }() // all that matters is written by then
	if !o.dryRun {
		if err := s.withinBudget(o.insist); err != nil {
			return err
		}
		return s.locked(ctx, "wake", s.wake)
	}
	store, err := s.readState(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = store.Close(ctx) }()
	if s.sleep == nil {
		return s.awake()
	}
	scales := s.sleep.Scales
	s.sleep = nil
	p, err := s.planUp(ctx, store, nil)
	if err != nil {
		return err
	}
	doc, err := s.pricedPlan(p)
	if err != nil {
		return err
	}
	if names := scaled(scales); names != "" {
		doc.Warnings = append(doc.Warnings, "wake puts back how karmactl scale has set "+names)
	}
	return errors.Join(a.term.Plan(doc), p.res.Err())
}

// awake says that there is nothing to wake.
func (s *session) awake() error {
	return s.app.term.Result(&ui.Result{
		Outcome: "succeeded", Headline: "It does not hibernate.", Next: []string{"karmactl up makes it as " + s.cfg.File + " says"},
	})
}

// wake is `up` over the whole stack. Until all of it is back the stack counts as
// hibernating, so that an interrupted wake can be gone on with, or given up.
func (s *session) wake(ctx context.Context, store *state.Store) error {
	was := s.sleep
	if was == nil {
		return s.awake()
	}
	s.sleep = nil
	p, err := s.planUp(ctx, store, nil)
	if err != nil {
		return err
	}
	if err := p.res.Err(); err != nil {
		return err
	}
	if err := s.showAndAsk(ctx, p); err != nil {
		return err
	}
	s.app.graceful.Store(true)
	began := s.clock.Now()
	res, st, err := s.apply(ctx, store, p, nil)
	if err != nil {
		return err
	}
	if res.Err() == nil {
		// Only then it is awake: an interrupted wake still knows what to put back.
		if err := s.rescale(ctx, was.Scales); err != nil {
			return err
		}
		if err := store.Wake(ctx); err != nil {
			return err
		}
		s.app.term.Notef("%s", s.woken(st, was))
	}
	return s.upResult(ctx, st, res, began)
}

// rescale puts back what karmactl scale had set.
func (s *session) rescale(ctx context.Context, kept []state.Scale) error {
	c := fleet.Restore(s.home(false), s.cfg, kept)
	if len(c.Steps) == 0 {
		return nil
	}
	w := engine.Walk{
		Steps: c.Steps, Record: engine.NewMemory(s.clock), Clock: s.clock, Classify: cloud.Classify, Explain: s.explain,
		Width: s.app.opts.parallel, Stop: s.app.stop, Apply: true,
	}
	res, err := w.Up(ctx)
	if err != nil {
		return err
	}
	if err := res.Err(); err != nil {
		return fmt.Errorf("everything is back but for what karmactl scale had set: %w: run karmactl wake again", err)
	}
	s.app.term.Notef("scaled again as before: %s", scaled(kept))
	return nil
}

// woken says where the agents are now.
func (s *session) woken(st *stack.Stack, was *state.Hibernation) string {
	switch domain := s.cfg.LoadBalancer.Domain; {
	case was.KeepALB:
		return "the load balancer is the one it was: the URLs are the same"
	case domain != "":
		return "the load balancer is a new one, and the aliases of " + domain + " lead to it"
	default:
		return "the load balancer is a new one: the URLs have changed"
	}
}
