package main

import "github.com/spf13/cobra"

func newCICmd(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use: "ci", Short: "Let a repository's workflows plan and deploy, without a key",
		Example: `  karmactl ci github --repo acme/agents --dry-run
  karmactl ci github --repo acme/agents --write`,
		Long: `Makes the roles that workflows take in exchange for a token of their own, and the
workflow. docs/ci.md tells how they work together.`,
		Args: knownCommand,
		RunE: func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	cmd.AddCommand(newCIGitHubCmd(a))
	return cmd
}
