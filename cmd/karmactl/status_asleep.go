package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/karmacadabra/karmactl/internal/cloud"
	"github.com/karmacadabra/karmactl/internal/cost"
	"github.com/karmacadabra/karmactl/internal/fleet"
	"github.com/karmacadabra/karmactl/internal/stack"
	"github.com/karmacadabra/karmactl/internal/state"
)

// aboutHibernation is what there is to see of a stack that sleeps.
const aboutHibernation = "hibernation"

// sayAsleep puts hibernation in place of "nothing is up": up would change nothing then. Only the state knows,
// and a status that cannot read it says what it saw.
func sayAsleep(ctx context.Context, s *session, st *fleet.Status) error {
	if slices.ContainsFunc(st.Agents, func(a fleet.AgentStatus) bool { return a.Revision > 0 }) {
		return nil
	}
	asleep, err := readAsleep(ctx, s)
	if err != nil {
		st.Notes = append(st.Notes, fmt.Errorf("whether it hibernates is not known: %w", err))
		return nil
	}
	if asleep == nil {
		return nil
	}
	problem := "it hibernates since " + stamp(asleep.Since)
	prices, err := s.app.book(s.cfg)
	if err != nil {
		return err
	}
	all := stack.New(s.cfg, s.env(true), stack.GuessLookup(s.cfg))
	saving, err := cost.Hibernated(s.cfg, all.Resources(), stack.Asleep(all.Steps(), asleep.KeepALB), prices)
	if err != nil {
		return err
	}
	if len(saving.Lacks) == 0 {
		problem += " and saves $" + saving.Hourly.StringFixed(4) + " an hour"
	}
	st.Attention = []fleet.Attention{{About: aboutHibernation, Problem: problem, Command: "karmactl wake"}}
	return nil
}

// orAsleep puts hibernation in place of advice to bring the stack up, which would change nothing while it sleeps.
func orAsleep(ctx context.Context, s *session, err error) error {
	if err == nil || !strings.HasPrefix(try(s.explain(err)), "karmactl up") {
		return err
	}
	asleep, unknown := readAsleep(ctx, s)
	if unknown != nil || asleep == nil {
		return err
	}
	return &advice{fmt.Errorf("the stack hibernates since %s: %w", stamp(asleep.Since), err), "karmactl wake"}
}

// readAsleep is what the state says of hibernation; nil when it is awake, or there is no state.
func readAsleep(ctx context.Context, s *session) (*state.Hibernation, error) {
	known := *s
	var err error
	if known.account, err = cloud.Whoami(ctx, s.aws, s.account); err != nil {
		return nil, err
	}
	store, err := known.readState(ctx)
	if errors.Is(err, state.ErrNoBucket) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return store.Hibernation(), nil
}
