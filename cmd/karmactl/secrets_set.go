package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/karmacadabra/karmactl/internal/agents"
	"github.com/karmacadabra/karmactl/internal/provision"
)

// errValueArgument does not repeat what was typed: it may be the value.
var errValueArgument = errors.New("karmactl secrets set takes an agent and a key, and nothing else: a value on the command line would be in the shell's history and in every list of processes; type it at the prompt, or pipe it in")

func newSecretsSetCmd(a *app) *cobra.Command {
	var dryRun bool
	cmd := &cobra.Command{
		Use: "set AGENT KEY", Short: "Set one value, typed unseen or from standard input", ValidArgsFunction: a.completeOwnKeys(),
		Long: `Takes a value from a prompt that does not show it, or from standard input, never
from an argument, and merges it into the agent's own secret; the other keys stay. One
newline at the end is not part of the value. An equal value is not written again.

  karmactl secrets set validator private_key
  pass show validator | karmactl secrets set validator private_key

What from: refers to in agents.yaml is kept elsewhere and is not written.`,
		Args: func(_ *cobra.Command, args []string) error {
			switch {
			case len(args) > 2:
				return &usageError{errValueArgument}
			case len(args) < 2:
				return &usageError{errors.New("name the agent and the key: karmactl secrets set AGENT KEY")}
			}
			return nil
		},
		RunE: func(c *cobra.Command, args []string) error {
			ctx, cancel := a.deadline(c.Context())
			defer cancel()
			return a.secretsSet(ctx, args[0], args[1], dryRun)
		},
	}
	cmd.Flags().BoolVar(&dryRun, "dry-run", false, "take the value, show what would become of it, and stop")
	cmd.SetFlagErrorFunc(func(*cobra.Command, error) error { return &usageError{errValueArgument} })
	return cmd
}

func (a *app) secretsSet(ctx context.Context, agent, key string, dryRun bool) error {
	cfg, err := a.config()
	if err != nil {
		return err
	}
	ag, ok := cfg.Agent(agent)
	if !ok {
		return noAgent(cfg, agent)
	}
	if err := ag.CheckOwnKey(key, cfg.File); err != nil {
		return &usageError{err}
	}
	value, err := a.term.Hidden(ctx, fmt.Sprintf("Value of %s for %s (not shown):", key, agent))
	if err != nil {
		return err
	}
	if value == "" {
		return &usageError{fmt.Errorf("there is no value: type it at the prompt, or pipe it into karmactl secrets set %s %s", agent, key)}
	}
	s, err := a.open(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = s.close() }() // all that matters is written by then
	w := &overwriting{session: s, command: "secrets set", agents: []agents.Agent{ag}, values: provision.WithValue(key, value), dryRun: dryRun}
	doc, err := w.run(ctx)
	if err != nil {
		return err
	}
	return w.show(doc)
}
