package state

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/karmacadabra/karmactl/internal/engine"
)

var (
	_ engine.Recorder = (*Store)(nil)
	_ Backend         = (*Memory)(nil)
	_ Backend         = (*File)(nil)
	_ Backend         = (*S3)(nil)
)

var errDown = errors.New("connection refused")

func options(b Backend) Options {
	return Options{
		Backend: b, Clock: engine.RealClock{},
		Identity: Identity{Stack: "karmacadabra-prod", Account: "123456789012", Region: "us-east-1"},
	}
}

func entry(key engine.Key, id string, needs ...engine.Key) engine.Entry {
	return engine.Entry{Key: key, Kind: key.Kind(), ID: id, Needs: needs, CreatedAt: time.Date(2026, 11, 5, 10, 0, 0, 0, time.UTC)}
}

func open(t *testing.T, o Options) *Store {
	t.Helper()
	s, err := Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func closed(t *testing.T, s *Store) {
	t.Helper()
	if err := s.Close(context.WithoutCancel(t.Context())); err != nil {
		t.Fatal(err)
	}
}

// there is the state in the backend.
func there(t *testing.T, b Backend) *State {
	t.Helper()
	s, _, err := load(t.Context(), b)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestWhatIsRecordedIsThereInTheNextRun(t *testing.T) {
	b := NewMemory()
	s := open(t, options(b))
	vpc, subnet := entry("vpc/main", "vpc-1"), entry("subnet/a", "subnet-1", "vpc/main")
	s.Record(subnet)
	s.Record(vpc)
	s.Record(entry("eip/a", "eipalloc-1"))
	s.Forget("eip/a")
	closed(t, s)

	again := open(t, options(b))
	defer closed(t, again)
	if diff := cmp.Diff([]engine.Entry{subnet, vpc}, again.Entries()); diff != "" {
		t.Errorf("entries (-want +got):\n%s", diff)
	}
	if again.Snapshot().Lineage != s.Snapshot().Lineage || again.Snapshot().Lineage == "" {
		t.Error("the lineage changed between runs")
	}
}

func TestTheSerialCountsWritesAndNothingNewIsNotWritten(t *testing.T) {
	b := NewMemory()
	s := open(t, options(b))
	for n := range 3 {
		s.Record(entry("vpc/main", fmt.Sprintf("vpc-%d", n)))
		if err := s.Flush(t.Context()); err != nil {
			t.Fatal(err)
		}
		if got := there(t, b).Serial; got != int64(n+1) {
			t.Errorf("after write %d the serial is %d", n+1, got)
		}
	}
	s.Record(entry("vpc/main", "vpc-2"))
	s.Forget("nat/a")
	closed(t, s)
	closed(t, open(t, options(b)))
	if got := there(t, b).Serial; got != 3 {
		t.Errorf("the serial is %d although nothing changed since 3", got)
	}
}

func TestChangesDuringAWriteShareTheNext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := NewMemory()
		var writes atomic.Int32
		b.Before = func(op string) error {
			if op == "Write" {
				writes.Add(1)
				<-time.After(time.Second)
			}
			return nil
		}
		s := open(t, options(b))
		var wg sync.WaitGroup
		for n := range 100 {
			wg.Go(func() {
				if err := s.Begin(t.Context(), engine.Key(fmt.Sprintf("rule/%d", n))); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		closed(t, s)
		if n := writes.Load(); n > 3 {
			t.Errorf("%d writes for a hundred creates begun at once", n)
		}
		if n := len(there(t, b).InFlight); n != 100 {
			t.Errorf("%d of 100 notes are safe", n)
		}
	})
}

func TestBeginReturnsOnlyWhenTheNoteIsSafe(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := NewMemory()
		b.Before = func(op string) error {
			if op == "Write" {
				<-time.After(2 * time.Second)
			}
			return nil
		}
		s := open(t, options(b))
		began := time.Now()
		if err := s.Begin(t.Context(), "nat/a"); err != nil {
			t.Fatal(err)
		}
		if time.Since(began) < 2*time.Second || there(t, b).InFlight["nat/a"].IsZero() {
			t.Errorf("Begin returned after %s; in flight: %v", time.Since(began), there(t, b).InFlight)
		}
		closed(t, s)
	})
}

func TestACrashBetweenBeginAndRecordLeavesTheNoteUntilItIsBegunAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := NewMemory()
		crashed := open(t, options(b))
		if err := crashed.Begin(t.Context(), "nat/a"); err != nil {
			t.Fatal(err)
		}
		at, _ := crashed.InFlight("nat/a")
		crashed.stop() // a process that dies writes nothing more
		closed(t, crashed)

		time.Sleep(time.Hour)
		s := open(t, options(b))
		if left, ok := s.InFlight("nat/a"); !ok || left.UnixNano() != at.UnixNano() {
			t.Errorf("the note says %s, was begun at %s", left, at)
		}
		if err := s.Begin(t.Context(), "nat/a"); err != nil {
			t.Fatal(err)
		}
		// The run after another crash looks for what was made now.
		if again, ok := s.InFlight("nat/a"); !ok || again.Sub(at) < time.Hour {
			t.Errorf("the note says %s, was begun again an hour after %s", again, at)
		}
		s.Record(entry("nat/a", "nat-1"))
		closed(t, s)
		if got := there(t, b); len(got.InFlight) != 0 || got.Resources["nat/a"].ID != "nat-1" {
			t.Errorf("after Record the state has %v in flight and %v", got.InFlight, got.Resources)
		}
	})
}

