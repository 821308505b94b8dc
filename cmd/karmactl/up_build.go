package main

import (
	"context"
	"fmt"
	"slices"

	"github.com/karmacadabra/karmactl/internal/engine"
	"github.com/karmacadabra/karmactl/internal/stack"
	"github.com/karmacadabra/karmactl/internal/state"
)

// buildImages builds the images of the agents that have a build; only limits it
// to some. Nothing is pushed before the plan is agreed to.
func (s *session) buildImages(ctx context.Context, only []string) error {
	var names []string
	for _, ag := range s.cfg.Agents {
		if ag.Build != nil && (len(only) == 0 || slices.Contains(only, ag.Name)) {
			names = append(names, ag.Name)
		}
	}
	if len(names) == 0 {
		return &usageError{fmt.Errorf("no agent has a build in %s: add build.dockerfile, or leave --build out", s.cfg.File)}
	}
	sh, err := s.newShipment()
	if err != nil {
		return err
	}
	if err := sh.collect(ctx, names, sh.build); err != nil {
		sh.close()
		return err
	}
	s.built = sh
	return nil
}

// wantBuilt makes a stack want what was built.
func (s *session) wantBuilt(st *stack.Stack) {
	if s.built != nil {
		st.Run(s.built.want)
	}
}

// pushBuilt brings what was built to where the agents' tasks will look for it.
func (s *session) pushBuilt(ctx context.Context, store *state.Store, plan *engine.Result) error {
	if s.built == nil {
		return nil
	}
	return s.built.push(ctx, plan, func(ctx context.Context, missing map[engine.Key]bool) error {
		return s.makeRepositories(ctx, store, plan, missing)
	})
}
