package state

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
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

func TestAFailedWriteFailsBeginAndALaterOneSavesEverything(t *testing.T) {
	b := NewMemory()
	var down atomic.Bool
	b.Before = func(op string) error {
		if op == "Write" && down.Load() {
			return errDown
		}
		return nil
	}
	s := open(t, options(b))
	down.Store(true)
	s.Record(entry("vpc/main", "vpc-1"))
	if err := s.Begin(t.Context(), "subnet/a"); !errors.Is(err, errDown) {
		t.Fatalf("Begin without a state to write to: %v", err)
	}
	down.Store(false)
	if err := s.Begin(t.Context(), "subnet/b"); err != nil {
		t.Fatal(err)
	}
	got := there(t, b)
	if got.Resources["vpc/main"].ID != "vpc-1" || len(got.InFlight) != 2 {
		t.Errorf("the state is %+v", got)
	}
	closed(t, s)
}

func TestAWriteWhoseReplyWasLostIsNotTakenForSomebodyElses(t *testing.T) {
	for _, resent := range []bool{true, false} {
		t.Run(fmt.Sprintf("resent by the SDK: %v", resent), func(t *testing.T) {
			b := NewMemory()
			lose := true
			b.After = func(op string) error {
				if op == "Write" && lose {
					lose = false
					if resent {
						return fmt.Errorf("the second try: %w", ErrConflict)
					}
					return errDown
				}
				return nil
			}
			s := open(t, options(b))
			err := s.Begin(t.Context(), "vpc/main")
			if resent && err != nil || !resent && !errors.Is(err, errDown) {
				t.Fatalf("Begin: %v", err)
			}
			s.Record(entry("vpc/main", "vpc-1"))
			closed(t, s)
			if got := there(t, b); got.Resources["vpc/main"].ID != "vpc-1" || got.Serial != 2 {
				t.Errorf("the state is %+v", got)
			}
		})
	}
}

func TestWhatAnotherWroteIsNeverOverwritten(t *testing.T) {
	t.Chdir(t.TempDir())
	b := NewMemory()
	mine, other := open(t, options(b)), open(t, options(b))
	if err := mine.Begin(t.Context(), "vpc/main"); err != nil {
		t.Fatal(err)
	}
	other.Record(entry("vpc/main", "vpc-other"))
	for range 2 {
		err := other.Begin(t.Context(), "subnet/a")
		conflict := new(ConflictError)
		if !errors.As(err, &conflict) || !strings.Contains(err.Error(), "another karmactl wrote the state memory while this run worked") {
			t.Fatalf("Begin: %v", err)
		}
	}
	unsaved := new(UnsavedError)
	if err := other.Close(t.Context()); !errors.As(err, &unsaved) || !errors.Is(err, ErrConflict) {
		t.Errorf("Close: %v", err)
	}
	closed(t, mine)
	if got := there(t, b); len(got.Resources) != 0 || len(got.InFlight) != 1 {
		t.Errorf("the state is %+v", got)
	}
}

func TestAStateDeletedWhileWeWorkIsNotMadeAgain(t *testing.T) {
	t.Chdir(t.TempDir())
	b := NewMemory()
	s := open(t, options(b))
	if err := s.Begin(t.Context(), "vpc/main"); err != nil {
		t.Fatal(err)
	}
	b.Delete()
	err := s.Begin(t.Context(), "subnet/a")
	conflict := new(ConflictError)
	if !errors.As(err, &conflict) || !conflict.Gone {
		t.Errorf("Begin: %v", err)
	}
	if err := s.Close(t.Context()); !errors.Is(err, ErrConflict) {
		t.Errorf("Close: %v", err)
	}
}

func TestTheLastWriteFailingLeavesACopyThatCanBeImported(t *testing.T) {
	b := NewMemory()
	var down, landed atomic.Bool
	b.Before = func(string) error {
		if down.Load() {
			return errDown
		}
		return nil
	}
	b.After = func(op string) error { // the write arrives, and then the network is gone
		if op == "Write" && landed.CompareAndSwap(true, false) {
			down.Store(true)
			return errDown
		}
		return nil
	}
	o := options(b)
	o.Emergency = filepath.Join(t.TempDir(), "copy.json")
	for n, lose := range []*atomic.Bool{&down, &landed} {
		s := open(t, o)
		if err := s.Begin(t.Context(), "vpc/main"); err != nil {
			t.Fatal(err)
		}
		lose.Store(true)
		s.Record(entry("vpc/main", fmt.Sprintf("vpc-%d", n)))
		err := s.Close(t.Context())
		down.Store(false)
		unsaved := new(UnsavedError)
		if !errors.As(err, &unsaved) || !errors.Is(err, errDown) {
			t.Fatalf("Close: %v", err)
		}
		if !strings.HasSuffix(err.Error(), "push it back with karmactl state import "+unsaved.File) {
			t.Errorf("the message does not end with the way back: %v", err)
		}
		want := filepath.Join(filepath.Dir(o.Emergency), []string{"copy.json", "copy.2.json"}[n])
		if unsaved.File != want {
			t.Errorf("copy %d is %s, not %s", n, unsaved.File, want)
		}
		data, err := os.ReadFile(unsaved.File)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := Import(t.Context(), o, data, false); err != nil {
			t.Fatalf("importing copy %d: %v", n, err)
		}
		if got := there(t, b).Resources["vpc/main"].ID; got != fmt.Sprintf("vpc-%d", n) {
			t.Errorf("after the import of copy %d, the id is %s", n, got)
		}
	}
}

func TestWithoutRoomForACopyTheMessageSaysSo(t *testing.T) {
	b := NewMemory()
	b.Before = func(op string) error {
		if op == "Write" {
			return errDown
		}
		return nil
	}
	o := options(b)
	o.Emergency = filepath.Join(t.TempDir(), "no", "such", "directory.json")
	s := open(t, o)
	s.Record(entry("vpc/main", "vpc-1"))
	err := s.Close(t.Context())
	if !errors.Is(err, errDown) || !strings.Contains(err.Error(), "nor was a copy beside you") {
		t.Errorf("Close: %v", err)
	}
}

func TestCloseGivesUpWithItsContextAndKeepsACopy(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := NewMemory()
		b.Before = func(op string) error {
			if op == "Write" {
				<-time.After(time.Second)
			}
			return nil
		}
		o := options(b)
		o.Emergency = filepath.Join(t.TempDir(), "copy.json")
		s := open(t, o)
		for n := range 3 {
			s.Record(entry("vpc/main", fmt.Sprintf("vpc-%d", n)))
			synctest.Wait()
		}
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		defer cancel()
		unsaved := new(UnsavedError)
		if err := s.Close(ctx); !errors.As(err, &unsaved) || unsaved.File != o.Emergency {
			t.Errorf("Close: %v", err)
		}
	})
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
