package state

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/karmacadabra/karmactl/internal/engine"
)

// ana and bo work on the same stack from two machines.
func ana() Holder {
	return Holder{ID: "A", Who: "ana@laptop", PID: 4242, Host: "laptop", Command: "up"}
}
func bo() Holder { return Holder{ID: "B", Who: "bo@ci", PID: 7, Host: "ci", Command: "down"} }

func acquire(t *testing.T, b Backend, h Holder) (context.Context, *Lock) {
	t.Helper()
	ctx, l, err := Acquire(t.Context(), b, engine.RealClock{}, h)
	if err != nil {
		t.Fatal(err)
	}
	return ctx, l
}

func release(t *testing.T, l *Lock) {
	t.Helper()
	if err := l.Release(context.WithoutCancel(t.Context())); err != nil {
		t.Fatal(err)
	}
}

// abandon is a process that dies: its heartbeat stops, its lock stays.
func abandon(l *Lock) {
	l.stop()
	<-l.done
	l.cancel(nil)
}

func TestASecondRunIsToldWhoHoldsTheLock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) { // it is midnight on 1 January 2000
		b := NewMemory()
		_, l := acquire(t, b, ana())
		_, _, err := Acquire(t.Context(), b, engine.RealClock{}, bo())
		locked := new(LockedError)
		if !errors.As(err, &locked) || locked.Holder.Who != "ana@laptop" || !locked.ExpiresAt.Equal(time.Now().Add(leaseFor)) {
			t.Fatalf("Acquire: %v", err)
		}
		const want = "the state is locked by ana@laptop (karmactl up, pid 4242) since 2000-01-01 00:00:00 UTC | " +
			"wait until that has finished; if it died, its lease runs out in 1m30s, at 2000-01-01 00:01:30 UTC, and karmactl state unlock ends it now"
		if got := locked.Error() + " | " + locked.Try(); got != want {
			t.Errorf("the message is\n%s\nnot\n%s", got, want)
		}
		release(t, l)
		_, l = acquire(t, b, bo())
		release(t, l)
		if _, err := Held(t.Context(), b); !errors.Is(err, ErrAbsent) {
			t.Errorf("after the release: %v", err)
		}
	})
}

func TestAHeartbeatKeepsTheLockForHours(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := NewMemory()
		ctx, l := acquire(t, b, ana())
		time.Sleep(3 * time.Hour)
		if _, _, err := Acquire(t.Context(), b, engine.RealClock{}, bo()); !errors.As(err, new(*LockedError)) {
			t.Errorf("Acquire after three hours: %v", err)
		}
		if ctx.Err() != nil {
			t.Errorf("the work was stopped: %v", context.Cause(ctx))
		}
		release(t, l)
		if ctx.Err() == nil {
			t.Error("the context outlives the lock")
		}
	})
}

func TestAnAbandonedLockIsTakenOverWhenItsLeaseRunsOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := NewMemory()
		_, dead := acquire(t, b, ana())
		abandon(dead)
		time.Sleep(leaseFor - time.Second)
		locked := new(LockedError)
		if _, _, err := Acquire(t.Context(), b, engine.RealClock{}, bo()); !errors.As(err, &locked) ||
			!strings.HasSuffix(err.Error(), "which has not renewed its lease for 1m29s, and does every 15s as long as it lives") ||
			locked.Try() != "its lease runs out in 1s, at 2000-01-01 00:01:30 UTC, and karmactl state unlock ends it now" {
			t.Fatalf("a second before the end of the lease: %v", err)
		}
		time.Sleep(time.Second)
		_, l := acquire(t, b, bo())
		if h, err := Held(t.Context(), b); err != nil || h.Who != "bo@ci" {
			t.Errorf("held by %s: %v", h, err)
		}
		release(t, l)
	})
}

