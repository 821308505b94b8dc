package main

import (
	"context"
	"maps"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/spf13/cobra"

	"github.com/karmacadabra/karmactl/internal/awssim"
	"github.com/karmacadabra/karmactl/internal/awssim/livetest"
	"github.com/karmacadabra/karmactl/internal/engine"
	"github.com/karmacadabra/karmactl/internal/ui"
)

// runElsewhere are the examples that are not run here, and where they are.
var runElsewhere = map[string]string{
	"karmactl try":        "takes a minute for its reader",
	"karmactl try --fast": "starts karmactl itself: testdata/script/try.txtar",
}

// TestEachCommandHasExamplesThatWork runs every example of every help text, in a simulated
// account with the shipped fleet, or with what fixtures says.
func TestEachCommandHasExamplesThatWork(t *testing.T) {
	shipped, err := os.ReadFile(filepath.Join("..", "..", "config", "agents.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	all := examples(t)
	for _, kind := range exampleKinds {
		t.Run("of "+kind, func(t *testing.T) {
			inAFolder(t, func(t *testing.T) {
				x := newExamplesOf(t, kind, string(shipped))
				for _, line := range all {
					if kindOf(line) == kind {
						x.run(line)
					}
				}
			})
		})
	}
	for line := range maps.Keys(fixtures) {
		if !slices.Contains(all, line) {
			t.Errorf("there is no example %q any more", line)
		}
	}
	for line := range maps.Keys(runElsewhere) {
		if !slices.Contains(all, line) || len(runElsewhere) > 2 {
			t.Errorf("there is no example %q, or too many are run elsewhere", line)
		}
	}
}

// exampleKinds are the accounts that examples are run in.
var exampleKinds = []string{"init", "adopt", "cutover", ""}

// kindOf is the account for a line: "" is the one with the shipped fleet.
func kindOf(line string) string {
	if name := words(commandIn(line))[1]; slices.Contains(exampleKinds, name) {
		return name
	}
	return ""
}

// inAFolder runs f on virtual time in an empty folder, as someone without a terminal.
func inAFolder(t *testing.T, f func(t *testing.T)) {
	t.Helper()
	t.Setenv("KARMACTL_YES", "true") // there is no terminal to ask on
	t.Setenv("KARMACTL_STATE", "s3://karmactl-state-123456789012-us-east-1/it")
	t.Setenv("KARMACTL_NO_UPDATE_CHECK", "true")
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	t.Setenv("BROWSER", "true")
	ours := make(chan os.Signal, 1)
	signal.Notify(ours, os.Interrupt) // its goroutine must not be of a bubble
	defer signal.Stop(ours)
	t.Chdir(t.TempDir())
	standIns(t)
	synctest.Test(t, f)
}

// examples are the lines of all examples, without their comments.
func examples(t *testing.T) (all []string) {
	var look func(*cobra.Command)
	look = func(c *cobra.Command) {
		for _, sub := range c.Commands() {
			if sub.Hidden || sub.Name() == "help" || sub.Name() == "completion" {
				continue
			}
			if sub.Example == "" {
				t.Errorf("%s has no example", sub.CommandPath())
			}
			for line := range strings.Lines(sub.Example) {
				line, _, _ = strings.Cut(line, " #")
				line = strings.TrimSpace(line)
				if !strings.HasPrefix(commandIn(line)+" ", sub.CommandPath()+" ") {
					t.Errorf("%q is an example of %s", line, sub.CommandPath())
				}
				all = append(all, line)
			}
			look(sub)
		}
	}
	look(newRootCmd(&app{term: &ui.Terminal{}}))
	return all
}

// commandIn is the call of karmactl in a line: what is beside it is the shell's.
func commandIn(line string) string {
	if _, within, ok := strings.Cut(line, "$("); ok {
		line, _, _ = strings.Cut(within, ")")
	}
	line, _, _ = strings.Cut(line, " >")
	for part := range strings.SplitSeq(line, " | ") {
		if strings.HasPrefix(part, "karmactl ") {
			return part
		}
	}
	return line
}

// words splits a call as a shell does.
func words(call string) []string {
	var out []string
	word, quote, in := "", rune(0), false
	for _, r := range call + " " {
		switch {
		case r == quote:
			quote = 0
		case quote == 0 && (r == '\'' || r == '"'):
			quote, in = r, true
		case quote == 0 && r == ' ':
			if in {
				out = append(out, word)
			}
			word, in = "", false
		default:
			word, in = word+string(r), true
		}
	}
	return out
}

// standIns put programs that examples start in the path: docker, and AWS's plugin for sessions.
func standIns(t *testing.T) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := os.Symlink(self, filepath.Join(dir, "builder")); err != nil {
		t.Fatal(err)
	}
	for name, script := range map[string]string{"docker": "exec builder \"$@\"", "session-manager-plugin": "echo karmactl-exit-code:0"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte("#!/bin/sh\n"+script+"\n"), 0o755); err != nil { //nolint:gosec // a program has to be executable
			t.Fatal(err)
		}
	}
	t.Setenv("PATH", dir+string(os.PathListSeparator)+os.Getenv("PATH"))
	t.Setenv("BUILDER_LOG", filepath.Join(dir, "log"))
}

