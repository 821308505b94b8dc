package state

import (
	"errors"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/karmacadabra/karmactl/internal/engine"
)

func TestALockThatCannotBeAskedForIsNotTaken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, op := range []string{"CreateLock", "ReadLock", "ReplaceLock"} {
			b := NewMemory()
			_, dead := acquire(t, b, ana())
			abandon(dead)
			time.Sleep(2 * leaseFor)
			b.Before = func(o string) error {
				if o == op {
					return errDown
				}
				return nil
			}
			if _, _, err := Acquire(t.Context(), b, engine.RealClock{}, bo()); !errors.Is(err, errDown) || !strings.HasPrefix(err.Error(), "locking the state: ") {
				t.Errorf("%s fails: %v", op, err)
			}
			b.Before = nil
			if h, err := Held(t.Context(), b); err != nil || h.ID != "A" {
				t.Errorf("%s fails: held by %s: %v", op, h, err)
			}
		}
	})
}

// once runs f ahead of the first operation of that name.
func once(op string, f func()) func(string) error {
	done := false
	return func(o string) error {
		if o == op && !done {
			done = true
			f()
		}
		return nil
	}
}

func TestALockThatMovesWhileItIsLookedAtIsLookedAtAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := NewMemory()
		_, first := acquire(t, b, ana())
		b.Before = once("ReadLock", func() { release(t, first) })
		_, l := acquire(t, b, bo())
		if h, err := Held(t.Context(), b); err != nil || h.ID != "B" {
			t.Errorf("released meanwhile: held by %s: %v", h, err)
		}
		abandon(l)

		time.Sleep(2 * leaseFor) // its lease has run out, and another takes it a moment before
		third := bo()
		third.ID = "C"
		var held *Lock
		b.Before = once("ReplaceLock", func() { _, held = acquire(t, b, third) })
		if _, _, err := Acquire(t.Context(), b, engine.RealClock{}, ana()); !errors.As(err, new(*LockedError)) {
			t.Errorf("taken meanwhile: %v", err)
		}
		release(t, held)
	})
}

func TestALockIsRenewedEveryQuarterOfAMinuteAndSoonerAfterAFailure(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := NewMemory()
		var tries atomic.Int32
		var down atomic.Bool
		b.Before = func(op string) error {
			if op != "ReplaceLock" {
				return nil
			}
			tries.Add(1)
			if down.Load() {
				return errDown
			}
			return nil
		}
		_, l := acquire(t, b, ana())
		for _, x := range []struct {
			during      string
			down        bool
			takes       time.Duration
			least, most int32
		}{
			{"ten minutes", false, 10*time.Minute + time.Second, 38, 40},
			{"45 seconds of an outage", true, 45 * time.Second, 9, 15},
			{"the minute after it", false, time.Minute, 4, 5},
		} {
			down.Store(x.down)
			tries.Store(0)
			time.Sleep(x.takes)
			if n := tries.Load(); n < x.least || n > x.most {
				t.Errorf("%d renewals in %s", n, x.during)
			}
		}
		release(t, l)
	})
}
