package main

import (
	"github.com/spf13/cobra"

	"github.com/karmacadabra/karmactl/internal/provision"
	"github.com/karmacadabra/karmactl/internal/ui"
)

func newDashboardCmd(a *app) *cobra.Command {
	return &cobra.Command{
		Use: "dashboard", Short: "The URL of the CloudWatch dashboard", Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			ctx, cancel := a.deadline(c.Context())
			defer cancel()
			s, err := a.open(ctx)
			if err != nil {
				return err
			}
			defer func() { _ = s.close() }() // nothing was written
			if !s.cfg.Observability.Dashboard {
				a.term.Notef("agents.yaml has observability.dashboard off: there may be nothing at this address")
			}
			url := provision.DashboardURL(s.account, s.cfg.Stack())
			if a.term.JSON {
				return a.term.Document(struct {
					Schema string `json:"schema"`
					Kind   string `json:"kind"`
					URL    string `json:"url"`
				}{ui.Schema, "Dashboard", url})
			}
			a.term.Printf("%s\n", url)
			return nil
		},
	}
}
