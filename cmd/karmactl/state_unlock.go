package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/karmacadabra/karmactl/internal/state"
)

type stateUnlockOptions struct{ id string }

func (o *stateUnlockOptions) addFlags(f *pflag.FlagSet) {
	f.StringVar(&o.id, "id", "", "only the lock of this id")
}

func newStateUnlockCmd(a *app) *cobra.Command {
	var o stateUnlockOptions
	cmd := &cobra.Command{
		Use: "unlock", Short: "Break a lock whose holder is gone", Args: cobra.NoArgs,
		Example: `  karmactl state unlock`,
		RunE:    a.withSession(anyArgs, func(ctx context.Context, s *session, _ []string) error { return runStateUnlock(ctx, s, o) }),
	}
	o.addFlags(cmd.Flags())
	return cmd
}

func runStateUnlock(ctx context.Context, s *session, o stateUnlockOptions) error {
	backend, err := s.backend()
	if err != nil {
		return err
	}
	h, err := state.Held(ctx, backend)
	if errors.Is(err, state.ErrAbsent) || errors.Is(err, state.ErrNoBucket) {
		s.app.term.Printf("the state is not locked\n")
		return nil
	}
	if err != nil && (o.id != "" || !errors.As(err, new(*state.BadLockError))) {
		return err // a damaged lock has no id to compare with, and only a damaged one is broken unseen
	}
	if !s.app.opts.yes {
		q := question{command: "state unlock", text: fmt.Sprintf("Held by %s. Is that run really gone? Only yes is yes:", h), word: "yes", declined: "the lock stays"}
		if err := s.confirm(ctx, q); err != nil {
			return err
		}
	}
	if err := state.Unlock(ctx, backend, o.id); err != nil {
		return err
	}
	s.app.term.Printf("unlocked; it was held by %s\n", h)
	return nil
}
