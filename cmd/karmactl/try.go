package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/karmacadabra/karmactl/internal/agents"
	"github.com/karmacadabra/karmactl/internal/engine"
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
				return &advice{engine.ErrInterrupted, "karmactl try begins again; nothing of it is left"}
			}
			return fmt.Errorf("step %d of the rehearsal, %s: %w", i+1, strings.ToLower(s.title), err)
		}
		a.term.Moral(s.said)
		if err := t.pause(ctx); err != nil {
			return &advice{engine.ErrInterrupted, "karmactl try begins again; nothing of it is left"}
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
