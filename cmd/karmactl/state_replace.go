package main

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/karmacadabra/karmactl/internal/document"
	"github.com/karmacadabra/karmactl/internal/engine"
	"github.com/karmacadabra/karmactl/internal/importer"
	"github.com/karmacadabra/karmactl/internal/state"
)

func newStateRestoreCmd(a *app) *cobra.Command {
	var dry dryRun
	cmd := &cobra.Command{
		Use: "restore VERSION", Short: "Go back to an earlier version of the state", Args: cobra.ExactArgs(1), ValidArgsFunction: a.completeVersions(),
		Example: `  karmactl state restore 3sL4kqtJlcpXroDTDmJ`,
		RunE: a.withSession(anyArgs, func(ctx context.Context, s *session, args []string) error {
			return runStateRestore(ctx, s, args[0], dry)
		}),
	}
	dry.addFlags(cmd.Flags())
	return cmd
}

func runStateRestore(ctx context.Context, s *session, version string, dry dryRun) error {
	return replaceState(ctx, s, "state restore", dry, func(ctx context.Context, o state.Options) (*state.State, error) {
		return state.Restore(ctx, o, version)
	})
}

type stateImportOptions struct {
	force bool
	dry   dryRun
}

func (o *stateImportOptions) addFlags(f *pflag.FlagSet) {
	f.BoolVar(&o.force, "force", false, "although it is older or of another lineage")
	o.dry.addFlags(f)
}

func newStateImportCmd(a *app) *cobra.Command {
	var o stateImportOptions
	cmd := &cobra.Command{
		Use: "import FILE", Short: "Push a state back that could not be written", Args: cobra.ExactArgs(1),
		Example: `  karmactl state import karmactl.errored-state.json
  karmactl state import karmactl.errored-state.json --dry-run`,
		RunE: a.withSession(anyArgs, func(ctx context.Context, s *session, args []string) error { return runStateImport(ctx, s, args[0], o) }),
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
		return engine.Advise(fmt.Errorf("%s is a Terraform state: karmactl's own is another thing, and this command takes nothing over", file), "karmactl adopt --dry-run --from "+file+" shows whether what Terraform made can be taken over as it is; karmactl init --from "+file+" writes the agents.yaml that means the same")
	}
	return replaceState(ctx, s, "state import", o.dry, func(ctx context.Context, at state.Options) (*state.State, error) {
		return state.Import(ctx, at, b, o.force)
	})
}

// replaceState runs f with the lock, and a dry run without; the state need not be readable for that.
func replaceState(ctx context.Context, s *session, command string, dry dryRun, f func(context.Context, state.Options) (*state.State, error)) (err error) {
	backend, err := s.backend()
	if err != nil {
		return err
	}
	me := state.Me(command, programVersion())
	o := state.Options{Backend: backend, Identity: s.identity(), Clock: s.clock, By: s.by(me), ReadOnly: bool(dry)}
	is := "would be"
	if !dry {
		is = "is now"
		lctx, lock, err := state.Acquire(ctx, o.Backend, engine.RealClock{}, me)
		if err != nil {
			return err
		}
		last := context.WithoutCancel(ctx)
		defer func() { err = errors.Join(err, lock.Release(last)) }()
		ctx = lctx
	}
	st, err := f(ctx, o)
	if err != nil {
		return err
	}
	if s.app.term.JSON {
		return s.app.term.Document(&document.StateChange{
			Head: document.Of("StateChange"), Stack: s.cfg.Stack(), Command: command, DryRun: bool(dry), Changed: st.By == o.By, Serial: st.Serial, Resources: new(len(st.Resources)),
		})
	}
	s.app.term.Para("", fmt.Sprintf("the state %s serial %d with %d resources; karmactl plan shows what differs from the account", is, st.Serial, len(st.Resources)))
	return nil
}
