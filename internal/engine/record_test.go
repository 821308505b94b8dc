package engine

import (
	"context"
	"errors"
	"slices"
	"testing"
	"testing/synctest"
	"time"
)

func TestWhatIsFoundAfterALostReplyIsRecorded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, rec := newWorld(), NewMemory(RealClock{})
		w.lose["vpc"] = true
		o := must2(t)(apply(Walk{Steps: steps(&box{w: w, key: "vpc", size: 1}), Record: rec}).Up(t.Context())).Outcomes[0]
		e, _ := rec.Get("vpc")
		if _, flying := rec.InFlight("vpc"); o.ID != "id-1" || e.ID != "id-1" || e.Kind != "vpc" || e.CreatedAt.IsZero() || flying {
			t.Errorf("%+v, recorded is %+v", o, e)
		}
	})
}

func TestWhatIsThereAndNotRecordedIsRecordedAndWhatIsRecordedKeepsItsRecord(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, rec := newWorld(), NewMemory(RealClock{})
		b := &box{w: w, key: "vpc", size: 1}
		up := func(rec *Memory) (Outcome, Entry) {
			t.Helper()
			o := must2(t)(apply(Walk{Steps: steps(b), Record: rec}).Up(t.Context())).Outcomes[0]
			e, _ := rec.Get("vpc")
			return o, e
		}
		_, made := up(rec)
		time.Sleep(time.Hour)
		made.Differs, made.Adopted = []Difference{{Field: "x"}}, AdoptionWhole
		rec.Record(made)
		b.size = 2
		if _, e := up(rec); !e.CreatedAt.Equal(made.CreatedAt) || e.Adopted != AdoptionWhole {
			t.Errorf("after an update, recorded is %+v", e)
		}
		if _, e := up(rec); !e.CreatedAt.Equal(made.CreatedAt) {
			t.Errorf("after an up that does nothing, recorded is %+v", e)
		}
		for _, size := range []int{2, 3} { // the state is lost: nothing is to do, and an update is
			lost := NewMemory(RealClock{})
			b.size = size
			if o, e := up(lost); e.ID != made.ID || o.Verb == Create || len(w.names()) != 1 {
				t.Errorf("%+v, recorded is %+v", o, e)
			}
		}
		rec.Record(Entry{Key: "vpc", Kind: "vpc", ID: "id-0", Adopted: AdoptionWhole}) // another one, gone since
		if _, e := up(rec); e.ID != made.ID || e.Adopted != "" {
			t.Errorf("another one with its name is recorded as %+v", e)
		}
	})
}

// lostBook is a book of which the reply to a revision is lost, or is a refusal.
type lostBook struct {
	*book
	undone, refused bool
	revises         int
}

func (b *lostBook) Revise(ctx context.Context, id string, have, want thingSpec) (string, error) {
	b.revises++
	switch {
	case b.refused:
		return "", errBoom
	case b.undone:
		b.undone = false
		return "", errLost
	}
	return b.book.Revise(ctx, id, have, want)
}

func TestARevisionWhoseReplyWasLostIsMadeOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for name, c := range map[string]struct {
			lose, undone, refused bool
			revises               int
			id                    string
		}{
			"it was made":     {lose: true, revises: 1, id: "book:2"},
			"it was not made": {undone: true, revises: 2, id: "book:2"},
			"it was refused":  {refused: true, revises: 1, id: "book:1"},
		} {
			rec := NewMemory(RealClock{})
			b := &lostBook{book: &book{pages: 1, wanted: true}}
			must2(t)(apply(Walk{Steps: []Step{Manage(b)}, Record: rec}).Up(t.Context()))
			time.Sleep(time.Hour)
			b.pages, b.lose, b.undone, b.refused = 2, c.lose, c.undone, c.refused
			res, err := apply(Walk{Steps: []Step{Manage(b)}, Record: rec}).Up(t.Context())
			if err != nil || errors.Is(res.Err(), errBoom) != c.refused || (!c.refused && res.Err() != nil) {
				t.Errorf("%s: %v, %v", name, err, res.Err())
			}
			e, _ := rec.Get("book")
			if want := map[bool]int{true: 1, false: 2}[c.refused]; e.ID != c.id || b.revises != c.revises || len(b.revisions) != want {
				t.Errorf("%s: %d calls, %d revisions, recorded is %+v", name, b.revises, len(b.revisions), e)
			}
		}
	})
}

func TestAPlanShowsDependentsWhatWillBeAndAnUpWhatIs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, rec := newWorld(), NewMemory(RealClock{})
		s := &successor{box: &box{w: w, key: "rule/a", size: 1}}
		plan := func() Outcome {
			t.Helper()
			return must2(t)(Walk{Steps: []Step{Manage(s)}, Record: rec, Clock: RealClock{}, Classify: classify}.Up(t.Context())).Outcomes[0]
		}
		if o := plan(); o.Verb != Create || o.ID != "" || o.Have != nil || o.Want != (thingSpec{Size: 1}) || s.ID() != Unknown("rule/a") {
			t.Errorf("before it is made: %+v, dependents see %s", o, s.ID())
		}
		must2(t)(apply(Walk{Steps: []Step{Manage(s)}, Record: rec}).Up(t.Context()))
		if s.ID() != "id-1" {
			t.Errorf("made, dependents see %s", s.ID())
		}
		s.size = 2
		if o := plan(); o.Verb != Update || o.ID != "id-1" || o.Have != (thingSpec{Size: 1}) || s.ID() != "id-1" {
			t.Errorf("to be updated: %+v, dependents see %s", o, s.ID())
		}
		s.size = 200
		if o := plan(); o.Verb != Replace || o.ID != "id-1" || s.ID() != Unknown("rule/a") || !slices.Equal(w.names(), []string{"rule/a=1"}) {
			t.Errorf("to be replaced: %+v, dependents see %s", o, s.ID())
		}
		b := &book{pages: 1, wanted: true, revisions: []thing{{size: 5}}}
		must2(t)(Walk{Steps: []Step{Manage(b)}, Record: rec, Clock: RealClock{}, Classify: classify}.Up(t.Context()))
		if b.ID() != Unknown("book") {
			t.Errorf("to be revised, dependents see %s", b.ID())
		}
	})
}

// unasked is a resource that cannot be told whether it is wanted, or lacks something.
type unasked struct {
	*box
	wanted, missing error
}

func (u *unasked) Wanted(context.Context) (bool, string, error)   { return true, "", u.wanted }
func (u *unasked) Missing(context.Context) (*MissingInput, error) { return nil, u.missing }

func TestWhatCannotBeAskedIsNotMade(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld()
		for _, u := range []*unasked{{wanted: errBoom}, {missing: errBoom}} {
			u.box = &box{w: w, key: "vpc", size: 1}
			res, err := apply(Walk{Steps: []Step{Manage(u)}}).Up(t.Context())
			if err != nil || !errors.Is(res.Err(), errBoom) || len(w.names()) > 0 {
				t.Errorf("%v, %v, there is %v", err, res.Err(), w.names())
			}
		}
	})
}
