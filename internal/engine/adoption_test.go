package engine

import (
	"errors"
	"slices"
	"testing"
	"testing/synctest"
)

// taken is a thing of another program's, of size 1, which a record has as taken over.
func taken(t *testing.T, adopted Adoption, differs ...Difference) (*world, *box, *Memory) {
	t.Helper()
	w, rec := newWorld(), NewMemory(RealClock{})
	must2(t)(apply(Walk{Steps: steps(&box{w: w, key: "vpc", size: 1}), Record: rec}).Up(t.Context()))
	e, _ := rec.Get("vpc")
	e.Adopted, e.Differs = adopted, differs
	rec.Record(e)
	w.log = nil
	return w, &box{w: w, key: "vpc"}, rec
}

func TestWhatDiffersOfATakenOverThingIsLeft(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, b, rec := taken(t, AdoptionShared, Difference{Field: "size", Want: "101", Read: "1"})
		b.size = 101 // which could not change in place
		res, err := apply(Walk{Steps: steps(b), Record: rec}).Up(t.Context())
		if err != nil || res.Err() != nil || res.Changes() || len(w.log) > 0 {
			t.Errorf("%v, %v: %v", err, res.Err(), w.log)
		}
	})
}

func TestWhatDiffersOfATakenOverThingIsMadeWhenItIsToBeMadeAfresh(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, c := range []struct {
			adopted Adoption
			chosen  Key
			updates bool
		}{{AdoptionShared, "vpc", true}, {AdoptionWhole, "vpc", true}, {AdoptionShared, "alb", false}, {"", "vpc", false}} {
			_, b, rec := taken(t, c.adopted, Difference{Field: "size", Want: "2", Read: "1"})
			b.size = 2
			w := apply(Walk{Steps: steps(b), Record: rec, Afresh: func(k Key) bool { return k == c.chosen }})
			res, err := w.Up(t.Context())
			if err != nil || res.Err() != nil || res.Changes() != c.updates {
				t.Errorf("%q, %s afresh: %v, %v, changes %v", c.adopted, c.chosen, err, res.Err(), res.Changes())
			}
		}
	})
}

func TestACompareListsWhatDiffersWhateverAWSCanChange(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, b, rec := taken(t, AdoptionBegun)
		b.size = 101
		res, err := Walk{Steps: steps(b), Record: rec, Clock: RealClock{}, Classify: classify, Compare: true}.Up(t.Context())
		if err != nil || res.Err() != nil {
			t.Fatal(err, res.Err())
		}
		if got := Differences(res.Outcomes[0].Changes); !slices.Equal(got, []Difference{{Field: "size", Want: "101", Read: "1"}}) {
			t.Errorf("got %v", got)
		}
	})
}

func TestWhatAnotherProgramHasStillIsNeitherReplacedNorDeletedNorMadeAgain(t *testing.T) {
	refused := func(t *testing.T, res *Result, err error, verb Verb, w *world) {
		t.Helper()
		adopted := new(Adopted)
		if err != nil || !errors.As(res.Err(), &adopted) || adopted.Verb != verb || len(w.log) > 0 {
			t.Errorf("%v, %v: %v", err, res.Err(), w.log)
		}
	}
	synctest.Test(t, func(t *testing.T) {
		w, b, rec := taken(t, AdoptionShared)
		res, err := apply(Walk{Steps: steps(b), Record: rec}).Down(t.Context())
		refused(t, res, err, Delete, w)
		clear(w.things)
		b.size = 1
		res, err = apply(Walk{Steps: steps(b), Record: rec}).Up(t.Context())
		refused(t, res, err, Create, w)

		w, b, rec = taken(t, AdoptionBegun)
		b.size = 2
		res, err = apply(Walk{Steps: steps(b), Record: rec}).Up(t.Context())
		refused(t, res, err, None, w)
	})
}

func TestWhatTheOtherProgramHasLetGoOfGoesAsAnyOther(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, b, rec := taken(t, AdoptionWhole)
		must2(t)(apply(Walk{Steps: steps(b), Record: rec}).Down(t.Context()))
		if len(w.names()) > 0 || len(rec.Entries()) > 0 {
			t.Errorf("there is %v, recorded is %v", w.names(), rec.Entries())
		}
	})
}
