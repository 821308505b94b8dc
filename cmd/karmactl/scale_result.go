package main

import (
	"fmt"
	"strings"

	"github.com/karmacadabra/karmactl/internal/document"
	"github.com/karmacadabra/karmactl/internal/engine"
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
		d.Summary = count(d.Summary, o.Verb)
		agent, _, _ := strings.Cut(o.Key.Name(), "/")
		if o.Verb == engine.None {
			continue
		}
		ch := document.Change{Key: string(o.Key), Kind: o.Key.Kind(), Group: "agents", Agent: agent, Verb: string(o.Verb), Fields: []document.Field{}}
		for _, c := range o.Changes {
			ch.Fields = append(ch.Fields, document.Field{Field: c.Field, Was: c.Was, Now: c.Now})
		}
		if want, ok := o.Want.(provision.ScaleOverrideSpec); ok && after[agent] != nil {
			setBounds(after[agent], want)
		}
		d.Changes = append(d.Changes, ch)
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

func (sc *scaling) show(d *document.Scale) {
	t := sc.app.term
	sc.showHours(d)
	for _, ag := range d.Agents {
		was, now := bounds(ag.WasMin, ag.WasMax), bounds(ag.Min, ag.Max)
		switch {
		case was != now:
			t.Printf("  %-17s %s → %s tasks\n", ag.Agent, was, now)
		case d.Window == nil:
			t.Printf("  %-17s %s tasks\n", ag.Agent, now)
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
		t.Printf("Scaled. AWS starts and stops the tasks now; up leaves the numbers alone.\n")
	}
}

// bounds writes 1–3, or 2.
func bounds(low, high int) string {
	if low == high {
		return fmt.Sprint(low)
	}
	return fmt.Sprintf("%d–%d", low, high)
}
