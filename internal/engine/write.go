package engine

import (
	"context"
	"errors"
	"slices"
	"time"
)

// write does what decide decided and records it. It returns the id afterwards.
func (t *visit) write(ctx context.Context) (string, error) {
	id := t.found.ID
	if t.o.Verb != None || t.found.Phase == Pending {
		t.emit(EventStarted, t.o)
	}
	if t.o.Verb == Replace && t.found.Discard {
		if err := t.deleteAndWait(ctx, id); err != nil {
			return id, err
		}
	}
	if t.found.Phase == Leaving {
		if err := t.awaitGone(ctx, id); err != nil {
			return id, err
		}
	}
	switch t.o.Verb {
	case Create, Replace:
		made, err := t.create(ctx)
		if made != "" {
			old := ""
			if t.o.Verb == Replace && !t.found.Discard && made != id {
				old = id
			}
			t.o.toDelete = slices.DeleteFunc(t.o.toDelete, func(s string) bool { return s == made })
			t.record(made, old)
			id = made
		}
		return id, err
	case Update:
		return t.update(ctx, id, t.found.Spec)
	default:
		if _, flying := t.Record.InFlight(t.key); !t.hasRecorded(id) || flying {
			t.record(id, "")
		}
		return id, nil
	}
}

func (t *visit) hasRecorded(id string) bool {
	e, ok := t.Record.Get(t.key)
	return ok && e.ID == id
}

// begin records that something is about to be made. What cannot be recorded is
// not made, and nothing else is begun either: one node fails with the reason, and
// the nodes that were about to begin as well are interrupted.
func (t *visit) begin(ctx context.Context) error {
	err := t.Record.Begin(ctx, t.key)
	if err == nil {
		return nil
	}
	t.halt()
	if t.mute.Swap(true) {
		return ErrInterrupted
	}
	return err
}

// create makes the resource. A reply that was lost is looked for by tag,
// patiently, before another is made. AWS may be at a change of what the resource
// belongs to, as of the other policies of a scalable target, which is waited for.
func (t *visit) create(ctx context.Context) (string, error) {
	if err := t.begin(ctx); err != nil {
		return "", err
	}
	began, _ := t.Record.InFlight(t.key)
	var id string
	once := func() (err error) {
		id, err = t.node.Create(ctx, t.want, token(t.key, began))
		return err
	}
	err := t.repeat(ctx, notYetLimit, func() error {
		err := t.call(ctx, once)
		if id != "" || err == nil || t.Classify(err) != Lost {
			return err
		}
		now := t.Clock.Now()
		found, lerr := t.readUntilVisible(ctx, Look{NotOlder: now}, now.Add(visibleWithin))
		if lerr != nil {
			return errors.Join(err, lerr)
		}
		if found.Phase == Absent || found.Phase == Leaving {
			return t.call(ctx, once)
		}
		id = found.ID
		return nil
	}, NotYet, NotFound, Busy)
	return id, err
}

// update makes have into what is wanted, and returns the id afterwards, which is
// another one for a resource that keeps revisions.
func (t *visit) update(ctx context.Context, id string, have any) (string, error) {
	until := t.revisionHiddenUntil(id)
	if !t.hasRecorded(id) {
		t.record(id, "")
	}
	if !t.node.revises() {
		return id, t.retryBusy(ctx, func() error {
			return t.call(ctx, func() error { return t.node.Update(ctx, id, have, t.want) })
		})
	}
	revision := ""
	if !until.IsZero() {
		var err error
		if revision, err = t.findRevision(ctx, id, until); err != nil {
			return id, err
		}
	}
	if revision == "" {
		var err error
		if revision, err = t.revise(ctx, id, have); err != nil {
			return id, err
		}
	}
	t.record(revision, "")
	return revision, nil
}

// revise makes a revision. A reply that was lost is looked for before another is made.
func (t *visit) revise(ctx context.Context, id string, have any) (revision string, err error) {
	if err := t.begin(ctx); err != nil {
		return "", err
	}
	once := func() (err error) {
		revision, err = t.node.Revise(ctx, id, have, t.want)
		return err
	}
	err = t.retry(ctx, func() error {
		err := t.call(ctx, once)
		if err == nil || t.Classify(err) != Lost {
			return err
		}
		if revision, err = t.findRevision(ctx, id, t.Clock.Now().Add(visibleWithin)); err != nil || revision != "" {
			return err
		}
		return t.call(ctx, once)
	})
	return revision, err
}

// revisionHiddenUntil is until when there may be a revision later than id that
// does not show yet: one that a run died making, or one that was recorded moments
// ago. Zero is that there is none.
func (t *visit) revisionHiddenUntil(id string) time.Time {
	if at, ok := t.Record.InFlight(t.key); ok {
		return at.Add(visibleWithin)
	}
	if e, ok := t.Record.Get(t.key); ok && e.ID != id {
		return e.CreatedAt.Add(visibleWithin)
	}
	return time.Time{}
}

// findRevision looks, until that moment, for a revision that may have been made
// although its reply was lost; "" is none.
func (t *visit) findRevision(ctx context.Context, id string, until time.Time) (string, error) {
	p := t.poll(2 * visibleWithin)
	until = earlier(until, p.began.Add(visibleWithin))
	for {
		found, err := t.readOnce(ctx, Look{ID: id, NotOlder: later(p.began, t.fresh())})
		if err != nil {
			return "", err
		}
		if todo, _ := t.diff(found.Spec); found.ID != id && len(todo) == 0 {
			return found.ID, nil
		}
		if !t.Clock.Now().Before(until) {
			return "", nil
		}
		if err := p.wait(ctx, "looking for a revision that may have been made"); err != nil {
			return "", err
		}
	}
}
