package awssim

import (
	"context"
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
// minutes of a NAT gateway take two seconds.
type FastClock struct {
	Speed float64
	state clockState
}

var _ engine.Clock = (*FastClock)(nil)

// Now is the time in the simulated account.
func (c *FastClock) Now() time.Time {
	return c.state.Sim.Add(time.Duration(float64(time.Since(c.state.Real)) * c.Speed))
}

// Wait waits for d of the account's time.
func (c *FastClock) Wait(ctx context.Context, d time.Duration) error {
	return engine.RealClock{}.Wait(ctx, time.Duration(float64(d)/c.Speed))
}
