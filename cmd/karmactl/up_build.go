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
func buildImages(ctx context.Context, s *session, only []string) (*images, error) {
	var names []string
	for _, ag := range s.cfg.Agents {
		if ag.Build != nil && (len(only) == 0 || slices.Contains(only, ag.Name)) {
			names = append(names, ag.Name)
		}
	}
	if len(names) == 0 {
		return nil, &usageError{fmt.Errorf("no agent has a build in %s: add build.dockerfile, or leave --build out", s.cfg.File)}
	}
	im, err := newImages(s)
	if err != nil {
		return nil, err
	}
	if err := im.collect(ctx, names, im.build); err != nil {
		im.close()
		return nil, err
	}
	return im, nil
}

// wantedBy makes a stack want what was built; without images it wants what it did.
func (im *images) wantedBy(st *stack.Stack) {
	if im != nil {
		st.Run(im.want)
	}
}

// pushFor brings what was built to where the plan's tasks will look for it.
func (im *images) pushFor(ctx context.Context, store *state.Store, plan *engine.Result) error {
	if im == nil {
		return nil
	}
	return im.push(ctx, plan, func(ctx context.Context, missing map[engine.Key]bool) error {
		return im.makeRepositories(ctx, store, plan, missing)
	})
}
