package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/karmacadabra/karmactl/internal/agents"
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
	budgetOptions
}

func (o *scaleOptions) addFlags(f *pflag.FlagSet) {
	f.StringVar(&o.schedule, "schedule", "", "run by the hours of the schedule `NAME`; off ends that")
	f.BoolVar(&o.now, "now", false, "apply the schedule's present hours at once, not at its next change")
	f.BoolVar(&o.dryRun, "dry-run", false, "show what would change and stop")
	o.budgetOptions.addFlags(f)
}

func newScaleCmd(a *app) *cobra.Command {
	var o scaleOptions
	cmd := &cobra.Command{
		Use: "scale AGENT=N|MIN-MAX|auto...", Short: "How many tasks: a number, a range, or by the clock",
		Long: `Sets the bounds of the autoscaler: validator=3 keeps three tasks, 1-5 lets it
choose by the targets of agents.yaml, 0 is none, auto goes back to agents.yaml. 'karma*=2'
is for each agent that the quoted pattern matches (* ? [a-c]).
up leaves such bounds alone.

With --schedule the agents run in the hours of a schedule of agents.yaml only
(office-hours is always there) and have no tasks outside; --schedule off ends that.
The alarm for too few healthy tasks is muted outside the hours, by rules of
CloudWatch's, and armed 15 minutes after they begin, when the tasks are there.`,
		Example:           "  karmactl scale karma-hello=3 validator=1-5\n  karmactl scale 'karma*=2'\n  karmactl scale --schedule office-hours --now\n  karmactl scale --schedule off",
		ValidArgsFunction: a.completeScaling(),
		RunE: a.withSession(func(cfg *agents.Config, args []string) error { return o.check(cfg, args) },
			func(ctx context.Context, s *session, _ []string) error { return runScale(ctx, s, o) }),
	}
	o.addFlags(cmd.Flags())
	completeFlag(cmd, "schedule", a.completeSchedules())
	return cmd
}

// check reads AGENT=N and looks at the rest.
func (o *scaleOptions) check(cfg *agents.Config, args []string) error {
	if (o.schedule == "") == (len(args) == 0) {
		return usage("karmactl scale --help", "say either AGENT=3 or --schedule office-hours")
	}
	if o.now && (o.schedule == "" || o.schedule == scheduleOff) {
		return &usageError{errors.New("--now goes with --schedule NAME: it applies the schedule's present hours at once")}
	}
	for _, arg := range args {
		t, err := fleet.ParseTarget(arg)
		if err != nil {
			return &usageError{err}
		}
		names, err := matching(cfg, cfg.Names(), []string{t.Agent})
		if err != nil {
			return err
		}
		for _, t.Agent = range names {
			if slices.ContainsFunc(o.targets, func(x fleet.Target) bool { return x.Agent == t.Agent }) {
				return &usageError{fmt.Errorf("%s is there twice", t.Agent)}
			}
			if _, ok := cfg.Agent(t.Agent); !ok {
				return noAgent(cfg, t.Agent)
			}
			o.targets = append(o.targets, t)
		}
	}
	if _, ok := cfg.Schedules[o.schedule]; !ok && o.schedule != "" && o.schedule != scheduleOff {
		return oneOf("--schedule", o.schedule, append(slices.Sorted(maps.Keys(cfg.Schedules)), scheduleOff))
	}
	return nil
}

