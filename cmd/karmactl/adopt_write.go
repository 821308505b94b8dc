package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/karmacadabra/karmactl/internal/agents"
	"github.com/karmacadabra/karmactl/internal/cloud"
	"github.com/karmacadabra/karmactl/internal/document"
	"github.com/karmacadabra/karmactl/internal/engine"
	"github.com/karmacadabra/karmactl/internal/stack"
	"github.com/karmacadabra/karmactl/internal/state"
)

// takeOver writes agents.yaml where there is none, the state, and the tags.
func (t *takeover) takeOver(ctx context.Context) error {
	text := fmt.Sprintf("This takes %d resources over, as they are: two tags on each, and the state. Only yes is yes:", len(t.report.Counterparts))
	if err := t.confirm(ctx, question{command: "adopt", text: text, declined: "nothing was taken over"}); err != nil {
		return err
	}
	t.app.graceful.Store(true)
	if err := t.writeFile(); err != nil {
		return err
	}
	return t.lockedInNewBucket(ctx, "adopt", t.takeOverLocked)
}

// writeFile writes the agents.yaml of the fleet, with its schema, unless there is one.
func (t *takeover) writeFile() error {
	if t.text == "" {
		return nil
	}
	t.file = cmp.Or(t.file, agents.DefaultFiles()[0])
	return writeConfig(t.file, t.text)
}

// takeOverLocked first notes in the state what it is about to take, so that an --undo
// finds all of it wherever this ends; then come the tags, and last what differs.
func (t *takeover) takeOverLocked(ctx context.Context, store *state.Store) error {
	for key := range t.skip {
		if e, ok := store.Get(key); ok && e.Adopted != "" {
			return engine.Advise(fmt.Errorf("%s (%s) was taken over before, and --skip leaves it out: nothing was taken over", key, e.ID), "karmactl adopt --undo, then again with --skip")
		}
	}
	var begun []engine.Entry
	for _, c := range t.report.Counterparts {
		was, ok := store.Get(c.Key)
		switch {
		case ok && (was.ID != c.ID || was.Adopted == ""):
			return engine.Advise(fmt.Errorf("the state has %s as %s, and the fleet has %s: nothing was taken over", c.Key, was.ID, c.ID), "another environment, with its own state")
		case ok && was.Adopted != engine.AdoptionBegun:
			continue
		}
		e := engine.Entry{Key: c.Key, Kind: c.Key.Kind(), ID: c.ID, Needs: t.needs(c.Key), CreatedAt: t.clock.Now(), Adopted: engine.AdoptionBegun}
		begun = append(begun, e)
		store.Record(e)
	}
	if err := store.Flush(ctx); err != nil {
		return err
	}
	env := t.env(false)
	for _, e := range begun {
		if err := env.Claim(ctx, e.Key, e.ID); err != nil {
			return fmt.Errorf("%s (%s): %w", e.Key, e.ID, err)
		}
	}
	if err := t.noteDifferences(ctx, store, begun); err != nil {
		return err
	}
	return t.sayTaken(begun)
}

// needs are what a key of the stack refers to, for its removal.
func (t *takeover) needs(key engine.Key) []engine.Key {
	var out []engine.Key
	for _, n := range stack.New(t.cfg, t.env(true), stack.GuessLookup(t.cfg)).Resources() {
		if n.Key() == key {
			for _, need := range n.Needs() {
				out = append(out, need.Key())
			}
		}
	}
	return out
}

// tagsShow is how long new tags may take to show in all of AWS's listings.
const tagsShow = 2 * time.Minute

