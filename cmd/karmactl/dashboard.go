package main

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/karmacadabra/karmactl/internal/document"
	"github.com/karmacadabra/karmactl/internal/provision"
)

func newDashboardCmd(a *app) *cobra.Command {
	return &cobra.Command{
		Use: "dashboard", Short: "The URL of the CloudWatch dashboard", Args: cobra.NoArgs,
		Example: `  karmactl dashboard`,
		RunE:    a.withSession(anyArgs, func(_ context.Context, s *session, _ []string) error { return runDashboard(s) }),
	}
}

func runDashboard(s *session) error {
	term := s.app.term
	if !s.cfg.Observability.Dashboard {
		term.Notef("agents.yaml has observability.dashboard off: there may be nothing at this address")
	}
	url := provision.DashboardURL(s.account, s.cfg.Stack())
	if term.JSON {
		return term.Document(&document.Dashboard{Head: document.Of("Dashboard"), URL: url})
	}
	term.Printf("%s\n", term.Link(url))
	return nil
}
