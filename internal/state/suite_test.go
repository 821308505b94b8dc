package state

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"sync"
	"testing"

	"github.com/johannesboyne/gofakes3"
	"github.com/johannesboyne/gofakes3/backend/s3mem"
)

// The behaviours that every backend has. They return an error, so that one which
// an emulator is known to lack can be required to fail.
var behaviours = []struct {
	name string
	run  func(context.Context, Backend) error
}{
	{"what was never written is absent", func(ctx context.Context, b Backend) error {
		_, _, err := b.Read(ctx)
		if err := wantErr(err, ErrAbsent); err != nil {
			return err
		}
		_, err = b.ReadLock(ctx)
		return wantErr(err, ErrAbsent)
	}},
	{"what is written is read back, with the etag that the write returned", func(ctx context.Context, b Backend) error {
		etag, err := b.Write(ctx, []byte("one"), "")
		if err != nil {
			return err
		}
		data, read, err := b.Read(ctx)
		if err != nil || string(data) != "one" || read != etag {
			return fmt.Errorf("read %q with etag %s, wrote it with %s: %w", data, read, etag, err)
		}
		return nil
	}},
	{"a first write over something is a conflict", func(ctx context.Context, b Backend) error {
		if _, err := b.Write(ctx, []byte("one"), ""); err != nil {
			return err
		}
		_, err := b.Write(ctx, []byte("two"), "")
		return wantErr(err, ErrConflict)
	}},
	{"a write with an old etag is a conflict and changes nothing", func(ctx context.Context, b Backend) error {
		first, err := b.Write(ctx, []byte("one"), "")
		if err != nil {
			return err
		}
		if _, err := b.Write(ctx, []byte("two"), first); err != nil {
			return err
		}
		_, err = b.Write(ctx, []byte("three"), first)
		if err := wantErr(err, ErrConflict); err != nil {
			return err
		}
		if data, _, _ := b.Read(ctx); string(data) != "two" {
			return fmt.Errorf("the state is %q", data)
		}
		return nil
	}},
	{"a write over what is not there is a conflict", func(ctx context.Context, b Backend) error {
		_, err := b.Write(ctx, []byte("two"), `"0123456789abcdef0123456789abcdef"`)
		return wantErr(err, ErrConflict)
	}},
	{"of sixteen writers one wins each swap", sixteenWriters},
	{"a second lock is a conflict, and tells who has the first", func(ctx context.Context, b Backend) error {
		if _, err := b.CreateLock(ctx, []byte("ana")); err != nil {
			return err
		}
		_, err := b.CreateLock(ctx, []byte("bo"))
		if err := wantErr(err, ErrConflict); err != nil {
			return err
		}
		if lock, _ := b.ReadLock(ctx); string(lock.Data) != "ana" {
			return fmt.Errorf("the lock is %q", lock.Data)
		}
		return nil
	}},
	{"a lock is renewed with its etag only", func(ctx context.Context, b Backend) error {
		first, err := b.CreateLock(ctx, []byte("ana 1"))
		if err != nil {
			return err
		}
		if _, err := b.ReplaceLock(ctx, []byte("ana 2"), first); err != nil {
			return err
		}
		_, err = b.ReplaceLock(ctx, []byte("bo"), first)
		return wantErr(err, ErrConflict)
	}},
	{"a lock that is gone cannot be renewed", func(ctx context.Context, b Backend) error {
		etag, err := b.CreateLock(ctx, []byte("ana"))
		if err != nil {
			return err
		}
		if err := b.DeleteLock(ctx, etag); err != nil {
			return err
		}
		_, err = b.ReplaceLock(ctx, []byte("ana 2"), etag)
		return wantErr(err, ErrConflict)
	}},
	{"a lock is made again after it was deleted", func(ctx context.Context, b Backend) error {
		etag, err := b.CreateLock(ctx, []byte("ana"))
		if err != nil {
			return err
		}
		if err := b.DeleteLock(ctx, etag); err != nil {
			return err
		}
		_, err = b.CreateLock(ctx, []byte("bo"))
		return err
	}},
	{oldEtag, func(ctx context.Context, b Backend) error {
		first, err := b.CreateLock(ctx, []byte("ana 1"))
		if err != nil {
			return err
		}
		if _, err := b.ReplaceLock(ctx, []byte("ana 2"), first); err != nil {
			return err
		}
		return wantErr(b.DeleteLock(ctx, first), ErrConflict)
	}},
	{"deleting a lock that is gone is no error", func(ctx context.Context, b Backend) error {
		etag, err := b.CreateLock(ctx, []byte("ana"))
		if err != nil {
			return err
		}
		return errors.Join(b.DeleteLock(ctx, etag), b.DeleteLock(ctx, etag))
	}},
	{"history lists every version, newest first, and each can be read", func(ctx context.Context, b Backend) error {
		etag := ""
		for n := range 5 {
			var err error
			if etag, err = b.Write(ctx, fmt.Appendf(nil, "state %d", n), etag); err != nil {
				return err
			}
		}
		if _, err := b.CreateLock(ctx, []byte("ana")); err != nil {
			return err
		}
		all, err := b.History(ctx)
		if err != nil || len(all) != 5 {
			return fmt.Errorf("%d versions: %w", len(all), err)
		}
		for i, v := range all {
			data, err := b.ReadVersion(ctx, v.ID)
			want := fmt.Sprintf("state %d", 4-i)
			if err != nil || string(data) != want || v.Size != int64(len(want)) || v.Current != (i == 0) || v.Time.IsZero() {
				return fmt.Errorf("version %+v is %q: %w", v, data, err)
			}
		}
		return nil
	}},
	{"a version that never was is absent", func(ctx context.Context, b Backend) error {
		if _, err := b.Write(ctx, []byte("one"), ""); err != nil {
			return err
		}
		_, err := b.ReadVersion(ctx, "4711")
		return wantErr(err, ErrAbsent)
	}},
	{"a store works on it from first write to conflict", storeOnBackend},
}

