package engine

import (
	"context"
	"errors"
	"maps"
	"slices"
	"time"
)

// visit is one node's turn in a walk: what is known of it so far, and what is
// done to it.
type visit struct {
	*run
	node *node
	v    *vertex
	key  Key
	// entry is what was recorded of it when its turn came; recorded tells whether anything was.
	entry    Entry
	recorded bool
	found    Found[any]
	want     any
	// unread is why want could not be read; see Walk.Return.
	unread error
	// looked is that found was read; isThere is that it is in AWS by now.
	looked, isThere bool
	// met is that every peer is there, or known not to get there.
	met bool
	o   Outcome
}

func (n *node) visit(r *run, v *vertex) *visit {
	t := &visit{run: r, node: n, v: v, key: n.Key()}
	t.entry, t.recorded = r.Record.Get(t.key)
	t.o.Key = t.key
	return t
}

// call runs f in one of the slots: waiting takes none.
func (t *visit) call(ctx context.Context, f func() error) error {
	if err := t.slots.take(ctx, t.v.rank); err != nil {
		return err
	}
	defer t.slots.give()
	return f()
}

// observe keeps what was found for the nodes that refer to this one. While there
// is no id they see a placeholder.
func (t *visit) observe(id string, outputs map[string]string) {
	if id == "" {
		id = Unknown(t.key)
	}
	t.node.SetObserved(id, outputs)
}

// read finds what is there. What may have been made moments ago, by a run that
// died before it could say so, is looked for longer.
func (t *visit) read(ctx context.Context) error {
	look, until := Look{ID: t.entry.ID, NotOlder: t.Since, Known: t.known(), Taken: t.entry.Adopted != ""}, time.Time{}
	if t.Apply {
		look.NotOlder, until = t.Clock.Now().Add(-readFor), t.hiddenUntil()
	}
	var err error
	t.found, err = t.readUntilVisible(ctx, look, until)
	t.looked = err == nil
	switch {
	case err != nil || t.found.Phase == Absent || t.found.Phase == Leaving || t.found.Discard:
	default:
		t.o.Have = t.found.Spec
	}
	return err
}

// known is what need not be asked of AWS. After a run that died at this node, or that
// has replaced it and not yet deleted the old one, everything is asked.
func (t *visit) known() map[string]string {
	if _, flying := t.Record.InFlight(t.key); flying || t.Refresh || len(t.entry.Deposed) > 0 {
		return nil
	}
	return t.entry.Known
}

// remember records what need not be asked of AWS again.
func (t *visit) remember(found Found[any]) {
	e, ok := t.Record.Get(t.key)
	if ok && e.ID == found.ID && !maps.Equal(e.Known, found.Known) {
		e.Known = found.Known
		t.Record.Record(e)
	}
}

// hiddenUntil is until when AWS may not show what was made: by a run that died
// before it could say so, or just now.
func (t *visit) hiddenUntil() time.Time {
	if at, ok := t.Record.InFlight(t.key); ok {
		return at.Add(visibleWithin)
	}
	if !t.entry.CreatedAt.IsZero() {
		return t.entry.CreatedAt.Add(visibleWithin)
	}
	return time.Time{}
}

// readUntilVisible reads until the resource shows or the time is up. That is
// soon, whatever the clock of the machine that recorded it says.
func (t *visit) readUntilVisible(ctx context.Context, look Look, until time.Time) (Found[any], error) {
	p := t.poll(2 * visibleWithin)
	until = earlier(until, p.began.Add(visibleWithin))
	for {
		found, err := t.readOnce(ctx, look)
		if err != nil || found.Phase != Absent || !t.Clock.Now().Before(until) {
			return found, err
		}
		if err := p.wait(ctx, "looking for what an interrupted run may have made"); err != nil {
			return found, err
		}
		look.NotOlder = t.fresh()
	}
}

// onlyRead tells whether nothing will be done to the node: in a plan, and to one that is
// not chosen.
func (t *visit) onlyRead() bool { return !t.Apply || !t.chosen(t.key) }

// readOnce is one Find, in a slot. The first of a kind that is only read needs none: it
// reads the listing that all others of its kind wait for.
func (t *visit) readOnce(ctx context.Context, look Look) (Found[any], error) {
	if t.onlyRead() && t.v.first {
		return t.node.Find(ctx, look)
	}
	var found Found[any]
	err := t.call(ctx, func() error {
		var err error
		found, err = t.node.Find(ctx, look)
		return err
	})
	return found, err
}

// record remembers the id, and old as one that it replaced; "" replaced none.
func (t *visit) record(id, old string) {
	needs, _ := t.node.edges()
	e := Entry{Key: t.key, Kind: t.key.Kind(), ID: id, Needs: needs, CreatedAt: t.Clock.Now()}
	if was, ok := t.Record.Get(t.key); ok {
		// A replacement may turn out to be what was replaced before, under its old name.
		e.Deposed = slices.DeleteFunc(slices.Clone(was.Deposed), func(d string) bool { return d == id })
		e.Differs, e.Taken = was.Differs, was.Taken
		if was.ID == id {
			e.Adopted = was.Adopted
		}
	}
	if old != "" && !slices.Contains(e.Deposed, old) {
		e.Deposed = append(e.Deposed, old)
	}
	t.Record.Record(e)
}

// failed is the outcome of an error.
func (t *visit) failed(err error) Outcome {
	if errors.Is(err, ErrInterrupted) {
		t.o.Status = Interrupted
		return t.o
	}
	t.o.Status, t.o.Err = Failed, err
	return t.o
}

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
