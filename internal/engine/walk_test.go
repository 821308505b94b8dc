package engine

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func TestASlowNodeHoldsUpOnlyWhatNeedsIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld()
		slow := &box{w: w, key: "nat", takes: 95 * time.Second}
		quick := &box{w: w, key: "vpc"}
		waits := &box{w: w, key: "route", needs: []Node{slow, quick}}
		free := &box{w: w, key: "subnet", needs: []Node{quick}}
		began := time.Now()
		res, err := apply(Walk{Steps: steps(slow, quick, waits, free)}).Up(t.Context())
		must(t, res, err)
		if got, _ := res.Get("subnet"); got.Took > 10*time.Second {
			t.Errorf("the subnet took %s: it waited for the NAT gateway", got.Took)
		}
		if took := time.Since(began); took < 95*time.Second || took > 104*time.Second {
			t.Errorf("up took %s, the slow path is 98 s", took)
		}
		if want := []string{"create vpc", "create route"}; slices.Index(w.log, want[0]) > slices.Index(w.log, want[1]) {
			t.Errorf("out of order: %v", w.log)
		}
	})
}

func TestAUsableNodeLetsDependentsStart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld()
		lb := &box{w: w, key: "alb", takes: 150 * time.Second, usable: true}
		listener := &box{w: w, key: "listener", takes: 100 * time.Second, needs: []Node{lb}}
		began := time.Now()
		must2(t)(apply(Walk{Steps: steps(lb, listener)}).Up(t.Context()))
		if took := time.Since(began); took > 155*time.Second {
			t.Errorf("up took %s: the listener waited for the load balancer to be active", took)
		}
	})
}

func TestWhatBreaksAfterItWasUsableHoldsUpThoseThatHaveNotBegun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld()
		lb := &box{w: w, key: "alb", takes: 60 * time.Second, usable: true, breaks: true}
		slow := &box{w: w, key: "nat", takes: 95 * time.Second}
		early := &box{w: w, key: "listener", needs: []Node{lb}}
		late := &box{w: w, key: "service", needs: []Node{slow, lb}}
		res, err := apply(Walk{Steps: steps(lb, slow, early, late)}).Up(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for key, want := range map[Key]Status{"alb": Failed, "nat": Done, "listener": Done, "service": Blocked} {
			if got, _ := res.Get(key); got.Status != want {
				t.Errorf("%s is %s, want %s", key, got.Status, want)
			}
		}
	})
}

func must2(t *testing.T) func(*Result, error) *Result {
	return func(r *Result, err error) *Result { t.Helper(); return must(t, r, err) }
}

func TestAFailureBlocksOnlyWhatIsDownstream(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld()
		bad := &box{w: w, key: "bad", fail: errBoom}
		below := &box{w: w, key: "below", needs: []Node{bad}}
		beside := &box{w: w, key: "beside"}
		res, err := apply(Walk{Steps: steps(bad, below, beside)}).Up(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for key, want := range map[Key]Status{"bad": Failed, "below": Blocked, "beside": Done} {
			if got, _ := res.Get(key); got.Status != want {
				t.Errorf("%s is %s, want %s", key, got.Status, want)
			}
		}
		if !errors.Is(res.Err(), errBoom) || strings.Contains(res.Err().Error(), "below") {
			t.Errorf("the error is %v: it should name bad and not what is blocked by it", res.Err())
		}
	})
}

func TestALostReplyIsLookedForBeforeASecondIsMade(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld()
		w.lose["vpc"] = true
		must2(t)(apply(Walk{Steps: steps(&box{w: w, key: "vpc", size: 1})}).Up(t.Context()))
		if got := w.names(); !slices.Equal(got, []string{"vpc=1"}) {
			t.Errorf("the world has %v", got)
		}
	})
}

func TestANoteOfAClockThatRunsAheadHoldsNothingUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld()
		rec := NewMemory(RealClock{})
		rec.inFlight["vpc"] = time.Now().Add(time.Hour)
		walk := apply(Walk{Steps: steps(&box{w: w, key: "vpc", size: 1})})
		walk.Record = rec
		began := time.Now()
		must2(t)(walk.Up(t.Context()))
		if took := time.Since(began); took > visibleWithin+10*time.Second || len(w.names()) != 1 {
			t.Errorf("after %s the world has %v", took, w.names())
		}
	})
}

func TestMoreLostRepliesThanSlotsDoNotStopTheWalk(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld()
		var boxes []*box
		for i := range 5 {
			key := fmt.Sprintf("role/%d", i)
			w.lose[key] = true
			boxes = append(boxes, &box{w: w, key: Key(key), size: 1})
		}
		must2(t)(apply(Walk{Steps: steps(boxes...), Width: 2}).Up(t.Context()))
		if got := w.names(); len(got) != 5 {
			t.Errorf("the world has %v", got)
		}
	})
}

