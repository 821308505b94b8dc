package engine

import (
	"context"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
)

// owned is a box that the world deletes with another one.
type owned struct {
	*box
	owner Node
}

func (p *owned) OwnedBy() Node { return p.owner }

// frame is a box that takes what it owns along when it goes.
type frame struct {
	*box
	refuses error
}

func (f *frame) Delete(ctx context.Context, id string) error {
	if f.refuses != nil {
		return f.refuses
	}
	f.w.mu.Lock()
	for i, t := range f.w.things {
		if strings.HasPrefix(t.name, "rule/") {
			delete(f.w.things, i)
		}
	}
	f.w.mu.Unlock()
	return f.box.Delete(ctx, id)
}

// edge is a listener with two rules, a group that they lead to, and an alarm that
// needs one of the rules.
type edge struct {
	w        *world
	rec      *Memory
	listener *frame
	steps    []Step
}

func newEdge(t *testing.T) *edge {
	w := newWorld()
	group := &box{w: w, key: "group"}
	listener := &frame{box: &box{w: w, key: "listener"}}
	a := &owned{&box{w: w, key: "rule/a", needs: []Node{listener, group}}, listener}
	b := &owned{&box{w: w, key: "rule/b", needs: []Node{listener, a}}, listener}
	alarm := &box{w: w, key: "alarm", needs: []Node{a}}
	e := &edge{w: w, rec: NewMemory(RealClock{}), listener: listener}
	e.steps = []Step{Manage(group), Manage(listener), Manage(a), Manage(b), Manage(alarm)}
	must2(t)(apply(Walk{Steps: e.steps, Record: e.rec}).Up(t.Context()))
	w.log = nil
	return e
}

func TestWhatIsOwnedGoesWithItsOwnerAndCostsNoCall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := newEdge(t)
		res := must2(t)(apply(Walk{Steps: e.steps, Record: e.rec}).Down(t.Context()))
		if want := []string{"delete alarm", "delete listener", "delete group"}; !slices.Equal(e.w.log, want) {
			t.Errorf("got %v, want %v", e.w.log, want)
		}
		if n := res.Count(Delete); n != 5 {
			t.Errorf("%d are said to be deleted, not 5", n)
		}
		if len(e.rec.Entries()) > 0 {
			t.Errorf("recorded still: %v", e.rec.Entries())
		}
	})
}

func TestWhatIsOwnedGoesAloneWhenItsOwnerStays(t *testing.T) {
	for why, limit := range map[string]func(*Walk, *edge){
		"it is not in the walk": func(w *Walk, e *edge) {
			w.Steps, w.Orphans = nil, []Step{Orphan(e.steps[2], []Key{"listener", "group"})}
		},
		"it is not chosen": func(w *Walk, _ *edge) { w.Only = func(k Key) bool { return k == "rule/a" } },
		"it is kept": func(w *Walk, _ *edge) {
			w.Only = func(k Key) bool { return k == "rule/a" || k == "listener" }
			w.Keep = func(k Key) string { return map[Key]string{"listener": "kept"}[k] }
		},
	} {
		t.Run(why, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				e := newEdge(t)
				w := Walk{Steps: e.steps, Record: e.rec}
				limit(&w, e)
				must2(t)(apply(w).Down(t.Context()))
				if want := []string{"delete rule/a"}; !slices.Equal(e.w.log, want) {
					t.Errorf("got %v, want %v", e.w.log, want)
				}
			})
		})
	}
}

func TestAnOwnerThatDoesNotGoLeavesWhatItOwns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := newEdge(t)
		e.listener.refuses = errBoom
		res, err := apply(Walk{Steps: e.steps, Record: e.rec}).Down(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for k, want := range map[Key]Status{"alarm": Done, "listener": Failed, "rule/a": Blocked, "rule/b": Blocked, "group": Blocked} {
			if o, _ := res.Get(k); o.Status != want {
				t.Errorf("%s is %s, want %s", k, o.Status, want)
			}
		}
		e.listener.refuses = nil
		must2(t)(apply(Walk{Steps: e.steps, Record: e.rec}).Down(t.Context()))
		if got := e.w.names(); len(got) > 0 {
			t.Errorf("the world still has %v", got)
		}
	})
}

// The owner waits until what it owns was read: a read that queued behind everything
// else would hold up the owner, and what waits for the owner.
func TestWhatIsOwnedIsReadBeforeItsOwnerWhenSlotsAreFew(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		vs := downs(newEdge(t).steps)
		rank(vs)
		for _, v := range vs {
			if v.owner != nil && v.rank <= v.owner.rank {
				t.Errorf("%s has rank %d and its owner %s has %d", v.step.Key(), v.rank, v.owner.step.Key(), v.owner.rank)
			}
		}
	})
}

func TestWhatIsOwnedDependsOnItsOwner(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		got := Dependents(newEdge(t).steps, func(k Key) bool { return k == "listener" })
		for _, k := range []Key{"listener", "rule/a", "rule/b", "alarm"} {
			if !got[k] {
				t.Errorf("%s is not among %v", k, got)
			}
		}
		if got["group"] {
			t.Error("the group does not need the listener")
		}
	})
}

func TestWhatDoesNotNeedItsOwnerIsRefused(t *testing.T) {
	w := newWorld()
	listener := &box{w: w, key: "listener"}
	_, err := apply(Walk{Steps: []Step{Manage(listener), Manage(&owned{&box{w: w, key: "rule"}, listener})}}).Up(t.Context())
	if err == nil || !strings.Contains(err.Error(), "rule is owned by listener, which it does not need") {
		t.Errorf("got %v", err)
	}
}
