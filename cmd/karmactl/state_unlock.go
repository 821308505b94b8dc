package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/karmacadabra/karmactl/internal/document"
	"github.com/karmacadabra/karmactl/internal/state"
)

type stateUnlockOptions struct {
	id  string
	dry dryRun
}

func (o *stateUnlockOptions) addFlags(f *pflag.FlagSet) {
	f.StringVar(&o.id, "id", "", "only the lock of this id")
	o.dry.addFlags(f)
}

func newStateUnlockCmd(a *app) *cobra.Command {
	var o stateUnlockOptions
	cmd := &cobra.Command{
		Use: "unlock", Short: "Break a lock whose holder is gone", Args: cobra.NoArgs,
		Long: `Who changes the stack holds a lock, and renews its lease of 90 seconds every 15. The lock
of a run that was killed on this machine is taken over at once: by a process of the same
host, started kernel and container whose number is gone, or another's by now. Everywhere
else, and on Windows, where machines of one name cannot be told apart, it ends with its
lease. A run whose lock is broken while it lives stops at its next renewal, and cannot
write the state over another's.`,
		Example: `  karmactl state unlock --dry-run
  karmactl state unlock`,
		RunE: a.withSession(anyArgs, func(ctx context.Context, s *session, _ []string) error { return runStateUnlock(ctx, s, o) }),
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
		return s.unlocked(o, nil, "the state is not locked")
	}
	if err != nil && (o.id != "" || !errors.As(err, new(*state.BadLockError))) {
		return err // a damaged lock has no id to compare with, and only a damaged one is broken unseen
	}
	who := h.String()
	if h.ID == "" {
		who = "an unknown run: the lock cannot be read"
	}
	if o.dry {
		if o.id != "" && o.id != h.ID {
			return fmt.Errorf("the lock of the id %s is not there: it is held by %s, with the id %s", o.id, who, h.ID)
		}
		return s.unlocked(o, &h, "would unlock; it is held by "+who)
	}
	q := question{command: "state unlock", text: fmt.Sprintf("Held by %s. Is that run really gone? Only yes is yes:", who), declined: "the lock stays"}
	if err := s.confirm(ctx, q); err != nil {
		return err
	}
	if err := state.Unlock(ctx, backend, o.id); err != nil {
		return err
	}
	return s.unlocked(o, &h, "unlocked; it was held by "+who)
}

// unlocked says what became of the lock, or would; h is nil where there is none.
func (s *session) unlocked(o stateUnlockOptions, h *state.Holder, text string) error {
	if !s.app.term.JSON {
		s.app.term.Printf("%s\n", text)
		return nil
	}
	d := &document.StateChange{Head: document.Of("StateChange"), Stack: s.cfg.Stack(), Command: "state unlock", DryRun: bool(o.dry), Changed: h != nil}
	if h != nil && h.ID != "" {
		d.Lock = &document.Lock{ID: h.ID, Who: h.Who, PID: h.PID, Command: h.Command, Since: h.AcquiredAt.UTC()}
	}
	return s.app.term.Document(d)
}