func runScale(ctx context.Context, s *session, o scaleOptions) error {
	sc := &scaling{session: s, o: o, at: s.clock.Now()}
	if err := sc.plan(ctx); err != nil {
		return err
	}
	if err := sc.price(ctx); err != nil {
		return err
	}
	if !o.dryRun && sc.res.Changes() {
		if err := sc.allowed(ctx); err != nil {
			return err
		}
		// The state is not touched: up finds what scale owns in AWS. The lock keeps
		// the two from changing the same target at once.
		err := s.locked(ctx, "scale", func(ctx context.Context, store *state.Store) error {
			if err := refuseWhileAsleep(store, "scale"); err != nil {
				return err
			}
			return sc.apply(ctx)
		})
		if err != nil {
			return err
		}
	}
	doc, err := sc.doc()
	if err != nil {
		return err
	}
	if s.app.term.JSON {
		return s.app.term.Document(doc)
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
	// before and after are the capacities of all agents, money what they cost.
	before, after capacity
	money         money
}

// change is what is asked for, over clients that may or may not write.
func (sc *scaling) change(env *provision.Env) (fleet.Change, error) {
	switch sc.o.schedule {
	case "":
		return fleet.Scale(env, sc.cfg, sc.was, sc.o.targets), nil
	case scheduleOff:
		return fleet.Unschedule(env, sc.cfg, sc.was), nil
	default:
		return fleet.Schedule(env, sc.cfg, sc.was, sc.cfg.Schedules[sc.o.schedule], sc.at, sc.o.now)
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
	env := sc.env(true)
	if sc.was, err = fleet.ReadScaled(ctx, env, sc.scope()); err != nil {
		return err
	}
	for _, t := range sc.o.targets {
		if _, up := sc.was[t.Agent]; !up {
			return &provision.NotUp{Agent: t.Agent}
		}
	}
	sc.res, err = sc.walkChange(ctx, env, false)
	return err
}

func (sc *scaling) apply(ctx context.Context) error {
	res, err := sc.walkChange(ctx, sc.env(false), true)
	if err == nil {
		sc.res = res
	}
	return err
}

func (sc *scaling) walkChange(ctx context.Context, env *provision.Env, apply bool) (*engine.Result, error) {
	c, err := sc.change(env)
	if err != nil {
		return nil, err
	}
	w := sc.walkAlone(c.Steps...)
	if w.Orphans, w.Apply = c.Orphans, apply; apply {
		w.Shown = sc.res
		sc.app.graceful.Store(true)
	}
	return walkUp(ctx, w)
}

// price works out what the scaling costs. The other agents count as they are scaled now.
func (sc *scaling) price(ctx context.Context) error {
	all, err := fleet.ReadScaled(ctx, sc.env(true), sc.cfg.Names())
	if notUp := new(provision.NotUp); errors.As(err, &notUp) {
		return nil // there is nothing that costs
	}
	if err != nil {
		return err
	}
	sc.before, sc.after = capacityOf(all), capacityOf(all)
	doc, err := sc.doc()
	if err != nil {
		return err
	}
	for _, x := range doc.Agents {
		sc.after.bounds[x.Agent] = agents.Scale{Min: x.Min, Max: x.Max}
		delete(sc.after.schedule, x.Agent)
		if sc.o.schedule != "" && sc.o.schedule != scheduleOff {
			sc.after.schedule[x.Agent] = sc.o.schedule
		}
	}
	sc.money, err = sc.compare(sc.before, sc.after, sc.o.budget)
	sc.money.less = !more(sc.before, sc.after)
	return err
}

// more tells whether an agent gets more tasks, or is no longer bound to a schedule's hours.
func more(before, after capacity) bool {
	for name, a := range after.bounds {
		b := before.bounds[name]
		if a.Min > b.Min || a.Max > b.Max || before.schedule[name] != "" && after.schedule[name] != before.schedule[name] {
			return true
		}
	}
	return false
}

// capacityOf is what agents have now. A schedule counts until a user scales by hand.
func capacityOf(all map[string]fleet.Scaled) capacity {
	c := capacity{bounds: map[string]agents.Scale{}, schedule: map[string]string{}}
	for name, x := range all {
		c.bounds[name] = agents.Scale{Min: x.Min, Max: x.Max}
		if len(x.Schedules) > 0 && !x.Manual {
			c.schedule[name] = x.Schedules[0]
		}
	}
	return c
}

// allowed holds the scaling against the budget and the account's quotas.
func (sc *scaling) allowed(ctx context.Context) error {
	if err := sc.money.guard(sc.o.insist); err != nil {
		return err
	}
	return sc.room(ctx, least(sc.before), least(sc.after))
}

// least is how many tasks agents have at the least.
func least(c capacity) map[string]int {
	out := map[string]int{}
	for name, b := range c.bounds {
		out[name] = b.Min
	}
	return out
}
