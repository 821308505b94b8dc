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

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/karmacadabra/karmactl/internal/agents"
	"github.com/karmacadabra/karmactl/internal/awssim"
	"github.com/karmacadabra/karmactl/internal/engine"
	"github.com/karmacadabra/karmactl/internal/state"
)

type tryOptions struct{ fast bool }

func (o *tryOptions) addFlags(f *pflag.FlagSet) {
	f.BoolVar(&o.fast, "fast", false, "without pauses for a reader: for CI")
}

func newTryCmd(a *app) *cobra.Command {
	var o tryOptions
	cmd := &cobra.Command{
		Use: "try", Short: "See it all in a minute, on a simulated AWS: no account, no file, no cost", Args: cobra.NoArgs,
		Long: `Brings three agents up on a simulated AWS, ships an image that crashes, has Spot
taken away, finds a secret that is missing, kills a run in the middle, shows the
bill and takes everything down. Each step is the command that you would type, and
a sentence says what happened. Nothing is asked of AWS, and nothing is left.`,
		Example: "  karmactl try\n  karmactl try --fast",
		RunE: func(c *cobra.Command, _ []string) error {
			if a.term.JSON {
				return &usageError{errors.New("try is for people, and has no JSON: each command that it runs has")}
			}
			return runTry(c.Context(), a, o)
		},
	}
	o.addFlags(cmd.Flags())
	return cmd
}

// trial is one run of try.
type trial struct {
	*app
	// dir has all that it makes: agents.yaml and the simulated account.
	dir string
	// program is karmactl itself, which runs each command as a user does.
	program string
	fast    bool
}

// step is one part of the story.
type step struct {
	title string
	// do runs its commands; said is what happened, in a sentence.
	do   func(context.Context) error
	said string
}

func runTry(ctx context.Context, a *app, o tryOptions) (err error) {
	program, err := os.Executable()
	if err != nil {
		return fmt.Errorf("try runs karmactl's own commands, and does not find karmactl: %w", err)
	}
	dir, err := os.MkdirTemp("", "karmactl-try-")
	if err != nil {
		return fmt.Errorf("there is no place for the simulated account: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	if err := os.WriteFile(filepath.Join(dir, "agents.yaml"), agents.TryTemplate(), 0o600); err != nil {
		return fmt.Errorf("the fleet to try cannot be written: %w", err)
	}
	t := &trial{app: a, dir: dir, program: program, fast: o.fast}
	began := time.Now()
	a.term.Title("karmactl try", "SIMULATED")
	a.term.Para("  ", "An AWS account is played in a folder that is deleted at the end, sixty times as fast as the real one. Each command is what you would type.")
	steps := t.steps()
	for i, s := range steps {
		a.term.Heading(fmt.Sprintf("%d of %d", i+1, len(steps)), s.title, "SIMULATED")
		if err := s.do(ctx); err != nil {
			if ctx.Err() != nil {
				return &continues{"nothing of it is left", "karmactl try"}
			}
			return fmt.Errorf("step %d of the rehearsal, %s: %w", i+1, strings.ToLower(s.title), err)
		}
		a.term.Moral(s.said)
		if err := t.pause(ctx); err != nil {
			return &continues{"nothing of it is left", "karmactl try"}
		}
	}
	a.term.Heading("done", fmt.Sprintf("in %s", time.Since(began).Round(time.Second)), "SIMULATED")
	a.term.Para("  ", "In your own folder: karmactl init writes agents.yaml, karmactl plan says what it makes and costs, karmactl up makes it.")
	return nil
}

// steps are the story in order.
func (t *trial) steps() []step {
	return []step{
		{"Three agents from nothing", t.stepUp, "One file became a network, a load balancer and the agents, priced before anything was made. One agent waits: it has no value for its secret, and karmactl says which and how."},
		{"An image that crashes", t.stepCrash, "AWS gave up on the new tasks and went back to the old ones. karmactl followed it to its end, said why with the last words of the task, and exited 3. Users saw nothing of it."},
		{"Spot is taken away", t.stepSpot, "AWS took the Spot tasks back at two minutes' notice, and new ones started by themselves. status counts them under the table; nothing is red that is over."},
		{"The missing secret", t.stepSecret, "The value came from standard input and went to AWS Secrets Manager. It is in no file, no log and not in the state."},
		{"A run is killed in the middle", t.stepKilled, "The first run was killed without warning. The second took over its lock, found what it had made and continued; nothing is there twice."},
		{"The bill", t.stepBill, "Every part has a price, and so has what would make it cheaper. up, deploy, scale and run refuse to go over the budget."},
		{"All gone", t.stepDown, "Nothing that bills is left but what you ask to keep. The way up is the first command again."},
	}
}

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
