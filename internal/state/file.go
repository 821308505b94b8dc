package state

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/gofrs/flock"
)

// File keeps the state in a local file, for --simulate and for trying. Its lock
// is a file beside it; so are its last versions.
type File struct {
	path string // .../state.json
	stem string // .../state
}

// keptVersions is how many versions stay beside the file: an up of five agents writes some
// sixty, and history tells of more than the last run.
const keptVersions = 200

// guardPoll is how often a compare-and-swap looks whether another has finished.
const guardPoll = 5 * time.Millisecond

// NewFile makes the backend of a file (PATH.json, or one that exists) or of a
// directory (then state.json in it). It touches nothing yet.
func NewFile(path string) *File {
	info, err := os.Stat(path)
	isFile := filepath.Ext(path) == ".json" || (err == nil && !info.IsDir())
	if !isFile {
		path = filepath.Join(path, "state.json")
	}
	return &File{path: path, stem: strings.TrimSuffix(path, ".json")}
}

// URI is the path of the file.
func (b *File) URI() string { return b.path }

func (b *File) lockPath() string           { return b.stem + ".lock.json" }
func (b *File) versionPath(n int64) string { return fmt.Sprintf("%s.%06d.json", b.stem, n) }

// Read implements Backend.
func (b *File) Read(context.Context) ([]byte, string, error) { return readFile(b.path) }

// ReadLock implements Backend. Runs that share a file share a clock.
func (b *File) ReadLock(context.Context) (StoredLock, error) {
	data, etag, err := readFile(b.lockPath())
	return StoredLock{Data: data, ETag: etag, Age: UnknownAge}, err
}

// Write implements Backend. The numbered version is written first: a crash in
// between leaves a version too many, never one too few.
func (b *File) Write(ctx context.Context, data []byte, etag string) (next string, err error) {
	err = b.guarded(ctx, b.path, etag, func() error {
		numbers, err := b.numbers()
		if err != nil {
			return err
		}
		n := int64(1)
		if len(numbers) > 0 {
			n = numbers[0] + 1
		}
		if err := writeFile(b.versionPath(n), data); err != nil {
			return err
		}
		if err := writeFile(b.path, data); err != nil {
			return errors.Join(err, os.Remove(b.versionPath(n)))
		}
		for _, old := range numbers[min(keptVersions-1, len(numbers)):] {
			if err := os.Remove(b.versionPath(old)); err != nil && !errors.Is(err, fs.ErrNotExist) {
				return fmt.Errorf("removing an old version of the state: %w", err)
			}
		}
		next = etagOf(data)
		return nil
	})
	return next, err
}

// CreateLock implements Backend.
func (b *File) CreateLock(ctx context.Context, data []byte) (string, error) {
	return etagOf(data), b.guarded(ctx, b.lockPath(), "", func() error { return writeFile(b.lockPath(), data) })
}

// ReplaceLock implements Backend.
func (b *File) ReplaceLock(ctx context.Context, data []byte, etag string) (string, error) {
	return etagOf(data), b.guarded(ctx, b.lockPath(), etag, func() error { return writeFile(b.lockPath(), data) })
}

// DeleteLock implements Backend.
func (b *File) DeleteLock(ctx context.Context, etag string) error {
	if _, err := b.ReadLock(ctx); errors.Is(err, ErrAbsent) {
		return nil
	}
	return b.guarded(ctx, b.lockPath(), etag, func() error { return os.Remove(b.lockPath()) })
}

// History implements Backend.
func (b *File) History(ctx context.Context) ([]Version, error) {
	numbers, err := b.numbers()
	if err != nil {
		return nil, err
	}
	_, current, err := b.Read(ctx)
	if err != nil && !errors.Is(err, ErrAbsent) {
		return nil, err
	}
	var all []Version
	seen := false
	for _, n := range numbers {
		data, etag, err := readFile(b.versionPath(n))
		if errors.Is(err, ErrAbsent) { // pruned since
			continue
		}
		if err != nil {
			return nil, err
		}
		info, err := os.Stat(b.versionPath(n))
		if err != nil {
			return nil, fmt.Errorf("reading the history of the state: %w", err)
		}
		v := Version{ID: strconv.FormatInt(n, 10), Time: info.ModTime().UTC(), Size: info.Size(), Current: etag == current && !seen}
		seen = seen || v.Current
		if s, err := Decode(data); err == nil {
			v.Serial = s.Serial
		}
		all = append(all, v)
	}
	return all, nil
}

// ReadVersion implements Backend.
func (b *File) ReadVersion(_ context.Context, id string) ([]byte, error) {
	n, err := strconv.ParseInt(id, 10, 64)
	if err != nil {
		return nil, fmt.Errorf("version %s of %s %w", id, b.path, ErrAbsent)
	}
	data, _, err := readFile(b.versionPath(n))
	return data, err
}

// numbers lists the kept versions, newest first.
func (b *File) numbers() ([]int64, error) {
	entries, err := os.ReadDir(filepath.Dir(b.path))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("reading the history of the state: %w", err)
	}
	var numbers []int64
	for _, e := range entries {
		name, ok := strings.CutPrefix(e.Name(), filepath.Base(b.stem)+".")
		if !ok {
			continue
		}
		n, err := strconv.ParseInt(strings.TrimSuffix(name, ".json"), 10, 64)
		if err == nil && e.Name() == filepath.Base(b.versionPath(n)) {
			numbers = append(numbers, n)
		}
	}
	slices.Sort(numbers)
	slices.Reverse(numbers)
	return numbers, nil
}

// guarded runs do if path still has that etag ("": does not exist), while no
// other process does the same.
func (b *File) guarded(ctx context.Context, path, etag string, do func() error) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return fmt.Errorf("making the directory of the state: %w", err)
	}
	guard := flock.New(b.stem + ".flock")
	if _, err := guard.TryLockContext(ctx, guardPoll); err != nil {
		return fmt.Errorf("waiting for another karmactl to finish writing %s: %w", path, err)
	}
	defer guard.Close()
	_, current, err := readFile(path)
	if err != nil && !errors.Is(err, ErrAbsent) {
		return err
	}
	if current != etag {
		return fmt.Errorf("%s was %w", path, ErrConflict)
	}
	return do()
}

func etagOf(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}

func readFile(path string) ([]byte, string, error) {
	data, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, "", fmt.Errorf("%s %w", path, ErrAbsent)
	}
	if err != nil {
		return nil, "", fmt.Errorf("reading the state: %w", err)
	}
	return data, etagOf(data), nil
}

// writeFile puts the whole content in place at once: readers see the old or the
// new file, also after a power cut.
func writeFile(path string, data []byte) error {
	tmp, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".tmp-*")
	if err != nil {
		return fmt.Errorf("writing %s: %w", path, err)
	}
	_, err = tmp.Write(data)
	err = errors.Join(err, tmp.Sync(), tmp.Close())
	if err == nil {
		err = os.Rename(tmp.Name(), path)
	}
	if err != nil {
		return fmt.Errorf("writing %s: %w", path, errors.Join(err, os.Remove(tmp.Name())))
	}
	return nil
}
