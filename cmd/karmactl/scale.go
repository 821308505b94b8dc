package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/karmacadabra/karmactl/internal/cloud"
	"github.com/karmacadabra/karmactl/internal/engine"
	"github.com/karmacadabra/karmactl/internal/fleet"
	"github.com/karmacadabra/karmactl/internal/provision"
	"github.com/karmacadabra/karmactl/internal/state"
)

type scaleOptions struct {
	targets  []fleet.Target
	schedule string
	now      bool
	dryRun   bool
}

func newScaleCmd(a *app) *cobra.Command {
	var o scaleOptions
	cmd := &cobra.Command{
		Use: "scale AGENT=N|MIN-MAX|auto...", Short: "How many tasks: a number, a range, or by the clock",
		Long: `Sets the bounds of the autoscaler: validator=3 keeps three tasks, 1-5 lets it
choose, 0 is none, auto goes back to agents.yaml. up leaves such bounds alone.

With --schedule the agents run in the hours of a schedule of agents.yaml only
(office-hours is always there) and have no tasks outside; --schedule off ends that.
The alarm for too few healthy tasks is muted for as long, and armed again after.`,
		Example:           "  karmactl scale validator=3 karma-hello=1-5\n  karmactl scale --schedule office-hours --now\n  karmactl scale --schedule off",
		ValidArgsFunction: a.completeScaling(),
		RunE: func(c *cobra.Command, args []string) error {
			if (o.schedule == "") == (len(args) == 0) {
				return &usageError{errors.New("say either AGENT=3 or --schedule office-hours: see karmactl scale --help")}
			}
			if o.now && (o.schedule == "" || o.schedule == scheduleOff) {
				return &usageError{errors.New("--now goes with --schedule NAME: it applies the schedule's present hours at once")}
			}
			for _, arg := range args {
				t, err := fleet.ParseTarget(arg)
				if err != nil {
					return &usageError{err}
				}
				if slices.ContainsFunc(o.targets, func(x fleet.Target) bool { return x.Agent == t.Agent }) {
					return &usageError{fmt.Errorf("%s is there twice", t.Agent)}
				}
				o.targets = append(o.targets, t)
			}
			ctx, cancel := a.deadline(c.Context())
			defer cancel()
			return a.scale(ctx, o)
		},
	}
	cmd.Flags().StringVar(&o.schedule, "schedule", "", "run by the hours of the schedule `NAME`; off ends that")
	cmd.Flags().BoolVar(&o.now, "now", false, "apply the schedule's present hours at once, not at its next change")
	cmd.Flags().BoolVar(&o.dryRun, "dry-run", false, "show what would change and stop")
	completeFlag(cmd, "schedule", a.completeSchedules())
	return cmd
}

func (a *app) scale(ctx context.Context, o scaleOptions) error {
	s, err := a.open(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = s.close() }() // all that matters is written by then
	for _, t := range o.targets {
		if _, ok := s.cfg.Agent(t.Agent); !ok {
			return noAgent(s.cfg, t.Agent)
		}
	}
	if _, ok := s.cfg.Schedules[o.schedule]; !ok && o.schedule != "" && o.schedule != scheduleOff {
		return &usageError{fmt.Errorf("there is no schedule %q in %s: there are %s, and off", o.schedule, s.cfg.File, strings.Join(slices.Sorted(maps.Keys(s.cfg.Schedules)), " "))}
	}
	sc := &scaling{session: s, o: o, at: s.clock.Now()}
	if err := sc.plan(ctx); err != nil {
		return err
	}
	if !o.dryRun && sc.res.Changes() {
		// The state is not touched: up finds what scale owns in AWS. The lock keeps
		// the two from changing the same target at once.
		if err := s.locked(ctx, "scale", func(ctx context.Context, _ *state.Store) error { return sc.apply(ctx) }); err != nil {
			return err
		}
	}
	doc, err := sc.doc()
	if err != nil {
		return err
	}
	if a.term.JSON {
		return a.term.Document(doc)
	}
	sc.show(doc)
	return nil
}

// scaling is one run of scale.
type scaling struct {
	*session
	o   scaleOptions
	at  time.Time
	was map[string]fleet.Scaled
	res *engine.Result
}

// change is what is asked for, over clients that may or may not write.
func (sc *scaling) change(home *provision.Env) (fleet.Change, error) {
	switch sc.o.schedule {
	case "":
		return fleet.Scale(home, sc.cfg, sc.was, sc.o.targets), nil
	case scheduleOff:
		return fleet.Unschedule(home, sc.cfg, sc.was), nil
	default:
		return fleet.Schedule(home, sc.cfg, sc.was, sc.cfg.Schedules[sc.o.schedule], sc.at, sc.o.now)
	}
}

// scope are the agents that it is about.
func (sc *scaling) scope() []string {
	var out []string
	for _, t := range sc.o.targets {
		out = append(out, t.Agent)
	}
	if len(out) > 0 {
		return out
	}
	for _, ag := range fleet.ScheduledAgents(sc.cfg, sc.cfg.Schedules[sc.o.schedule]) {
		out = append(out, ag.Name)
	}
	return out
}

func (sc *scaling) plan(ctx context.Context) (err error) {
	home := sc.home(true)
	if sc.was, err = fleet.ReadScaled(ctx, home, sc.scope()); err != nil {
		return err
	}
	for _, t := range sc.o.targets {
		if _, up := sc.was[t.Agent]; !up {
			return &provision.NotUp{Agent: t.Agent}
		}
	}
	sc.res, err = sc.walkChange(ctx, home, false)
	return err
}

func (sc *scaling) apply(ctx context.Context) error {
	res, err := sc.walkChange(ctx, sc.home(false), true)
	if err == nil {
		sc.res = res
	}
	return err
}

func (sc *scaling) walkChange(ctx context.Context, home *provision.Env, apply bool) (*engine.Result, error) {
	c, err := sc.change(home)
	if err != nil {
		return nil, err
	}
	w := engine.Walk{
		Steps: c.Steps, Orphans: c.Orphans, Record: engine.NewMemory(sc.clock), Clock: sc.clock, Classify: cloud.Classify, Explain: sc.explain,
		Width: sc.app.opts.parallel, Stop: sc.app.stop, Apply: apply,
	}
	if apply {
		w.Shown = sc.res
		sc.app.graceful.Store(true)
	}
	res, err := w.Up(ctx)
	if err != nil {
		return nil, err
	}
	return res, res.Err()
}
