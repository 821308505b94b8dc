package awssim

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/gofrs/flock"
)

// worldFile keeps a world between commands, and shares it between processes
// that run side by side: every call takes the file's lock and reads the world
// again when another process has changed it.
type worldFile struct {
	path string
	lock *flock.Flock
	// users is held, shared, by every process that has the world open: the
	// account's clock runs fast while there is one, and at the machine's pace
	// while there is none.
	users *flock.Flock
	gen   int
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
	f := &worldFile{path: path, lock: flock.New(path + ".lock"), users: flock.New(path + ".users")}
	if err := f.lock.Lock(); err != nil {
		return nil, nil, fmt.Errorf("the simulated account in %s cannot be locked: %w", path, err)
	}
	defer func() { _ = f.lock.Unlock() }()
	w, err := f.read()
	if errors.Is(err, fs.ErrNotExist) {
		w, err = newWorld(account, region), nil
	}
	if err != nil {
		return nil, nil, err
	}
	if w.Region != region {
		return nil, nil, fmt.Errorf("the simulated account in %s is in %s, not in %s: use another file for another region", path, w.Region, region)
	}
	f.gen = w.Generation
	return f, w, nil
}

// joinClock sets the account's clock going: where it was left, plus the time
// that has gone by on the machine.
func (s *Sim) joinClock(c *FastClock) error {
	f := s.store
	if err := f.lock.Lock(); err != nil {
		return fmt.Errorf("the simulated account in %s cannot be locked: %w", f.path, err)
	}
	defer func() { _ = f.lock.Unlock() }()
	alone, err := f.users.TryLock()
	if err != nil {
		return fmt.Errorf("the simulated account in %s cannot be locked: %w", f.path, err)
	}
	st := s.world.Clock
	if alone {
		now := time.Now().UTC().Truncate(time.Microsecond)
		if st.Sim.IsZero() || st.Real.IsZero() {
			st = clockState{Sim: now, Real: now}
		} else {
			st = clockState{Sim: st.Sim.Add(now.Sub(st.Real)), Real: now}
		}
		s.world.Clock = st
		c.state = st
		if err := f.write(s.world); err != nil {
			return err
		}
		if err := f.users.Unlock(); err != nil {
			return fmt.Errorf("the simulated account in %s cannot be unlocked: %w", f.path, err)
		}
	}
	c.state = st
	if err := f.users.RLock(); err != nil {
		return fmt.Errorf("the simulated account in %s cannot be locked: %w", f.path, err)
	}
	return nil
}

// Close stops the account's clock at the present and lets go of the file.
func (s *Sim) Close() error {
	if s.store == nil {
		return nil
	}
	err := s.transact(true, func() error {
		s.settle()
		if c, ok := s.opts.Clock.(*FastClock); ok {
			// The pair is moved along, which changes nothing for other processes.
			now := time.Now().UTC()
			s.world.Clock = clockState{Sim: c.Now(), Real: now}
		}
		return nil
	})
	return errors.Join(err, s.store.users.Unlock(), s.store.users.Close(), s.store.lock.Close())
}

// transact runs f on the world as it is now, and keeps what it changed.
func (s *Sim) transact(write bool, f func() error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.services = nil
	if s.store == nil {
		return f()
	}
	if err := s.store.lock.Lock(); err != nil {
		return fmt.Errorf("the simulated account in %s cannot be locked: %w", s.store.path, err)
	}
	defer func() { _ = s.store.lock.Unlock() }()
	if err := s.refresh(); err != nil {
		return err
	}
	ferr := f()
	if !write {
		return ferr
	}
	return errors.Join(ferr, s.store.write(s.world))
}

// refresh reads the world again when another process has changed it.
func (s *Sim) refresh() error {
	gen, err := s.store.generation()
	if err != nil || gen == s.store.gen {
		return err
	}
	w, err := s.store.read()
	if err != nil {
		return err
	}
	s.world, s.store.gen = w, w.Generation
	return nil
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
		return nil, fmt.Errorf("the simulated account in %s is damaged: %w: delete the file to start over", f.path, err)
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
	tmp := f.path + ".tmp"
	if err := os.WriteFile(tmp, b, 0o600); err != nil {
		return fmt.Errorf("the simulated account cannot be written: %w", err)
	}
	if err := os.Rename(tmp, f.path); err != nil {
		return fmt.Errorf("the simulated account cannot be written: %w", err)
	}
	return os.WriteFile(f.path+".gen", fmt.Append(nil, w.Generation), 0o600)
}