func TestARunThatDiedIsFinishedByTheNext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld()
		rec := NewMemory(RealClock{})
		v := &box{w: w, key: "vpc", size: 1}
		// The first run noted the create, made the VPC and died.
		_ = rec.Begin(t.Context(), "vpc")
		_, _ = v.Create(t.Context(), v.Want(), "")
		must2(t)(apply(Walk{Steps: steps(v), Record: rec}).Up(t.Context()))
		if got := w.names(); !slices.Equal(got, []string{"vpc=1"}) {
			t.Errorf("the world has %v", got)
		}
		if e, ok := rec.Get("vpc"); !ok || e.ID != "id-1" {
			t.Errorf("the VPC is not adopted: %v", e)
		}
	})
}

func TestDuplicatesAreDeletedAtTheEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld()
		v := &box{w: w, key: "vpc", size: 1}
		_, _ = v.Create(t.Context(), v.Want(), "")
		_, _ = v.Create(t.Context(), v.Want(), "")
		time.Sleep(5 * time.Second)
		plan := Walk{Steps: steps(v), Clock: RealClock{}, Classify: classify, Record: NewMemory(RealClock{})}
		res := must2(t)(plan.Up(t.Context()))
		if o, _ := res.Get("vpc#id-2"); o.Verb != Delete {
			t.Errorf("the plan does not show the duplicate: %+v", res.Outcomes)
		}
		must2(t)(apply(Walk{Steps: steps(v), Shown: res}).Up(t.Context()))
		if got := w.names(); !slices.Equal(got, []string{"vpc=1"}) {
			t.Errorf("the world has %v", got)
		}
	})
}

func TestWhatCannotChangeInPlaceIsRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld()
		v := &box{w: w, key: "vpc", size: 1}
		rec := NewMemory(RealClock{})
		must2(t)(apply(Walk{Steps: steps(v), Record: rec}).Up(t.Context()))
		v.size = 101
		res, err := apply(Walk{Steps: steps(v), Record: rec}).Up(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		var ir *Irreplaceable
		if !errors.As(res.Err(), &ir) || ir.Change.Now != "101" {
			t.Errorf("got %v", res.Err())
		}
	})
}

func TestAVerbThatThePlanDidNotShowStopsTheRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld()
		rec := NewMemory(RealClock{})
		v := &box{w: w, key: "vpc", size: 1}
		below := &box{w: w, key: "subnet", size: 1, needs: []Node{v}}
		must2(t)(apply(Walk{Steps: steps(v, below), Record: rec}).Up(t.Context()))
		plan := Walk{Steps: steps(v, below), Record: rec, Clock: RealClock{}, Classify: classify}
		shown := must2(t)(plan.Up(t.Context()))
		for _, th := range w.things {
			th.size = 7 // the world moves
		}
		res, err := apply(Walk{Steps: steps(v, below), Record: rec, Shown: shown}).Up(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		var moved *PlanStale
		if !errors.As(res.Err(), &moved) || slices.Contains(w.log, "update vpc") {
			t.Errorf("got %v after %v", res.Err(), w.log)
		}
	})
}

func TestAStopFinishesWhatRunsAndStartsNothingNew(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld()
		rec := NewMemory(RealClock{})
		stop := make(chan struct{})
		nat := &box{w: w, key: "nat", takes: 95 * time.Second}
		route := &box{w: w, key: "route", needs: []Node{nat}}
		go func() { time.Sleep(30 * time.Second); close(stop) }()
		began := time.Now()
		res, err := apply(Walk{Steps: steps(nat, route), Record: rec, Stop: stop}).Up(t.Context())
		if err != nil || !errors.Is(res.Err(), ErrInterrupted) {
			t.Fatalf("got %v, %v", err, res.Err())
		}
		if took := time.Since(began); took != 30*time.Second {
			t.Errorf("it stopped after %s, not at once", took)
		}
		if e, ok := rec.Get("nat"); !ok || e.ID == "" {
			t.Error("what was made is not recorded")
		}
		must2(t)(apply(Walk{Steps: steps(nat, route), Record: rec}).Up(t.Context()))
		if got := w.names(); !slices.Equal(got, []string{"nat=0", "route=0"}) {
			t.Errorf("the world has %v", got)
		}
	})
}

