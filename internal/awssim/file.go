package awssim

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"github.com/gofrs/flock"
)

// worldFile keeps a world between commands, and shares it between processes
// that run side by side: every call takes the file's lock and reads the world
// again when another process has changed it.
type worldFile struct {
	path string
	lock *flock.Flock
	// queue is held by the process that waits for the lock, so that the one that
	// has the lock notices.
	queue *flock.Flock
	// users is held, shared, by every process that has the world open: the
	// account's clock runs fast while there is one, and at the machine's pace
	// while there is none.
	users *flock.Flock
	gen   int

	// held is whether the lock is, dirty whether the world in memory is ahead of the file.
	held, dirty bool
	// due is when the next write may be, later does it then, failed is what came of it.
	due    time.Time
	later  *time.Timer
	failed error
}

// OpenFile opens the rehearsal in path, or starts one, with a clock that runs
// speed times as fast as the machine's.
func OpenFile(path string, speed float64, opts Options) (*Sim, *FastClock, error) {
	clock := &FastClock{Speed: speed}
	opts.Clock, opts.File = clock, path
	s, err := New(opts)
	if err != nil {
		return nil, nil, err
	}
	return s, clock, s.joinClock(clock)
}

func openWorld(path, account, region string) (*worldFile, *World, error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return nil, nil, fmt.Errorf("the simulated account cannot be kept in %s: %w", path, err)
	}
	f := &worldFile{path: path, lock: flock.New(path + ".lock"), queue: flock.New(path + ".queue"), users: flock.New(path + ".users")}
	if err := f.acquire(); err != nil {
		return nil, nil, err
	}
	defer func() { f.held = false; _ = f.lock.Unlock() }()
	w, err := f.read()
	if errors.Is(err, fs.ErrNotExist) {
		w, err = newWorld(account, region), nil
	}
	if err != nil {
		return nil, nil, err
	}
	if w.Region != region {
		return nil, nil, fmt.Errorf("the simulated account in %s is in %s, not in %s: name another one for another region", path, w.Region, region)
	}
	f.gen = w.Generation
	return f, w, nil
}

// acquire waits for the lock, in the queue.
func (f *worldFile) acquire() error {
	if err := f.queue.Lock(); err != nil {
		return f.notLocked(err)
	}
	defer func() { _ = f.queue.Unlock() }()
	if err := f.lock.Lock(); err != nil {
		return f.notLocked(err)
	}
	f.held = true
	return nil
}

// notLocked says why the file cannot be used, and what to do where that is known.
func (f *worldFile) notLocked(err error) error {
	if errors.Is(err, fs.ErrPermission) || errors.Is(err, syscall.EROFS) {
		return fmt.Errorf("the simulated account in %s cannot be written: %w: name a folder where you may write", f.path, err)
	}
	return fmt.Errorf("the simulated account in %s cannot be locked: %w", f.path, err)
}

// wanted tells whether another process waits for the lock.
func (f *worldFile) wanted() bool {
	free, err := f.queue.TryLock()
	if free {
		_ = f.queue.Unlock()
	}
	return err == nil && !free
}

// joinClock sets the account's clock going: where it was left, plus the time
// that has gone by on the machine.
func (s *Sim) joinClock(c *FastClock) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	f := s.store
	if err := s.take(); err != nil {
		return err
	}
	alone, err := f.users.TryLock()
	if err != nil {
		return errors.Join(fmt.Errorf("the simulated account in %s cannot be locked: %w", f.path, err), s.release())
	}
	st := s.world.Clock
	if alone {
		now := time.Now().UTC().Truncate(time.Microsecond)
		if st.Sim.IsZero() || st.Real.IsZero() {
			st = clockState{Sim: now, Real: now}
		} else {
			st = clockState{Sim: st.Sim.Add(now.Sub(st.Real)), Real: now}
		}
		f.dirty = true
		if err := f.users.Unlock(); err != nil {
			return errors.Join(fmt.Errorf("the simulated account in %s cannot be unlocked: %w", f.path, err), s.release())
		}
	}
	c.set(st)
	if err := f.users.RLock(); err != nil {
		return errors.Join(fmt.Errorf("the simulated account in %s cannot be locked: %w", f.path, err), s.release())
	}
	return s.release()
}

// Close stops the account's clock at the present and lets go of the file.
func (s *Sim) Close() error {
	if s.store == nil {
		return nil
	}
	err := s.transact(true, func() error { s.settle(); return nil })
	return errors.Join(err, s.sync(), s.store.users.Unlock(), s.store.users.Close(), s.store.queue.Close(), s.store.lock.Close())
}

// generation is read from a small file of its own, so that a read costs little.
func (f *worldFile) generation() (int, error) {
	b, err := os.ReadFile(f.path + ".gen")
	if errors.Is(err, fs.ErrNotExist) {
		return f.gen, nil
	}
	if err != nil {
		return 0, err
	}
	var n int
	if _, err := fmt.Sscan(string(b), &n); err != nil {
		return 0, fmt.Errorf("%s.gen is damaged: %w: delete it", f.path, err)
	}
	return n, nil
}

func (f *worldFile) read() (*World, error) {
	b, err := os.ReadFile(f.path)
	if err != nil {
		return nil, err
	}
	w := newWorld("", "")
	if err := json.Unmarshal(b, w); err != nil {
		return nil, fmt.Errorf("the simulated account in %s is damaged: %w: name another folder to start over", f.path, err)
	}
	return w, nil
}

func (f *worldFile) write(w *World) error {
	w.Generation++
	f.gen = w.Generation
	b, err := json.Marshal(w)
	if err != nil {
		return fmt.Errorf("the simulated account cannot be written: %w", err)
	}
	if err := replaceFile(f.path, b); err != nil {
		return err
	}
	return replaceFile(f.path+".gen", fmt.Append(nil, w.Generation))
}

// replaceFile writes a file whole or not at all, whenever the process is killed.
func replaceFile(path string, b []byte) error {
	tmp := path + ".tmp"
	err := os.WriteFile(tmp, b, 0o600)
	if err == nil {
		err = os.Rename(tmp, path)
	}
	if err != nil {
		return fmt.Errorf("the simulated account cannot be written: %w", err)
	}
	return nil
}
