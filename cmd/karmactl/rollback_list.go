package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/karmacadabra/karmactl/internal/document"
	"github.com/karmacadabra/karmactl/internal/fleet"
	"github.com/karmacadabra/karmactl/internal/fleet/rollout"
	"github.com/karmacadabra/karmactl/internal/ui"
)

// revisionsListed is how many revisions are listed; each is a call of its own.
const revisionsListed = 30

// listRevisions lists what a rollback of the agent can go to, and what runs.
func listRevisions(ctx context.Context, s *session, name string) error {
	note := func(l rollout.Line) { s.app.term.Notef("%s: %v", l.Text, s.explain(l.Err)) }
	all, err := s.rolloutAgent(s.env(true), name, note).Revisions(ctx, revisionsListed)
	if err != nil {
		return err
	}
	doc := document.Revisions{Head: document.Of("Revisions"), Agent: name, Revisions: []document.Revision{}}
	for _, r := range all {
		doc.Revisions = append(doc.Revisions, document.Revision{Number: r.Number, Image: r.Image, Tags: append([]string{}, r.Tags...), Registered: r.Registered, Runs: r.Runs})
	}
	if s.app.term.JSON {
		return s.app.term.Document(&doc)
	}
	if len(all) == 0 {
		none := orAsleep(ctx, s, &fleet.Missing{What: name + " has no service, and nothing to go back to", Do: "karmactl up --only " + name})
		s.app.term.Para("", fmt.Sprintf("%v: %s", none, try(none)))
		return nil
	}
	for _, r := range all {
		s.app.term.Printf("%s\n", revisionLine(r, ago(s.clock.Now().Sub(r.Registered))))
	}
	return nil
}

// revisionLine is a revision with its image, and before that what a person or a build called it.
func revisionLine(r rollout.Revision, since string) string {
	image, called := ui.Short(r.Image), strings.Join(r.Tags, " ")
	if called != "" {
		image = called + "  " + image
	}
	mark := ""
	if r.Runs {
		mark = "  runs"
	}
	return fmt.Sprintf("%4d  %-8s  %s%s", r.Number, since, image, mark)
}
