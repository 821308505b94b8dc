package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"github.com/karmacadabra/karmactl/internal/agents"
	"github.com/karmacadabra/karmactl/internal/document"
	"github.com/karmacadabra/karmactl/internal/engine"
)

// hookOptions say whether the file's hooks run; "" is what is usual.
type hookOptions struct{ none noHooks }

func (o *hookOptions) addFlags(f *pflag.FlagSet) {
	f.VarPF(&o.none, "no-hooks", "", "run none of the hooks of agents.yaml, which is usual in a rehearsal").NoOptDefVal = "true"
}

// noHooks is a boolean that knows whether it was given.
type noHooks string

func (n *noHooks) String() string { return string(*n) }
func (n *noHooks) Type() string   { return "bool" }
func (n *noHooks) Set(s string) error {
	v, err := strconv.ParseBool(s)
	if err != nil {
		return err
	}
	*n = noHooks(strconv.FormatBool(v))
	return nil
}

// hook is one run of one of the file's commands.
type hook struct {
	name string
	// agents are what the command is about.
	agents []string
	image  string
	// outcome is how it went, after it.
	outcome string
}

// hookGrace is how long a hook, and what it started, has between Ctrl-C or its timeout and its end.
const hookGrace = 10 * time.Second

// hooksOf are the hooks of some names that the file has, as a plan tells them.
func hooksOf(cfg *agents.Config, names ...string) []document.Hook {
	var out []document.Hook
	for _, name := range names {
		if command := cfg.Hooks.Command(name); len(command) > 0 {
			out = append(out, document.Hook{Name: name, Command: command})
		}
	}
	return out
}

// hooksOfPlan are the hooks that a plan tells of: none with --no-hooks.
func (s *session) hooksOfPlan(no noHooks, names ...string) []document.Hook {
	if no == "true" {
		return nil
	}
	return hooksOf(s.cfg, names...)
}

// hookBefore runs a hook before anything is changed.
func (s *session) hookBefore(ctx context.Context, no noHooks, h hook) error {
	if err := s.runHook(ctx, no, h); err != nil {
		if errors.Is(err, engine.ErrInterrupted) {
			return err
		}
		return engine.Advise(fmt.Errorf("%w: nothing was changed", err), "karmactl "+strings.TrimPrefix(h.name, "before_")+" --no-hooks goes ahead without it")
	}
	return nil
}

// hookAfter runs a hook after something was done, and says how it went with a command that ended
// with err: a hook that fails is the command's error when it has no other.
func (s *session) hookAfter(ctx context.Context, no noHooks, h hook, err error) error {
	h.outcome = "succeeded"
	if err != nil {
		if errors.Is(err, engine.ErrInterrupted) || code(err) == exitInterrupted || code(err) == exitRolling {
			return err // it is not over
		}
		h.outcome = "failed"
	}
	herr := s.runHook(ctx, no, h)
	switch {
	case herr == nil:
		return err
	case err != nil:
		s.app.term.Notef("%s", herr)
		return err
	case errors.Is(herr, engine.ErrInterrupted):
		return herr
	}
	return fmt.Errorf("%w: what %s did is done", herr, strings.TrimPrefix(h.name, "after_"))
}

func (s *session) runHook(ctx context.Context, no noHooks, h hook) error {
	command := s.cfg.Hooks.Command(h.name)
	line := document.Hook{Name: h.name, Command: command}.String()
	switch {
	case len(command) == 0 || no == "true":
		return nil
	case s.app.opts.simulate != "" && no == "":
		s.app.term.Notef("a rehearsal runs no hooks, which are real: %s would run %s (--no-hooks=false runs it)", h.name, line)
		return nil
	}
	s.app.term.Notef("%s: %s", h.name, line)
	limit := s.cfg.Hooks.Timeout
	ctx, cancel := context.WithTimeoutCause(ctx, limit, fmt.Errorf("it took longer than %s (hooks.timeout)", limit))
	defer cancel()
	ctx, stop := s.untilStopped(ctx)
	defer stop()
	cmd := exec.CommandContext(ctx, command[0], command[1:]...) //nolint:gosec // the user's own command, from the user's own file
	cmd.Dir, cmd.Env = hookFolder(s.cfg.File), append(os.Environ(), s.hookVariables(h)...)
	cmd.Stdout, cmd.Stderr = s.app.term.Err, s.app.term.Err // standard output is the command's own
	err := runTogether(ctx, cmd, hookGrace)
	var ended *exec.ExitError
	switch cause := context.Cause(ctx); {
	case err == nil:
		return nil
	case errors.Is(cause, engine.ErrInterrupted):
		return fmt.Errorf("%s was interrupted: %w", h.name, cause)
	case cause != nil:
		return fmt.Errorf("%s (%s) was ended: %w", h.name, line, cause)
	case errors.As(err, &ended) && ended.ExitCode() >= 0:
		return fmt.Errorf("%s (%s) ended with %d", h.name, line, ended.ExitCode())
	}
	return fmt.Errorf("%s (%s): %w", h.name, line, err)
}

// runTogether runs a command of exec.CommandContext as a group of its own, so that a terminal's
// Ctrl-C comes to it by karmactl alone. When ctx ends, the command and what it started are
// interrupted once, and what is left of them after the grace is killed.
func runTogether(ctx context.Context, cmd *exec.Cmd, grace time.Duration) error {
	ownGroup(cmd)
	var ends time.Time
	cmd.WaitDelay = grace
	cmd.Cancel = func() error {
		ends = time.Now().Add(grace)
		return interruptGroup(cmd.Process)
	}
	err := cmd.Run()
	if ctx.Err() == nil || cmd.Process == nil {
		return err // what it left running is meant to run
	}
	for clock, last := (engine.RealClock{}), context.WithoutCancel(ctx); groupLives(cmd.Process) && time.Now().Before(ends); {
		_ = clock.Wait(last, 50*time.Millisecond) // last does not end
	}
	killGroup(cmd.Process)
	return err
}

// untilStopped ends a context with the first Ctrl-C, also where the command itself would be brought to a good end.
func (s *session) untilStopped(ctx context.Context) (context.Context, func()) {
	ctx, cancel := context.WithCancelCause(ctx)
	done := make(chan struct{})
	go func() {
		select {
		case <-s.app.stop:
			cancel(engine.ErrInterrupted)
		case <-done:
		}
	}()
	return ctx, func() { close(done); cancel(nil) }
}

// hookVariables are what a hook is told. A karmactl that it calls works on the same stack by
// them; no secret is among them.
func (s *session) hookVariables(h hook) []string {
	one := ""
	if len(h.agents) == 1 {
		one = h.agents[0]
	}
	return []string{
		"KARMACTL_HOOK=" + h.name, "KARMACTL_STACK=" + s.cfg.Stack(), "KARMACTL_ENV=" + s.cfg.Environment, "KARMACTL_REGION=" + s.account.Region, "KARMACTL_ACCOUNT=" + s.account.ID,
		"KARMACTL_AGENTS=" + strings.Join(h.agents, " "), "KARMACTL_AGENT=" + one, "KARMACTL_IMAGE=" + h.image, "KARMACTL_OUTCOME=" + h.outcome,
	}
}

// hookFolder is where hooks run: the folder of the file, and of config/agents.yaml the one above.
func hookFolder(file string) string {
	dir := filepath.Dir(file)
	if abs, err := filepath.Abs(dir); err == nil && filepath.Base(abs) == "config" {
		return filepath.Join(dir, "..")
	}
	return dir
}
