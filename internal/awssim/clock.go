package awssim

import (
	"context"
	"sync"
	"time"

	"github.com/karmacadabra/karmactl/internal/engine"
)

// clockState is a pair of moments that are the same: one of the simulated
// account, one of the machine.
type clockState struct {
	Sim  time.Time
	Real time.Time
}

// FastClock runs Speed times as fast as the machine's: in a rehearsal the two
// minutes of a NAT gateway take two seconds. It stops while the simulated AWS
// works, or a large account would age by minutes while its calls are computed.
type FastClock struct {
	Speed float64

	mu    sync.Mutex
	state clockState
	// working counts the calls that are being worked on. While there are any, it is
	// at, and has been since a moment of the machine's. It is never earlier than at.
	working int
	at      time.Time
	since   time.Time
}

var _ engine.Clock = (*FastClock)(nil)

// leastWait is how long the machine waits at least before a waiter looks again.
const leastWait = time.Millisecond

// Now is the time in the simulated account.
func (c *FastClock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now()
}

func (c *FastClock) now() time.Time {
	if c.working > 0 {
		return c.at
	}
	return later(c.at, c.running())
}

// running is what the clock says when it does not stop.
func (c *FastClock) running() time.Time {
	return c.state.Sim.Add(time.Duration(float64(time.Since(c.state.Real)) * c.Speed))
}

// Wait waits for d of the account's time.
func (c *FastClock) Wait(ctx context.Context, d time.Duration) error {
	until := c.Now().Add(d)
	for left := d; ; {
		if err := (engine.RealClock{}).Wait(ctx, time.Duration(float64(left)/c.Speed)); err != nil {
			return err
		}
		if left = until.Sub(c.Now()); left <= 0 {
			return nil
		}
		left = max(left, time.Duration(float64(leastWait)*c.Speed))
	}
}

// stop stops the clock until start was called as often.
func (c *FastClock) stop() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.working == 0 {
		c.at, c.since = c.now(), time.Now()
	}
	c.working++
}

// start lets the clock continue from where it was.
func (c *FastClock) start() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.working--; c.working == 0 {
		c.state.Real = c.state.Real.Add(time.Since(c.since))
	}
}

// set has the clock go by the pair that another process left, and never back.
func (c *FastClock) set(st clockState) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.state = st
	if c.working > 0 {
		c.at, c.since = later(c.at, c.running()), time.Now()
	}
}

// pair is the clock as another process can go by it.
func (c *FastClock) pair() clockState {
	c.mu.Lock()
	defer c.mu.Unlock()
	return clockState{Sim: c.now(), Real: time.Now().UTC()}
}
