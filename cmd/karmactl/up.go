package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/karmacadabra/karmactl/internal/cloud"
	"github.com/karmacadabra/karmactl/internal/engine"
	"github.com/karmacadabra/karmactl/internal/provision"
	"github.com/karmacadabra/karmactl/internal/stack"
	"github.com/karmacadabra/karmactl/internal/state"
	"github.com/karmacadabra/karmactl/internal/ui"
)

type upOptions struct {
	planFile string
	only     []string
	dryRun   bool
	build    bool
	// insist goes over the budget.
	insist bool
}

func newUpCmd(a *app) *cobra.Command {
	var o upOptions
	cmd := &cobra.Command{
		Use: "up [PLANFILE]", Short: "Make it so: from nothing, or from where it was left", Args: cobra.MaximumNArgs(1),
		Long: `Shows the plan, asks, and makes it so. Running it again changes nothing. After
any interruption running it again goes on where it stopped. It ends with each
agent's URL, once AWS reports its targets healthy.

--build builds the image of every agent that has a build in agents.yaml before it
plans, and pushes it before the agent is made, as deploy does.`,
		RunE: func(c *cobra.Command, args []string) error {
			if len(args) == 1 {
				o.planFile = args[0]
			}
			if o.build && o.planFile != "" {
				return &usageError{errors.New("--build and a kept plan do not go together: what is built is not in the plan")}
			}
			ctx, cancel := a.deadline(c.Context())
			defer cancel()
			return a.up(ctx, o)
		},
	}
	cmd.Flags().StringSliceVar(&o.only, "only", nil, "only these agents, and what they share")
	cmd.Flags().BoolVar(&o.dryRun, "dry-run", false, "show the plan and stop")
	cmd.Flags().BoolVar(&o.build, "build", false, "build and push the images of agents that have a build")
	cmd.Flags().StringVar(&a.budget, "budget", "", "refuse to go above this many dollars a month, instead of the file's")
	cmd.Flags().BoolVar(&o.insist, "over-budget", false, "go ahead although the stack is expected to cost more than the budget")
	completeFlag(cmd, "only", a.completeAgents)
	return cmd
}

func (a *app) up(ctx context.Context, o upOptions) error {
	s, err := a.open(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = s.close() }() // all that matters is written by then
	for _, name := range o.only {
		if _, ok := s.cfg.Agent(name); !ok {
			return noAgent(s.cfg, name)
		}
	}
	if !o.dryRun {
		if err := s.withinBudget(o.insist); err != nil {
			return err
		}
	}
	if o.build {
		if err := s.buildImages(ctx, o.only); err != nil {
			return err
		}
		defer s.built.close()
	}
	if o.dryRun {
		p, err := s.plan(ctx, o.only, "")
		if err != nil {
			return err
		}
		return a.term.Plan(p)
	}
	err = s.locked(ctx, "up", func(ctx context.Context, store *state.Store) error { return s.up(ctx, store, o, nil) })
	if none := (*noBucketError)(nil); errors.As(err, &none) {
		return s.firstUp(ctx, o)
	}
	return err
}

// firstUp makes the state's bucket, without which there is no place for a lock,
// once the plan is agreed to; and then what was agreed to.
func (s *session) firstUp(ctx context.Context, o upOptions) error {
	var agreed *planned
	if o.planFile == "" {
		p, err := s.planUp(ctx, engine.NewMemory(s.clock), o.only)
		if err != nil {
			return err
		}
		if err := s.showAndAsk(ctx, p); err != nil {
			return err
		}
		agreed = p
	}
	return s.lockedInNewBucket(ctx, "up", func(ctx context.Context, store *state.Store) error { return s.up(ctx, store, o, agreed) })
}

// showAndAsk shows a plan and asks for a yes, where there is anything to agree to.
func (s *session) showAndAsk(ctx context.Context, p *planned) error {
	if err := p.res.Err(); err != nil {
		return err
	}
	doc, err := s.pricedPlan(p)
	if err != nil {
		return err
	}
	if !s.app.term.JSON {
		if err := s.app.term.Plan(doc); err != nil {
			return err
		}
	}
	if !doc.Summary.Any() || s.app.opts.yes {
		return nil
	}
	return s.confirm(ctx, "Make it so? Only yes is yes:", "yes", "nothing was changed")
}

// confirm asks for a word; declined is what to say when another one comes.
func (s *session) confirm(ctx context.Context, question, word, declined string) error {
	yes, err := s.app.term.Confirm(ctx, question, word)
	if errors.Is(err, ui.ErrNoTerminal) {
		return &usageError{fmt.Errorf("%w: karmactl %s --yes goes ahead without asking", err, s.command)}
	}
	if err != nil {
		return err
	}
	if !yes {
		return &exit{exitError, errors.New(declined)}
	}
	return nil
}

