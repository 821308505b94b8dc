package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/karmacadabra/karmactl/internal/cost"
	"github.com/karmacadabra/karmactl/internal/document"
	"github.com/karmacadabra/karmactl/internal/engine"
	"github.com/karmacadabra/karmactl/internal/provision"
	"github.com/karmacadabra/karmactl/internal/stack"
	"github.com/karmacadabra/karmactl/internal/state"
)

// teardown is what a command takes away: down and hibernate.
type teardown struct {
	// walk chooses what goes.
	walk func(*stack.Stack, engine.Recorder) engine.Walk
	// images: repositories go although images are in them.
	images bool
	// leaveUsed: what others use stays, instead of stopping the command.
	leaveUsed bool
	// question is asked before the first deletion.
	question question
	// before is done after the answer and before the first deletion; nil is nothing.
	before func(context.Context, *plan) error
}

// planTeardown walks the stack the other way with clients that cannot write.
func (s *session) planTeardown(ctx context.Context, rec engine.Recorder, t teardown) (*plan, error) {
	env := s.env(true)
	facts, err := stack.ReadExisting(ctx, s.cfg, env)
	if err != nil {
		return nil, err
	}
	p := &plan{session: s, stack: stack.New(s.cfg, env, facts)}
	foreign, err := p.stack.ForeignResources(ctx)
	if err != nil {
		return nil, err
	}
	p.used = p.stack.StillUsed(foreign) // before anything is deleted
	w := t.walk(p.stack, rec)
	t.keepUsed(&w, p.used)
	if p.res, err = w.Down(ctx); err != nil {
		return nil, err
	}
	if note := noteOfCutover(rec); note != nil && !note.Moved.IsZero() {
		p.warnings = append(p.warnings, document.Warning{Text: "karmactl cutover has led the names to this stack, where nothing answers them then: karmactl cutover --back leads them to the old fleet first"})
	}
	return p, p.refuseUsed(ctx)
}

// tearDown asks, and takes away what the plan showed.
func (p *plan) tearDown(ctx context.Context, store *state.Store, deletes bool, t teardown) (*engine.Result, time.Duration, error) {
	if deletes {
		if err := p.confirm(ctx, t.question); err != nil {
			return nil, 0, err
		}
	}
	p.app.graceful.Store(true) // from the first write on
	if t.before != nil {
		if err := t.before(ctx, p); err != nil {
			return nil, 0, err
		}
	}
	began := p.clock.Now()
	env := p.env(false)
	env.DeleteImages = t.images
	st := stack.New(p.cfg, env, p.stack.Lookup)
	w := t.walk(st, store)
	t.keepUsed(&w, p.used)
	w.Apply, w.Shown = true, p.res
	progress := p.down(ctx, st, w)
	w.Report = progress
	res, err := w.Down(ctx)
	progress.Close()
	if err != nil {
		return nil, 0, err
	}
	return res, p.clock.Now().Sub(began), nil
}

// foreignUseError is the refusal to delete what others use. Nothing has been
// deleted by then.
type foreignUseError struct {
	users []string
	// monthly is what the stack still costs as it is, in dollars; "" is not known.
	monthly string
}

func (e *foreignUseError) Error() string {
	s := fmt.Sprintf("karmactl did not make %s, and deleting the stack would take the network, cluster or load balancer from under it: nothing was deleted",
		strings.Join(provision.Together(e.users), ", "))
	if e.monthly != "" {
		s += fmt.Sprintf("; left as it is the stack costs $%s a month", e.monthly)
	}
	return s
}

// Try names the ways out.
func (e *foreignUseError) Try() string {
	return "move or delete what is named; or karmactl down --keep-network, which leaves what is used by it and takes the rest"
}

// keepUsed leaves what others use, and what that needs, where the command wants that.
func (t teardown) keepUsed(w *engine.Walk, used map[engine.Key][]string) {
	if !t.leaveUsed || len(used) == 0 {
		return
	}
	keep := w.Keep
	w.Keep = func(k engine.Key) string {
		if users := used[k]; len(users) > 0 {
			return "used by " + strings.Join(provision.Together(stack.Users(used, func(other engine.Key) bool { return other == k })), ", ")
		}
		if keep == nil {
			return ""
		}
		return keep(k)
	}
}

// refuseUsed ends a teardown that would delete what others use, or a load balancer
// that is protected, while all is as it was.
func (p *plan) refuseUsed(ctx context.Context) error {
	goes := map[engine.Key]bool{}
	for _, o := range p.res.Outcomes {
		goes[o.Key] = o.Verb == engine.Delete
	}
	if goes["alb"] {
		protected, err := p.stack.LoadBalancerProtected(ctx)
		if err != nil {
			return err
		}
		if protected {
			return engine.Advise(
				fmt.Errorf("the load balancer is protected from deletion (load_balancer.deletion_protection): nothing was deleted"),
				"set load_balancer.deletion_protection: false in agents.yaml and run karmactl up, then karmactl down",
			)
		}
	}
	users := stack.Users(p.used, func(k engine.Key) bool { return goes[k] })
	if len(users) == 0 {
		return nil
	}
	refusal := &foreignUseError{users: users}
	if prices, err := p.app.book(p.cfg); err == nil {
		if e, err := cost.Of(p.cfg, p.stack.Resources(), prices); err == nil && e.Complete() {
			refusal.monthly = cost.USD(e.Total().Expected)
		}
	}
	return refusal
}
