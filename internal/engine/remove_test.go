package engine

import (
	"context"
	"errors"
	"runtime"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// hesitant is a Recorder that lets others go first after each read.
type hesitant struct{ *Memory }

func (h hesitant) Get(k Key) (Entry, bool) {
	e, ok := h.Memory.Get(k)
	for range 50 {
		runtime.Gosched()
	}
	return e, ok
}

// Both deletes end at the same moment, and each takes its own id out of the record.
func TestTwoThatWereReplacedAreForgottenBoth(t *testing.T) {
	for range 20 {
		synctest.Test(t, func(t *testing.T) {
			w, rec := newWorld(), NewMemory(RealClock{})
			s := &successor{box: &box{w: w, key: "rule/a", size: 1}}
			walk := func() Walk { return apply(Walk{Steps: []Step{Manage(s)}, Record: hesitant{rec}}) }
			must2(t)(walk().Up(t.Context()))
			s.refuse = true
			for _, s.size = range []int{200, 300} {
				if res, err := walk().Up(t.Context()); err != nil || res.Err() == nil {
					t.Fatalf("the delete of what was replaced did not fail: %v", err)
				}
			}
			s.refuse = false
			must2(t)(walk().Up(t.Context()))
			if e, _ := rec.Get(s.key); len(e.Deposed) > 0 {
				t.Errorf("%v are gone, and recorded as to be deleted", e.Deposed)
			}
		})
	}
}

// clinging is a thing that something else uses.
type clinging struct {
	*box
	foreign bool
	until   time.Time
	tries   int
}

func (c *clinging) Delete(ctx context.Context, id string) error {
	c.tries++
	if time.Now().Before(c.until) {
		return &InUse{Holder: "eni-1", Foreign: c.foreign, Err: errBusy}
	}
	return c.box.Delete(ctx, id)
}

func TestAUseThatEndsByItselfIsWaitedForAndOneOfOthersOnlyBriefly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, c := range []struct {
			foreign bool
			lasts   time.Duration
			gone    bool
		}{{false, 5 * time.Minute, true}, {true, 20 * time.Second, true}, {true, time.Hour, false}} {
			w, rec := newWorld(), NewMemory(RealClock{})
			b := &clinging{box: &box{w: w, key: "vpc", size: 1}, foreign: c.foreign}
			must2(t)(apply(Walk{Steps: []Step{Manage(b)}, Record: rec}).Up(t.Context()))
			began := time.Now()
			b.until = began.Add(c.lasts)
			res, err := apply(Walk{Steps: []Step{Manage(b)}, Record: rec}).Down(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			use, took := new(InUse), time.Since(began)
			if c.gone {
				if res.Err() != nil || len(w.names()) > 0 || len(rec.Entries()) > 0 || took > c.lasts+3*time.Second {
					t.Errorf("%+v: after %s: %v, and there is %v", c, took, res.Err(), w.names())
				}
				continue
			}
			if !errors.As(res.Err(), &use) || took > 40*time.Second || len(rec.Entries()) != 1 {
				t.Errorf("%+v: after %s: %v", c, took, res.Err())
			}
			if !strings.Contains(res.Err().Error(), "eni-1 holds it, and is not karmactl's") {
				t.Errorf("it says %v", res.Err())
			}
		}
	})
}

func TestWhatIsNotKarmactlsIsNoErrorOnTheWayDownAndForgotten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, rec := newWorld(), NewMemory(RealClock{})
		b := &box{w: w, key: "vpc", size: 1}
		must2(t)(apply(Walk{Steps: steps(b), Record: rec}).Up(t.Context()))
		b.foreign = &NotManaged{Key: "vpc"}
		res := must2(t)(apply(Walk{Steps: steps(b), Record: rec}).Down(t.Context()))
		if o := res.Outcomes[0]; o.Verb != None || o.Reason != "not karmactl's" || len(w.names()) != 1 || len(rec.Entries()) > 0 {
			t.Errorf("%+v, there is %v, recorded is %v", o, w.names(), rec.Entries())
		}
		b.foreign = errBoom
		if res, err := apply(Walk{Steps: steps(b), Record: rec}).Down(t.Context()); err != nil || !errors.Is(res.Err(), errBoom) {
			t.Errorf("a read that fails: %v, %v", err, res.Err())
		}
	})
}

func TestADownThatIsStoppedBeginsNothingAndForgetsNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, rec := newWorld(), NewMemory(RealClock{})
		v := &box{w: w, key: "vpc", size: 1}
		s := &box{w: w, key: "subnet", size: 1, needs: []Node{v}}
		must2(t)(apply(Walk{Steps: steps(v, s), Record: rec}).Up(t.Context()))
		stop := make(chan struct{})
		close(stop)
		for _, dry := range []bool{false, true} {
			walk := apply(Walk{Steps: steps(v, s), Record: rec, Stop: stop})
			walk.Apply = !dry
			res, err := walk.Down(t.Context())
			if err != nil || len(w.names()) != 2 || len(rec.Entries()) != 2 || (!dry && !errors.Is(res.Err(), ErrInterrupted)) {
				t.Errorf("dry %v: %v, %v: there is %v, recorded is %v", dry, err, res.Err(), w.names(), rec.Entries())
			}
			if dry && res.Count(Delete) != 2 {
				t.Errorf("a plan is not stopped, and shows %d deletes", res.Count(Delete))
			}
		}
	})
}

func TestOrphansStayUntilEverythingElseIsInPlace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, rec := newWorld(), NewMemory(RealClock{})
		v, old := &box{w: w, key: "vpc", size: 1}, &box{w: w, key: "old", size: 1}
		must2(t)(apply(Walk{Steps: steps(old), Record: rec}).Up(t.Context()))
		walk := func() Walk {
			return apply(Walk{Steps: steps(v), Orphans: []Step{Orphan(Manage(old), nil)}, Record: rec})
		}
		v.fail = errBoom
		res, err := walk().Up(t.Context())
		o, _ := res.Get("old")
		if err != nil || o.Status != Blocked || o.Verb != Delete || !slices.Equal(w.names(), []string{"old=1"}) {
			t.Errorf("%v: %+v, there is %v", err, o, w.names())
		}
		plan := walk()
		plan.Apply = false
		if res, err = plan.Up(t.Context()); err != nil || res.Count(Delete) != 1 || res.Count(Create) != 1 {
			t.Errorf("%v: the plan shows %+v", err, res.Outcomes)
		}
		v.fail = nil
		must2(t)(walk().Up(t.Context()))
		if _, recorded := rec.Get("old"); recorded || !slices.Equal(w.names(), []string{"vpc=1"}) {
			t.Errorf("there is %v, recorded is %v", w.names(), rec.Entries())
		}
	})
}
