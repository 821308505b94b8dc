package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/shopspring/decimal"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/karmacadabra/karmactl/internal/agents"
	"github.com/karmacadabra/karmactl/internal/document"
	"github.com/karmacadabra/karmactl/internal/engine"
	"github.com/karmacadabra/karmactl/internal/fleet"
	"github.com/karmacadabra/karmactl/internal/state"
)

type wakeOptions struct {
	dryRun bool
	budgetOptions
}

func (o *wakeOptions) addFlags(f *pflag.FlagSet) {
	f.BoolVar(&o.dryRun, "dry-run", false, "show what would be made and stop")
	o.budgetOptions.addFlags(f)
}

func newWakeCmd(a *app) *cobra.Command {
	var o wakeOptions
	cmd := &cobra.Command{
		Use: "wake", Short: "Bring back what hibernate took away", Args: cobra.NoArgs,
		Example: `  karmactl wake --dry-run
  karmactl wake`,
		Long: `Makes the whole stack as agents.yaml says it, as up does for one that is awake:
load balancer and NAT gateway side by side, tasks as soon as there is a way out
for them, then what karmactl scale had set before. It takes three to four minutes
and ends with each public agent's URL.`,
		RunE: a.withSession(anyArgs, func(ctx context.Context, s *session, _ []string) error { return runWake(ctx, s, o) }),
	}
	o.addFlags(cmd.Flags())
	return cmd
}

func runWake(ctx context.Context, s *session, o wakeOptions) error {
	if !o.dryRun {
		return s.locked(ctx, "wake", func(ctx context.Context, store *state.Store) error { return wakeLocked(ctx, s, store, o) })
	}
	store, err := s.readState(ctx)
	if err != nil {
		return err
	}
	asleep := store.Hibernation()
	if asleep == nil {
		return notAsleep(s)
	}
	p, err := s.planUp(ctx, store, scope{})
	if err != nil {
		return err
	}
	doc, err := p.priced()
	if err != nil {
		return err
	}
	if names := scaled(asleep.Scales); names != "" {
		doc.Warnings = append(doc.Warnings, document.Warning{Text: "wake puts back how karmactl scale has set " + names})
	}
	return errors.Join(s.app.term.Plan(doc), p.res.Err())
}

func notAsleep(s *session) error {
	return s.app.term.Result(&document.Result{
		Outcome: "succeeded", Headline: "It does not hibernate.", Next: []string{"karmactl up makes it as " + s.cfg.File + " says"},
	})
}

// wakeLocked is `up` over the whole stack. Until all of it is back the stack counts as
// hibernating, so that an interrupted wake can be gone on with, or given up.
func wakeLocked(ctx context.Context, s *session, store *state.Store, o wakeOptions) error {
	asleep := store.Hibernation()
	if asleep == nil {
		return notAsleep(s)
	}
	m, err := s.wakes(asleep, o.budget)
	if err != nil {
		return err
	}
	if err := m.guard(o.insist); err != nil {
		return err
	}
	p, err := s.planUp(ctx, store, scope{budget: o.budget})
	if err != nil {
		return err
	}
	if len(asleep.Scales) > 0 {
		p.warnings = append(p.warnings, document.Warning{Text: "with what karmactl scale had set it costs " + m.line()})
	}
	if err := p.showAndAsk(ctx, "wake"); err != nil {
		return err
	}
	s.app.graceful.Store(true)
	began := s.clock.Now()
	res, st, err := p.apply(ctx, store)
	if err != nil {
		return err
	}
	if res.Err() == nil {
		// Only then it is awake: an interrupted wake still knows what to put back.
		if err := rescale(ctx, s, asleep.Scales); err != nil {
			return err
		}
		if err := store.Wake(ctx); err != nil {
			return err
		}
		if len(s.cfg.Public()) > 0 {
			s.app.term.Notef("%s", afterWake(s.cfg.LoadBalancer, asleep))
		}
	}
	return showUp(ctx, s, st, res, began, nil, nil)
}

// wakes is what the stack will cost when it is awake, with what karmactl scale had set.
func (s *session) wakes(asleep *state.Hibernation, budget string) (money, error) {
	now := capacity{bounds: map[string]agents.Scale{}, schedule: map[string]string{}}
	for _, x := range asleep.Scales {
		if x.Manual {
			now.bounds[x.Agent] = agents.Scale{Min: x.Min, Max: x.Max}
		}
		for _, act := range x.Actions {
			now.schedule[x.Agent] = act.Schedule
		}
	}
	m, err := s.compare(capacity{}, now, budget)
	m.was = decimal.Zero // everything that wake makes is on top of nothing that runs
	return m, err
}

// rescale puts back what karmactl scale had set.
func rescale(ctx context.Context, s *session, kept []state.Scale) error {
	c := fleet.Restore(s.env(false), s.cfg, kept)
	if len(c.Steps) == 0 {
		return nil
	}
	w := s.walkAlone(c.Steps...)
	w.Apply = true
	res, err := w.Up(ctx)
	if err != nil {
		return err
	}
	if err := res.Err(); err != nil {
		return engine.Advise(fmt.Errorf("everything is back except what karmactl scale had set: %w", err), "karmactl wake")
	}
	s.app.term.Notef("scaled again as before: %s", scaled(kept))
	return nil
}

func afterWake(lb agents.LoadBalancer, asleep *state.Hibernation) string {
	switch {
	case asleep.KeepALB:
		return "the load balancer is the one it was: the URLs are the same"
	case !lb.Records:
		return "the load balancer is a new one, and load_balancer.records is false: change what leads to it by hand"
	case lb.Domain != "":
		return "the load balancer is a new one, and the aliases of " + lb.Domain + " lead to it"
	default:
		return "the load balancer is a new one: the URLs have changed"
	}
}
