package main

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/karmacadabra/karmactl/internal/engine"
	"github.com/karmacadabra/karmactl/internal/stack"
	"github.com/karmacadabra/karmactl/internal/state"
	"github.com/karmacadabra/karmactl/internal/ui"
)

// givingBack is what adopt --undo does before it takes the tags away: what karmactl has
// changed since the takeover is set back, and what it has made is deleted.
type givingBack struct {
	*session
	// back is a walk that sets back, drop one that deletes; nil where a takeover, or its
	// undoing, is under way, and there is nothing of the kind.
	back, drop *plan
	// revisions are the agents' revisions that were taken over, and are replaced.
	revisions map[string]string
}

// planGivingBack finds out with clients that cannot write.
func (s *session) planGivingBack(ctx context.Context, store *state.Store, all []engine.Entry) (*givingBack, error) {
	g := &givingBack{session: s, revisions: map[string]string{}}
	if len(adopted(store, engine.AdoptionBegun)) > 0 {
		return g, nil // either has nothing been made yet, or all of that is gone
	}
	if asleep := store.Hibernation(); asleep != nil {
		return nil, engine.Advise(fmt.Errorf("the stack has hibernated since %s: what was taken over is to be given back as it ran", atUTC(asleep.Since)), "karmactl wake")
	}
	for _, e := range adopted(store, "") {
		switch {
		case len(e.Taken) == 0:
		case e.Key.Kind() != "task-definition":
			return nil, engine.Advise(fmt.Errorf("%s was replaced since it was taken over: what it was is gone, and nothing was given back", e.Key), "karmactl adopt --release keeps the fleet")
		default:
			r, err := revisionOfTaken(e)
			if err != nil {
				return nil, err
			}
			g.revisions[e.Key.Name()] = r.Revision
		}
	}
	var err error
	if g.back, err = s.planBack(ctx, store, all); err != nil {
		return nil, err
	}
	if g.drop, err = s.planTeardown(ctx, store, g.teardown(store)); err != nil {
		return nil, err
	}
	return g, g.drop.res.Err()
}

// planBack walks what was taken over towards what it was.
func (s *session) planBack(ctx context.Context, store *state.Store, all []engine.Entry) (*plan, error) {
	around, err := s.lookAround(ctx)
	if err != nil {
		return nil, err
	}
	p := &plan{session: s, scope: scope{around: around}, stack: stack.New(s.cfg, around.env, around.facts)}
	w := backWalk(s.walk(p.stack, store), all)
	w.Since = around.since
	p.res, err = walkUp(ctx, w)
	return p, err
}

// backWalk is a walk of what was taken over alone, towards what it was.
func backWalk(w engine.Walk, all []engine.Entry) engine.Walk {
	was := map[engine.Key]bool{}
	for _, e := range all {
		was[e.Key] = len(e.Taken) > 0 && e.Key.Kind() != "task-definition"
	}
	w.Orphans, w.Return, w.Only = nil, true, func(k engine.Key) bool { return was[k] }
	return w
}

// teardown is of what karmactl made since, without revisions: a family has those of both.
func (g *givingBack) teardown(rec engine.Recorder) teardown {
	taken := map[engine.Key]bool{}
	for _, e := range rec.Entries() {
		taken[e.Key] = e.Adopted != "" || len(e.Taken) > 0
	}
	return teardown{
		walk: func(st *stack.Stack, rec engine.Recorder) engine.Walk {
			w := g.walk(st, rec)
			keep := stack.Keep(stack.DownOptions{})
			w.Keep = func(k engine.Key) string {
				if k.Kind() == "metric-filter" { // it goes, although its log group is kept
					return ""
				}
				return keep(k)
			}
			w.Only = func(k engine.Key) bool { return !taken[k] && k.Kind() != "slr" } // which is the account's
			return w
		},
		leaveUsed: true,
	}
}

// run sets back, then deletes. A run that ends in the middle is continued by the next.
func (g *givingBack) run(ctx context.Context, store *state.Store) error {
	if g.back == nil {
		return nil
	}
	all := adopted(store, engine.AdoptionShared, engine.AdoptionWhole)
	if len(g.restored()) > 0 {
		env := g.env(false)
		st := stack.New(g.cfg, env, g.back.stack.Lookup)
		w := backWalk(g.walk(st, store), all)
		w.Apply, w.Shown = true, g.back.res
		progress := g.back.up(ctx, st, w)
		w.Report = progress
		_, err := walkUp(ctx, w)
		progress.Close()
		if err != nil {
			return err
		}
	}
	for agent, arn := range g.revisions {
		if err := g.env(false).RetireRevisions(ctx, agent, arn); err != nil {
			return fmt.Errorf("the revisions of %s: %w", agent, err)
		}
		e, _ := store.Get(engine.Key("task-definition/" + agent))
		e.ID, e.Adopted, e.Known = arn, engine.AdoptionShared, nil
		store.Record(e)
	}
	if err := store.Flush(ctx); err != nil {
		return err
	}
	if len(g.deleted()) == 0 {
		return nil
	}
	res, _, err := g.drop.tearDown(ctx, store, false, g.teardown(store))
	if err != nil {
		return err
	}
	return res.Err()
}

// restored are the keys that are set back.
func (g *givingBack) restored() []string { return keysOf(g.back, engine.Update) }

// deleted are the keys of what karmactl made, and that goes.
func (g *givingBack) deleted() []string {
	out := keysOf(g.drop, engine.Delete)
	for agent := range g.revisions {
		out = append(out, "task-definition/"+agent)
	}
	slices.Sort(out)
	return out
}

func keysOf(p *plan, v engine.Verb) []string {
	var out []string
	if p == nil {
		return out
	}
	for _, o := range p.res.Outcomes {
		if o.Verb == v {
			out = append(out, string(o.Key))
		}
	}
	slices.Sort(out)
	return out
}

// left is what karmactl made and leaves, with the reason.
func (g *givingBack) left() []string {
	if g.drop == nil {
		return nil
	}
	return g.drop.kept(g.drop.res)
}

// text tells all of it, before the question; "" is that nothing was changed or made.
func (g *givingBack) text() string {
	var b strings.Builder
	if g.back == nil {
		return ""
	}
	for _, o := range g.back.res.Outcomes {
		if o.Verb != engine.Update {
			continue
		}
		fmt.Fprintf(&b, "  ~ %s is set back\n", o.Key)
		for _, c := range o.Changes {
			for _, line := range ui.Difference(c.Was, c.Now) {
				fmt.Fprintf(&b, "      %s  %s\n", c.Field, line)
			}
		}
	}
	if gone := g.deleted(); len(gone) > 0 {
		fmt.Fprintf(&b, "  - deleted, because karmactl made it:\n      %s\n", strings.Join(byKind(gone), "\n      "))
	}
	for _, l := range g.left() {
		fmt.Fprintf(&b, "  = %s\n", l)
	}
	if b.Len() == 0 {
		return ""
	}
	return "Since the takeover karmactl has changed and made this:\n" + b.String()
}

// byKind are sorted keys, those of a kind in one text.
func byKind(keys []string) []string {
	var out []string
	last := ""
	for _, k := range keys {
		kind, name, _ := strings.Cut(k, "/")
		if kind == last {
			out[len(out)-1] += ", " + name
			continue
		}
		out, last = append(out, k), kind
	}
	return out
}
