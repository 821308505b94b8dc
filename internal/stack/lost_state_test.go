package stack

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/karmacadabra/karmactl/internal/engine"
)

var errBucketGone = errors.New("the state bucket was deleted")

// losing is a record in a bucket that is deleted: from then on nothing can
// be noted, and all of it is lost.
type losing struct {
	*engine.Memory
	gone func() bool
}

func (l *losing) Begin(ctx context.Context, k engine.Key) error {
	if l.gone() {
		return errBucketGone
	}
	return l.Memory.Begin(ctx, k)
}

// TestSweepTheStateIsLostInMidRun deletes the state at any moment of up and of
// down. The next run has none: it finds all by tags and names, makes nothing
// twice, and down leaves nothing.
func TestSweepTheStateIsLostInMidRun(t *testing.T) {
	want := clean(t)
	up, down := life()[0], life()[2]
	down.yaml = up.yaml // without a state it is not known what another file had
	for _, n := range spread(slices.Max(want.mutations), 17) {
		t.Run(fmt.Sprintf("at call %d", n), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				b := newStackBench(t, parse(t, swept))
				b.loseStateAt(n, func(w engine.Walk) (*engine.Result, error) { return w.Up(t.Context()) })
				if err := b.run(up); err != nil {
					t.Fatalf("the up after it: %v", err)
				}
				b.same(up, want.inventory[0], "the up after it")
				b.loseStateAt(n, func(w engine.Walk) (*engine.Result, error) { return w.Down(t.Context()) })
				if err := b.run(down); err != nil {
					t.Fatalf("the down after it: %v", err)
				}
				b.same(down, want.inventory[2], "the down after it")
			})
		})
	}
}

// loseStateAt walks while another program deletes the state after mutating call n. Of a
// walk that notes what it begins one node says so, and nothing else is wrong.
func (b *stackBench) loseStateAt(n int, walk func(engine.Walk) (*engine.Result, error)) {
	b.t.Helper()
	b.sim.ResetCalls()
	stack := b.fresh(false)
	stack.DeleteImages = true
	w := b.walkOf(stack)
	w.Record = &losing{Memory: b.rec, gone: func() bool { return len(b.sim.Mutations()) >= n }}
	res, err := walk(w)
	if err != nil {
		b.t.Fatal(err)
	}
	if failed := res.With(engine.Failed); len(failed) > 1 || len(failed) == 1 && !errors.Is(failed[0].Err, errBucketGone) {
		b.t.Errorf("%d nodes failed: %v", len(failed), res.Err())
	}
	b.rec = engine.NewMemory(b.home.Clock)
	time.Sleep(10 * time.Second) // until AWS shows all that was made: nothing else remembers it
}