func TestDownDeletesDependentsFirstAndWaitsForWhatHoldsOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld()
		rec := NewMemory(RealClock{})
		vpc := &box{w: w, key: "vpc"}
		subnet := &box{w: w, key: "subnet", needs: []Node{vpc}}
		service := &box{w: w, key: "service", needs: []Node{subnet}}
		must2(t)(apply(Walk{Steps: steps(vpc, subnet, service), Record: rec}).Up(t.Context()))
		w.log = nil
		w.busyUntil["subnet"] = time.Now().Add(40 * time.Second)
		must2(t)(apply(Walk{Steps: steps(vpc, subnet, service), Record: rec}).Down(t.Context()))
		if want := []string{"delete service", "delete subnet", "delete vpc"}; !slices.Equal(w.log, want) {
			t.Errorf("got %v, want %v", w.log, want)
		}
		if len(rec.Entries()) > 0 {
			t.Errorf("recorded still: %v", rec.Entries())
		}
	})
}

func TestAWaitingNodeIsNotAFailureAndHoldsItsDependents(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld()
		td := &box{w: w, key: "task-definition", waiting: &MissingInput{Agent: "validator", Reason: "no image", Command: "karmactl deploy validator --build"}}
		service := &box{w: w, key: "service", needs: []Node{td}}
		res := must2(t)(apply(Walk{Steps: steps(td, service)}).Up(t.Context()))
		for _, k := range []Key{"task-definition", "service"} {
			if o, _ := res.Get(k); o.Status != AwaitingUser || o.Missing.Agent != "validator" {
				t.Errorf("%s is %s", k, o.Status)
			}
		}
		if len(w.log) > 0 {
			t.Errorf("something was done: %v", w.log)
		}
	})
}

func TestACycleIsNamedBeforeAnythingRuns(t *testing.T) {
	w := newWorld()
	a, b := &box{w: w, key: "a"}, &box{w: w, key: "b"}
	a.needs, b.needs = []Node{b}, []Node{a}
	_, err := apply(Walk{Steps: steps(a, b)}).Up(t.Context())
	if err == nil || !strings.Contains(err.Error(), "a -> b -> a") {
		t.Errorf("got %v", err)
	}
}

func TestDownShowsWhatIsNotToBeSeenYetAndDeletesItOnceItIs(t *testing.T) {
	for name, c := range map[string]struct{ made, recorded bool }{
		"it was made and not recorded": {true, false}, "it was made and recorded": {true, true}, "it was not made": {false, false},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w, rec := newWorld(), NewMemory(RealClock{})
				namespace := &box{w: w, key: "namespace"}
				if err := rec.Begin(t.Context(), "namespace"); err != nil {
					t.Fatal(err)
				}
				if c.made { // and shows in three seconds, when the plan has been agreed to
					id, err := namespace.Create(t.Context(), thingSpec{}, "")
					if err != nil {
						t.Fatal(err)
					}
					if c.recorded {
						rec.Record(Entry{Key: "namespace", ID: id, CreatedAt: time.Now()})
					}
				}
				plan := Walk{Steps: steps(namespace), Record: rec, Clock: RealClock{}, Classify: classify}
				shown := must2(t)(plan.Down(t.Context()))
				if o, _ := shown.Get("namespace"); o.Verb != Delete || o.Reason != "made a moment ago, and not to be seen yet" {
					t.Errorf("the plan shows %s %q", o.Verb, o.Reason)
				}
				res := must2(t)(apply(Walk{Steps: steps(namespace), Record: rec, Shown: shown}).Down(t.Context()))
				want := map[bool]Verb{true: Delete, false: None}[c.made]
				if o, _ := res.Get("namespace"); o.Verb != want || len(w.names()) > 0 || len(Known(rec)) > 0 {
					t.Errorf("%s; the world has %v, recorded are %v", o.Verb, w.names(), Known(rec))
				}
			})
		})
	}
}

func TestAPlanTellsOfAllThatIsAnotherOwnersAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld()
		a := &box{w: w, key: "a", foreign: &NotManaged{Key: "a", What: "box a", ID: "id-a"}}
		b := &box{w: w, key: "b", needs: []Node{a}, foreign: &NotManaged{Key: "b", What: "box b", ID: "id-b"}}
		c := &box{w: w, key: "c", needs: []Node{b}}
		res, err := Walk{Steps: steps(a, b, c), Record: NewMemory(RealClock{}), Clock: RealClock{}, Classify: classify}.Up(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for key, want := range map[Key]Status{"a": Failed, "b": Failed, "c": Blocked} {
			if o, _ := res.Get(key); o.Status != want {
				t.Errorf("%s is %s, want %s", key, o.Status, want)
			}
		}
	})
}