func TestOfManyWhoTakeOverAnAbandonedLockOneWins(t *testing.T) {
	b := NewMemory()
	old := ana()
	old.ExpiresAt = time.Now().Add(-time.Minute)
	data, err := old.encode()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := b.CreateLock(t.Context(), data); err != nil {
		t.Fatal(err)
	}
	var won atomic.Int32
	var wg sync.WaitGroup
	for range 16 {
		wg.Go(func() {
			_, l, err := Acquire(t.Context(), b, engine.RealClock{}, Me("up", "test"))
			switch {
			case err == nil:
				won.Add(1)
				t.Cleanup(func() { _ = l.Release(context.Background()) })
			case !errors.As(err, new(*LockedError)):
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if won.Load() != 1 {
		t.Errorf("%d hold the lock", won.Load())
	}
}

func TestTheLockOfADeadProcessOfThisMachineIsTakenAtOnce(t *testing.T) {
	child := exec.Command(os.Args[0], "-test.run=^$")
	if err := child.Run(); err != nil {
		t.Fatal(err)
	}
	me := Me("up", "test")
	cases := []struct {
		name   string
		holder func(*Holder)
		taken  bool
	}{
		{"dead here", func(*Holder) {}, true},
		{"alive here", func(h *Holder) { h.PID = os.Getpid() }, false},
		{"a pid of another host", func(h *Holder) { h.Host = "elsewhere" }, false},
		{"a pid of another container or boot", func(h *Holder) { h.Machine = "other-boot/pid:[1]" }, false},
		{"where machines cannot be told apart", func(h *Holder) { h.Machine = "" }, false},
		{"no pid", func(h *Holder) { h.PID = 0 }, false},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			b := NewMemory()
			dead := Me("up", "test")
			dead.PID = child.Process.Pid
			c.holder(&dead)
			me := me
			if dead.Machine == "" {
				me.Machine = ""
			}
			_, l := acquire(t, b, dead)
			abandon(l)
			_, l, err := Acquire(t.Context(), b, engine.RealClock{}, me)
			if taken := err == nil; taken != c.taken {
				t.Errorf("taken over: %v: %v", taken, err)
			}
			if err == nil {
				release(t, l)
			}
		})
	}
}

func TestUnlockRemovesTheLockThatTheUserSaw(t *testing.T) {
	b := NewMemory()
	if err := Unlock(t.Context(), b, ""); !errors.Is(err, ErrAbsent) {
		t.Errorf("without a lock: %v", err)
	}
	_, l := acquire(t, b, ana())
	abandon(l)
	if err := Unlock(t.Context(), b, "somebody-else"); !errors.As(err, new(*LockedError)) {
		t.Errorf("with the id of another holder: %v", err)
	}
	h, err := Held(t.Context(), b)
	if err != nil {
		t.Fatal(err)
	}
	if err := Unlock(t.Context(), b, h.ID); err != nil {
		t.Error(err)
	}
	if _, err := Held(t.Context(), b); !errors.Is(err, ErrAbsent) {
		t.Errorf("after unlocking: %v", err)
	}
}

func TestALockThatCannotBeReadSaysWhatToDo(t *testing.T) {
	b := NewMemory()
	if _, err := b.CreateLock(t.Context(), []byte(`{"who": "x"}`)); err != nil {
		t.Fatal(err)
	}
	_, _, err := Acquire(t.Context(), b, engine.RealClock{}, ana())
	if !errors.As(err, new(*BadLockError)) || engine.AdviceOf(err) != "karmactl state unlock" {
		t.Errorf("Acquire: %v", err)
	}
	if err := Unlock(t.Context(), b, ""); err != nil {
		t.Error(err)
	}
}

func TestALostLockCannotOverwriteTheState(t *testing.T) {
	t.Chdir(t.TempDir())
	b := NewMemory()
	_, l := acquire(t, b, ana())
	slow := open(t, options(b))
	if err := slow.Begin(t.Context(), "vpc/main"); err != nil {
		t.Fatal(err)
	}
	if err := Unlock(t.Context(), b, ""); err != nil {
		t.Fatal(err)
	}
	_, other := acquire(t, b, bo())
	s := open(t, options(b))
	s.Record(entry("vpc/main", "vpc-1"))
	closed(t, s)
	slow.Record(entry("vpc/main", "vpc-2"))
	if err := slow.Close(t.Context()); !errors.Is(err, ErrConflict) {
		t.Errorf("Close: %v", err)
	}
	if id := there(t, b).Resources["vpc/main"].ID; id != "vpc-1" {
		t.Errorf("the state has %s", id)
	}
	if err := l.Release(t.Context()); !errors.Is(err, ErrLockLost) {
		t.Errorf("Release: %v", err)
	}
	release(t, other)
}
