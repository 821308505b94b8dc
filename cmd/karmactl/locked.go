package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"

	"github.com/karmacadabra/karmactl/internal/engine"
	"github.com/karmacadabra/karmactl/internal/state"
)

// noBucketError is a command that found no state bucket: there was never a stack
// here, or it was deleted. Only up makes one, and down where there is
// something to take down.
type noBucketError struct{ err error }

func (e *noBucketError) Error() string {
	return fmt.Sprintf("%s: no up was ever run here, or the bucket was deleted", e.err)
}
func (e *noBucketError) Unwrap() error { return e.err }

// Try is what makes the bucket.
func (e *noBucketError) Try() string {
	return "karmactl up makes it, and finds what is there by its tags; --state names another"
}

// readState reads the state without the lock. It is never written, and nothing has to close it.
func (s *session) readState(ctx context.Context) (*state.Store, error) {
	backend, err := s.backend()
	if err != nil {
		return nil, err
	}
	store, err := state.Open(ctx, state.Options{Backend: backend, Identity: s.identity(), Clock: s.clock, ReadOnly: true})
	if err != nil {
		return nil, err
	}
	return store, store.Close(ctx)
}

// readStateAndAround reads what a plan needs before it can walk, side by side.
func (s *session) readStateAndAround(ctx context.Context) (store *state.Store, around *surroundings, err error) {
	err = sideBySide(ctx, func(ctx context.Context) (err error) {
		store, err = s.readState(ctx)
		return err
	}, func(ctx context.Context) (err error) {
		around, err = s.lookAround(ctx)
		return err
	})
	return store, around, err
}

// locked runs f with the lock and the state.
func (s *session) locked(ctx context.Context, command string, f func(context.Context, *state.Store) error) error {
	return s.lockedBeside(ctx, command, func(context.Context) error { return nil }, f)
}

// lockedBeside reads something once the lock is held, while the state is read, and runs f with the lock and the state.
func (s *session) lockedBeside(ctx context.Context, command string, beside func(context.Context) error, f func(context.Context, *state.Store) error) (err error) {
	backend, err := s.backend()
	if err != nil {
		return err
	}
	me := state.Me(command, programVersion())
	lctx, lock, err := state.Acquire(ctx, backend, engine.RealClock{}, me)
	if errors.Is(err, state.ErrNoBucket) {
		return &noBucketError{err}
	}
	if err != nil {
		return err
	}
	// What is left to write is written although the command was interrupted.
	last := context.WithoutCancel(ctx)
	defer func() { err = errors.Join(err, lock.Release(last)) }()
	var store *state.Store
	defer func() {
		if store != nil {
			err = errors.Join(err, store.Close(last))
		}
	}()
	err = sideBySide(lctx, func(ctx context.Context) (err error) {
		store, err = state.Open(ctx, state.Options{Backend: backend, Identity: s.identity(), Clock: s.clock, By: s.by(me)})
		return err
	}, beside)
	if err != nil {
		return err
	}
	if err := refuseTakeover(store, command); err != nil {
		return err
	}
	return f(lctx, store)
}

// by is who changes the state, as AWS knows the caller, or as this machine does.
func (s *session) by(me state.Holder) *state.By {
	return &state.By{Run: me.ID, Who: cmp.Or(s.account.Caller, me.Who), Command: me.Command}
}

// lockedInNewBucket makes the state's bucket first: a lock needs a place.
func (s *session) lockedInNewBucket(ctx context.Context, command string, f func(context.Context, *state.Store) error) error {
	if _, _, err := s.stateBucket(ctx, s.env(false), true); err != nil {
		return err
	}
	return s.locked(ctx, command, f)
}

// refuseWhileAsleep refuses the commands for running agents while the stack
// hibernates: they would make a service that has no way out.
func refuseWhileAsleep(store *state.Store, command string) error {
	if asleep := store.Hibernation(); asleep != nil {
		return engine.Advise(fmt.Errorf("the stack has hibernated since %s: there is nothing to %s", atUTC(asleep.Since), command), "karmactl wake")
	}
	return nil
}
