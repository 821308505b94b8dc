package engine

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"
)

// InUse is the reason why something cannot be deleted: what uses it and whose
// that is. Delete returns it around AWS's own error.
type InUse struct {
	// Holder says what and whose: "eni-0a1 (lambda my-function, owner 123456789012)".
	Holder string
	// Foreign: not karmactl's and not going away by itself.
	Foreign bool
	Err     error
}

func (e *InUse) Error() string {
	if e.Foreign {
		return e.Holder + " holds it, and is not karmactl's: delete that and run karmactl down again"
	}
	return "held by " + e.Holder
}

func (e *InUse) Unwrap() error { return e.Err }

// remove is the way down for one node: read, decide, say so; and below the line
// that asks for Apply: delete, await Absent, forget. What is owned is read while
// its owner is there, and then waits for it to go.
func (n *node) remove(ctx context.Context, r *run, v *vertex) Outcome {
	t := n.visit(r, v)
	if stop := t.admitDown(ctx); stop != nil {
		return *stop
	}
	ids := t.planDelete()
	if t.o.Verb == None && len(ids) > 0 {
		return t.o // it is kept
	}
	if err := t.guarded(t.o.Verb); err != nil {
		return t.failed(err)
	}
	if a, ok := t.node.as().(Announcer); ok && t.o.Verb == Delete {
		t.o.Notes = a.Notes()
	}
	t.emit(EventPlanned, t.o)
	if !t.Apply {
		return t.o
	}
	if t.o.Verb == Delete {
		if err := t.checkAgreed(t.o); err != nil {
			t.halt()
			return t.failed(err)
		}
		t.emit(EventStarted, t.o)
		if err := t.awaitRevision(ctx); err != nil {
			return t.failed(err)
		}
		remove := t.deleteAndWait
		if v.owner != nil && v.owner.outcome.Verb == Delete {
			remove = t.awaitGone // AWS has deleted it with its owner
		}
		for _, id := range ids {
			if err := remove(ctx, id); err != nil {
				return t.failed(err)
			}
		}
	}
	if _, flying := t.Record.InFlight(t.key); t.recorded || flying {
		t.Record.Forget(t.key)
	}
	return t.o
}

// awaitRevision waits until a revision shows that a run may have died making: all of them are
// deleted together, as they are listed.
func (t *visit) awaitRevision(ctx context.Context) error {
	if !t.node.revises() {
		return nil
	}
	p := t.poll(2 * visibleWithin)
	for until := t.revisionHiddenUntil(t.found.ID); t.Clock.Now().Before(until); {
		if err := p.wait(ctx, "a run that died may have made a revision that does not show yet"); err != nil {
			return err
		}
	}
	return nil
}

// admitDown waits for what goes first and reads the node. It returns an outcome
// when the road ends here. What is not karmactl's counts as absent.
func (t *visit) admitDown(ctx context.Context) *Outcome {
	var err error
	owned := t.v.owner != nil
	if owned {
		if t.chosen(t.key) {
			err = t.read(ctx)
		}
		close(t.v.looked)
	}
	if bad := t.v.await(ctx, t.Clock); bad != nil {
		bad.Key, bad.Verb, bad.Have = t.key, Delete, t.o.Have
		return bad
	}
	if !t.chosen(t.key) {
		return &t.o
	}
	if t.Apply && t.stopping() {
		t.o.Status = Interrupted
		return &t.o
	}
	if !owned {
		err = t.read(ctx)
	}
	if notManaged := new(NotManaged); errors.As(err, &notManaged) {
		t.o.Reason = "not karmactl's"
		t.found, t.o.Have, err = Found[any]{}, nil, nil
	}
	if err != nil {
		t.failed(err)
		return &t.o
	}
	return nil
}

// planDelete decides whether it goes, and lists every id of it that is there.
func (t *visit) planDelete() []string {
	ids := append(slices.Clone(t.entry.Deposed), t.found.Duplicates...)
	if t.found.Phase != Absent {
		ids = append(ids, t.found.ID)
	}
	slices.Sort(ids)
	ids = slices.Compact(ids)
	t.o.Verb, t.o.ID = None, t.found.ID
	switch hidden := t.Clock.Now().Before(t.hiddenUntil()); {
	case len(ids) > 0:
		t.o.Verb = Delete
	case !t.Apply && hidden: // an apply reads until it shows
		t.o.Verb, t.o.Reason = Delete, "made a moment ago, and not to be seen yet"
	}
	if why := t.keepReason(t.key); why != "" && t.o.Verb == Delete {
		t.o.Verb, t.o.Reason = None, why
	}
	return ids
}

