package state

import (
	"context"
	"errors"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/karmacadabra/karmactl/internal/engine"
)

func TestALostLockStopsTheWork(t *testing.T) {
	steal := func(t *testing.T, b *Memory, _ *atomic.Bool) {
		t.Helper()
		if err := Unlock(t.Context(), b, "A"); err != nil {
			t.Fatal(err)
		}
	}
	const inTime = beatEvery + time.Second
	cases := []struct {
		name   string
		how    func(t *testing.T, b *Memory, down *atomic.Bool)
		within time.Duration
		says   string
	}{
		{"removed by hand", steal, inTime, "it was removed (karmactl state unlock)"},
		{"taken by another", func(t *testing.T, b *Memory, down *atomic.Bool) {
			t.Helper()
			steal(t, b, down)
			_, l := acquire(t, b, bo())
			abandon(l)
		}, inTime, "bo@ci (karmactl down, pid 7) took it"},
		{"overwritten with garbage", func(t *testing.T, b *Memory, down *atomic.Bool) {
			t.Helper()
			steal(t, b, down)
			if _, err := b.CreateLock(t.Context(), []byte("hello")); err != nil {
				t.Fatal(err)
			}
		}, inTime, "it was overwritten"},
		{"no connection until shortly before the lease ends", func(_ *testing.T, _ *Memory, down *atomic.Bool) {
			down.Store(true)
		}, leaseFor - margin + retryBeat, "its lease could not be renewed in time: connection refused"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b, down := NewMemory(), &atomic.Bool{}
				b.Before = func(string) error {
					if down.Load() {
						return errDown
					}
					return nil
				}
				ctx, l := acquire(t, b, ana())
				began := time.Now()
				c.how(t, b, down)
				<-ctx.Done()
				cause := context.Cause(ctx)
				if !errors.Is(cause, ErrLockLost) || !strings.Contains(cause.Error(), c.says) {
					t.Errorf("the cause is %v", cause)
				}
				if took := time.Since(began); took > c.within {
					t.Errorf("the work continued for %s", took)
				}
				if err := l.Release(t.Context()); !errors.Is(err, ErrLockLost) {
					t.Errorf("Release: %v", err)
				}
			})
		})
	}
}

func TestALockSurvivesAShortOutageAndLostReplies(t *testing.T) {
	cases := []struct {
		name  string
		fault func(b *Memory, now func() bool)
	}{
		{"a minute without connection", func(b *Memory, now func() bool) {
			b.Before = func(string) error {
				if now() {
					return errDown
				}
				return nil
			}
		}},
		{"a minute of lost replies", func(b *Memory, now func() bool) {
			b.After = func(op string) error {
				if op == "ReplaceLock" && now() {
					return errDown
				}
				return nil
			}
		}},
		{"a minute of replies lost and calls sent again by the SDK", func(b *Memory, now func() bool) {
			b.After = func(op string) error {
				if op == "ReplaceLock" && now() {
					return ErrConflict
				}
				return nil
			}
		}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := NewMemory()
				from := time.Now().Add(time.Second)
				c.fault(b, func() bool { return time.Now().After(from) && time.Since(from) < time.Minute })
				ctx, l := acquire(t, b, ana())
				time.Sleep(5 * time.Minute)
				if ctx.Err() != nil {
					t.Errorf("the work was stopped: %v", context.Cause(ctx))
				}
				release(t, l)
			})
		})
	}
}

func TestALostReplyToTheLockItselfIsNotTakenForSomebodyElse(t *testing.T) {
	b := NewMemory()
	b.After = func(op string) error {
		if op == "CreateLock" || op == "DeleteLock" {
			return ErrConflict // the SDK's second try met the first
		}
		return nil
	}
	// This process is alive: the lock cannot be taken over as that of a dead one.
	_, l := acquire(t, b, Me("up", "test"))
	release(t, l)
	if _, err := Held(t.Context(), b); !errors.Is(err, ErrAbsent) {
		t.Errorf("after the release: %v", err)
	}
}

// leaping is a clock whose wall time can be moved: a laptop that slept.
type leaping struct {
	engine.RealClock
	leap atomic.Int64
}

func (c *leaping) Now() time.Time { return time.Now().Add(time.Duration(c.leap.Load())) }

func TestAMachineThatSleptNoticesAtOnce(t *testing.T) {
	for _, stolen := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			b := NewMemory()
			clock := &leaping{}
			ctx, l, err := Acquire(t.Context(), b, clock, ana())
			if err != nil {
				t.Fatal(err)
			}
			if stolen {
				if err := Unlock(t.Context(), b, ""); err != nil {
					t.Fatal(err)
				}
				_, other := acquire(t, b, bo())
				abandon(other)
			}
			clock.leap.Store(int64(time.Hour))
			time.Sleep(lookEvery + time.Millisecond)
			synctest.Wait()
			if lost := ctx.Err() != nil; lost != stolen {
				t.Errorf("stolen while asleep: %v; lost: %v", stolen, context.Cause(ctx))
			}
			if err := l.Release(t.Context()); errors.Is(err, ErrLockLost) != stolen {
				t.Errorf("Release: %v", err)
			}
		})
	}
}

func TestTheHeartbeatGoesOnAfterACtrlC(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := NewMemory()
		parent, interrupt := context.WithCancel(t.Context())
		ctx, l, err := Acquire(parent, b, engine.RealClock{}, ana())
		if err != nil {
			t.Fatal(err)
		}
		interrupt()
		<-ctx.Done()
		time.Sleep(10 * time.Minute) // running creates finish
		if _, _, err := Acquire(t.Context(), b, engine.RealClock{}, bo()); !errors.As(err, new(*LockedError)) {
			t.Errorf("another started meanwhile: %v", err)
		}
		release(t, l)
	})
}
