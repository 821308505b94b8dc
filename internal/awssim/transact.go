package awssim

import (
	"errors"
	"fmt"
	"time"
)

const (
	// leastBetweenWrites and writeShare bound what a rehearsal spends on writing its
	// world: at most one write in the first, and a twentieth of its time.
	leastBetweenWrites = 20 * time.Millisecond
	writeShare         = 20
)

// transact runs f on the world as it is now, and keeps what it changed.
func (s *Sim) transact(write bool, f func() error) error {
	defer s.work()()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.services = nil
	if write {
		s.instead = nil
	}
	if s.store == nil {
		return f()
	}
	if err := s.take(); err != nil {
		return err
	}
	ferr := f()
	s.store.dirty = s.store.dirty || write
	return errors.Join(ferr, s.give())
}

// work stops a fast clock until what it returns is called.
func (s *Sim) work() (end func()) {
	c, ok := s.opts.Clock.(*FastClock)
	if !ok {
		return func() {}
	}
	c.stop()
	return c.start
}

// take makes the world this process's own: its file is locked, and read when
// another process has written it.
func (s *Sim) take() error {
	f := s.store
	if f.held {
		if !f.wanted() {
			return nil
		}
		if err := s.release(); err != nil {
			return err
		}
	}
	if err := f.acquire(); err != nil {
		return err
	}
	if err := s.refresh(); err != nil {
		return errors.Join(err, s.release())
	}
	return nil
}

// give lets other processes have the world. In a rehearsal one that was changed is
// kept for a moment, so that a hundred changes are written once; a process that
// wants it has it at once.
func (s *Sim) give() error {
	f := s.store
	left := time.Until(f.due)
	if _, fast := s.opts.Clock.(*FastClock); !fast || !f.dirty || left <= 0 {
		return s.release()
	}
	if f.later == nil {
		f.later = time.AfterFunc(left, func() {
			s.mu.Lock()
			defer s.mu.Unlock()
			f.later = nil
			f.failed = errors.Join(f.failed, s.release()) // the next call tells
		})
	}
	return nil
}

// release writes the world, if it was changed, and unlocks its file.
func (s *Sim) release() error {
	f := s.store
	if !f.held {
		return nil
	}
	err := f.failed
	f.failed = nil
	if f.dirty {
		began := time.Now()
		if c, ok := s.opts.Clock.(*FastClock); ok {
			s.world.Clock = c.pair()
		}
		err = errors.Join(err, f.write(s.world))
		f.due = time.Now().Add(max(leastBetweenWrites, writeShare*time.Since(began)))
		f.dirty = false
	}
	f.held = false
	if uerr := f.lock.Unlock(); uerr != nil {
		err = errors.Join(err, fmt.Errorf("the simulated account in %s cannot be unlocked: %w", f.path, uerr))
	}
	return err
}

// sync has the world written now, if it was changed.
func (s *Sim) sync() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.store == nil {
		return nil
	}
	return s.release()
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
	s.world, s.instead, s.store.gen = w, nil, w.Generation
	if c, ok := s.opts.Clock.(*FastClock); ok {
		c.set(w.Clock)
	}
	return nil
}
