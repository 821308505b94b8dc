package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/spf13/cobra"

	"github.com/karmacadabra/karmactl/internal/engine"
	"github.com/karmacadabra/karmactl/internal/importer"
	"github.com/karmacadabra/karmactl/internal/state"
	"github.com/karmacadabra/karmactl/internal/ui"
)

func newStateCmd(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use: "state", Short: "Look at the state, and mend it", Args: knownCommand,
		Long: `The state is an index, not a mirror: which key has which id. Lose it, and the
next up finds everything again by its tags.`,
		RunE: func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	var force bool
	imp := &cobra.Command{
		Use: "import FILE", Short: "Push a state back that could not be written", Args: cobra.ExactArgs(1),
		RunE: a.withSession(anyArgs, func(ctx context.Context, s *session, args []string) error { return s.stateImport(ctx, args[0], force) }),
	}
	imp.Flags().BoolVar(&force, "force", false, "although it is older or of another lineage")
	var limit int
	hist := &cobra.Command{
		Use: "history", Short: "The versions of the state, newest first", Args: cobra.NoArgs,
		RunE: a.withSession(anyArgs, func(ctx context.Context, s *session, _ []string) error { return s.stateHistory(ctx, limit) }),
	}
	hist.Flags().IntVar(&limit, "limit", 20, "how many")
	var id string
	unlock := &cobra.Command{
		Use: "unlock", Short: "Break a lock whose holder is gone", Args: cobra.NoArgs,
		RunE: a.withSession(anyArgs, func(ctx context.Context, s *session, _ []string) error { return s.stateUnlock(ctx, id) }),
	}
	unlock.Flags().StringVar(&id, "id", "", "only the lock of this id")
	cmd.AddCommand(
		&cobra.Command{
			Use: "list", Short: "Every key with its id", Args: cobra.NoArgs,
			RunE: a.withSession(anyArgs, func(ctx context.Context, s *session, _ []string) error { return s.stateList(ctx) }),
		},
		&cobra.Command{
			Use: "show KEY", Short: "What is recorded of one key", Args: cobra.ExactArgs(1),
			RunE: a.withSession(anyArgs, func(ctx context.Context, s *session, args []string) error { return s.stateShow(ctx, args[0]) }),
		},
		&cobra.Command{
			Use: "rm KEY", Short: "Forget a key; the resource itself stays", Args: cobra.ExactArgs(1),
			RunE: a.withSession(anyArgs, func(ctx context.Context, s *session, args []string) error { return s.stateRemove(ctx, args[0]) }),
		},
		&cobra.Command{
			Use: "restore VERSION", Short: "Go back to an earlier version of the state", Args: cobra.ExactArgs(1),
			RunE: a.withSession(anyArgs, func(ctx context.Context, s *session, args []string) error { return s.stateRestore(ctx, args[0]) }),
		},
		hist, unlock, imp)
	return cmd
}

type stateDoc struct {
	Schema    string                      `json:"schema"`
	Kind      string                      `json:"kind"`
	Stack     string                      `json:"stack"`
	Lineage   string                      `json:"lineage"`
	Serial    int64                       `json:"serial"`
	Resources map[engine.Key]engine.Entry `json:"resources"`
	InFlight  map[engine.Key]time.Time    `json:"in_flight,omitempty"`
}

func (s *session) stateList(ctx context.Context) error {
	store, err := s.readState(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = store.Close(ctx) }()
	st := store.Snapshot()
	if s.app.term.JSON {
		d := stateDoc{Schema: ui.Schema, Kind: "State", Stack: s.cfg.Stack(), Lineage: st.Lineage, Serial: st.Serial, Resources: map[engine.Key]engine.Entry{}, InFlight: st.InFlight}
		for _, e := range store.Entries() {
			d.Resources[e.Key] = e
		}
		return s.app.term.Document(d)
	}
	for _, e := range store.Entries() {
		s.app.term.Printf("%-42s %s\n", e.Key, e.ID)
	}
	return nil
}

func (s *session) stateShow(ctx context.Context, key string) error {
	store, err := s.readState(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = store.Close(ctx) }()
	e, ok := store.Get(engine.Key(key))
	if !ok {
		return &advice{fmt.Errorf("the state has no %s", key), "karmactl state list"}
	}
	if s.app.term.JSON {
		return s.app.term.Document(struct {
			Schema string     `json:"schema"`
			Kind   string     `json:"kind"`
			Key    engine.Key `json:"key"`
			engine.Entry
		}{ui.Schema, "StateEntry", e.Key, e})
	}
	s.app.term.Printf("key      %s\nid       %s\nneeds    %v\ncreated  %s\n", e.Key, e.ID, e.Needs, e.CreatedAt.Format(time.RFC3339))
	for _, id := range e.Deposed {
		s.app.term.Printf("deposed  %s\n", id)
	}
	for _, d := range e.Differs {
		s.app.term.Printf("differs  %s\n", d)
	}
	return nil
}

