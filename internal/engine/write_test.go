package engine

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
)

// lame can note nothing any more.
type lame struct{ *Memory }

var errLame = errors.New("the disk is full")

func (l lame) Begin(context.Context, Key) error { return errLame }

func TestWhatCannotBeNotedIsSaidOnceAndNothingIsBegun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld()
		var boxes []*box
		for i := range 5 {
			boxes = append(boxes, &box{w: w, key: Key(fmt.Sprintf("role/%d", i)), size: 1})
		}
		res, err := apply(Walk{Steps: steps(boxes...), Record: lame{NewMemory(RealClock{})}}).Up(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if failed, stopped := res.With(Failed), res.With(Interrupted); len(failed) != 1 || len(stopped) != 4 || !errors.Is(res.Err(), errLame) {
			t.Errorf("%d failed and %d were interrupted: %v", len(failed), len(stopped), res.Err())
		}
		if got := w.names(); len(got) > 0 {
			t.Errorf("the world has %v", got)
		}
	})
}
