package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/karmacadabra/karmactl/internal/agents"
	"github.com/karmacadabra/karmactl/internal/cost"
	"github.com/karmacadabra/karmactl/internal/document"
	"github.com/karmacadabra/karmactl/internal/engine"
	"github.com/karmacadabra/karmactl/internal/fleet"
	"github.com/karmacadabra/karmactl/internal/provision"
)

func (sc *scaling) doc() (*document.Scale, error) {
	d := &document.Scale{Head: document.Of("Scale"), DryRun: sc.o.dryRun, Agents: []document.ScaledAgent{}, Changes: []document.Change{}, Notes: []string{}}
	after := map[string]*document.ScaledAgent{}
	for _, name := range sc.scope() {
		was, up := sc.was[name]
		if !up {
			d.Notes = append(d.Notes, (&provision.NotUp{Agent: name}).Error())
			continue
		}
		d.Agents = append(d.Agents, document.ScaledAgent{Agent: name, WasMin: was.Min, WasMax: was.Max, Min: was.Min, Max: was.Max, Manual: was.Manual})
	}
	for i := range d.Agents {
		after[d.Agents[i].Agent] = &d.Agents[i]
	}
	for _, o := range sc.res.Outcomes {
		if o.Verb == engine.None && o.Have == nil {
			continue // it was to go, and is not there
		}
		d.Summary = count(d.Summary, o.Verb)
		agent, _, _ := strings.Cut(o.Key.Name(), "/")
		if o.Verb == engine.None {
			continue
		}
		if want, ok := o.Want.(provision.ScaleOverrideSpec); ok && after[agent] != nil {
			setBounds(after[agent], want)
		}
		d.Changes = append(d.Changes, changeDoc(o, "agents", agent))
	}
	d.Notes = append(d.Notes, sc.notes()...)
	if sc.res.Changes() && sc.after.bounds != nil {
		d.Monthly = sc.money.doc()
	}
	s, scheduled := sc.cfg.Schedules[sc.o.schedule]
	if !scheduled {
		return d, nil
	}
	return d, sc.hours(d, s)
}

// setBounds takes what was asked for over into an agent's bounds.
func setBounds(x *document.ScaledAgent, want provision.ScaleOverrideSpec) {
	if !want.KeepCounts {
		x.Min, x.Max = want.Min, want.Max
	}
	x.Manual = want.Owner == provision.ScaleManual
}

func (sc *scaling) notes() []string {
	out := alarmNotes(sc.res.Outcomes)
	for _, t := range sc.o.targets {
		if ag, _ := sc.cfg.Agent(t.Agent); t.Min < t.Max && !ag.Scale.Moves() {
			out = append(out, fmt.Sprintf("nothing moves %s between %d and %d: scale in %s has no target for it, such as {min: %d, max: %d, cpu: 75}", t.Agent, t.Min, t.Max, sc.cfg.File, t.Min, t.Max))
		}
		for _, name := range sc.was[t.Agent].Schedules {
			out = append(out, fmt.Sprintf("%s is on the schedule %s, which moves it at its next change: karmactl scale --schedule off ends that", t.Agent, name))
		}
	}
	return out
}

// alarmNotes say which alarms are muted now, for as long as the agent is without tasks or by the clock, and which are armed.
func alarmNotes(outcomes []engine.Outcome) []string {
	var off, byClock, on []string
	add := func(to *[]string, alarm string) {
		if !slices.Contains(*to, alarm) {
			*to = append(*to, alarm)
		}
	}
	for _, o := range outcomes {
		agent, _, _ := strings.Cut(o.Key.Name(), "/")
		alarm := agent + "/" + agents.AlarmFewHealthy
		switch kind := o.Key.Kind(); {
		case o.Verb == engine.None || kind != "mute" && kind != "mute-rule":
		case o.Verb == engine.Delete:
			add(&on, alarm)
		case kind == "mute":
			add(&off, alarm)
		default:
			add(&byClock, alarm)
		}
	}
	on = slices.DeleteFunc(on, func(alarm string) bool { return slices.Contains(byClock, alarm) || slices.Contains(off, alarm) })
	var out []string
	for _, n := range []struct {
		text   string
		alarms []string
	}{
		{"muted, because no task is running: ", off},
		{"muted outside the hours, and for 15 minutes after they begin: ", byClock},
		{"armed again: ", on},
	} {
		if len(n.alarms) > 0 {
			out = append(out, n.text+strings.Join(n.alarms, ", "))
		}
	}
	return out
}

