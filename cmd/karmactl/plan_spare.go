package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/karmacadabra/karmactl/internal/engine"
	"github.com/karmacadabra/karmactl/internal/provision"
)

// staying are the agents that were taken over and stay at the other program's revision.
func (p *plan) staying(rec engine.Recorder) []string {
	var out []string
	for _, e := range adopted(rec, engine.AdoptionShared, engine.AdoptionWhole) {
		if o, ok := p.res.Get(e.Key); ok && e.Key.Kind() == "task-definition" && o.Verb == engine.None {
			out = append(out, e.Key.Name())
		}
	}
	return out
}

// spare takes the roles of agents that stay at the other program's revision out of the plan:
// it has roles of its own, and nothing else that the plan makes needs these. A deploy makes them.
func (p *plan) spare(staying []string) {
	p.spared = map[engine.Key]bool{}
	for _, n := range p.stack.Resources() {
		if r, ok := n.(*provision.Role); ok && slices.Contains(staying, r.Agent) {
			if o, _ := p.res.Get(r.Key()); o.Verb == engine.Create && o.Err == nil && !p.needed(r) {
				p.spared[r.Key()] = true
			}
		}
	}
	drop(p.res, p.isSpared)
}

func (p *plan) isSpared(o engine.Outcome) bool { return p.spared[o.Key] }

// needed tells whether the plan changes something that refers to the role.
func (p *plan) needed(role engine.Node) bool {
	return slices.ContainsFunc(p.stack.Resources(), func(n engine.Node) bool {
		o, _ := p.res.Get(n.Key())
		return o.Verb != engine.None && slices.ContainsFunc(n.Needs(), func(need engine.Node) bool { return need.Key() == role.Key() })
	})
}

// without keeps a walk from the keys that are spared.
func (p *plan) without(w *engine.Walk) {
	if len(p.spared) == 0 {
		return
	}
	wanted := w.Only
	w.Only = func(k engine.Key) bool { return !p.spared[k] && (wanted == nil || wanted(k)) }
}

// notYetOurs names these agents.
func notYetOurs(staying []string) []string {
	if len(staying) == 0 {
		return nil
	}
	return []string{fmt.Sprintf("%s: still the revision of the program that made it; karmactl deploy AGENT makes karmactl's own, up once agents.yaml says something else of the agent", strings.Join(staying, ", "))}
}
