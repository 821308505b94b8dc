package engine

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"
)

// HeldBy is the reason why something cannot be deleted: what holds it and whose
// that is. Delete returns it around AWS's own error.
type HeldBy struct {
	// Holder says what and whose: "eni-0a1 (lambda my-function, owner 123456789012)".
	Holder string
	// Foreign: not karmactl's and not going away by itself.
	Foreign bool
	Err     error
}

func (e *HeldBy) Error() string {
	if e.Foreign {
		return e.Holder + " holds it, and is not karmactl's: delete that and run karmactl down again"
	}
	return e.Holder + " holds it"
}

func (e *HeldBy) Unwrap() error { return e.Err }

// remove is the way down for one node: find, decide, say so; and below the line
// that asks for Apply: delete, await Absent, forget. A part is looked at while its
// whole is there, and then waits for it to go.
func (m *managed) remove(ctx context.Context, r *run, v *vertex) (o Outcome) {
	key := m.Key()
	o.Key = key
	entry, recorded := r.Record.Get(key)
	var found Found[any]
	var err error
	part := v.whole != nil
	if part {
		if r.chosen(key) {
			found, err = m.look(ctx, r, entry)
		}
		close(v.looked)
	}
	if bad := v.await(ctx, r.Clock); bad != nil {
		bad.Key, bad.Verb = key, Delete
		return *bad
	}
	if !r.chosen(key) {
		return o
	}
	if r.Apply && r.stopping() {
		o.Status = Interrupted
		return o
	}
	if !part {
		found, err = m.look(ctx, r, entry)
	}
	if foreign := new(Foreign); errors.As(err, &foreign) {
		o.Reason = "not karmactl's"
		found, err = Found[any]{}, nil
	}
	if err != nil {
		return failed(o, err)
	}
	o, ids := m.condemn(r, o, entry, found)
	if o.Verb == None && len(ids) > 0 {
		return o // it is kept
	}
	r.emit(EventPlanned, o)
	if !r.Apply {
		return o
	}
	if o.Verb == Delete {
		if err := r.agreed(o); err != nil {
			r.halt()
			return failed(o, err)
		}
		r.emit(EventStarted, o)
		remove := m.destroy
		if part && v.whole.outcome.Verb == Delete {
			remove = m.gone // AWS has taken it along
		}
		for _, id := range ids {
			if err := remove(ctx, r, o, id); err != nil {
				return failed(o, err)
			}
		}
	}
	if _, flying := r.Record.InFlight(key); recorded || flying {
		r.Record.Forget(key)
	}
	return o
}

// condemn decides whether it goes, and lists all of it that is there.
func (m *managed) condemn(r *run, o Outcome, entry Entry, found Found[any]) (Outcome, []string) {
	ids := append(slices.Clone(entry.Deposed), found.Strays...)
	if found.Phase != Absent {
		ids = append(ids, found.ID)
	}
	slices.Sort(ids)
	ids = slices.Compact(ids)
	o.Verb, o.ID = None, found.ID
	switch hidden := r.Clock.Now().Before(m.mayShow(r, entry)); {
	case len(ids) > 0:
		o.Verb = Delete
	case !r.Apply && hidden: // an apply looks until it shows
		o.Verb, o.Reason = Delete, "made a moment ago, and not to be seen yet"
	}
	if why := r.keep(o.Key); why != "" && o.Verb == Delete {
		o.Verb, o.Reason = None, why
	}
	return o, ids
}

func (r *run) keep(k Key) string {
	if r.Keep == nil {
		return ""
	}
	return r.Keep(k)
}

// destroy deletes one id and waits until AWS no longer has it. What still holds
// on is waited for; what is somebody else's only briefly.
func (m *managed) destroy(ctx context.Context, r *run, o Outcome, id string) error {
	p := r.poll(o, m.patience())
	p.every = heldEvery
	var foreignSince time.Time
	for {
		// A Delete that is refused may list what holds on: it is to be as it is now.
		fresh := notOlder(ctx, r.fresh())
		err := r.call(ctx, func() error { return m.Delete(fresh, id) })
		if err == nil || r.Classify(err) == NotFound {
			break
		}
		if r.Classify(err) != Busy && r.Classify(err) != Lost {
			return err
		}
		held := new(HeldBy)
		if errors.As(err, &held) && held.Foreign {
			if foreignSince.IsZero() {
				foreignSince = r.Clock.Now()
			}
			if r.Clock.Now().Sub(foreignSince) >= heldLimit {
				return err
			}
		}
		if werr := p.wait(ctx, err.Error()); werr != nil {
			if errors.Is(werr, ErrInterrupted) {
				return werr
			}
			return fmt.Errorf("%w: %w", werr, err)
		}
	}
	return m.gone(ctx, r, o, id)
}

// gone waits until AWS no longer has an id. What was listed before it was deleted
// says nothing of that.
func (m *managed) gone(ctx context.Context, r *run, o Outcome, id string) error {
	p := r.poll(o, m.patience())
	deleted := r.Clock.Now()
	for {
		found, err := m.find(ctx, r, id, later(deleted, r.fresh()))
		if err != nil {
			return err
		}
		if found.Phase == Absent || (found.ID != id && !slices.Contains(found.Strays, id)) {
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

// discard is a step that deletes one surplus id and leaves the record of the
// resource itself, less that id.
func (m *managed) discard(id string) Step { return &discarded{managed: m, id: id} }

type discarded struct {
	*managed
	id string
}

func (d *discarded) Key() Key { return d.managed.Key() + "#" + Key(d.id) }

func (d *discarded) edges() (needs, after []Key) { return nil, nil }

func (d *discarded) partOf() Key { return "" }

func (d *discarded) remove(ctx context.Context, r *run, _ *vertex) Outcome {
	o := Outcome{Key: d.Key(), Verb: Delete, ID: d.id, Reason: "replaced or a duplicate"}
	r.emit(EventPlanned, o)
	if !r.Apply {
		return o
	}
	if r.stopping() {
		o.Status = Interrupted
		return o
	}
	r.emit(EventStarted, o)
	if err := d.destroy(ctx, r, o, d.id); err != nil {
		return failed(o, err)
	}
	if e, ok := r.Record.Get(d.managed.Key()); ok && slices.Contains(e.Deposed, d.id) {
		e.Deposed = slices.DeleteFunc(slices.Clone(e.Deposed), func(id string) bool { return id == d.id })
		r.Record.Record(e)
	}
	return o
}

// Orphan is a step for something that is recorded and not wanted any more. Its
// needs are those that were recorded, since its references are not known now.
func Orphan(s Step, needs []Key) Step { return &orphan{Step: s, needs: needs} }

type orphan struct {
	Step
	needs []Key
}

func (o *orphan) Needs() []Node { return nil }

func (o *orphan) edges() (needs, after []Key) { return o.needs, nil }
