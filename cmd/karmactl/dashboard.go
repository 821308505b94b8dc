package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/karmacadabra/karmactl/internal/document"
	"github.com/karmacadabra/karmactl/internal/engine"
	"github.com/karmacadabra/karmactl/internal/provision"
)

func newDashboardCmd(a *app) *cobra.Command {
	return &cobra.Command{
		Use: "dashboard", Short: "The URL of the CloudWatch dashboard", Args: cobra.NoArgs,
		Example: `  karmactl dashboard`,
		RunE:    a.withSession(anyArgs, func(ctx context.Context, s *session, _ []string) error { return runDashboard(ctx, s) }),
	}
}

func runDashboard(ctx context.Context, s *session) error {
	term, env := s.app.term, s.env(true)
	there, err := env.HasDashboard(ctx)
	switch {
	case err != nil:
		term.Notef("whether it is there cannot be read: %v", s.explain(err))
	case !there && !s.cfg.Observability.Dashboard:
		return fmt.Errorf("there is no dashboard: %s has observability.dashboard off", s.cfg.File)
	case !there:
		return engine.Advise(errors.New("there is no dashboard: it was never made, or has been deleted"), "karmactl up")
	}
	url := provision.DashboardURL(s.account, s.cfg.Stack())
	if term.JSON {
		return term.Document(&document.Dashboard{Head: document.Of("Dashboard"), URL: url})
	}
	term.Printf("%s\n", term.Link(url))
	return nil
}