func (sc *scaling) show(d *document.Scale) {
	t := sc.app.term
	sc.showHours(d)
	for _, ag := range d.Agents {
		was, now := bounds(ag.WasMin, ag.WasMax), bounds(ag.Min, ag.Max)
		noun := "tasks"
		if now == "1" {
			noun = "task"
		}
		switch {
		case was != now:
			t.Printf("  %-17s %s → %s %s\n", ag.Agent, was, now, noun)
		case d.Window == nil:
			t.Printf("  %-17s %s %s\n", ag.Agent, now, noun)
		}
	}
	if d.Monthly != nil {
		t.Para("  ", sc.money.line())
	}
	for _, n := range d.Notes {
		t.Para("  ! ", n)
	}
	switch {
	case !d.Summary.Any():
		t.Printf("Nothing to change.\n")
	case d.DryRun:
		t.Printf("Dry run: %d changes, nothing was written.\n", len(d.Changes))
	default:
		t.Para("", sc.done(d))
	}
}

func (sc *scaling) done(d *document.Scale) string {
	switch {
	case d.Window != nil && !sc.o.now:
		return "Scaled. AWS starts and stops the tasks at those hours; up leaves the numbers alone."
	case d.Window == nil && !slices.ContainsFunc(d.Agents, func(a document.ScaledAgent) bool { return a.Manual }):
		return "Scaled. The numbers are those of agents.yaml again."
	}
	return "Scaled. AWS starts and stops the tasks now; up leaves the numbers alone."
}

// bounds writes 1–3, or 2.
func bounds(low, high int) string {
	if low == high {
		return fmt.Sprint(low)
	}
	return fmt.Sprintf("%d–%d", low, high)
}

// scheduleOff takes schedules away.
const scheduleOff = "off"

// hours tells when a schedule fires and what it saves.
func (sc *scaling) hours(d *document.Scale, s agents.Schedule) error {
	w, err := s.Window()
	if err != nil {
		return err
	}
	d.Window = &document.ScaleWindow{
		Name: s.Name, Days: s.Days, Start: s.Start, Stop: s.Stop, Timezone: s.Timezone,
		StartCron: w.StartCron(), StopCron: w.StopCron(), Open: w.Open(sc.at),
	}
	change, changes := w.ClockChange(sc.at)
	for _, f := range w.Firings(sc.at) {
		d.Firings = append(d.Firings, document.ScaleFiring{Action: f.Action, Local: f.At, UTC: f.At.UTC(), AfterClockChange: changes && f.At.After(change)})
	}
	prices, err := sc.app.book(sc.cfg)
	if err != nil {
		return err
	}
	c, err := cost.ScheduleSaving(sc.cfg, prices, s)
	if err != nil {
		return err
	}
	d.Cost = &document.ScaleCost{AsOf: prices.AsOf, Missing: itemNames(slices.Concat(c.SavesLacks, c.KeepsLacks))}
	if len(c.SavesLacks) == 0 {
		d.Cost.Saves = cost.USD(c.Saves)
	}
	if len(c.KeepsLacks) == 0 {
		d.Cost.Keeps = cost.USD(c.Keeps)
	}
	return nil
}

// showHours is the schedule: who is on when, when it fires next, what it saves.
func (sc *scaling) showHours(d *document.Scale) {
	t, w := sc.app.term, d.Window
	if w == nil {
		return
	}
	t.Printf("%-15s %s %s–%s %s\n", w.Name, w.Days, w.Start, w.Stop, w.Timezone)
	t.Printf("  %-17s %-10s %s\n", "agent", "in hours", "off hours")
	for _, ag := range fleet.ScheduledAgents(sc.cfg, sc.cfg.Schedules[w.Name]) {
		t.Printf("  %-17s %-10s %s\n", ag.Name, bounds(ag.Scale.Min, ag.Scale.Max), "0")
	}
	t.Printf("  actions           %s · %s\n", w.StartCron, w.StopCron)
	t.Printf("  next\n")
	for _, f := range d.Firings {
		after := ""
		if f.AfterClockChange {
			after = "   after the clocks change"
		}
		t.Printf("    %-6s %s   %s%s\n", f.Action, f.Local.Format("Mon 2006-01-02 15:04 MST"), f.UTC.Format("Mon 15:04 UTC"), after)
	}
	t.Para("  ", sc.saves(d.Cost))
	if !sc.o.now {
		t.Para("  ", "until then the agents stay as they are: --now applies the present hours at once")
	}
}

func (sc *scaling) saves(c *document.ScaleCost) string {
	if len(c.Missing) > 0 {
		return "what it saves is not known: " + lackNames(sc.cfg.Region, c.Missing) + ". NAT, load balancer and addresses keep billing: karmactl hibernate"
	}
	return fmt.Sprintf("saves %s/mo of fargate. NAT, load balancer and addresses (%s) keep billing: karmactl hibernate", c.Saves, c.Keeps)
}