// noteDifferences reads everything as a plan does, and records what differs as what is to
// stay.
func (t *takeover) noteDifferences(ctx context.Context, store *state.Store, begun []engine.Entry) error {
	until := t.clock.Now().Add(tagsShow)
	for {
		res, err := t.compare(ctx, store)
		if hidden := (*stack.UnmountableError)(nil); err != nil && !errors.As(err, &hidden) { // the VPC of the files may not show as the stack's own yet
			return err
		}
		if err == nil {
			err = unseen(res, begun)
		}
		if err == nil {
			for _, e := range begun {
				o, _ := res.Get(e.Key)
				e.Adopted, e.Differs = engine.AdoptionShared, engine.Differences(slices.DeleteFunc(o.Changes, func(c engine.Change) bool { return isMark(c) }))
				if e.Taken, err = t.takenOf(e, o.Have); err != nil {
					return err
				}
				store.Record(e)
			}
			return store.Flush(ctx)
		}
		if t.clock.Now().After(until) {
			return engine.Advise(err, "karmactl adopt again continues, karmactl adopt --undo gives everything back")
		}
		if err := t.clock.Wait(ctx, 5*time.Second); err != nil {
			return err
		}
	}
}

// takenOf is what a resource is when it is taken over: its spec, or the id of a revision,
// which never changes, with the rights of its role, which may.
func (t *takeover) takenOf(e engine.Entry, have any) ([]byte, error) {
	if e.Key.Kind() == "task-definition" {
		have = takenRevision{Revision: e.ID, Rights: t.rightsOf(e.ID)}
	}
	data, err := json.Marshal(have)
	if err != nil {
		return nil, fmt.Errorf("%s cannot be noted as it is: %w", e.Key, err)
	}
	return data, nil
}

// isMark tells whether a difference is in one of karmactl's two tags, which no one may take off.
func isMark(c engine.Change) bool {
	return c.Field == "tags["+cloud.TagStack+"]" || c.Field == "tags["+cloud.TagKey+"]"
}

// unseen is the first of what was taken that does not show as such yet; nil is none.
func unseen(res *engine.Result, begun []engine.Entry) error {
	for _, e := range begun {
		o, ok := res.Get(e.Key)
		switch {
		case !ok:
			return fmt.Errorf("%s is not in the stack", e.Key)
		case o.Err != nil:
			return fmt.Errorf("%s: %w", e.Key, o.Err)
		case o.ID != e.ID && e.Key.Kind() != "task-definition":
			return fmt.Errorf("%s is %s, and reads as %q", e.Key, e.ID, o.ID)
		}
		for _, c := range o.Changes {
			if c.Field == "tags["+cloud.TagKey+"]" {
				return fmt.Errorf("the tags of %s (%s) do not show yet", e.Key, e.ID)
			}
		}
	}
	return nil
}

// compare walks the stack over what is there, with clients that cannot write.
func (t *takeover) compare(ctx context.Context, store *state.Store) (*engine.Result, error) {
	around, err := t.lookAround(ctx)
	if err != nil {
		return nil, err
	}
	w := t.walk(stack.New(t.cfg, around.env, around.facts), store)
	w.Orphans, w.Since, w.Compare = nil, around.since, true
	return w.Up(ctx)
}

func (t *takeover) sayTaken(begun []engine.Entry) error {
	d := &document.Takeover{Stack: t.cfg.Stack(), Outcome: "taken_over", Keys: []string{}}
	for _, e := range begun {
		d.Keys = append(d.Keys, string(e.Key))
	}
	var all []engine.Entry // a second run says it again
	for _, c := range t.report.Counterparts {
		all = append(all, engine.Entry{Key: c.Key, ID: c.ID})
	}
	d.Commands, d.Blocks = t.terraform.letGo(all)
	d.Headline = fmt.Sprintf("Taken over: %d resources, as they are. Nothing but their tags was changed.", len(begun))
	if len(begun) == 0 {
		d.Headline = "All of it was taken over before."
	}
	if t.text != "" {
		d.File = t.file
	}
	d.Next = []string{"karmactl plan", "karmactl deploy " + t.cfg.Agents[0].Name, "karmactl adopt --release"}
	return t.app.term.Takeover(d)
}
