package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/karmacadabra/karmactl/internal/engine"
	"github.com/karmacadabra/karmactl/internal/stack"
	"github.com/karmacadabra/karmactl/internal/state"
	"github.com/karmacadabra/karmactl/internal/ui"
)

type downOptions struct {
	agents      []string
	dryRun      bool
	keepNetwork bool
	stack.DownOptions
}

func newDownCmd(a *app) *cobra.Command {
	var o downOptions
	cmd := &cobra.Command{
		Use: "down [agent...]", Short: "Take it all down, or some agents", ValidArgsFunction: a.completeAgents,
		Long: `Deletes what up made, dependents first, and waits until AWS no longer has it.
Before the first deletion it looks for what it did not make inside of what it would
delete (a database in a subnet, a service in the cluster, a listener) and stops there. The user's own secret is never
deleted; images and logs are kept unless told.`,
		RunE: func(c *cobra.Command, args []string) error {
			o.agents = args
			ctx, cancel := a.deadline(c.Context())
			defer cancel()
			return a.down(ctx, o)
		},
	}
	cmd.Flags().BoolVar(&o.Images, "images", false, "delete the repositories and their images too")
	cmd.Flags().BoolVar(&o.Logs, "logs", false, "delete the log groups and their logs too")
	cmd.Flags().BoolVar(&o.keepNetwork, "keep-network", false, "leave what others use (their subnets, cluster, load balancer) and take the rest")
	cmd.Flags().BoolVar(&o.dryRun, "dry-run", false, "show what would be deleted and stop")
	return cmd
}

func (a *app) down(ctx context.Context, o downOptions) error {
	s, err := a.open(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = s.close() }() // all that matters is written by then
	for _, name := range o.agents {
		if _, ok := s.cfg.Agent(name); !ok {
			return noAgent(s.cfg, name)
		}
	}
	if o.dryRun {
		store, err := s.readState(ctx)
		if err != nil {
			return err
		}
		defer func() { _ = store.Close(ctx) }()
		p, err := s.planRemoval(ctx, store, s.downRemoval(o))
		if err != nil {
			return err
		}
		return errors.Join(a.term.Plan(s.downDoc(p)), p.res.Err())
	}
	run := func(ctx context.Context, store *state.Store) error { return s.down(ctx, store, o) }
	err = s.locked(ctx, "down", run)
	if none := (*noBucketError)(nil); !errors.As(err, &none) {
		return err
	}
	// What is there is found by its tags; only then is a place for the lock worth making.
	p, err := s.planRemoval(ctx, engine.NewMemory(s.clock), s.downRemoval(o))
	if err != nil {
		return err
	}
	if err := p.res.Err(); err != nil {
		return err
	}
	if s.downDoc(p).Summary.Any() {
		return s.lockedInNewBucket(ctx, "down", run)
	}
	if a.term.JSON {
		r := s.result(p.stack, p.res)
		r.Outcome, r.Waiting = "succeeded", nil
		return s.finish(r, p.res, nil)
	}
	return a.term.Plan(s.downDoc(p))
}

// downRemoval is everything, or what belongs to some agents.
func (s *session) downRemoval(o downOptions) removal {
	// A yes is typed too fast: the name of what goes is asked for.
	name, what := s.cfg.Stack(), "the whole stack"
	if len(o.agents) > 0 {
		name, what = strings.Join(o.agents, " "), "these agents"
	}
	return removal{
		walk: func(st *stack.Stack, rec engine.Recorder) engine.Walk {
			w := s.walk(st, rec)
			w.Keep = st.Keep(o.DownOptions)
			if len(o.agents) > 0 {
				w.Only = st.OnlyOf(o.agents) // what is theirs and not wanted any more goes with them
			}
			return w
		},
		images: o.Images, leaveUsed: o.keepNetwork, question: fmt.Sprintf("This deletes %s. Type %s to go on:", what, name), word: name,
	}
}

func (s *session) downDoc(p *planned) *ui.Plan {
	doc := s.planDoc(p)
	doc.Destroy, doc.Waiting, doc.Warnings = true, []ui.Waiting{}, kept(p.res)
	return doc
}

// kept says what stays, once for each reason.
func kept(res *engine.Result) []string {
	keys := map[string][]string{}
	var order []string
	for _, o := range res.Outcomes {
		if o.Verb == engine.None && o.Reason != "" {
			if keys[o.Reason] == nil {
				order = append(order, o.Reason)
			}
			keys[o.Reason] = append(keys[o.Reason], string(o.Key))
		}
	}
	out := []string{}
	for _, why := range order {
		out = append(out, fmt.Sprintf("kept: %s (%s)", strings.Join(keys[why], ", "), why))
	}
	return out
}

func (s *session) down(ctx context.Context, store *state.Store, o downOptions) error {
	p, err := s.planRemoval(ctx, store, s.downRemoval(o))
	if err != nil {
		return err
	}
	if err := p.res.Err(); err != nil {
		return err
	}
	doc := s.downDoc(p)
	if !s.app.term.JSON {
		if err := s.app.term.Plan(doc); err != nil {
			return err
		}
	}
	res, st, took, err := s.remove(ctx, store, p, doc.Summary.Delete > 0, s.downRemoval(o))
	if err != nil {
		return err
	}
	r := s.result(st, res)
	r.Waiting = nil
	r.Notes = kept(res)
	if s.app.term.JSON || doc.Summary.Delete == 0 {
		r.Notes = nil
	}
	if err := res.Err(); err != nil {
		return s.finish(r, res, err)
	}
	if len(o.agents) == 0 && s.sleep != nil { // nothing is left that could wake
		if err := store.Wake(ctx); err != nil {
			return err
		}
	}
	r.Outcome = "succeeded"
	r.Headline = fmt.Sprintf("Down in %s: %d deleted.", ui.Duration(took), doc.Summary.Delete)
	if doc.Summary.Delete == 0 {
		r.Headline = ""
	}
	return s.finish(r, res, nil)
}
