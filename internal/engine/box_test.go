package engine

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// world is an AWS of things: each takes some time to be made and to go.
type world struct {
	mu     sync.Mutex
	things map[string]*thing // by id
	serial int
	log    []string
	// lose makes the reply to a create of this name disappear.
	lose map[string]bool
	// busyUntil keeps a name from being deleted.
	busyUntil map[string]time.Time
}

type thing struct {
	name    string
	size    int
	ready   time.Time
	visible time.Time
}

func newWorld() *world {
	return &world{things: map[string]*thing{}, lose: map[string]bool{}, busyUntil: map[string]time.Time{}}
}

func (w *world) note(format string, args ...any) { w.log = append(w.log, fmt.Sprintf(format, args...)) }

func (w *world) names() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	var out []string
	for _, t := range w.things {
		out = append(out, fmt.Sprintf("%s=%d", t.name, t.size))
	}
	slices.Sort(out)
	return out
}

var (
	errLost = errors.New("lost")
	errBusy = errors.New("busy")
	errBoom = errors.New("boom")
)

func classify(err error) Class {
	switch {
	case errors.Is(err, errLost):
		return Lost
	case errors.Is(err, errBusy):
		return Busy
	}
	return Other
}

type thingSpec struct {
	Size  int
	Needs string
}

// box is a resource of the test.
type box struct {
	Ref
	w       *world
	key     Key
	size    int
	takes   time.Duration
	needs   []Node
	after   []Node
	fail    error
	foreign error // what Find answers
	usable  bool
	breaks  bool // at the moment it should become ready
	waiting *MissingInput
	slow    time.Duration // of each call
}

func (b *box) Key() Key      { return b.key }
func (b *box) Needs() []Node { return b.needs }
func (b *box) After() []Node { return b.after }
func (b *box) Want() thingSpec {
	var ids []string
	for _, n := range b.needs {
		ids = append(ids, n.ID())
	}
	return thingSpec{Size: b.size, Needs: strings.Join(ids, ",")}
}

func (b *box) Find(context.Context, Look) (Found[thingSpec], error) {
	time.Sleep(b.slow)
	b.w.mu.Lock()
	defer b.w.mu.Unlock()
	var f Found[thingSpec]
	if b.foreign != nil {
		return f, b.foreign
	}
	for _, i := range slices.Sorted(maps.Keys(b.w.things)) {
		t := b.w.things[i]
		if t.name != string(b.key) || time.Now().Before(t.visible) {
			continue
		}
		if f.ID != "" {
			f.Duplicates = append(f.Duplicates, i)
			continue
		}
		f.ID, f.Phase, f.Spec = i, Ready, thingSpec{Size: t.size, Needs: b.Want().Needs}
		if time.Now().Before(t.ready) {
			f.Phase, f.Why, f.Usable = Pending, "pending", b.usable
		} else if b.breaks {
			f.Phase, f.Why = Broken, "it broke"
		}
	}
	return f, nil
}

func (b *box) Diff(have, want thingSpec) []Change {
	if have.Size == want.Size {
		return nil
	}
	return []Change{{Field: "size", Was: fmt.Sprint(have.Size), Now: fmt.Sprint(want.Size), Replace: want.Size > 100}}
}

func (b *box) Create(_ context.Context, want thingSpec, _ string) (string, error) {
	time.Sleep(b.slow)
	b.w.mu.Lock()
	defer b.w.mu.Unlock()
	if b.fail != nil {
		return "", b.fail
	}
	b.w.serial++
	id := fmt.Sprintf("id-%d", b.w.serial)
	b.w.things[id] = &thing{name: string(b.key), size: want.Size, ready: time.Now().Add(b.takes), visible: time.Now().Add(3 * time.Second)}
	b.w.note("create %s", b.key)
	if b.w.lose[string(b.key)] {
		delete(b.w.lose, string(b.key))
		return "", errLost
	}
	return id, nil
}

func (b *box) Update(_ context.Context, id string, _, want thingSpec) error {
	b.w.mu.Lock()
	defer b.w.mu.Unlock()
	b.w.things[id].size = want.Size
	b.w.note("update %s", b.key)
	return nil
}

func (b *box) Delete(_ context.Context, id string) error {
	b.w.mu.Lock()
	defer b.w.mu.Unlock()
	if time.Now().Before(b.w.busyUntil[string(b.key)]) {
		return errBusy
	}
	delete(b.w.things, id)
	b.w.note("delete %s", b.key)
	return nil
}

func (b *box) Missing(context.Context) (*MissingInput, error) { return b.waiting, nil }

func steps(boxes ...*box) []Step {
	var out []Step
	for _, b := range boxes {
		out = append(out, Manage(b))
	}
	return out
}

func apply(w Walk) Walk {
	w.Apply, w.Clock, w.Classify = true, RealClock{}, classify
	if w.Record == nil {
		w.Record = NewMemory(RealClock{})
	}
	return w
}

func must(t *testing.T, res *Result, err error) *Result {
	t.Helper()
	if err == nil {
		err = res.Err()
	}
	if err != nil {
		t.Fatal(err)
	}
	return res
}
