package engine

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Step is a Resource with its type put away, so that a walk can hold many kinds.
// Only Manage and Orphan make one.
type Step interface {
	Node
	edges() (needs, after []Key)
	// partOf is the key of its whole; "" for what is no part.
	partOf() Key
	settle(ctx context.Context, r *run, v *vertex) Outcome
	remove(ctx context.Context, r *run, v *vertex) Outcome
	// discard is a step that deletes one surplus id of this resource.
	discard(id string) Step
}

// Manage puts a resource into the care of a walk.
func Manage[S any](res Resource[S]) Step { return &managed{untyped: typed[S]{res}} }

// managed is the engine's side of a resource.
type managed struct {
	untyped
}

func (m *managed) edges() (needs, after []Key) {
	for _, n := range m.Needs() {
		needs = append(needs, n.Key())
	}
	if o, ok := m.as().(Ordered); ok {
		for _, n := range o.After() {
			after = append(after, n.Key())
		}
	}
	return needs, after
}

func (m *managed) partOf() Key {
	if p, ok := m.as().(Part); ok {
		return p.PartOf().Key()
	}
	return ""
}

// settle is the one road: find, diff, decide, say so; and below the line that
// asks for Apply: do, record, await. Nothing above that line writes, nothing
// below it decides.
func (m *managed) settle(ctx context.Context, r *run, v *vertex) (o Outcome) {
	key := m.Key()
	o.Key = key
	entry, recorded := r.Record.Get(key)

	var found Found[any]
	var err error
	if !r.Apply { // reads of a plan overlap; those of an apply are as fresh as can be
		found, err = m.look(ctx, r, entry)
	}
	if bad := v.await(ctx, r.Clock); bad != nil {
		bad.Key, bad.Verb = key, None
		if bad.Status == Blocked && !r.Apply {
			bad.Verb = Create
		}
		m.Observe(orUnknown(entry.ID, key), nil)
		return *bad
	}
	if r.Apply {
		if r.stopping() {
			o.Status = Interrupted
			return o
		}
		found, err = m.look(ctx, r, entry)
	}
	if err != nil {
		return failed(o, err)
	}
	if !r.chosen(key) {
		o.Verb, o.ID, o.Outputs = None, found.ID, found.Outputs
		m.Observe(orUnknown(found.ID, key), found.Outputs)
		return o
	}
	if g, ok := m.as().(Gated); ok {
		w, err := g.Waiting(ctx)
		if err != nil {
			return failed(o, err)
		}
		if w != nil {
			m.Observe(orUnknown(found.ID, key), found.Outputs)
			return Outcome{Key: key, Status: Held, Waiting: w, Reason: w.Reason}
		}
	}
	if opt, ok := m.as().(Optional); ok && (found.Phase == Absent || found.Phase == Leaving) {
		wanted, why, err := opt.Wanted(ctx)
		if err != nil {
			return failed(o, err)
		}
		if !wanted {
			if r.Apply && recorded {
				r.Record.Forget(key)
			}
			m.Observe("", nil)
			o.Verb, o.Reason = None, why
			return o
		}
	}
	if n, ok := m.as().(Noted); ok {
		o.Notes = n.Notes()
	}

	want := m.Want()
	o, err = m.decide(o, found, want)
	o.surplus = surplus(found, entry, o)
	if err != nil {
		return failed(o, err)
	}
	r.emit(EventPlanned, o)
	if !r.Apply {
		if o.Verb == Create {
			found.ID, found.Outputs = "", nil
		}
		o.ID, o.Outputs = found.ID, found.Outputs
		if m.revises() && o.Verb == Update {
			found.ID = "" // the revision to come has an id of its own
		}
		if o.Verb == Replace {
			found.ID = "" // and so has a replacement: what refers to it will change
		}
		m.Observe(orUnknown(found.ID, key), found.Outputs)
		return o
	}

	if err := r.agreed(o); err != nil {
		r.halt()
		return failed(o, err)
	}
	return m.apply(ctx, r, v, o, found, want, recorded && entry.ID == found.ID)
}

// decide names the verb. It is the only place that does.
func (m *managed) decide(o Outcome, found Found[any], want any) (Outcome, error) {
	o.Verb = None
	switch {
	case found.Phase == Absent || found.Phase == Leaving:
		o.Verb = Create
		return o, nil
	case found.Phase == Broken && found.Discard:
		o.Verb, o.Reason = Replace, found.Why
		return o, nil
	}
	o.Changes = m.Diff(found.Spec, want)
	if len(o.Changes) == 0 {
		if found.Phase == Broken {
			return o, errors.New(found.Why)
		}
		return o, nil
	}
	o.Verb = Update
	for _, c := range o.Changes {
		if !c.Replace {
			continue
		}
		if _, ok := m.as().(Disposable); !ok {
			return o, &Irreplaceable{Key: o.Key, Change: c}
		}
		o.Verb, o.Reason = Replace, fmt.Sprintf("%s cannot change in place", c.Field)
	}
	return o, nil
}

