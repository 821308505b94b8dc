package state

import (
	"errors"
	"strings"
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
		tries, down := 0, false
		b.Before = func(op string) error {
			if op != "ReplaceLock" {
				return nil
			}
			tries++
			if down {
				return errDown
			}
			return nil
		}
		_, l := acquire(t, b, ana())
		time.Sleep(10*time.Minute + time.Second)
		if tries < 38 || tries > 40 {
			t.Errorf("%d renewals in ten minutes", tries)
		}
		down, tries = true, 0
		time.Sleep(45 * time.Second)
		if tries < 9 || tries > 15 {
			t.Errorf("%d renewals in 45 seconds of an outage", tries)
		}
		down, tries = false, 0
		time.Sleep(time.Minute)
		if tries < 4 || tries > 5 {
			t.Errorf("%d renewals in the minute after it", tries)
		}
		release(t, l)
	})
}
