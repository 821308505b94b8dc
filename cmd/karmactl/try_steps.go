package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/karmacadabra/karmactl/internal/awssim"
	"github.com/karmacadabra/karmactl/internal/engine"
	"github.com/karmacadabra/karmactl/internal/state"
)

// How long a reader gets after each step.
const tryPause = 4 * time.Second

func (t *trial) world() string { return filepath.Join(t.dir, "world", worldName) }

func (t *trial) pause(ctx context.Context) error {
	if t.fast || !t.term.Screen {
		return ctx.Err()
	}
	return engine.RealClock{}.Wait(ctx, tryPause)
}

// command is karmactl as a user would call it in the trial's folder.
func (t *trial) command(ctx context.Context, stdin string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, t.program, args...) //nolint:gosec // it is this program, and the arguments are written below
	cmd.Dir, cmd.Stdin, cmd.Stdout, cmd.Stderr = t.dir, strings.NewReader(stdin), t.term.Out, t.term.Err
	for _, pair := range os.Environ() {
		if !strings.HasPrefix(pair, "KARMACTL_") {
			cmd.Env = append(cmd.Env, pair)
		}
	}
	cmd.Env = append(cmd.Env, "KARMACTL_SIMULATE="+filepath.Dir(t.world()), "KARMACTL_NO_UPDATE_CHECK=1")
	if t.term.Quiet || !t.term.Live {
		cmd.Env = append(cmd.Env, "KARMACTL_QUIET=true")
	}
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = 10 * time.Second
	return cmd
}

// run shows a command, runs it and wants its exit code.
func (t *trial) run(ctx context.Context, want int, args ...string) error {
	t.term.Typed("karmactl " + strings.Join(args, " "))
	return t.ended(t.command(ctx, "", args...).Run(), want, args)
}

func (t *trial) ended(err error, want int, args []string) error {
	got := 0
	if exit := (*exec.ExitError)(nil); errors.As(err, &exit) {
		got = exit.ExitCode()
	} else if err != nil {
		return fmt.Errorf("karmactl %s does not run: %w", args[0], err)
	}
	if got != want {
		return fmt.Errorf("karmactl %s exits %d, and %d was to be expected", strings.Join(args, " "), got, want)
	}
	return nil
}

func (t *trial) stepUp(ctx context.Context) error { return t.run(ctx, 0, "up", "--yes") }

func (t *trial) stepCrash(ctx context.Context) error {
	return t.run(ctx, exitDeployment, "deploy", "planner", "--image", "python:crash", "--fail-fast=false")
}

// stepSpot plays AWS: each Spot task gets its notice, and three minutes go by.
func (t *trial) stepSpot(ctx context.Context) error {
	sim, clock, err := t.rehearse(t.world(), "us-east-1")
	if err != nil {
		return err
	}
	t.term.Typed("# AWS needs the capacity: each Spot task gets two minutes' notice …")
	err = errors.Join(
		sim.Edit(func(w *awssim.World) { w.InterruptSpot = true }),
		sim.Edit(func(w *awssim.World) { w.InterruptSpot = false }),
		clock.Wait(ctx, 5*time.Minute),
		sim.Close(),
	)
	if err != nil {
		return err
	}
	return t.run(ctx, 0, "status")
}

func (t *trial) stepSecret(ctx context.Context) error {
	args := []string{"secrets", "set", "reviewer", "api_key"}
	t.term.Typed("karmactl " + strings.Join(args, " ") + " < a-file-of-yours")
	if err := t.ended(t.command(ctx, "a made-up value", args...).Run(), 0, args); err != nil {
		return err
	}
	return t.run(ctx, 0, "secrets", "status")
}

// stepKilled kills an up once the agent's service is there and its tasks are being started, and runs it again.
func (t *trial) stepKilled(ctx context.Context) error {
	args := []string{"up", "--yes"}
	t.term.Typed("karmactl up --yes   # and kill -9 in the middle")
	cmd := t.command(ctx, "", args...)
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("karmactl up does not run: %w", err)
	}
	ended := make(chan struct{})
	go func() {
		_ = cmd.Wait() // the second run tells whether all is well
		close(ended)
	}()
	look := time.NewTicker(20 * time.Millisecond)
	defer look.Stop()
	for {
		select {
		case <-ended: // it was quicker
			return t.run(ctx, 0, args...)
		case <-look.C:
		}
		if !t.recorded(ctx, "service/reviewer") {
			continue
		}
		err := cmd.Process.Kill()
		<-ended
		if err != nil && !errors.Is(err, os.ErrProcessDone) {
			return fmt.Errorf("the run cannot be killed: %w", err)
		}
		t.term.Printf("\n")
		return t.run(ctx, 0, args...)
	}
}

// recorded tells whether the state has a resource; while it cannot be read it has none.
func (t *trial) recorded(ctx context.Context, key engine.Key) bool {
	data, _, err := state.NewFile(filepath.Join(t.world()+".state", "try", "demo.json")).Read(ctx)
	if err != nil {
		return false
	}
	s, err := state.Decode(data)
	if err != nil {
		return false
	}
	_, there := s.Resources[key]
	return there
}

func (t *trial) stepBill(ctx context.Context) error { return t.run(ctx, 0, "cost") }

func (t *trial) stepDown(ctx context.Context) error { return t.run(ctx, 0, "down", "--yes") }
