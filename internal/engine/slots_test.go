package engine

import (
	"context"
	"errors"
	"slices"
	"testing"
	"testing/synctest"
	"time"
)

func TestAFreeSlotGoesToWhatMostWaitsFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSlots(1)
		if err := s.take(t.Context(), 1); err != nil {
			t.Fatal(err)
		}
		var order []int
		for i, rank := range []int{1, 3, 2, 3, 9} {
			ctx := t.Context()
			if rank == 9 { // gives up before its turn
				short, cancel := context.WithTimeout(ctx, time.Minute)
				defer cancel()
				ctx = short
			}
			go func() {
				if err := s.take(ctx, rank); err != nil {
					if !errors.Is(err, context.DeadlineExceeded) {
						t.Error(err)
					}
					return
				}
				order = append(order, i)
				s.give()
			}()
			synctest.Wait()
		}
		time.Sleep(2 * time.Minute)
		s.give()
		synctest.Wait()
		if want := []int{1, 3, 2, 0}; !slices.Equal(order, want) {
			t.Errorf("the turns were %v, want %v", order, want)
		}
		if s.free != 1 || len(s.queue) != 0 {
			t.Errorf("%d slots are free, %d wait", s.free, len(s.queue))
		}
	})
}

// The chain is three creates long: it begins at once although ten others are ready too.
func TestTheLongestChainDoesNotQueueBehindWhatHoldsUpNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld()
		var all []*box
		for i := range 10 {
			all = append(all, &box{w: w, key: Key("log/" + string(rune('a'+i))), size: 1})
		}
		v := &box{w: w, key: "vpc", size: 1}
		s := &box{w: w, key: "subnet", size: 1, needs: []Node{v}}
		all = append(all, v, s)
		for _, b := range all {
			b.slow = time.Second
		}
		must2(t)(apply(Walk{Steps: steps(all...), Width: 1}).Up(t.Context()))
		if at := slices.Index(w.log, "create vpc"); at > 1 {
			t.Errorf("the VPC was made after %d others: %v", at, w.log)
		}
	})
}