// exampled is an account, and a folder, in which examples are run.
type exampled struct {
	*office
	keepUp bool // each example finds the account as the first one did
	folder bool // of an example: each call finds what the one before made
	reset  func()
}

func newExamplesOf(t *testing.T, kind, shipped string) *exampled {
	t.Helper()
	time.Sleep(time.Until(time.Date(2026, time.November, 15, 12, 0, 0, 0, time.UTC))) // the examples name months
	x := &exampled{}
	switch kind {
	case "init":
		x.office = newOffice(t, "")
	case "adopt":
		x.office, _ = terraformed(t)
		x.write("terraform.tfstate", `{"version": 4, "resources": [
  {"mode": "managed", "type": "aws_ecs_cluster", "name": "this", "instances": [{"attributes": {"id": "arn:aws:ecs:us-east-1:123456789012:cluster/`+livetest.Cluster+`", "name": "`+livetest.Cluster+`"}}]}]}`)
	case "cutover":
		x.office = newBesides(t).office
		x.write("config/agents.yaml", besideTerraform)
	default:
		x.office, x.keepUp = newOffice(t, ""), true
		if testing.Short() { // the examples name the two before it
			fleet, environments, _ := strings.Cut(shipped, "\n  abracadabra:")
			_, environments, _ = strings.Cut(environments, "\n#")
			shipped = fleet + "\n#" + environments
		}
		x.write("config/agents.yaml", withStaging(t, shipped))
		x.must("karmactl up")
		x.must("karmactl deploy validator --image public.ecr.aws/x/agent:v2")
	}
	x.reset = x.keep()
	return x
}

// withStaging is the shipped file with the environment that it has in comments.
func withStaging(t *testing.T, shipped string) string {
	t.Helper()
	fleet, staging, found := strings.Cut(shipped, "# environments:\n")
	if !found {
		t.Fatal("the shipped file has no environments to uncomment")
	}
	return fleet + "\nenvironments:\n" + strings.ReplaceAll(staging, "#   ", "  ")
}

// write writes a file that an example reads.
func (x *exampled) write(name, text string) {
	x.t.Helper()
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		x.t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		x.t.Fatal(err)
	}
}

// call calls karmactl in the folder.
func (x *exampled) call(stdin string, args []string) (code int, said string) {
	var out locked
	a := &app{
		term: ui.NewTerminal(strings.NewReader(stdin), &out, &out, func(string) string { return "" }),
		rehearse: func(_, region string) (*awssim.Sim, engine.Clock, error) {
			if region == "us-east-1" {
				return x.sim, engine.RealClock{}, nil
			}
			other, err := x.sim.InRegion(region)
			return other, engine.RealClock{}, err
		},
		stop: make(chan struct{}), leaveSignals: func() {},
	}
	code = a.run(context.Background(), append([]string{"--simulate", "world"}, args...))
	return code, out.String()
}

// must runs what has to work.
func (x *exampled) must(line string) string {
	x.t.Helper()
	code, said := x.call("", words(line)[1:])
	if code != 0 {
		x.t.Fatalf("%s exits %d:\n%s", line, code, said)
	}
	return said
}

// putBack has the account as the first example found it, when another has changed it.
func (x *exampled) putBack() {
	x.t.Helper()
	if x.keepUp && len(x.sim.Mutations()) > 0 {
		x.reset()
		x.sim.ResetCalls()
	}
}

// run runs an example.
func (x *exampled) run(line string) {
	x.t.Helper()
	if runElsewhere[line] != "" {
		return
	}
	x.putBack()
	if said := x.with(fixtures[line], line); !strings.Contains(said, fixtures[line].says) {
		x.t.Errorf("%s does not say %q:\n%s", line, fixtures[line].says, said)
	}
}

// with runs a line with what it needs, wants its exit code, and returns what was said.
func (x *exampled) with(f fixture, line string) string {
	x.t.Helper()
	args := words(commandIn(line))[1:]
	if f.before != nil {
		args = f.before(x, args)
	}
	code, said := x.call(f.stdin, append(args, f.ends...))
	if code != f.exits {
		x.t.Errorf("%s exits %d, and not %d:\n%s", line, code, f.exits, said)
	}
	return said
}
