package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/karmacadabra/karmactl/internal/agents"
	"github.com/karmacadabra/karmactl/internal/cloud"
	"github.com/karmacadabra/karmactl/internal/document"
)

func newValidateCmd(a *app) *cobra.Command {
	return &cobra.Command{
		Use: "validate", Short: "Check agents.yaml, offline", Args: cobra.NoArgs,
		Example: `  karmactl validate
  karmactl validate --env staging`,
		Long: `Checks agents.yaml and reports every problem at once, each with its place,
what is wrong and what is allowed. Nothing is asked of AWS.`,
		RunE: func(*cobra.Command, []string) error { return runValidate(a) },
	}
}

func runValidate(a *app) error {
	cfg, err := a.config()
	if err != nil {
		return err
	}
	d := document.Validation{Head: document.Of("Validation"), File: cfg.File, Stack: cfg.Stack(), Region: cfg.Region, Agents: cfg.Names(), Warnings: append([]string{}, cfg.Warnings()...)}
	if a.term.JSON {
		return a.term.Document(&d)
	}
	a.term.Para("", fmt.Sprintf("%s is valid: %s in %s, %s%s", cfg.File, cfg.Stack(), cfg.Region, cloud.Count(len(cfg.Agents), "agent"), shapes(cfg)))
	for _, w := range d.Warnings {
		a.term.Notef("note: %s", w)
	}
	return nil
}

// shapes counts the agents that the load balancer does not lead to, so that a port
// that was forgotten shows.
func shapes(cfg *agents.Config) string {
	workers, private := 0, 0
	for _, a := range cfg.Agents {
		switch {
		case a.Port == 0:
			workers++
		case !a.Public:
			private++
		}
	}
	out := ""
	if workers > 0 {
		out = fmt.Sprintf(", %d without a port (workers)", workers)
	}
	if private > 0 {
		out += fmt.Sprintf(", %d for other agents only", private)
	}
	return out
}
