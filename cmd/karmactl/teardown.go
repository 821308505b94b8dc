package main

import (
	"context"
	"time"

	"github.com/karmacadabra/karmactl/internal/engine"
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
	if err := p.readUse(ctx); err != nil {
		return nil, err
	}
	w := t.walk(p.stack, rec)
	t.keepUsed(&w, p.used)
	if p.res, err = w.Down(ctx); err != nil {
		return nil, err
	}
	if note := noteOfCutover(rec); note != nil && !note.Moved.IsZero() {
		p.warnings = append(p.warnings, "karmactl cutover has led the names to this stack, where nothing answers them then: karmactl cutover --back leads them to the old fleet first")
	}
	return p, p.refuseUsed(ctx)
}

// tearDown asks, and takes away what the plan showed.
func (p *plan) tearDown(ctx context.Context, store *state.Store, deletes bool, t teardown) (*engine.Result, time.Duration, error) {
	if deletes && !p.app.opts.yes {
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
