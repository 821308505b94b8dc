package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

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
	problem := "it has hibernated since " + atUTC(asleep.Since)
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
	do := wakeIt
	if who := waking(ctx, s); who != "" {
		problem, do = problem+", and "+who+" wakes it now", watchIt
	}
	st.Attention = []fleet.Attention{{About: aboutHibernation, Problem: problem, Command: do}}
	return nil
}

// orAsleep puts hibernation in place of advice to bring the stack up, which would change nothing while it sleeps.
func orAsleep(ctx context.Context, s *session, err error) error {
	if err == nil {
		return nil
	}
	do := try(s.explain(err))
	if strings.HasPrefix(do, "karmactl up") {
		asleep, unknown := readAsleep(ctx, s)
		if unknown != nil || asleep == nil {
			return err
		}
		do, err = wakeIt, &advice{fmt.Errorf("the stack has hibernated since %s: %w", atUTC(asleep.Since), err), wakeIt}
	}
	if do == wakeIt {
		if who := waking(ctx, s); who != "" {
			return &advice{fmt.Errorf("%w; %s wakes it now", err, who), watchIt}
		}
	}
	return err
}

// What to do about a stack that sleeps, and while another run wakes it.
const (
	wakeIt  = "karmactl wake"
	watchIt = "karmactl status --watch"
)

// waking is who wakes the stack at this moment; "" where no run does, or that is not known.
func waking(ctx context.Context, s *session) string {
	known, err := identifiedAs(ctx, s)
	if err != nil {
		return ""
	}
	backend, err := known.backend()
	if err != nil {
		return ""
	}
	h, err := state.Held(ctx, backend)
	if err != nil || h.Command != "wake" || h.ExpiresAt.Before(time.Now()) {
		return ""
	}
	return h.String()
}

// identifiedAs is a session that knows the account's number, which the name of the state's bucket has in it.
func identifiedAs(ctx context.Context, s *session) (*session, error) {
	known := *s
	var err error
	known.account, err = cloud.Whoami(ctx, s.aws, s.account)
	return &known, err
}

// readAsleep is what the state says of hibernation; nil when it is awake, or there is no state.
func readAsleep(ctx context.Context, s *session) (*state.Hibernation, error) {
	known, err := identifiedAs(ctx, s)
	if err != nil {
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
