package engine

import (
	"context"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// stubborn is a thing that AWS reads back otherwise, whatever is written.
type stubborn struct {
	*box
	reads     int
	essential bool
	updates   int
}

func (s *stubborn) Find(ctx context.Context, look Look) (Found[thingSpec], error) {
	f, err := s.box.Find(ctx, look)
	f.Spec.Size = s.reads
	return f, err
}

func (s *stubborn) Diff(have, want thingSpec) []Change {
	all := s.box.Diff(have, want)
	for i := range all {
		all[i].Essential = s.essential
	}
	return all
}

func (s *stubborn) Update(ctx context.Context, id string, have, want thingSpec) error {
	s.updates++
	return s.box.Update(ctx, id, have, want)
}

func TestWhatAWSReadsBackOtherwiseIsToldOnceAndLeft(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, rec := newWorld(), NewMemory(RealClock{})
		s := &stubborn{box: &box{w: w, key: "vpc", size: 5}, reads: 7}
		up := func() Outcome {
			t.Helper()
			return must2(t)(apply(Walk{Steps: []Step{Manage(s)}, Record: rec}).Up(t.Context())).Outcomes[0]
		}
		left := []Difference{{Field: "size", Want: "5", Read: "7"}}
		began := time.Now()
		first := up()
		if !slices.Equal(first.Differs, left) || len(first.Notes) != 1 || s.updates != 1 || time.Since(began) > 2*visibleWithin {
			t.Errorf("after %s and %d updates: %+v", time.Since(began), s.updates, first)
		}
		if want := "vpc: size was set to 5, and AWS reads it back as 7: karmactl leaves it at that"; !slices.Contains(first.Notes, want) {
			t.Errorf("it says %q", first.Notes)
		}
		if e, _ := rec.Get("vpc"); !slices.Equal(e.Differs, left) {
			t.Errorf("recorded is %+v", e)
		}
		began = time.Now()
		if o := up(); o.Verb != None || len(o.Notes) > 0 || !slices.Equal(o.Differs, left) || s.updates != 1 || time.Since(began) > time.Second {
			t.Errorf("the second up took %s: %+v", time.Since(began), o)
		}
		s.reads = 8 // AWS says another thing: it is tried again
		if o := up(); o.Verb != Update || s.updates != 2 || len(o.Notes) != 1 {
			t.Errorf("after another answer: %+v", o)
		}
		s.reads = 5 // AWS has come round
		if o := up(); o.Verb != None || len(o.Differs) > 0 {
			t.Errorf("without a difference: %+v", o)
		}
		if e, _ := rec.Get("vpc"); len(e.Differs) > 0 {
			t.Errorf("recorded is %+v", e)
		}
	})
}

func TestADifferenceHoldsUpDependentsOnlyWhereItIsEssential(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, essential := range []bool{false, true} {
			w, rec := newWorld(), NewMemory(RealClock{})
			s := &stubborn{box: &box{w: w, key: "vpc", size: 5}, reads: 7, essential: essential}
			d := &box{w: w, key: "subnet", size: 1, needs: []Node{s}}
			began := time.Now()
			res, err := apply(Walk{Steps: []Step{Manage(s), Manage(d)}, Record: rec}).Up(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			o, _ := res.Get("subnet")
			if !essential {
				if res.Err() != nil || o.Ended.Sub(began) > 20*time.Second {
					t.Errorf("%v: the dependent waited for %s", res.Err(), o.Ended.Sub(began))
				}
				continue
			}
			if res.Err() == nil || !strings.Contains(res.Err().Error(), "still reads size 7 instead of 5") || o.Status != Blocked || o.Reason != "waits for vpc" {
				t.Errorf("%v: the dependent is %+v", res.Err(), o)
			}
			if e, _ := rec.Get("vpc"); len(e.Differs) > 0 || len(w.names()) != 1 {
				t.Errorf("recorded is %+v, there is %v", e, w.names())
			}
		}
	})
}