func (s *session) stateRemove(ctx context.Context, key string) error {
	return s.locked(ctx, "state rm", func(ctx context.Context, store *state.Store) error {
		e, ok := store.Get(engine.Key(key))
		if !ok {
			return &advice{fmt.Errorf("the state has no %s", key), "karmactl state list"}
		}
		if err := store.Remove(ctx, e.Key); err != nil {
			return err
		}
		s.app.term.Printf("forgot %s (%s); the resource itself stays, and the next up adopts it by its tags\n", e.Key, e.ID)
		return nil
	})
}

func (s *session) stateUnlock(ctx context.Context, id string) error {
	backend, err := s.backend()
	if err != nil {
		return err
	}
	h, err := state.Held(ctx, backend)
	if errors.Is(err, state.ErrAbsent) || errors.Is(err, state.ErrNoBucket) {
		s.app.term.Printf("the state is not locked\n")
		return nil
	}
	if err != nil && (id != "" || !errors.As(err, new(*state.BadLockError))) {
		return err // a damaged lock has no id to compare with, and only a damaged one is broken unseen
	}
	if !s.app.opts.yes {
		q := question{command: "state unlock", text: fmt.Sprintf("Held by %s. Is that run really gone? Only yes is yes:", h), word: "yes", declined: "the lock stays"}
		if err := s.confirm(ctx, q); err != nil {
			return err
		}
	}
	if err := state.Unlock(ctx, backend, id); err != nil {
		return err
	}
	s.app.term.Printf("unlocked; it was held by %s\n", h)
	return nil
}

func (s *session) stateHistory(ctx context.Context, limit int) error {
	backend, err := s.backend()
	if err != nil {
		return err
	}
	vs, err := state.History(ctx, backend, limit)
	if err != nil {
		return err
	}
	if s.app.term.JSON {
		return s.app.term.Document(struct {
			Schema   string          `json:"schema"`
			Kind     string          `json:"kind"`
			Versions []state.Version `json:"versions"`
		}{ui.Schema, "StateHistory", vs})
	}
	for _, v := range vs {
		mark := ""
		if v.Current {
			mark = "  current"
		}
		s.app.term.Printf("%-34s %s  serial %d  %d bytes%s\n", v.ID, v.Time.Format(time.RFC3339), v.Serial, v.Size, mark)
	}
	return nil
}

// options are those of the functions that replace the state as a whole.
func (s *session) stateOptions() (state.Options, error) {
	backend, err := s.backend()
	return state.Options{Backend: backend, Identity: s.identity(), Clock: s.clock}, err
}

func (s *session) stateRestore(ctx context.Context, version string) error {
	return s.replaceState(ctx, "state restore", func(ctx context.Context, o state.Options) (*state.State, error) {
		return state.Restore(ctx, o, version)
	})
}

func (s *session) stateImport(ctx context.Context, file string, force bool) error {
	b, err := os.ReadFile(file)
	if err != nil {
		return fmt.Errorf("the state to import cannot be read: %w", err)
	}
	if importer.IsTerraformState(b) {
		return &advice{fmt.Errorf("%s is a Terraform state: karmactl's own is another thing, and what Terraform made is not taken over by it", file), "karmactl init --from " + file + " writes the agents.yaml that means the same"}
	}
	return s.replaceState(ctx, "state import", func(ctx context.Context, o state.Options) (*state.State, error) {
		return state.Import(ctx, o, b, force)
	})
}

// replaceState runs f with the lock; the state need not be readable for that.
func (s *session) replaceState(ctx context.Context, command string, f func(context.Context, state.Options) (*state.State, error)) (err error) {
	o, err := s.stateOptions()
	if err != nil {
		return err
	}
	lctx, lock, err := state.Acquire(ctx, o.Backend, engine.RealClock{}, state.Me(command, programVersion()))
	if err != nil {
		return err
	}
	defer func() {
		if rerr := lock.Release(context.WithoutCancel(ctx)); err == nil {
			err = rerr
		}
	}()
	st, err := f(lctx, o)
	if err != nil {
		return err
	}
	s.app.term.Printf("the state is now serial %d with %d resources; karmactl plan shows what differs from the account\n", st.Serial, len(st.Resources))
	return nil
}
