// Command karmactl provisions and runs a small fleet of AI agents on AWS ECS
// Fargate. One file per command; this one has the exit.
package main

import (
	"context"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/karmacadabra/karmactl/internal/engine"
	"github.com/karmacadabra/karmactl/internal/fleet/logs"
	"github.com/karmacadabra/karmactl/internal/ui"
)

func main() { os.Exit(newApp().main(os.Args[1:])) }

// newApp is the program with its streams.
func newApp() *app {
	return &app{term: ui.NewTerminal(os.Stdin, os.Stdout, os.Stderr, os.Getenv), rehearse: openRehearsal, frugal: logs.BeFrugal}
}

// main runs one command until a signal ends it, and returns the exit code.
func (a *app) main(args []string) int {
	ctx, stop := a.signals(context.Background())
	defer stop()
	return a.run(ctx, args)
}

// wantsJSON tells whether the flags, or the variable that stands for them, ask for JSON.
func wantsJSON(args []string) bool {
	want := os.Getenv("KARMACTL_OUTPUT")
	for i, arg := range args {
		if arg == "--" {
			break
		}
		if value, ok := strings.CutPrefix(arg, "--output="); ok {
			want = value
		} else if (arg == "-o" || arg == "--output") && i+1 < len(args) {
			want = args[i+1]
		} else if value, ok := strings.CutPrefix(arg, "-o"); ok && value != "" {
			want = strings.TrimPrefix(value, "=")
		}
	}
	return want == "json"
}

// run runs one command and tells what went wrong.
func (a *app) run(ctx context.Context, args []string) int {
	cmd := newRootCmd(a)
	cmd.SetArgs(args)
	err := cmd.ExecuteContext(ctx)
	if err == nil {
		return 0
	}
	f := fault(a, plainGroups(err))
	a.term.JSON = a.term.JSON || wantsJSON(args) // a call that is wrong was not read to its end
	if f.Message != "" {
		a.term.Fault(f)
	}
	return f.Code
}

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
