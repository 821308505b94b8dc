package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"github.com/karmacadabra/karmactl/internal/engine"
)

// signals makes the first Ctrl-C (or SIGTERM) close a.stop, so that nothing new
// is started and running calls finish and are recorded, and the second end the
// context. A pipe that is closed early must not kill an `up` in the middle.
func (a *app) signals(ctx context.Context) (context.Context, func()) {
	ctx, cancel := context.WithCancelCause(ctx)
	stop := make(chan struct{})
	a.stop = stop
	ch := make(chan os.Signal, 2)
	signal.Notify(ch, os.Interrupt, syscall.SIGTERM)
	signal.Ignore(syscall.SIGPIPE)
	a.leaveSignals = func() { signal.Stop(ch) }
	done := make(chan struct{})
	go func() {
		select {
		case <-ch:
		case <-done:
			return
		}
		close(stop)
		if !a.graceful.Load() {
			cancel(engine.ErrInterrupted)
			return
		}
		a.term.Notef("\nstopping: what is being made is finished and recorded; Ctrl-C again leaves at once")
		select {
		case <-ch:
			cancel(engine.ErrInterrupted)
		case <-done:
		}
	}()
	return ctx, func() { signal.Stop(ch); close(done); cancel(nil) }
}
