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

	"github.com/karmacadabra/karmactl/internal/agents"
	"github.com/karmacadabra/karmactl/internal/cloud"
	"github.com/karmacadabra/karmactl/internal/cost"
	"github.com/karmacadabra/karmactl/internal/engine"
	"github.com/karmacadabra/karmactl/internal/fleet"
	"github.com/karmacadabra/karmactl/internal/provision"
	"github.com/karmacadabra/karmactl/internal/state"
	"github.com/karmacadabra/karmactl/internal/ui"
)

// scheduleOff takes schedules away.
const scheduleOff = "off"

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
			return s.noAgent(t.Agent)
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
func (sc *scaling) change(home *provision.Home) (fleet.Change, error) {
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
		return cloud.Explain(err, sc.account)
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

func (sc *scaling) walkChange(ctx context.Context, home *provision.Home, apply bool) (*engine.Result, error) {
	c, err := sc.change(home)
	if err != nil {
		return nil, err
	}
	w := engine.Walk{
		Steps: c.Steps, Orphans: c.Orphans, Record: engine.NewMemory(sc.clock), Clock: sc.clock, Classify: cloud.Classify,
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
	sc.explain(res)
	return res, res.Err()
}

type scaleDoc struct {
	Schema  string          `json:"schema"`
	Kind    string          `json:"kind"`
	DryRun  bool            `json:"dry_run"`
	Summary ui.Summary      `json:"summary"`
	Agents  []scaledAgent   `json:"agents"`
	Changes []ui.Change     `json:"changes"`
	Window  *scaleWindow    `json:"schedule,omitempty"`
	Firings []scaleFiring   `json:"firings,omitempty"`
	Cost    *scaleCost      `json:"cost,omitempty"`
	Notes   []string        `json:"notes"`
	s       agents.Schedule // for the text
}

type scaledAgent struct {
	Agent  string `json:"agent"`
	WasMin int    `json:"was_min"`
	WasMax int    `json:"was_max"`
	Min    int    `json:"min"`
	Max    int    `json:"max"`
	Manual bool   `json:"manual"`
}

type scaleWindow struct {
	Name     string `json:"name"`
	Days     string `json:"days"`
	Start    string `json:"start"`
	Stop     string `json:"stop"`
	Timezone string `json:"timezone"`
	// StartCron and StopCron are what AWS is given.
	StartCron string `json:"start_cron"`
	StopCron  string `json:"stop_cron"`
	Open      bool   `json:"open"`
}

type scaleFiring struct {
	Action string    `json:"action"`
	Local  time.Time `json:"local"`
	UTC    time.Time `json:"utc"`
	// AfterClockChange: the first after the clocks of the zone change.
	AfterClockChange bool `json:"after_clock_change,omitempty"`
}

type scaleCost struct {
	// Saves and Keeps are "" when prices are missing: Missing has which.
	Saves   string      `json:"saves_monthly"`
	Keeps   string      `json:"keeps_monthly"`
	Missing []cost.Item `json:"missing,omitempty"`
	AsOf    string      `json:"prices_as_of"`
}

func (sc *scaling) doc() (*scaleDoc, error) {
	d := &scaleDoc{Schema: ui.Schema, Kind: "Scale", DryRun: sc.o.dryRun, Agents: []scaledAgent{}, Changes: []ui.Change{}, Notes: []string{}}
	after := map[string]*scaledAgent{}
	for _, name := range sc.scope() {
		was, up := sc.was[name]
		if !up {
			d.Notes = append(d.Notes, (&provision.NotUp{Agent: name}).Error())
			continue
		}
		d.Agents = append(d.Agents, scaledAgent{Agent: name, WasMin: was.Min, WasMax: was.Max, Min: was.Min, Max: was.Max, Manual: was.Manual})
	}
	for i := range d.Agents {
		after[d.Agents[i].Agent] = &d.Agents[i]
	}
	for _, o := range sc.res.Outcomes {
		d.Summary = count(d.Summary, o.Verb)
		agent, _, _ := strings.Cut(o.Key.Name(), "/")
		if o.Verb == engine.None {
			continue
		}
		ch := ui.Change{Key: string(o.Key), Kind: o.Key.Kind(), Group: "agents", Agent: agent, Verb: string(o.Verb), Fields: []ui.Field{}}
		for _, c := range o.Changes {
			ch.Fields = append(ch.Fields, ui.Field{Field: c.Field, Was: c.Was, Now: c.Now})
			if x := after[agent]; x != nil && o.Key.Kind() == "bounds" {
				x.set(c)
			}
		}
		d.Changes = append(d.Changes, ch)
	}
	d.Notes = append(d.Notes, sc.notes()...)
	s, scheduled := sc.cfg.Schedules[sc.o.schedule]
	if !scheduled {
		return d, nil
	}
	d.s = s
	return d, sc.hours(d, s)
}

func (x *scaledAgent) set(c engine.Change) {
	switch c.Field {
	case "min":
		_, _ = fmt.Sscan(c.Now, &x.Min) // a number that was printed
	case "max":
		_, _ = fmt.Sscan(c.Now, &x.Max)
	case "owner":
		x.Manual = c.Now == provision.ScaleManual
	}
}

// notes are what the user should know of the alarms and of other owners.
func (sc *scaling) notes() []string {
	verbs := map[engine.Verb][]string{}
	for _, o := range sc.res.Outcomes {
		if o.Key.Kind() == "mute" && o.Verb != engine.None {
			verbs[o.Verb] = append(verbs[o.Verb], o.Key.Name())
		}
	}
	var out []string
	for _, n := range []struct {
		verb engine.Verb
		text string
	}{
		{engine.Create, "muted, because no task is running at times: "},
		{engine.Delete, "armed again: "},
	} {
		if list := verbs[n.verb]; len(list) > 0 {
			out = append(out, n.text+strings.Join(list, ", "))
		}
	}
	for _, t := range sc.o.targets {
		for _, name := range sc.was[t.Agent].Schedules {
			out = append(out, fmt.Sprintf("%s is on the schedule %s, which moves it at its next change: karmactl scale --schedule off ends that", t.Agent, name))
		}
	}
	return out
}

// hours tells when a schedule fires and what it saves.
func (sc *scaling) hours(d *scaleDoc, s agents.Schedule) error {
	w, err := fleet.WindowOf(s)
	if err != nil {
		return err
	}
	d.Window = &scaleWindow{
		Name: s.Name, Days: s.Days, Start: s.Start, Stop: s.Stop, Timezone: s.Timezone,
		StartCron: w.StartCron(), StopCron: w.StopCron(), Open: w.Open(sc.at),
	}
	change, changes := w.ClockChange(sc.at)
	for _, f := range w.Firings(sc.at) {
		d.Firings = append(d.Firings, scaleFiring{Action: f.Action, Local: f.At, UTC: f.At.UTC(), AfterClockChange: changes && f.At.After(change)})
	}
	prices, err := sc.app.book(sc.cfg)
	if err != nil {
		return err
	}
	c, err := cost.OnSchedule(sc.cfg, prices, s)
	if err != nil {
		return err
	}
	d.Cost = &scaleCost{AsOf: prices.AsOf, Missing: append(slices.Clone(c.SavesLacks), c.KeepsLacks...)}
	if len(c.SavesLacks) == 0 {
		d.Cost.Saves = cost.USD(c.Saves)
	}
	if len(c.KeepsLacks) == 0 {
		d.Cost.Keeps = cost.USD(c.Keeps)
	}
	return nil
}

func (sc *scaling) show(d *scaleDoc) {
	t := sc.app.term
	if w := d.Window; w != nil {
		t.Printf("%-15s %s %s–%s %s\n", w.Name, w.Days, w.Start, w.Stop, w.Timezone)
		t.Printf("  %-17s %-10s %-10s %s\n", "agent", "in hours", "off hours", "actions")
		for _, ag := range fleet.ScheduledAgents(sc.cfg, d.s) {
			t.Printf("  %-17s %-10s %-10s %s · %s\n", ag.Name, bounds(ag.Scale.Min, ag.Scale.Max), "0", w.StartCron, w.StopCron)
		}
		t.Printf("  next\n")
		for _, f := range d.Firings {
			after := ""
			if f.AfterClockChange {
				after = "   after the clocks change"
			}
			t.Printf("    %-6s %s   %s%s\n", f.Action, f.Local.Format("Mon 2006-01-02 15:04 MST"), f.UTC.Format("Mon 15:04 UTC"), after)
		}
		t.Printf("  %s\n", sc.money(d.Cost))
		if !sc.o.now {
			t.Printf("  until then the agents stay as they are: --now applies the present hours at once\n")
		}
	}
	for _, ag := range d.Agents {
		was, now := bounds(ag.WasMin, ag.WasMax), bounds(ag.Min, ag.Max)
		switch {
		case was != now:
			t.Printf("  %-17s %s → %s tasks\n", ag.Agent, was, now)
		case d.Window == nil:
			t.Printf("  %-17s %s tasks\n", ag.Agent, now)
		}
	}
	for _, n := range d.Notes {
		t.Printf("  ! %s\n", n)
	}
	switch {
	case !d.Summary.Any():
		t.Printf("Nothing to change.\n")
	case d.DryRun:
		t.Printf("Dry run: %d changes, nothing was written.\n", len(d.Changes))
	default:
		t.Printf("Scaled. AWS starts and stops the tasks now; up leaves the numbers alone.\n")
	}
}

// money says what a schedule saves and what not.
func (sc *scaling) money(c *scaleCost) string {
	if len(c.Missing) > 0 {
		return "what it saves is not known: " + sc.lack(c.Missing) + ". NAT, load balancer and addresses keep billing: karmactl hibernate"
	}
	return fmt.Sprintf("saves %s/mo of fargate. NAT, load balancer and addresses (%s) keep billing: karmactl hibernate", c.Saves, c.Keeps)
}

// bounds writes 1–3, or 2.
func bounds(low, high int) string {
	if low == high {
		return fmt.Sprint(low)
	}
	return fmt.Sprintf("%d–%d", low, high)
}
