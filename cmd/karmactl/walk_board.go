package main

import (
	"context"
	"strings"
	"sync"

	"github.com/karmacadabra/karmactl/internal/document"
	"github.com/karmacadabra/karmactl/internal/engine"
	"github.com/karmacadabra/karmactl/internal/fleet/rollout"
	"github.com/karmacadabra/karmactl/internal/stack"
	"github.com/karmacadabra/karmactl/internal/ui"
)

// walkBoard shows a walk: its groups, and in a terminal a line for each agent whose
// service is made, changed or deleted, from the moment on that this begins.
type walkBoard struct {
	ui.Progress
	forecast *engine.Forecast
	clock    engine.Clock
	// observe tells how far an agent's service is until stop is called.
	observe func(agent string, tell func(*rollout.Progress)) (stop func())
	// desired is how many tasks agents.yaml says of each agent, imageOf its image and what people call that.
	desired map[string]int
	imageOf func(agent string) (image, tag string)

	mu   sync.Mutex
	rows map[string]*agentOnBoard
}

// agentOnBoard is an agent that has a line.
type agentOnBoard struct {
	row  ui.AgentRow
	said string
	stop func()
}

// up shows a walk up, held to the plan: what that leaves as it is takes no time.
func (p *plan) up(ctx context.Context, st *stack.Stack, w engine.Walk) *walkBoard {
	return p.progress(ctx, st, w, w.ForecastUp(p.usual(st)))
}

func (p *plan) down(ctx context.Context, st *stack.Stack, w engine.Walk) *walkBoard {
	return p.progress(ctx, st, w, w.ForecastDown(p.usual(st)))
}

// usual is how long each resource usually takes for what the plan showed.
func (p *plan) usual(st *stack.Stack) func(engine.Key) engine.Usual {
	verbs := map[engine.Key]engine.Verb{}
	for _, o := range p.res.Outcomes {
		verbs[o.Key] = o.Verb
	}
	return func(k engine.Key) engine.Usual {
		v, planned := verbs[k]
		if !planned {
			v = engine.None
		}
		return st.Usual(k, v)
	}
}

func (p *plan) progress(ctx context.Context, st *stack.Stack, w engine.Walk, f *engine.Forecast) *walkBoard {
	group := func(k engine.Key) string {
		if w.Only != nil && !w.Only(k) {
			return "" // it is looked at, and none of this walk's
		}
		return st.Group(k)
	}
	total := map[string]int{}
	for _, step := range append(append([]engine.Step{}, w.Steps...), w.Orphans...) {
		total[group(step.Key())]++
	}
	shape := ui.Shape{Group: group, Agents: p.cfg.Names(), Forecast: f, Clock: p.clock}
	for _, g := range stack.Groups() {
		shape.Groups = append(shape.Groups, document.Group{Name: g, Total: total[g]})
	}
	b := &walkBoard{
		Progress: p.app.term.Progress(shape), forecast: f, clock: p.clock,
		imageOf: st.ImageOf, desired: map[string]int{}, rows: map[string]*agentOnBoard{},
	}
	for _, a := range p.cfg.Agents {
		b.desired[a.Name] = a.Scale.Min
	}
	env := p.env(true)
	reads := rollout.NewReads(env.Clients.ECS, p.clock, env.ClusterName())
	b.observe = func(agent string, tell func(*rollout.Progress)) func() {
		ctx, cancel := context.WithCancel(ctx)
		done := make(chan struct{})
		ag := p.rolloutAgent(env, agent, nil)
		ag.Reads = reads
		go func() {
			defer close(done)
			ag.Observe(ctx, tell)
		}()
		return func() {
			cancel()
			<-done
		}
	}
	return b
}

// Report shows what happens.
func (b *walkBoard) Report(e engine.Event) {
	b.forecast.Report(e)
	b.Progress.Report(e)
	if b.Board() == nil || e.Key.Kind() != "service" {
		return
	}
	switch e.Phase {
	case engine.EventStarted, engine.EventWaiting:
		b.begin(e)
	case engine.EventDone, engine.EventFailed, engine.EventBlocked:
		b.end(e)
	case engine.EventPlanned:
	}
}

// begin gives an agent a line, and takes what is said of it.
func (b *walkBoard) begin(e engine.Event) {
	name := e.Key.Name()
	b.mu.Lock()
	defer b.mu.Unlock()
	a := b.rows[name]
	if a == nil {
		a = &agentOnBoard{row: ui.AgentRow{Agent: name, Desired: b.desired[name], Phase: "begins", Usual: b.forecast.Usual(e.Key, e.At)}}
		_, a.row.Image = b.imageOf(name)
		if e.Verb == engine.Delete {
			a.row.Desired = 0
		}
		b.rows[name] = a
		b.Board().Show(a.row)
		a.stop = b.observe(name, func(p *rollout.Progress) { b.tell(e.Key, p) })
	}
	a.said = strings.ReplaceAll(e.Detail, "\n", " ")
}

// tell shows how far an agent is.
func (b *walkBoard) tell(k engine.Key, p *rollout.Progress) {
	b.mu.Lock()
	defer b.mu.Unlock()
	a := b.rows[k.Name()]
	if a == nil { // it is over
		return
	}
	a.row = rowOf(rollout.Line{Agent: k.Name(), Progress: p}, ui.AgentRow{Image: a.row.Image, Usual: b.forecast.Usual(k, b.clock.Now())})
	if a.said != "" && a.row.Trouble {
		a.row.Tasks = append(a.row.Tasks, a.said)
	}
	a.row.Done = false // that is for the walk to say
	b.Board().Show(a.row)
}

// end is how it ended for an agent that has a line.
func (b *walkBoard) end(e engine.Event) {
	b.mu.Lock()
	a := b.rows[e.Key.Name()]
	b.mu.Unlock()
	if a == nil {
		return
	}
	a.stop() // it tells nothing from here on
	r := a.row
	r.Done, r.Trouble, r.Tasks = true, e.Phase != engine.EventDone, nil
	switch {
	case r.Trouble:
		r.Phase, r.Tasks = string(e.Phase), []string{strings.ReplaceAll(e.Detail, "\n", " ")}
	case e.Verb == engine.Delete:
		r.Phase, r.Share, r.Left = "deleted", 1, 0
	default:
		r.Phase, r.Share, r.Healthy = "healthy", 1, r.Desired
	}
	b.Board().Show(r)
}

// Close ends it.
func (b *walkBoard) Close() {
	b.mu.Lock()
	rows := b.rows
	b.rows = nil
	b.mu.Unlock()
	for _, a := range rows {
		a.stop()
	}
	b.Progress.Close()
}
