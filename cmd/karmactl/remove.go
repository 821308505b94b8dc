package main

import (
	"context"
	"time"

	"github.com/karmacadabra/karmactl/internal/engine"
	"github.com/karmacadabra/karmactl/internal/stack"
	"github.com/karmacadabra/karmactl/internal/state"
)

// removal is a command that takes away: down and hibernate.
type removal struct {
	// walk chooses what goes.
	walk func(*stack.Stack, engine.Recorder) engine.Walk
	// images: repositories go although images are in them.
	images bool
	// leaveUsed: what others use stays, instead of stopping the command.
	leaveUsed bool
	// question is asked before the first deletion, and answered with word.
	question, word string
	// before is done after the answer and before the first deletion; nil is nothing.
	before func(context.Context, *planned) error
}

// planRemoval walks the stack the other way with clients that cannot write.
func (s *session) planRemoval(ctx context.Context, rec engine.Recorder, r removal) (*planned, error) {
	home := s.home(true)
	facts, err := stack.ReadExisting(ctx, s.cfg, home)
	if err != nil {
		return nil, err
	}
	p := &planned{stack: stack.New(s.cfg, home, facts)}
	if err := s.readUse(ctx, p); err != nil {
		return nil, err
	}
	w := r.walk(p.stack, rec)
	r.keepUsed(&w, p.used)
	if p.res, err = w.Down(ctx); err != nil {
		return nil, err
	}
	return p, s.refuseUsed(ctx, p)
}

// remove asks, and takes away what the plan showed.
func (s *session) remove(ctx context.Context, store *state.Store, p *planned, deletes bool, r removal) (*engine.Result, *stack.Stack, time.Duration, error) {
	if deletes && !s.app.opts.yes {
		if err := s.confirm(ctx, r.question, r.word, "nothing was deleted"); err != nil {
			return nil, nil, 0, err
		}
	}
	s.app.graceful.Store(true) // from the first write on
	if r.before != nil {
		if err := r.before(ctx, p); err != nil {
			return nil, nil, 0, err
		}
	}
	began := s.clock.Now()
	home := s.home(false)
	home.DeleteImages = r.images
	st := stack.New(s.cfg, home, p.stack.Lookup)
	w := r.walk(st, store)
	r.keepUsed(&w, p.used)
	w.Apply, w.Shown = true, p.res
	progress := s.progress(st, w)
	w.Report = progress
	res, err := w.Down(ctx)
	progress.Close()
	if err != nil {
		return nil, nil, 0, err
	}
	return res, st, s.clock.Now().Sub(began), nil
}
