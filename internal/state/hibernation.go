package state

import (
	"context"
	"fmt"
	"slices"
	"time"
)

// Hibernation says that what bills by the hour was taken away for a while, so
// that its absence is no reason to make it again. It is there from before the
// first deletion until the last of it is back.
type Hibernation struct {
	Since time.Time `json:"since"`
	// KeepALB: the load balancer was left, and with it its DNS name.
	KeepALB bool `json:"keepALB,omitempty"`
	// Scales are what karmactl scale had set: it goes with the services, and
	// AWS remembers none of it.
	Scales []Scale `json:"scales,omitempty"`
}

// Scale is how one agent was scaled by hand or by the clock.
type Scale struct {
	Agent string `json:"agent"`
	// Manual: Min and Max were set by hand, and agents.yaml does not rule.
	Manual bool `json:"manual,omitempty"`
	Min    int  `json:"min"`
	Max    int  `json:"max"`
	// Actions are those of its schedule, as AWS had them.
	Actions []ScaleAction `json:"actions,omitempty"`
}

// ScaleAction is one change of bounds at a time.
type ScaleAction struct {
	Schedule string `json:"schedule"`
	Action   string `json:"action"`
	Cron     string `json:"cron"`
	Timezone string `json:"timezone,omitempty"`
	Min      int    `json:"min"`
	Max      int    `json:"max"`
}

func (s Scale) equal(o Scale) bool {
	return s.Agent == o.Agent && s.Manual == o.Manual && s.Min == o.Min && s.Max == o.Max && slices.Equal(s.Actions, o.Actions)
}

func (h *Hibernation) clone() *Hibernation {
	if h == nil {
		return nil
	}
	c := *h
	c.Scales = nil
	for _, s := range h.Scales {
		s.Actions = slices.Clone(s.Actions)
		c.Scales = append(c.Scales, s)
	}
	return &c
}

func (h *Hibernation) equal(o *Hibernation) bool {
	if h == nil || o == nil {
		return h == o
	}
	return h.Since.Equal(o.Since) && h.KeepALB == o.KeepALB && slices.EqualFunc(h.Scales, o.Scales, Scale.equal)
}

// remember puts what is scaled now in front of what was remembered before: a
// hibernation that was interrupted has deleted some of it already.
func (h *Hibernation) remember(now []Scale) []Scale {
	out := slices.Clone(now)
	if h == nil {
		return out
	}
	for _, was := range h.Scales {
		if !slices.ContainsFunc(now, func(s Scale) bool { return s.Agent == was.Agent }) {
			out = append(out, was)
		}
	}
	return out
}

// Hibernation tells whether the stack hibernates; nil is awake.
func (s *Store) Hibernation() *Hibernation {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.state.Hibernation.clone()
}

// Hibernate notes that the stack hibernates and how its agents were scaled, and
// returns when that is safe. A stack that does already keeps the time since when,
// and what is remembered of agents that are not scaled any more.
func (s *Store) Hibernate(ctx context.Context, keepALB bool, scaled []Scale) error {
	return s.setHibernation(ctx, func(was *Hibernation) *Hibernation {
		h := &Hibernation{Since: s.Clock.Now().UTC().Round(0), KeepALB: keepALB, Scales: was.remember(scaled)}
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
		if was.equal(is) {
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
