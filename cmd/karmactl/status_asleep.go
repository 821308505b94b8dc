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
	"github.com/karmacadabra/karmactl/internal/engine"
	"github.com/karmacadabra/karmactl/internal/fleet"
	"github.com/karmacadabra/karmactl/internal/stack"
	"github.com/karmacadabra/karmactl/internal/state"
)

// aboutHibernation is what there is to see of a stack that sleeps.
const aboutHibernation = "hibernation"

// sayAsleep puts hibernation in place of "nothing is up": up would change nothing then; or what there is without the
// agents. Only the state knows, and a status that cannot read it says what it saw.
func sayAsleep(ctx context.Context, s *session, st *fleet.Status) error {
	if slices.ContainsFunc(st.Agents, func(a fleet.AgentStatus) bool { return a.Revision > 0 }) {
		return nil
	}
	known, err := identifiedAs(ctx, s)
	var store *state.Store
	if err == nil {
		store, err = storeOf(ctx, known)
	}
	if err != nil {
		st.Notes = append(st.Notes, fmt.Errorf("whether it hibernates is not known: %w", err))
		return nil
	}
	if store == nil {
		return nil
	}
	asleep := store.Hibernation()
	if asleep == nil {
		sayPart(ctx, known, store, st)
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
	if who := changing(ctx, known, "wake"); who != "" {
		problem, do = problem+", and "+who+" wakes it now", watchIt
	}
	st.Attention = []fleet.Attention{{About: aboutHibernation, Problem: problem, Command: do}}
	return nil
}

// sayPart puts what is there without the agents in place of "nothing is up": an up may be making it, or was stopped.
func sayPart(ctx context.Context, s *session, store *state.Store, st *fleet.Status) {
	part := partMade(store)
	for i := range st.Attention {
		x := &st.Attention[i]
		if x.About != fleet.AboutTasks || x.Agent != "" || part == "" {
			continue
		}
		x.Problem = part
		if who := changing(ctx, s, "up"); who != "" {
			x.Problem, x.Command = part+"; "+who+" makes the rest now", watchIt
		}
	}
}

// partMade says how much the state has that a down would delete, where no agent has a service; "" is nothing.
func partMade(store *state.Store) string {
	keep := stack.Keep(stack.DownOptions{})
	made := slices.DeleteFunc(store.Entries(), func(e engine.Entry) bool { return keep(e.Key) != "" })
	if len(made) == 0 {
		return ""
	}
	return cloud.Count(len(made), "resource") + " made, and no agent has a service yet"
}

// orAsleep puts hibernation in place of advice to bring the stack up, which would change nothing while it sleeps.
func orAsleep(ctx context.Context, s *session, err error) error {
	if err == nil {
		return nil
	}
	do := engine.AdviceOf(s.explain(err))
	if do != wakeIt && !strings.HasPrefix(do, "karmactl up") {
		return err
	}
	known, unknown := identifiedAs(ctx, s)
	if unknown != nil {
		return err
	}
	if do != wakeIt {
		store, unknown := storeOf(ctx, known)
		if unknown != nil || store == nil || store.Hibernation() == nil {
			return err
		}
		err = engine.Advise(fmt.Errorf("the stack has hibernated since %s: %w", atUTC(store.Hibernation().Since), err), wakeIt)
	}
	if who := changing(ctx, known, "wake"); who != "" {
		return engine.Advise(fmt.Errorf("%w; %s wakes it now", err, who), watchIt)
	}
	return err
}

// What to do about a stack that sleeps, and while another run wakes it.
const (
	wakeIt  = "karmactl wake"
	watchIt = "karmactl status --watch"
)

// changing is who runs a command that changes the stack at this moment; "" where that is no one, or not known.
func changing(ctx context.Context, known *session, command string) string {
	backend, err := known.backend()
	if err != nil {
		return ""
	}
	h, err := state.Held(ctx, backend)
	if err != nil || h.Command != command || h.ExpiresAt.Before(time.Now()) {
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

// storeOf is the state; nil when its bucket is not there.
func storeOf(ctx context.Context, known *session) (*state.Store, error) {
	store, err := known.readState(ctx)
	if errors.Is(err, state.ErrNoBucket) {
		return nil, nil
	}
	return store, err
}
