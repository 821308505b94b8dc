package engine

import (
	"context"
	"errors"
	"slices"
	"time"
)

// begin notes that something is about to be made. What cannot be noted is not
// made, and nothing else is begun either: one node fails with the reason, and
// those that were about to begin as well are interrupted.
func (r *run) begin(ctx context.Context, k Key) error {
	err := r.Record.Begin(ctx, k)
	if err == nil {
		return nil
	}
	r.halt()
	if r.mute.Swap(true) {
		return ErrInterrupted
	}
	return err
}

// create makes the resource. A reply that was lost is looked for by tag,
// patiently, before another is made.
func (m *managed) create(ctx context.Context, r *run, o Outcome, want any) (string, error) {
	if err := r.begin(ctx, o.Key); err != nil {
		return "", err
	}
	if at, ok := r.Record.InFlight(o.Key); ok {
		ctx = withToken(ctx, o.Key, at)
	}
	var id string
	once := func() (err error) {
		id, err = m.Create(ctx, want)
		return err
	}
	err := r.retry(ctx, o, func() error {
		err := r.call(ctx, once)
		if id != "" || err == nil || r.Classify(err) != Lost {
			return err
		}
		found, lerr := m.seek(ctx, r, Entry{}, r.Clock.Now(), r.Clock.Now().Add(visibleWithin))
		if lerr != nil {
			return errors.Join(err, lerr)
		}
		if found.Phase == Absent || found.Phase == Leaving {
			return r.call(ctx, once)
		}
		id = found.ID
		return nil
	})
	return id, err
}

// update makes have into want, and tells the id afterwards, which is another one
// for a resource that keeps revisions.
func (m *managed) update(ctx context.Context, r *run, o Outcome, id string, have, want any, recorded bool) (string, error) {
	until := m.unseen(r, id)
	if !recorded {
		m.record(r, id, "")
	}
	if !m.revises() {
		return id, r.retry(ctx, o, func() error {
			return r.call(ctx, func() error { return m.Update(ctx, id, have, want) })
		})
	}
	revision := ""
	if !until.IsZero() {
		var err error
		if revision, err = m.revised(ctx, r, o, id, want, until); err != nil {
			return id, err
		}
		if revision != "" {
			m.record(r, revision, "")
			return revision, nil
		}
	}
	if err := r.begin(ctx, o.Key); err != nil {
		return id, err
	}
	once := func() (err error) {
		revision, err = m.Revise(ctx, id, have, want)
		return err
	}
	err := r.retry(ctx, o, func() error {
		err := r.call(ctx, once)
		if err == nil || r.Classify(err) != Lost {
			return err
		}
		if revision, err = m.revised(ctx, r, o, id, want, r.Clock.Now().Add(visibleWithin)); err != nil || revision != "" {
			return err
		}
		return r.call(ctx, once)
	})
	if err != nil {
		return id, err
	}
	m.record(r, revision, "")
	return revision, nil
}

// unseen is until when there may be a revision later than id that does not show
// yet: one that a run died making, or one that was recorded moments ago. Zero is
// that there is none.
func (m *managed) unseen(r *run, id string) time.Time {
	if at, ok := r.Record.InFlight(m.Key()); ok {
		return at.Add(visibleWithin)
	}
	if e, ok := r.Record.Get(m.Key()); ok && e.ID != id {
		return e.CreatedAt.Add(visibleWithin)
	}
	return time.Time{}
}

// revised looks, until that moment, for a revision that may have been made
// although nobody heard of it; "" is none.
func (m *managed) revised(ctx context.Context, r *run, o Outcome, id string, want any, until time.Time) (string, error) {
	p := r.poll(o, 2*visibleWithin)
	began := r.Clock.Now()
	until = earlier(until, began.Add(visibleWithin))
	for {
		found, err := m.find(ctx, r, id, later(began, r.fresh()))
		if err != nil {
			return "", err
		}
		if found.ID != id && len(m.Diff(found.Spec, want)) == 0 {
			return found.ID, nil
		}
		if !r.Clock.Now().Before(until) {
			return "", nil
		}
		if err := p.wait(ctx, "looking for a revision that may have been made"); err != nil {
			return "", err
		}
	}
}

func (m *managed) record(r *run, id, old string) {
	needs, _ := m.edges()
	e := Entry{Key: m.Key(), Kind: m.Key().Kind(), ID: id, Needs: needs, CreatedAt: r.Clock.Now()}
	if was, ok := r.Record.Get(m.Key()); ok {
		// A replacement may turn out to be what was replaced before, under its old name.
		e.Deposed = slices.DeleteFunc(slices.Clone(was.Deposed), func(d string) bool { return d == id })
	}
	if old != "" && !slices.Contains(e.Deposed, old) {
		e.Deposed = append(e.Deposed, old)
	}
	r.Record.Record(e)
}