// up makes it so: what is in the plan file, what was agreed to already, or what
// is shown and agreed to now.
func (s *session) up(ctx context.Context, store *state.Store, o upOptions, agreed *planned) error {
	p := agreed
	if p == nil {
		var err error
		if p, err = s.planUp(ctx, store, o.only); err != nil {
			return err
		}
		if err := p.res.Err(); err != nil {
			return err
		}
		if o.planFile != "" {
			p.res, err = s.planKept(o.planFile, store)
		} else {
			err = s.showAndAsk(ctx, p)
		}
		if err != nil {
			return err
		}
	}
	if err := s.pushBuilt(ctx, store, p.res); err != nil {
		return err
	}
	s.app.graceful.Store(true)
	began := s.clock.Now()
	res, st, err := s.apply(ctx, store, p, o.only)
	if err != nil {
		return err
	}
	return s.upResult(ctx, st, res, began)
}

// apply walks the stack over fresh reads, held to what the plan showed.
func (s *session) apply(ctx context.Context, store *state.Store, p *planned, only []string) (*engine.Result, *stack.Stack, error) {
	home := s.home(false)
	if _, err := s.stateBucket(ctx, home, true); err != nil {
		return nil, nil, err
	}
	st := stack.New(s.cfg, home, p.stack.Lookup)
	s.wantBuilt(st)
	w := s.walk(st, store)
	w.Apply, w.Shown, w.Keep = true, p.res, st.Keep(stack.DownOptions{})
	asleep := s.limit(&w, st, only)
	progress := s.progress(st, w)
	w.Report = progress
	res, err := w.Up(ctx)
	progress.Close()
	if err != nil {
		return nil, nil, err
	}
	forget(res, asleep)
	return res, st, nil
}

// progress shows a walk.
func (s *session) progress(st *stack.Stack, w engine.Walk) ui.Progress {
	total := map[string]int{}
	for _, step := range append(append([]engine.Step{}, w.Steps...), w.Orphans...) {
		total[st.Group(step.Key())]++
	}
	shape := ui.Shape{Group: st.Group, Clock: s.clock}
	for _, g := range stack.Groups() {
		shape.Groups = append(shape.Groups, ui.Group{Name: g, Total: total[g]})
	}
	return s.app.term.Progress(shape)
}

// upResult asks the agents and tells how it went.
func (s *session) upResult(ctx context.Context, st *stack.Stack, res *engine.Result, began time.Time) error {
	r := s.result(st, res)
	r.Notes = append(st.Notes(), notes(res)...)
	err := res.Err()
	if err == nil {
		r.URLs = st.URLs()
		r.Checks = s.ask(ctx, st, r.Waiting)
		r.Outcome = "succeeded"
		r.Headline = fmt.Sprintf("Up in %s.", ui.Duration(s.clock.Now().Sub(began)))
		if !changed(res) {
			r.Headline = fmt.Sprintf("Nothing to change: %d resources are as %s says.", len(res.Outcomes), s.cfg.File)
		}
		r.Next = []string{"karmactl logs --follow", "karmactl status"}
		if s.sleep != nil {
			r.Notes = append(r.Notes, "it hibernates since "+stamp(s.sleep.Since))
			r.Next = []string{"karmactl wake"}
		}
	}
	return s.finish(r, res, err)
}

func changed(res *engine.Result) bool {
	for _, o := range res.Outcomes {
		if o.Verb != engine.None {
			return true
		}
	}
	return false
}

// result counts and lists; the command adds what is its own.
func (s *session) result(st *stack.Stack, res *engine.Result) *ui.Result {
	r := &ui.Result{Outcome: "failed", Waiting: waiting(res)}
	for _, o := range res.Outcomes {
		r.Summary = count(r.Summary, o.Verb)
		switch o.Status {
		case engine.Failed:
			r.Failed = append(r.Failed, ui.Problem{Key: string(o.Key), Error: o.Err.Error(), Suggestion: try(o.Err)})
		case engine.Blocked, engine.Interrupted:
			r.Blocked = append(r.Blocked, ui.Problem{Key: string(o.Key), Error: o.Reason})
		}
	}
	return r
}

// finish prints the result and turns the walk's error into the exit code.
func (s *session) finish(r *ui.Result, res *engine.Result, err error) error {
	code := exitError
	switch {
	case err == nil:
	case cloud.Classify(err) == engine.SignedOut:
		r.Outcome = "interrupted"
		r.Headline = "Interrupted, because the credentials have ended: what was made is recorded."
		r.Next = []string{"sign in and run the same command again: it goes on where this one stopped"}
		r.Blocked = nil
		code = exitInterrupted
	case errors.Is(err, engine.ErrInterrupted):
		r.Outcome = "interrupted"
		r.Headline = "Interrupted: what was made is recorded."
		r.Next = []string{"run the same command again: it goes on where this one stopped"}
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
