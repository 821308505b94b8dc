package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/karmacadabra/karmactl/internal/agents"
	"github.com/karmacadabra/karmactl/internal/provision"
)

// errValueArgument does not repeat what was typed: it may be the value.
var errValueArgument = errors.New("karmactl secrets set takes an agent and a key, and nothing else: a value on the command line would be in the shell's history and in every list of processes; type it at the prompt, or pipe it in")

type secretsSetOptions struct{ dryRun bool }

func (o *secretsSetOptions) addFlags(f *pflag.FlagSet) {
	f.BoolVar(&o.dryRun, "dry-run", false, "take the value, show what would become of it, and stop")
}

func newSecretsSetCmd(a *app) *cobra.Command {
	var o secretsSetOptions
	cmd := &cobra.Command{
		Use: "set AGENT KEY", Short: "Set one value, typed unseen or from standard input", ValidArgsFunction: a.completeOwnKeys(),
		Example: `  karmactl secrets set validator private_key
  pass show validator | karmactl secrets set validator private_key`,
		Long: `Takes a value from a prompt that does not show it, or from standard input, never
from an argument, and merges it into the agent's own secret; the other keys stay. One
newline at the end is not part of the value. An equal value is not written again.

What from: refers to in agents.yaml is kept elsewhere and is not written.`,
		Args: func(_ *cobra.Command, args []string) error {
			switch {
			case len(args) > 2:
				return &usageError{errValueArgument}
			case len(args) < 2:
				return usage("karmactl secrets set AGENT KEY", "name the agent and the key")
			}
			return nil
		},
		RunE: a.withSession(isOwnKey, func(ctx context.Context, s *session, args []string) error {
			return runSecretsSet(ctx, s, args[0], args[1], o)
		}),
	}
	o.addFlags(cmd.Flags())
	cmd.SetFlagErrorFunc(func(*cobra.Command, error) error { return &usageError{errValueArgument} })
	return cmd
}

func isOwnKey(cfg *agents.Config, args []string) error {
	ag, ok := cfg.Owner(args[0])
	if !ok {
		return noOwner(cfg, args[0])
	}
	if err := ag.CheckOwnKey(args[1], cfg.File); err != nil {
		return &usageError{err}
	}
	return nil
}

func runSecretsSet(ctx context.Context, s *session, agent, key string, o secretsSetOptions) error {
	ag, _ := s.cfg.Owner(agent)
	value, err := s.app.term.Hidden(ctx, fmt.Sprintf("Value of %s for %s (not shown):", key, agent))
	if err != nil {
		return err
	}
	if value == "" {
		return &usageError{fmt.Errorf("there is no value: type it at the prompt, or pipe it into karmactl secrets set %s %s", agent, key)}
	}
	if err := provision.CheckSecretValue(value); err != nil {
		return &usageError{err}
	}
	w := &overwriting{session: s, command: "secrets set", agents: []agents.Agent{ag}, values: provision.WithValue(key, value), dryRun: o.dryRun}
	doc, err := w.run(ctx)
	if err != nil {
		return err
	}
	return w.show(doc)
}
