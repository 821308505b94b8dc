package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/karmacadabra/karmactl/internal/agents"
	"github.com/karmacadabra/karmactl/internal/document"
	"github.com/karmacadabra/karmactl/internal/engine"
	"github.com/karmacadabra/karmactl/internal/state"
)

func newStateCmd(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use: "state", Short: "Look at the state, and mend it", Args: knownCommand,
		Example: `  karmactl state list
  karmactl state show nat/us-east-1a`,
		Long: `The state is an index, not a mirror: which key has which id. Lose it, and the
next up finds everything again by its tags.`,
		RunE: func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	cmd.AddCommand(
		newStateListCmd(a), newStateShowCmd(a), newStateRemoveCmd(a), newStateRestoreCmd(a), newStateHistoryCmd(a), newStateUnlockCmd(a), newStateImportCmd(a))
	return cmd
}

func newStateListCmd(a *app) *cobra.Command {
	return &cobra.Command{
		Use: "list", Short: "Every key with its id", Args: cobra.NoArgs,
		Example: `  karmactl state list
  karmactl state list -o json`,
		RunE: a.withSession(anyArgs, func(ctx context.Context, s *session, _ []string) error { return runStateList(ctx, s) }),
	}
}

func runStateList(ctx context.Context, s *session) error {
	store, err := s.readState(ctx)
	if err != nil {
		return err
	}
	st := store.Snapshot()
	if s.app.term.JSON {
		d := document.State{Head: document.Of("State"), Stack: s.cfg.Stack(), Lineage: st.Lineage, Serial: st.Serial, Resources: map[string]document.Entry{}, InFlight: map[string]time.Time{}}
		for _, e := range store.Entries() {
			d.Resources[string(e.Key)] = entryDoc(e)
		}
		for k, at := range st.InFlight {
			d.InFlight[string(k)] = at
		}
		return s.app.term.Document(&d)
	}
	for _, e := range store.Entries() {
		s.app.term.Printf("%-42s %s\n", e.Key, e.ID)
	}
	return nil
}

func newStateShowCmd(a *app) *cobra.Command {
	return &cobra.Command{
		Use: "show KEY", Short: "What is recorded of one key", Args: cobra.ExactArgs(1), ValidArgsFunction: a.completeKeys(),
		Example: `  karmactl state show service/validator`,
		RunE:    a.withSession(anyArgs, func(ctx context.Context, s *session, args []string) error { return runStateShow(ctx, s, args[0]) }),
	}
}

func runStateShow(ctx context.Context, s *session, key string) error {
	store, err := s.readState(ctx)
	if err != nil {
		return err
	}
	e, ok := store.Get(engine.Key(key))
	if !ok {
		return noKey(store, key)
	}
	if s.app.term.JSON {
		return s.app.term.Document(&document.StateEntry{Head: document.Of("StateEntry"), Key: string(e.Key), Entry: entryDoc(e)})
	}
	s.app.term.Printf("key      %s\nid       %s\n", e.Key, e.ID)
	if needs := keyTexts(e.Needs); len(needs) > 0 {
		s.app.term.Para("needs    ", strings.Join(needs, ", "))
	}
	s.app.term.Printf("created  %s\n", e.CreatedAt.Format(time.RFC3339))
	for _, id := range e.Deposed {
		s.app.term.Printf("deposed  %s\n", id)
	}
	if e.Adopted != "" {
		s.app.term.Printf("adopted  %s\n", e.Adopted)
	}
	for _, d := range e.Differs {
		if e.Adopted != "" {
			s.app.term.Para("differs  ", fmt.Sprintf("%s is %q, and karmactl's own would be %q: it stays as it was taken over", d.Field, d.Read, d.Want))
			continue
		}
		s.app.term.Printf("differs  %s\n", d)
	}
	return nil
}

func noKey(store *state.Store, key string) error {
	var all []string
	for _, e := range store.Entries() {
		all = append(all, string(e.Key))
	}
	if near := agents.Nearest(key, all); near != "" {
		return engine.Advise(fmt.Errorf("the state has no %s: did you mean %s?", key, near), "karmactl state list")
	}
	return engine.Advise(fmt.Errorf("the state has no %s", key), "karmactl state list")
}

// entryDoc is what the state remembers of a resource, for scripts: the state's own format is another.
func entryDoc(e engine.Entry) document.Entry {
	d := document.Entry{ResourceKind: e.Kind, ID: e.ID, CreatedAt: e.CreatedAt, Deposed: e.Deposed, Adopted: string(e.Adopted)}
	for _, k := range e.Needs {
		d.Needs = append(d.Needs, string(k))
	}
	for _, x := range e.Differs {
		d.Differs = append(d.Differs, document.Difference{Field: x.Field, Want: x.Want, Read: x.Read})
	}
	return d
}

// dryRun is the one flag of commands that change only the state.
type dryRun bool

func (d *dryRun) addFlags(f *pflag.FlagSet) {
	f.BoolVar((*bool)(d), "dry-run", false, "say what would be done, and write nothing")
}

func newStateRemoveCmd(a *app) *cobra.Command {
	var dry dryRun
	cmd := &cobra.Command{
		Use: "rm KEY", Short: "Forget a key; the resource itself stays", Args: cobra.ExactArgs(1), ValidArgsFunction: a.completeKeys(),
		Example: `  karmactl state rm service/validator
  karmactl state rm service/validator --dry-run`,
		RunE: a.withSession(anyArgs, func(ctx context.Context, s *session, args []string) error {
			return runStateRemove(ctx, s, args[0], dry)
		}),
	}
	dry.addFlags(cmd.Flags())
	return cmd
}

func runStateRemove(ctx context.Context, s *session, key string, dry dryRun) error {
	remove := func(ctx context.Context, store *state.Store) error {
		e, ok := store.Get(engine.Key(key))
		if !ok {
			return noKey(store, key)
		}
		did := "would forget"
		if !dry {
			if err := store.Remove(ctx, e.Key); err != nil {
				return err
			}
			did = "forgot"
		}
		if s.app.term.JSON {
			return s.app.term.Document(&document.StateChange{Head: document.Of("StateChange"), Stack: s.cfg.Stack(), Command: "state rm", DryRun: bool(dry), Changed: true, Key: key, ID: e.ID})
		}
		s.app.term.Para("", fmt.Sprintf("%s %s (%s); the resource itself stays, and the next up adopts it by its tags", did, e.Key, e.ID))
		if e.Adopted != "" {
			s.app.term.Notef("it was taken over: karmactl adopt takes it again as it is, before anything else is done to it")
		}
		return nil
	}
	if !dry {
		return s.locked(ctx, "state rm", remove)
	}
	store, err := s.readState(ctx)
	if err != nil {
		return err
	}
	return remove(ctx, store)
}