func sixteenWriters(ctx context.Context, b Backend) error {
	etag := ""
	for round := range 4 {
		var wg sync.WaitGroup
		errs, etags := make([]error, 16), make([]string, 16)
		for n := range errs {
			wg.Go(func() { etags[n], errs[n] = b.Write(ctx, fmt.Appendf(nil, "round %d writer %d", round, n), etag) })
		}
		wg.Wait()
		winner := -1
		for n, err := range errs {
			switch {
			case err == nil && winner >= 0:
				return fmt.Errorf("round %d: writers %d and %d both won", round, winner, n)
			case err == nil:
				winner = n
			case !errors.Is(err, ErrConflict):
				return err
			}
		}
		if winner < 0 {
			return fmt.Errorf("round %d: no writer won", round)
		}
		if data, _, err := b.Read(ctx); string(data) != fmt.Sprintf("round %d writer %d", round, winner) {
			return fmt.Errorf("round %d: writer %d won, the state is %q: %w", round, winner, data, err)
		}
		etag = etags[winner]
	}
	return nil
}

func storeOnBackend(ctx context.Context, b Backend) error {
	o := options(b)
	mine, err := Open(ctx, o)
	if err != nil {
		return err
	}
	theirs, err := Open(ctx, o)
	if err != nil {
		return err
	}
	mine.Record(entry("vpc/main", "vpc-1"))
	if err := mine.Begin(ctx, "subnet/a"); err != nil {
		return err
	}
	if err := wantErr(theirs.Begin(ctx, "vpc/main"), ErrConflict); err != nil {
		return err
	}
	o.ReadOnly = true
	seen, err := Open(ctx, o)
	if err != nil {
		return err
	}
	if _, ok := seen.InFlight("subnet/a"); !ok {
		return errors.New("the note of a create in flight is not there")
	}
	unsaved := new(UnsavedError)
	if err := theirs.Close(ctx); !errors.As(err, &unsaved) {
		return fmt.Errorf("closing the store that lost the race: %w", err)
	}
	return errors.Join(mine.Close(ctx), seen.Close(ctx))
}

func wantErr(err, want error) error {
	if !errors.Is(err, want) {
		return fmt.Errorf("the error is %w, not %w", err, want)
	}
	return nil
}

// tested is a backend, or an emulator behind one.
type tested struct {
	name string
	make func(t *testing.T) Backend
	// gaps are behaviours that an emulator lacks, with what AWS does instead.
	gaps map[string]string
}

func TestEveryBackendBehavesTheSame(t *testing.T) {
	behave(t, []tested{
		{name: "memory", make: func(*testing.T) Backend { return NewMemory() }},
		{name: "file", make: func(t *testing.T) Backend { return NewFile(filepath.Join(t.TempDir(), "prod.json")) }},
		{name: "directory", make: func(t *testing.T) Backend { return NewFile(filepath.Join(t.TempDir(), "deep", "er")) }},
		{name: "s3 as documented", make: func(t *testing.T) Backend {
			return s3Backend(t, newStrictS3(), S3Options{Bucket: "states", Prefix: "karmacadabra-prod", Owner: "123456789012"})
		}},
		goFakeS3(),
	})
}

// behave requires every behaviour of every backend, and that each gap is one.
func behave(t *testing.T, backends []tested) {
	t.Helper()
	for _, backend := range backends {
		t.Run(backend.name, func(t *testing.T) {
			for _, b := range behaviours {
				t.Run(b.name, func(t *testing.T) {
					t.Chdir(t.TempDir()) // for emergency copies
					err := b.run(t.Context(), backend.make(t))
					gap, known := backend.gaps[b.name]
					switch {
					case known && err == nil:
						t.Errorf("the gap is closed, take it off the list: %s", gap)
					case !known && err != nil:
						t.Error(err)
					}
				})
			}
		})
	}
}

// oldEtag is the behaviour that gofakes3 lacks and a lost lock relies on.
const oldEtag = "a lock is not deleted with an old etag"

func goFakeS3() tested {
	return tested{name: "gofakes3", make: newGoFakeS3, gaps: map[string]string{
		oldEtag: "DeleteObject ignores If-Match; AWS answers 412 PreconditionFailed",
		"history lists every version, newest first, and each can be read": "ListObjectVersions lists the oldest first; AWS the newest",
	}}
}

func newGoFakeS3(t *testing.T) Backend {
	t.Helper()
	mem := s3mem.New()
	if err := mem.CreateBucket("states"); err != nil {
		t.Fatal(err)
	}
	if err := mem.SetVersioningConfiguration("states", gofakes3.VersioningConfiguration{Status: gofakes3.VersioningEnabled}); err != nil {
		t.Fatal(err)
	}
	return s3Backend(t, gofakes3.New(mem).Server(), S3Options{Bucket: "states", Prefix: "karmacadabra-prod"})
}