func (r *run) keepReason(k Key) string {
	if r.Keep == nil {
		return ""
	}
	return r.Keep(k)
}

// deleteAndWait deletes one id and waits until AWS no longer has it. A use that
// ends by itself is waited for; one that is not karmactl's only briefly.
func (t *visit) deleteAndWait(ctx context.Context, id string) error {
	p := t.poll(t.node.patience())
	p.every = inUseEvery
	var foreignSince time.Time
	for {
		err := t.call(ctx, func() error { return t.node.Delete(ctx, id) })
		if err == nil || t.Classify(err) == NotFound {
			break
		}
		if t.Classify(err) != Busy && t.Classify(err) != Lost {
			return err
		}
		use := new(InUse)
		if errors.As(err, &use) && use.Foreign {
			if foreignSince.IsZero() {
				foreignSince = t.Clock.Now()
			}
			if t.Clock.Now().Sub(foreignSince) >= inUseLimit {
				return err
			}
		}
		if werr := p.wait(ctx, t.reason(err)); werr != nil {
			if errors.Is(werr, ErrInterrupted) {
				return werr
			}
			return fmt.Errorf("%w: %w", werr, err)
		}
	}
	return t.awaitGone(ctx, id)
}

// awaitGone waits until AWS no longer has an id. A listing that was read before
// the delete does not answer that.
func (t *visit) awaitGone(ctx context.Context, id string) error {
	p := t.poll(t.node.patience())
	for {
		found, err := t.readOnce(ctx, Look{ID: id, NotOlder: later(p.began, t.fresh())})
		if err != nil {
			return err
		}
		if found.Phase == Absent || (found.ID != id && !slices.Contains(found.Duplicates, id)) {
			return nil
		}
		why := found.Why
		if why == "" {
			why = "deleting"
		}
		if err := p.wait(ctx, why); err != nil {
			return err
		}
	}
}

// removal is a step that deletes one id that is too many and leaves the record of
// the resource itself, less that id.
func (n *node) removal(id string) Step { return &removal{node: n, id: id} }

type removal struct {
	*node
	id string
}

func (d *removal) Key() Key { return d.node.Key() + "#" + Key(d.id) }

func (d *removal) edges() (needs, after []Key) { return nil, nil }
func (d *removal) peers() []Key                { return nil }

func (d *removal) ownedBy() Key { return "" }

func (d *removal) remove(ctx context.Context, r *run, v *vertex) Outcome {
	t := d.visit(r, v)
	t.o = Outcome{Key: d.Key(), Verb: Delete, ID: d.id, Reason: "replaced or a duplicate"}
	t.emit(EventPlanned, t.o)
	if !t.Apply {
		return t.o
	}
	if t.stopping() {
		t.o.Status = Interrupted
		return t.o
	}
	t.emit(EventStarted, t.o)
	if err := t.deleteAndWait(ctx, d.id); err != nil {
		return t.failed(err)
	}
	t.deposed.Lock() // two of one resource end at the same time, each less its own id
	defer t.deposed.Unlock()
	if e, ok := t.Record.Get(t.key); ok && slices.Contains(e.Deposed, d.id) {
		e.Deposed = slices.DeleteFunc(slices.Clone(e.Deposed), func(id string) bool { return id == d.id })
		t.Record.Record(e)
	}
	return t.o
}

// Orphan is a step for something that is recorded and not wanted any more. Its
// needs are the recorded ones, since its references are not known now.
func Orphan(s Step, needs []Key) Step { return &orphan{Step: s, needs: needs} }

type orphan struct {
	Step
	needs []Key
}

func (o *orphan) Needs() []Node { return nil }

func (o *orphan) edges() (needs, after []Key) { return o.needs, nil }
func (o *orphan) peers() []Key                { return nil }
