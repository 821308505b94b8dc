package awssim

import (
	"time"
)

const (
	// tick is how finely the account lives: what happens by itself happens at a
	// multiple of it, never at the moment of a call.
	tick = time.Second
	// mostUnwatched is how much of the time without a call is lived through.
	mostUnwatched = 2 * time.Hour
)

// settle brings the world up to now, a tick at a time: what is pending becomes
// available, what is being deleted goes, tasks start and say their lines. It runs
// before every call, so no goroutine has to. What comes of it depends on the world
// and on the ticks alone: two processes that read one world, each at moments of
// its own, see the same.
func (s *Sim) settle() {
	if s.still {
		return
	}
	end := s.now().Truncate(tick)
	at := s.world.Settled
	if end.Sub(at) > mostUnwatched { // a rehearsal that was laid aside, or a new one
		at = end.Add(-mostUnwatched)
		if s.world.Settled.IsZero() {
			at = end.Add(-tick)
		}
	}
	for at.Before(end) {
		at = s.nextTick(at, end)
		s.live(at)
	}
	s.world.Settled = later(s.world.Settled, end)
}

// nextTick is the next one at which anything can happen: the very next while
// something is on its way, a full minute while only schedules and queues can move anything, and
// else the end.
func (s *Sim) nextTick(at, end time.Time) time.Time {
	switch {
	case s.busy():
		return at.Add(tick)
	case s.scheduled() || s.followsMetrics():
		return earlier(at.Truncate(time.Minute).Add(time.Minute), end)
	}
	return end
}

// live has everything in the account happen that happens at a tick.
func (s *Sim) live(at time.Time) {
	s.at, s.instead = at, nil
	defer func() { s.at = time.Time{} }()
	for _, n := range s.nouns {
		if n.settle != nil {
			n.settle()
		}
	}
}

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}