func TestWhatWasBegunAndIsForgottenIsNotLookedForByTheNextRun(t *testing.T) {
	b := NewMemory()
	s := open(t, options(b))
	if err := s.Begin(t.Context(), "nat/a"); err != nil {
		t.Fatal(err)
	}
	s.Forget("nat/a")
	closed(t, s)
	if left := there(t, b).InFlight; len(left) != 0 {
		t.Errorf("in flight still: %v", left)
	}
}

func TestAReadOnlyStoreNeverWrites(t *testing.T) {
	for _, readErr := range []error{nil, ErrNoBucket} {
		b := NewMemory()
		b.Before = func(op string) error {
			if op != "Read" {
				t.Errorf("a plan called %s", op)
			}
			return readErr
		}
		o := options(b)
		o.ReadOnly = true
		s := open(t, o)
		if n := len(s.Entries()); n != 0 {
			t.Errorf("an absent state has %d entries", n)
		}
		if err := s.Close(t.Context()); err != nil {
			t.Errorf("a plan that wrote nothing: %v", err)
		}

		s = open(t, o)
		if err := s.Begin(t.Context(), "vpc/main"); !errors.Is(err, ErrReadOnly) {
			t.Errorf("Begin: %v", err)
		}
		s.Record(entry("vpc/main", "vpc-1"))
		if _, ok := s.Get("vpc/main"); ok {
			t.Error("a read-only store recorded something")
		}
		if err := s.Close(t.Context()); !errors.Is(err, ErrReadOnly) {
			t.Errorf("Close after a write that should not have been tried: %v", err)
		}
	}
}

func TestOpenRefuses(t *testing.T) {
	good := func(change func(*State)) []byte {
		s := begin(options(nil).Identity)
		s.Serial = 7
		change(s)
		data, err := s.Encode()
		if err != nil {
			t.Fatal(err)
		}
		return data
	}
	t.Run("a state of another stack, account or region", func(t *testing.T) {
		for _, c := range []struct {
			what string
			data []byte
		}{
			{"stack", good(func(s *State) { s.Stack = "karmacadabra-staging" })},
			{"account", good(func(s *State) { s.Account = "999999999999" })},
			{"region", good(func(s *State) { s.Region = "eu-west-1" })},
		} {
			b := NewMemory()
			b.Plant(c.data)
			for _, readOnly := range []bool{false, true} {
				o := options(b)
				o.ReadOnly = readOnly
				_, err := Open(t.Context(), o)
				elsewhere := new(ElsewhereError)
				if !errors.As(err, &elsewhere) || elsewhere.What != c.what {
					t.Errorf("%s: %v", c.what, err)
				}
			}
		}
	})
	t.Run("what cannot be read, and leaves it as it is", func(t *testing.T) {
		b := NewMemory()
		b.Plant(good(func(*State) {})[:40])
		_, err := Open(t.Context(), options(b))
		truncated := new(TruncatedError)
		if !errors.As(err, &truncated) || truncated.Size != 40 {
			t.Errorf("Open: %v", err)
		}
		if v, _ := b.History(t.Context()); len(v) != 1 {
			t.Errorf("there are %d versions now", len(v))
		}
	})
	t.Run("to write where there is no bucket", func(t *testing.T) {
		b := NewMemory()
		b.Before = func(string) error { return ErrNoBucket }
		if _, err := Open(t.Context(), options(b)); !errors.Is(err, ErrNoBucket) {
			t.Errorf("Open: %v", err)
		}
	})
	t.Run("to write without knowing where it is", func(t *testing.T) {
		o := options(NewMemory())
		o.Account = ""
		if _, err := Open(t.Context(), o); err == nil {
			t.Error("a state without an account was opened to write")
		}
	})
}

func TestRemoveForgetsAKeyForGood(t *testing.T) {
	b := NewMemory()
	s := open(t, options(b))
	s.Record(entry("vpc/main", "vpc-1"))
	if err := s.Begin(t.Context(), "nat/a"); err != nil {
		t.Fatal(err)
	}
	for _, k := range []engine.Key{"vpc/main", "nat/a"} {
		if err := s.Remove(t.Context(), k); err != nil {
			t.Error(err)
		}
	}
	if got := there(t, b); len(got.Resources) != 0 || len(got.InFlight) != 0 {
		t.Errorf("the state has %v and %v in flight", got.Resources, got.InFlight)
	}
	if err := s.Remove(t.Context(), "vpc/main"); err == nil || !strings.Contains(err.Error(), "vpc/main is not in the state") {
		t.Errorf("removing it again: %v", err)
	}
	closed(t, s)
}

func TestAClosedStoreTakesNothing(t *testing.T) {
	s := open(t, options(NewMemory()))
	closed(t, s)
	closed(t, s)
	if err := s.Begin(t.Context(), "vpc/main"); !errors.Is(err, ErrClosed) {
		t.Errorf("Begin: %v", err)
	}
}
