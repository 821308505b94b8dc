package main

import (
	"context"
	"fmt"
	"os"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/karmacadabra/karmactl/internal/engine"
	"github.com/karmacadabra/karmactl/internal/importer"
	"github.com/karmacadabra/karmactl/internal/state"
)

func newStateRestoreCmd(a *app) *cobra.Command {
	return &cobra.Command{
		Use: "restore VERSION", Short: "Go back to an earlier version of the state", Args: cobra.ExactArgs(1), ValidArgsFunction: a.completeVersions(),
		Example: `  karmactl state restore 3sL4kqtJlcpXroDTDmJ`,
		RunE:    a.withSession(anyArgs, func(ctx context.Context, s *session, args []string) error { return runStateRestore(ctx, s, args[0]) }),
	}
}

func runStateRestore(ctx context.Context, s *session, version string) error {
	return replaceState(ctx, s, "state restore", func(ctx context.Context, o state.Options) (*state.State, error) {
		return state.Restore(ctx, o, version)
	})
}

type stateImportOptions struct{ force bool }

func (o *stateImportOptions) addFlags(f *pflag.FlagSet) {
	f.BoolVar(&o.force, "force", false, "although it is older or of another lineage")
}

func newStateImportCmd(a *app) *cobra.Command {
	var o stateImportOptions
	cmd := &cobra.Command{
		Use: "import FILE", Short: "Push a state back that could not be written", Args: cobra.ExactArgs(1),
		Example: `  karmactl state import karmactl.errored-state.json`,
		RunE:    a.withSession(anyArgs, func(ctx context.Context, s *session, args []string) error { return runStateImport(ctx, s, args[0], o) }),
	}
	o.addFlags(cmd.Flags())
	return cmd
}

func runStateImport(ctx context.Context, s *session, file string, o stateImportOptions) error {
	b, err := os.ReadFile(file)
	if err != nil {
		return fmt.Errorf("the state to import cannot be read: %w", err)
	}
	if importer.IsTerraformState(b) {
		return &advice{fmt.Errorf("%s is a Terraform state: karmactl's own is another thing, and this command takes nothing over", file), "karmactl adopt --dry-run --from " + file + " shows whether what Terraform made can be taken over as it is; karmactl init --from " + file + " writes the agents.yaml that means the same"}
	}
	return replaceState(ctx, s, "state import", func(ctx context.Context, at state.Options) (*state.State, error) {
		return state.Import(ctx, at, b, o.force)
	})
}

// stateOptions are those of the functions that replace the state as a whole.
func stateOptions(s *session) (state.Options, error) {
	backend, err := s.backend()
	return state.Options{Backend: backend, Identity: s.identity(), Clock: s.clock}, err
}

// replaceState runs f with the lock; the state need not be readable for that.
func replaceState(ctx context.Context, s *session, command string, f func(context.Context, state.Options) (*state.State, error)) (err error) {
	o, err := stateOptions(s)
	if err != nil {
		return err
	}
	me := state.Me(command, programVersion())
	o.By = s.by(me)
	lctx, lock, err := state.Acquire(ctx, o.Backend, engine.RealClock{}, me)
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
