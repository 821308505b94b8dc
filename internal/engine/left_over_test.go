package engine

import (
	"context"
	"slices"
	"testing"
	"testing/synctest"
	"time"
)

func TestWhatIsRecordedSaysWhatItNeeds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, rec := newWorld(), NewMemory(RealClock{})
		v := &box{w: w, key: "vpc", size: 1}
		s := &box{w: w, key: "subnet", size: 1, needs: []Node{v}}
		must2(t)(apply(Walk{Steps: steps(v, s), Record: rec}).Up(t.Context()))
		if e, _ := rec.Get("subnet"); !slices.Equal(e.Needs, []Key{"vpc"}) {
			t.Errorf("recorded needs are %v", e.Needs)
		}
	})
}

func TestDownDeletesEveryThingThatCarriesOurKey(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, rec := newWorld(), NewMemory(RealClock{})
		v := &box{w: w, key: "vpc", size: 1}
		must2(t)(apply(Walk{Steps: steps(v), Record: rec}).Up(t.Context()))
		for range 2 { // made by a run that died, or whose state was lost
			if _, err := v.Create(t.Context(), v.Want(), ""); err != nil {
				t.Fatal(err)
			}
		}
		time.Sleep(5 * time.Second)
		must2(t)(apply(Walk{Steps: steps(v), Record: rec}).Down(t.Context()))
		if got := w.names(); len(got) != 0 {
			t.Errorf("down left %v", got)
		}
	})
}

// successor is a resource whose replacement takes its name: Find shows the one
// that is asked for, or the newest, and never an older one beside it.
type successor struct {
	*box
	refuse bool // to delete
}

func (s *successor) Disposable() {}

func (s *successor) Find(ctx context.Context, look Look) (Found[thingSpec], error) {
	f, err := s.box.Find(ctx, look)
	all := append([]string{f.ID}, f.Duplicates...)
	f.ID, f.Duplicates = all[len(all)-1], nil
	s.w.mu.Lock()
	defer s.w.mu.Unlock()
	if t := s.w.things[look.ID]; t != nil {
		f.ID = look.ID
	}
	if t := s.w.things[f.ID]; t != nil {
		f.Spec.Size = t.size
	}
	return f, err
}

func (s *successor) Delete(ctx context.Context, id string) error {
	if s.refuse {
		return errBoom
	}
	return s.box.Delete(ctx, id)
}

// A run that ends between the replacement and the delete of what it replaced must
// not forget it: only the record knows of it.
func TestWhatWasReplacedIsDeletedByALaterRun(t *testing.T) {
	for name, finish := range map[string]func(Walk) func(context.Context) (*Result, error){
		"up":   func(w Walk) func(context.Context) (*Result, error) { return w.Up },
		"down": func(w Walk) func(context.Context) (*Result, error) { return w.Down },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w, rec := newWorld(), NewMemory(RealClock{})
				s := &successor{box: &box{w: w, key: "rule/a", size: 1}}
				walk := func() Walk { return apply(Walk{Steps: []Step{Manage(s)}, Record: rec}) }
				must2(t)(walk().Up(t.Context()))
				s.refuse = true
				for i, size := range []int{200, 300} {
					s.size = size
					res, err := walk().Up(t.Context())
					if err != nil || res.Err() == nil {
						t.Fatalf("the delete of what was replaced did not fail: %v", err)
					}
					if got := w.names(); len(got) != i+2 {
						t.Fatalf("after the replacement the world has %v", got)
					}
				}
				s.refuse = false
				must2(t)(finish(walk())(t.Context()))
				want := map[string]int{"up": 1, "down": 0}[name]
				if got := w.names(); len(got) != want {
					t.Errorf("%s left %v", name, got)
				}
				if e, _ := rec.Get(s.key); len(e.Deposed) > 0 {
					t.Errorf("%v are gone, and recorded as to be deleted", e.Deposed)
				}
			})
		})
	}
}
