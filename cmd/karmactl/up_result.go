package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/karmacadabra/karmactl/internal/cloud"
	"github.com/karmacadabra/karmactl/internal/document"
	"github.com/karmacadabra/karmactl/internal/engine"
	"github.com/karmacadabra/karmactl/internal/provision"
	"github.com/karmacadabra/karmactl/internal/stack"
	"github.com/karmacadabra/karmactl/internal/state"
	"github.com/karmacadabra/karmactl/internal/ui"
)

// progress shows a walk.
func (p *plan) progress(st *stack.Stack, w engine.Walk) ui.Progress {
	total := map[string]int{}
	for _, step := range append(append([]engine.Step{}, w.Steps...), w.Orphans...) {
		total[st.Group(step.Key())]++
	}
	shape := ui.Shape{Group: st.Group, Clock: p.clock}
	for _, g := range stack.Groups() {
		shape.Groups = append(shape.Groups, document.Group{Name: g, Total: total[g]})
	}
	return p.app.term.Progress(shape)
}

// showUp asks the agents and tells how it went.
func showUp(ctx context.Context, s *session, st *stack.Stack, res *engine.Result, began time.Time, asleep *state.Hibernation) error {
	r := resultDoc(res)
	r.Notes = append(st.Notes(), s.notesOf(res)...)
	err := res.Err()
	if err == nil {
		r.URLs = st.URLs()
		r.Checks = askAgents(ctx, s, st, r.Waiting)
		r.Outcome = "succeeded"
		r.Headline = fmt.Sprintf("Up in %s.", ui.Duration(s.clock.Now().Sub(began)))
		if !changed(res) {
			r.Headline = fmt.Sprintf("Nothing to change: %d resources are as %s says.", len(res.Outcomes), s.cfg.File)
		}
		r.Next = []string{"karmactl status"}
		if starts(res) {
			r.Next = []string{"karmactl logs --follow", "karmactl status"}
		}
		if asleep != nil {
			r.Notes = append(r.Notes, "it hibernates since "+stamp(asleep.Since))
			r.Next = []string{"karmactl wake"}
		}
	}
	return s.finish(r, res, err)
}

// starts tells whether an agent has a service, and so something to say in its logs.
func starts(res *engine.Result) bool {
	return slices.ContainsFunc(res.Outcomes, func(o engine.Outcome) bool { return o.Key.Kind() == "service" && o.Status == engine.Done })
}

func changed(res *engine.Result) bool {
	for _, o := range res.Outcomes {
		if o.Verb != engine.None {
			return true
		}
	}
	return false
}

// resultDoc counts and lists; the command adds what is its own.
func resultDoc(res *engine.Result) *document.Result {
	r := &document.Result{Outcome: "failed", Waiting: waiting(res)}
	for _, o := range res.Outcomes {
		r.Summary = count(r.Summary, o.Verb)
		switch o.Status {
		case engine.Failed:
			r.Failed = append(r.Failed, document.Problem{Key: string(o.Key), Error: o.Err.Error(), Suggestion: try(o.Err)})
		case engine.Blocked, engine.Interrupted:
			r.Blocked = append(r.Blocked, document.Problem{Key: string(o.Key), Error: o.Reason})
		}
	}
	return r
}

// finish prints the result and turns the walk's error into the exit code.
func (s *session) finish(r *document.Result, res *engine.Result, err error) error {
	code := exitError
	switch {
	case err == nil:
	case cloud.Classify(err) == engine.SignedOut:
		r.Outcome = "interrupted"
		r.Headline = "Interrupted, because the credentials have ended: what was made is recorded."
		r.Next = []string{"sign in and run the same command again: it continues where this one stopped"}
		r.Blocked = nil
		code = exitInterrupted
	case errors.Is(err, engine.ErrInterrupted):
		r.Outcome = "interrupted"
		r.Headline = "Interrupted: what was made is recorded."
		r.Next = []string{"run the same command again: it continues where this one stopped"}
		r.Blocked = nil
		code = exitInterrupted
	default:
		n := len(res.With(engine.Failed))
		r.Headline = fmt.Sprintf("%d failed.", n)
		r.Next = []string{"mend that and run the same command again: what is done stays done"}
		if errors.As(err, new(*provision.DeploymentFailed)) {
			code = exitDeployment
		}
	}
	if perr := s.app.term.Result(r); perr != nil {
		return perr
	}
	if err != nil {
		return &exit{code: code}
	}
	return nil
}
