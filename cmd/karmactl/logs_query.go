package main

import (
	"context"
	"maps"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/karmacadabra/karmactl/internal/fleet/logs"
)

func runQuery(ctx context.Context, s *session, api logs.QueryAPI, name string, o logs.Options) error {
	var own []logs.NamedQuery
	for _, n := range slices.Sorted(maps.Keys(s.cfg.Observability.Queries)) {
		own = append(own, logs.NamedQuery{Name: n, Text: s.cfg.Observability.Queries[n]})
	}
	q, err := logs.FindQuery(name, own)
	if err != nil {
		var all []string
		for _, known := range append(own, logs.Queries()...) {
			all = append(all, known.Name)
		}
		return oneOf("--query", name, all)
	}
	now := s.clock.Now()
	if o.Since.IsZero() {
		o.Since = now.Add(-time.Hour)
	}
	if o.Until.IsZero() {
		o.Until = now
	}
	r, err := logs.Query{NamedQuery: q, Groups: o.Groups, Since: o.Since, Until: o.Until, Clock: s.clock, Say: sayOnce(s)}.Run(ctx, api)
	if err != nil {
		return err
	}
	if s.app.term.JSON {
		return s.app.term.Line(r.Document())
	}
	width := 0
	if s.app.term.Screen {
		width = s.app.term.Width()
	}
	return r.WriteTable(s.app.term.Out, width)
}

// completeQueries offers the queries of agents.yaml and the queries that come with karmactl.
func (a *app) completeQueries() complete {
	return func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
		var names []string
		if cfg, err := a.completionConfig(); err == nil {
			names = slices.Sorted(maps.Keys(cfg.Observability.Queries))
		}
		for _, q := range logs.Queries() {
			names = append(names, q.Name+"\t"+q.About)
		}
		return names, cobra.ShellCompDirectiveNoFileComp
	}
}
