package engine

import (
	"context"
	"time"
)

// Clock owns time: the machine's own, or one that runs fast in a rehearsal.
type Clock interface {
	Now() time.Time
	// Wait returns after d, or earlier with the context's error.
	Wait(ctx context.Context, d time.Duration) error
}

// RealClock is the machine's clock.
type RealClock struct{}

// Now is the machine's time.
func (RealClock) Now() time.Time { return time.Now() }

// Wait waits for d or the end of ctx.
func (RealClock) Wait(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-t.C:
		return nil
	}
}
