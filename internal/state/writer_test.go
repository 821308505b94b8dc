package state

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/karmacadabra/karmactl/internal/engine"
)

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
			// The writer may have lost its reply before Begin waits for it: then Begin is told of the
			// second try, which succeeds.
			if err := s.Begin(t.Context(), "vpc/main"); err != nil && (resent || !errors.Is(err, errDown)) || lose {
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
		if do := engine.AdviceOf(err); do != "karmactl state import "+unsaved.File {
			t.Errorf("%v: the way back is %q", err, do)
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