// agreed refuses what the plan did not show. What it showed as a create may
// turn out to be half done already.
func (r *run) agreed(o Outcome) error {
	if r.Shown == nil || o.Verb == None {
		return nil
	}
	shown, _ := r.Shown.Get(o.Key)
	if shown.Verb == Create && (o.Verb == Update || o.Verb == Create) {
		return nil
	}
	if shown.Verb != o.Verb {
		want := shown.Verb
		if want == "" {
			want = None
		}
		return &Moved{Key: o.Key, Verb: o.Verb, Want: want}
	}
	for _, c := range o.Changes {
		same := func(s Change) bool { return s.Field == c.Field }
		if !slices.ContainsFunc(shown.Changes, same) {
			return &Moved{Key: o.Key, Verb: o.Verb, Want: shown.Verb, Field: c.Field}
		}
	}
	return nil
}

// apply does what decide decided, records it, and awaits Ready and an empty Diff.
func (m *managed) apply(ctx context.Context, r *run, v *vertex, o Outcome, found Found[any], want any, recorded bool) Outcome {
	id := found.ID
	if o.Verb != None || found.Phase == Pending {
		r.emit(EventStarted, o)
	}
	if o.Verb == Replace && found.Discard {
		if err := m.destroy(ctx, r, o, id); err != nil {
			return failed(o, err)
		}
	}
	if found.Phase == Leaving {
		if err := m.gone(ctx, r, o, id); err != nil {
			return failed(o, err)
		}
	}
	switch o.Verb {
	case Create, Replace:
		made, err := m.create(ctx, r, o, want)
		if made != "" {
			old := ""
			if o.Verb == Replace && !found.Discard && made != id {
				old = id
			}
			o.surplus = slices.DeleteFunc(o.surplus, func(s string) bool { return s == made })
			m.record(r, made, old)
			id = made
		}
		if err != nil {
			return failed(o, err)
		}
	case Update:
		var err error
		if id, err = m.update(ctx, r, o, id, found.Spec, want, recorded); err != nil {
			return failed(o, err)
		}
	default:
		if _, flying := r.Record.InFlight(o.Key); !recorded || flying {
			m.record(r, id, "")
		}
		if found.Phase == Ready {
			o.ID, o.Outputs = id, found.Outputs
			m.Observe(id, found.Outputs)
			return o
		}
	}
	return m.converge(ctx, r, v, o, id, want)
}

// converge polls until the resource is Ready and as wanted. What a create could
// not set at once is updated here.
func (m *managed) converge(ctx context.Context, r *run, v *vertex, o Outcome, id string, want any) Outcome {
	p := r.poll(o, m.patience())
	updated := o.Verb == Update
	wrote := r.Clock.Now()
	var stale time.Time
	for {
		found, err := m.find(ctx, r, id, later(wrote, r.fresh()))
		if err != nil {
			return failed(o, err)
		}
		if o.Verb == Replace && found.ID != id {
			found.Phase = Absent // what is seen is still the one that it replaces, which carries the same tags
		}
		why := found.Why
		switch found.Phase {
		case Absent:
			why = "not visible yet"
		case Broken:
			return failed(o, errors.New(found.Why))
		case Leaving:
			return failed(o, fmt.Errorf("it is being deleted: %s", found.Why))
		default:
			diff := m.Diff(found.Spec, want)
			if len(diff) == 0 {
				m.Observe(id, found.Outputs)
				if found.Phase == Ready {
					o.ID, o.Outputs = id, found.Outputs
					return o
				}
				if found.Usable {
					v.release()
				}
				break
			}
			if found.Phase == Pending && !found.Usable {
				break
			}
			if !updated {
				updated = true
				if id, err = m.update(ctx, r, o, id, found.Spec, want, true); err != nil {
					return failed(o, err)
				}
				wrote = r.Clock.Now()
				continue
			}
			why = "reading back " + describe(diff)
			if stale.IsZero() {
				stale = r.Clock.Now()
			} else if r.Clock.Now().Sub(stale) > visibleWithin {
				return failed(o, fmt.Errorf("AWS took the change, but still reads %s", describe(diff)))
			}
		}
		if err := p.wait(ctx, why); err != nil {
			return failed(o, err)
		}
	}
}

func (m *managed) patience() time.Duration {
	if p, ok := m.as().(Patient); ok {
		return p.Patience()
	}
	return readyLimit
}

func describe(diff []Change) string {
	parts := make([]string, len(diff))
	for i, c := range diff {
		parts[i] = fmt.Sprintf("%s %s instead of %s", c.Field, c.Was, c.Now)
	}
	return strings.Join(parts, ", ")
}

// surplus lists the ids that are to be deleted once nothing uses them.
func surplus(found Found[any], entry Entry, o Outcome) []string {
	ids := append(append([]string{}, entry.Deposed...), found.Strays...)
	if o.Verb == Replace && !found.Discard {
		ids = append(ids, found.ID)
	} else {
		ids = slices.DeleteFunc(ids, func(id string) bool { return id == found.ID })
	}
	slices.Sort(ids)
	return slices.Compact(ids)
}

func orUnknown(id string, k Key) string {
	if id == "" {
		return Unknown(k)
	}
	return id
}

func failed(o Outcome, err error) Outcome {
	if errors.Is(err, ErrInterrupted) || errors.Is(err, context.Canceled) {
		o.Status = Interrupted
		return o
	}
	o.Status, o.Err = Failed, err
	return o
}
