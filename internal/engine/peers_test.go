package engine

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
)

// friend is a box that knows other boxes once it was updated after they were there.
type friend struct {
	box
	friends []*friend
	known   map[string]string // by name of the box, in AWS
}

func (f *friend) Peers() []Node {
	var out []Node
	for _, o := range f.friends {
		out = append(out, o)
	}
	return out
}

func (f *friend) names(there func(*friend) bool) string {
	var out []string
	for _, o := range f.friends {
		if there(o) {
			out = append(out, string(o.key))
		}
	}
	slices.Sort(out)
	return strings.Join(out, ",")
}

func (f *friend) Want() thingSpec {
	return thingSpec{Size: f.size, Needs: f.names(func(o *friend) bool { return o.ID() != "" })}
}

func (f *friend) Find(ctx context.Context, look Look) (Found[thingSpec], error) {
	found, err := f.box.Find(ctx, look)
	if found.ID != "" {
		f.w.mu.Lock()
		found.Spec.Needs = f.known[string(f.key)]
		f.w.mu.Unlock()
	}
	return found, err
}

func (f *friend) Diff(have, want thingSpec) []Change {
	out := f.box.Diff(have, want)
	if have.Needs != want.Needs {
		out = append(out, Change{Field: "knows", Was: have.Needs, Now: want.Needs})
	}
	return out
}

func (f *friend) Update(ctx context.Context, id string, have, want thingSpec) error {
	f.w.mu.Lock()
	visible := func(o *friend) bool {
		for _, t := range f.w.things {
			if t.name == string(o.key) {
				return true
			}
		}
		return false
	}
	f.known[string(f.key)] = f.names(visible)
	f.w.mu.Unlock()
	return f.box.Update(ctx, id, have, want)
}

// circle is so many boxes of which each knows all others.
func circle(n int) (*world, []*friend) {
	w, known := newWorld(), map[string]string{}
	all := make([]*friend, n)
	for i := range all {
		all[i] = &friend{box: box{w: w, key: Key(fmt.Sprintf("friend/%d", i)), size: 1}, known: known}
	}
	for i := range all {
		all[i].friends = append(slices.Clone(all[:i]), all[i+1:]...)
	}
	return w, all
}

func befriended(all []*friend) []Step {
	var out []Step
	for _, f := range all {
		out = append(out, Manage(f))
	}
	return out
}

func TestACircleIsMadeAtOnceAndUpdatedOnceEach(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, all := circle(4)
		rec := NewMemory(RealClock{})
		walk := apply(Walk{Steps: befriended(all), Record: rec})
		must(t, must2(t)(walk.Up(t.Context())), nil)
		if len(w.log) != 8 {
			t.Errorf("calls: %q", w.log)
		}
		for _, f := range all {
			if got := f.known[string(f.key)]; got != f.names(func(*friend) bool { return true }) {
				t.Errorf("%s knows %q", f.key, got)
			}
		}
		w.log = nil
		if res := must2(t)(walk.Up(t.Context())); res.Changes() || len(w.log) > 0 {
			t.Errorf("a second up does %q", w.log)
		}
	})
}

func TestAPlanOfACircleEndsAndShowsWhatUpDoes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, all := circle(3)
		res := must2(t)(Walk{Steps: befriended(all), Record: NewMemory(RealClock{}), Clock: RealClock{}, Classify: classify}.Up(t.Context()))
		for _, o := range res.Outcomes {
			if o.Verb != Create {
				t.Errorf("%s: %s", o.Key, o.Verb)
			}
		}
	})
}

func TestTheOthersOfACircleGoOnWithoutOneThatWaitsOrFails(t *testing.T) {
	for name, stop := range map[string]func(*friend){
		"waits for the user": func(f *friend) { f.waiting = &MissingInput{Reason: "no secret"} },
		"fails":              func(f *friend) { f.fail = errBoom },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w, all := circle(3)
				rec := NewMemory(RealClock{})
				walk := apply(Walk{Steps: befriended(all), Record: rec})
				stop(all[1])
				for range 2 { // the second changes nothing
					w.log = nil
					res, err := walk.Up(t.Context())
					if err != nil {
						t.Fatal(err)
					}
					for _, k := range []Key{"friend/0", "friend/2"} {
						if o, _ := res.Get(k); o.Status != Done {
							t.Errorf("%s is %s: %v", k, o.Status, o.Err)
						}
					}
				}
				if len(w.log) > 0 {
					t.Errorf("a second up does %q", w.log)
				}
				all[1].waiting, all[1].fail = nil, nil
				must(t, must2(t)(walk.Up(t.Context())), nil)
				if got := all[0].known["friend/0"]; got != "friend/1,friend/2" {
					t.Errorf("once it is there, the first knows %q", got)
				}
			})
		})
	}
}
