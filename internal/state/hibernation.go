package state

import (
	"context"
	"fmt"
	"time"
)

// Hibernation says that what bills by the hour was taken away for a while, so
// that its absence is no reason to make it again. It is there from before the
// first deletion until the last of it is back.
type Hibernation struct {
	Since time.Time `json:"since"`
	// KeepALB: the load balancer was left, and with it its DNS name.
	KeepALB bool `json:"keepALB,omitempty"`
}

func (h *Hibernation) clone() *Hibernation {
	if h == nil {
		return nil
	}
	c := *h
	return &c
}

// Hibernation tells whether the stack hibernates; nil is awake.
func (s *Store) Hibernation() *Hibernation {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.state.Hibernation.clone()
}

// Hibernate notes that the stack hibernates, and returns when that is safe. A
// stack that does already keeps the time since when.
func (s *Store) Hibernate(ctx context.Context, keepALB bool) error {
	return s.setHibernation(ctx, func(was *Hibernation) *Hibernation {
		h := &Hibernation{Since: s.Clock.Now().UTC().Round(0), KeepALB: keepALB}
		if was != nil {
			h.Since = was.Since
		}
		return h
	})
}

// Wake notes that the stack is awake, and returns when that is safe.
func (s *Store) Wake(ctx context.Context) error {
	return s.setHibernation(ctx, func(*Hibernation) *Hibernation { return nil })
}

func (s *Store) setHibernation(ctx context.Context, f func(*Hibernation) *Hibernation) error {
	err := s.change(func(st *State) bool {
		was, is := st.Hibernation, f(st.Hibernation)
		if was == nil && is == nil || was != nil && is != nil && *was == *is {
			return false
		}
		st.Hibernation = is
		return true
	})
	if err == nil {
		err = s.Flush(ctx)
	}
	if err != nil {
		return fmt.Errorf("noting in the state whether the stack hibernates: %w", err)
	}
	return nil
}
