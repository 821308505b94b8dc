package state

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"
)

// writeLimit is how long one write may take before it counts as failed.
const writeLimit = time.Minute

// unsure is what a failed write may have left in the backend.
type unsure struct {
	data   []byte
	serial int64
}

// waiter wants to know when a change is safe.
type waiter struct {
	gen  uint64
	done chan error
}

// wake is called with mu held, and not after Close.
func (s *Store) wake() {
	select {
	case s.kick <- struct{}{}:
	default:
	}
}

// Flush returns when every change so far is safe. After a failed write it tries
// once more, unless another karmactl wrote the state: that ends this store.
func (s *Store) Flush(ctx context.Context) error {
	s.mu.Lock()
	if s.gen == s.saved || s.closed || errors.Is(s.err, ErrConflict) {
		defer s.mu.Unlock()
		return s.err
	}
	w := waiter{gen: s.gen, done: make(chan error, 1)}
	s.waiting = append(s.waiting, w)
	s.wake()
	s.mu.Unlock()
	select {
	case err := <-w.done:
		return err
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// Close writes what is not written yet and ends the writer. What could not be
// written goes to a local file; the error, *UnsavedError, says how to push it
// back. Give it a context that outlives a Ctrl-C. Closing twice is harmless.
func (s *Store) Close(ctx context.Context) error {
	err := s.Flush(ctx)
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		return nil
	}
	s.closed = true
	close(s.kick)
	s.mu.Unlock()
	s.stop()
	<-s.done
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.gen == s.saved {
		return s.err
	}
	return s.rescue(cmp.Or(err, s.err))
}

// run is the writer.
func (s *Store) run(ctx context.Context) {
	defer close(s.done)
	for range s.kick {
		s.save(ctx)
	}
}

// save writes what there is now, and tells the callers that wait for it.
func (s *Store) save(ctx context.Context) {
	s.mu.Lock()
	gen, next := s.gen, s.state.clone()
	idle := gen == s.saved || errors.Is(s.err, ErrConflict)
	s.mu.Unlock()

	var err error
	serial := next.Serial
	if !idle {
		serial, err = s.write(ctx, next)
	}

	s.mu.Lock()
	defer s.mu.Unlock()
	if !idle {
		s.err = err
		if err == nil {
			s.saved, s.state.Serial = gen, serial
		}
	}
	s.waiting = slices.DeleteFunc(s.waiting, func(w waiter) bool {
		if w.gen <= gen || errors.Is(s.err, ErrConflict) {
			w.done <- s.err
			return true
		}
		return false
	})
}

// write replaces the state that this store read or wrote last. A write whose
// reply was lost is recognized by its bytes.
func (s *Store) write(ctx context.Context, next *State) (serial int64, err error) {
	ctx, cancel := context.WithTimeout(ctx, writeLimit)
	defer cancel()
	next.Serial++
	next.By = s.By
	data, err := next.Encode()
	if err != nil {
		return 0, err
	}
	etag, err := s.Backend.Write(ctx, data, s.etag)
	if errors.Is(err, ErrNoBucket) { // the lock was in it: it was there when this store was opened
		return 0, &ConflictError{URI: s.Backend.URI(), Gone: true, NoBucket: true}
	}
	if errors.Is(err, ErrConflict) {
		there, at, rerr := s.Backend.Read(ctx)
		switch {
		case errors.Is(rerr, ErrAbsent):
			return 0, &ConflictError{URI: s.Backend.URI(), Gone: true}
		case rerr != nil:
			return 0, fmt.Errorf("writing the state: %w", rerr)
		case bytes.Equal(there, data):
			etag, err = at, nil
		case s.unsure.data != nil && bytes.Equal(there, s.unsure.data):
			next.Serial = s.unsure.serial
			s.etag, s.unsure = at, unsure{}
			return s.write(ctx, next)
		default:
			return 0, &ConflictError{URI: s.Backend.URI()}
		}
	}
	if err != nil {
		s.unsure = unsure{data: data, serial: next.Serial}
		return 0, fmt.Errorf("writing the state: %w", err)
	}
	s.etag, s.unsure = etag, unsure{}
	return next.Serial, nil
}
