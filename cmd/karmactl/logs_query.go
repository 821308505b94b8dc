package main

import (
	"context"
	"maps"
	"slices"
	"time"

	"github.com/karmacadabra/karmactl/internal/fleet/logs"
)

// query runs a named query.
func (s *session) query(ctx context.Context, api logs.QueryAPI, name string, o logs.Options) error {
	var own []logs.NamedQuery
	for _, n := range slices.Sorted(maps.Keys(s.cfg.Observability.Queries)) {
		own = append(own, logs.NamedQuery{Name: n, Text: s.cfg.Observability.Queries[n]})
	}
	q, err := logs.FindQuery(name, own)
	if err != nil {
		return &usageError{err}
	}
	now := s.clock.Now()
	if o.Since.IsZero() {
		o.Since = now.Add(-time.Hour)
	}
	if o.Until.IsZero() {
		o.Until = now
	}
	r, err := logs.Query{NamedQuery: q, Groups: o.Groups, Since: o.Since, Until: o.Until, Clock: s.clock, Say: s.sayOnce()}.Run(ctx, api)
	if err != nil {
		return err
	}
	if s.app.term.JSON {
		return r.WriteJSON(s.app.term.Out)
	}
	return r.WriteTable(s.app.term.Out)
}
