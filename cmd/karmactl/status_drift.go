package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/karmacadabra/karmactl/internal/document"
	"github.com/karmacadabra/karmactl/internal/engine"
)

// readDrift plans and lists what differs. The notes are what differs and is no drift: settings
// that AWS reads back in words of its own. Without a state that can be read, the resources are found by their tags.
func readDrift(ctx context.Context, s *session) (drift []document.Drift, compared int, notes []string, err error) {
	var rec engine.Recorder = engine.NewMemory(s.clock)
	about := scope{looks: true}
	if store, err := s.readState(ctx); err == nil {
		rec, about.asleep = store, store.Hibernation()
	} else {
		s.app.term.Notef("drift without the state, by tags: %v", s.explain(err))
	}
	p, err := s.planUp(ctx, rec, about)
	if err != nil {
		return nil, 0, nil, err
	}
	drift = []document.Drift{}
	kept := 0
	for _, ch := range p.doc().Changes {
		drift = append(drift, document.Drift{Key: ch.Key, Verb: ch.Verb, Fields: ch.Fields})
	}
	for _, o := range p.res.Outcomes {
		if e, ok := rec.Get(o.Key); ok && e.Adopted != "" {
			kept += len(o.Differs)
			continue
		}
		for _, d := range o.Differs {
			notes = append(notes, fmt.Sprintf("%s: %s", o.Key, d))
		}
	}
	if kept > 0 {
		notes = append(notes, fmt.Sprintf("%d settings stay as they were when the fleet was taken over: karmactl state show KEY lists a resource's", kept))
	}
	return drift, len(p.res.Outcomes), notes, p.res.Err()
}

// manyDrifted is how much drift is listed; more is counted.
const manyDrifted = 12

// driftLines say what was compared and what is not as agents.yaml wants it.
func driftLines(doc document.Status, full bool) []string {
	if len(doc.Drift) == 0 {
		return []string{fmt.Sprintf("drift: none, all %d resources are as agents.yaml wants them", doc.Compared)}
	}
	if len(doc.Drift) > manyDrifted && !full {
		n := map[string]int{}
		for _, d := range doc.Drift {
			n[d.Verb]++
		}
		var parts []string
		for _, v := range []struct{ verb, text string }{
			{"create", "%d to create"}, {"update", "%d to change"}, {"replace", "%d to replace"}, {"delete", "%d to destroy"},
		} {
			if n[v.verb] > 0 {
				parts = append(parts, fmt.Sprintf(v.text, n[v.verb]))
			}
		}
		return []string{fmt.Sprintf("drift: %d of the %d resources of agents.yaml: %s: karmactl status --drift --full lists them", len(doc.Drift), doc.Compared, strings.Join(parts, ", "))}
	}
	var out []string
	for _, d := range doc.Drift {
		fields := make([]string, len(d.Fields))
		for i, f := range d.Fields {
			fields[i] = f.Field
		}
		out = append(out, strings.TrimSpace(fmt.Sprintf("drift: %s %s %s", d.Verb, d.Key, strings.Join(fields, ", "))))
	}
	return out
}
