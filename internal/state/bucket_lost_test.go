package state

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/karmacadabra/karmactl/internal/engine"
)

// losable is a backend whose bucket is deleted.
func losable() (b *Memory, lose func()) {
	gone := &atomic.Bool{}
	b = NewMemory()
	b.Before = func(string) error {
		if gone.Load() {
			return fmt.Errorf("s3://bucket/state.json: %w", ErrNoBucket)
		}
		return nil
	}
	return b, func() { gone.Store(true) }
}

func TestABucketDeletedWhileWeWorkEndsTheStore(t *testing.T) {
	b, lose := losable()
	writes := &atomic.Int64{}
	before := b.Before
	b.Before = func(op string) error {
		writes.Add(1)
		return before(op)
	}
	o := options(b)
	o.Emergency = filepath.Join(t.TempDir(), "copy.json")
	s := open(t, o)
	s.Record(entry("vpc", "vpc-1"))
	if err := s.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	lose()
	const says = "the bucket of the state memory was deleted while this run worked: the next up makes the bucket"
	if err := s.Begin(t.Context(), "subnet/a"); !errors.Is(err, ErrConflict) || !strings.Contains(err.Error(), says) || engine.AdviceOf(err) != "karmactl up" {
		t.Errorf("Begin: %v", err)
	}
	tried := writes.Load()
	if err := s.Begin(t.Context(), "subnet/b"); !errors.Is(err, ErrConflict) || writes.Load() > tried {
		t.Errorf("a second Begin ends with %v, %d writes later", err, writes.Load()-tried)
	}
	unsaved := new(UnsavedError)
	if err := s.Close(t.Context()); !errors.As(err, &unsaved) || unsaved.File != o.Emergency || strings.Contains(err.Error(), "state import") {
		t.Errorf("Close: %v", err)
	}
}

func TestALockGoesWithItsBucket(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, lose := losable()
		ctx, l := acquire(t, b, ana())
		lose()
		began := time.Now()
		<-ctx.Done()
		if cause := context.Cause(ctx); !errors.Is(cause, ErrLockLost) || !strings.Contains(cause.Error(), "the bucket that it was in was deleted") {
			t.Errorf("the cause is %v", cause)
		}
		if took := time.Since(began); took > beatEvery+time.Second {
			t.Errorf("the work continued for %s", took)
		}
		if err := l.Release(t.Context()); !errors.Is(err, ErrLockLost) {
			t.Errorf("Release: %v", err)
		}
	})
}

func TestThereIsNothingToReleaseInADeletedBucket(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, lose := losable()
		_, l := acquire(t, b, ana())
		lose()
		release(t, l)
	})
}
