package main

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/spf13/cobra"

	"github.com/karmacadabra/karmactl/internal/cloud"
	"github.com/karmacadabra/karmactl/internal/document"
	"github.com/karmacadabra/karmactl/internal/engine"
	"github.com/karmacadabra/karmactl/internal/state"
	"github.com/karmacadabra/karmactl/internal/ui"
)

// filesIn are the files below a folder, with what they have in them.
func filesIn(t *testing.T, dir string) map[string]string {
	t.Helper()
	all := map[string]string{}
	if err := filepath.WalkDir(dir, func(path string, entry os.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		b, err := os.ReadFile(path)
		all[path] = string(b)
		return err
	}); err != nil {
		t.Fatal(err)
	}
	return all
}

// dryRuns are the commands with --dry-run, with what each of them wants in a stack that is up. The ones of a state, init,
// adopt and cutover have tests of their own, which see that nothing is written.
var dryRuns = map[string]string{
	"adopt": "", "cutover": "", "cost refresh": "", "init": "", "state import": "", "state restore": "", "state rm": "", "state unlock": "",
	"ci github": "--repo acme/agents", "deploy": "validator --restart", "down": "", "hibernate": "", "rollback": "validator",
	"run": "validator -- echo", "scale": "validator=2", "secrets set": "validator private_key", "secrets sync": "", "up": "", "wake": "",
}

// TestEveryDryRunHoldsClientsThatCannotWrite runs each of them where another run has the lock; and what a command does
// with --dry-run cannot write, whatever it tries.
func TestEveryDryRunHoldsClientsThatCannotWrite(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := newOffice(t, oneAgent)
		o.must("", "up", "--yes")
		o.must("", "deploy", "validator", "--image", "public.ecr.aws/x/agent:v2")
		o.lockedByAnother()
		root := newRootCmd(&app{term: &ui.Terminal{}})
		for _, name := range commandNames(root, "") {
			c, _, err := root.Find(strings.Fields(name))
			if err != nil {
				t.Fatal(err)
			}
			args, known := dryRuns[name]
			if has := c.Flags().Lookup("dry-run") != nil; has != known {
				t.Errorf("%s has --dry-run: %v, and is in the table: %v", name, has, known)
			}
			if !known || strings.HasPrefix(name, "state") || slices.Contains([]string{"adopt", "cutover", "init"}, name) {
				continue
			}
			o.sim.ResetCalls()
			if code, said := o.run("value", strings.Fields(name+" --dry-run "+args)...); code != 0 || len(o.sim.Mutations()) > 0 {
				t.Errorf("%s exits %d after %v:\n%s", name, code, o.sim.Mutations(), said)
			}
		}
		a := o.app(&ui.Terminal{})
		a.opts.file, a.opts.simulate = o.file, filepath.Join(o.dir, "world")
		c := &cobra.Command{RunE: a.withSession(anyArgs, func(ctx context.Context, s *session, _ []string) error {
			_, err := s.env(false).Clients.EC2.CreateVpc(ctx, &ec2.CreateVpcInput{})
			return err
		})}
		c.SetContext(t.Context())
		c.Flags().Bool("dry-run", true, "")
		if err := c.RunE(c, nil); !errors.As(err, new(*cloud.WriteRefused)) {
			t.Errorf("a command that writes with --dry-run: %v", err)
		}
	})
}

// lockedByAnother puts another run's lock on the state, and gives the state's object.
func (o *office) lockedByAnother() []byte {
	at := state.NewS3(cloud.NewClients(o.sim.Config()).S3, state.S3Options{Bucket: "karmactl-state-123456789012-us-east-1", Prefix: "it", Clock: engine.RealClock{}})
	object, _, err := at.Read(o.t.Context())
	if err != nil {
		o.t.Fatal(err)
	}
	if _, err := at.CreateLock(o.t.Context(), []byte(`{"id": "X", "who": "eve@elsewhere", "pid": 7, "host": "elsewhere", "command": "up", "version": "1", "acquiredAt": "2026-01-01T00:00:00Z", "expiresAt": "2999-01-01T00:00:00Z"}`)); err != nil {
		o.t.Fatal(err)
	}
	return object
}

func TestADryRunOfAStatesCommandsInitAndPricesWritesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := newOffice(t, oneAgent)
		o.must("", "up", "--yes")
		code, said := o.run("", "state", "history", "--writes", "-o", "json")
		var history document.StateHistory
		if err := json.Unmarshal([]byte(said), &history); code != 0 || err != nil {
			t.Fatalf("exit %d, %v:\n%s", code, err, said)
		}
		last := history.Versions[len(history.Versions)-1].ID
		copied := filepath.Join(o.dir, "copy.json")
		if err := os.WriteFile(copied, o.lockedByAnother(), 0o600); err != nil {
			t.Fatal(err)
		}
		before := filesIn(t, o.dir)
		for _, x := range []struct{ command, says string }{
			{"state rm vpc", "would forget vpc (vpc-"},
			{"state restore " + last, "the state would be serial "},
			{"state import " + copied, "the state would be serial "},
			{"state import --force " + copied, "the state would be serial "},
			{"state unlock", "would unlock; it is held by eve@elsewhere (karmactl up, pid 7)"},
			{"state unlock --id X", "would unlock; it is held by eve@elsewhere (karmactl up, pid 7)"},
			{"init --agents planner " + filepath.Join(o.dir, "new"), "agents.yaml\n"},
			{"init --example " + filepath.Join(o.dir, "new"), "would write "},
			{"cost refresh", "they would be kept; this is the estimate with them"},
		} {
			for _, as := range []string{"", " -o json"} {
				o.sim.ResetCalls()
				code, said := o.run("", strings.Fields(x.command+" --dry-run"+as)...)
				if as != "" {
					x.says = `"kind": "`
				}
				if code != 0 || !strings.Contains(said, x.says) || as == " -o json" && !strings.HasPrefix(x.command, "cost") && !strings.Contains(said, `"dry_run": true`) {
					t.Errorf("%s exits %d:\n%s", x.command+as, code, said)
				}
				if writes := o.sim.Mutations(); len(writes) > 0 {
					t.Errorf("%s calls %v", x.command+as, writes)
				}
			}
		}
		for path, text := range filesIn(t, o.dir) {
			if was, known := before[path]; !known || was != text {
				t.Errorf("%s was written", path)
			}
		}
		code, said = o.run("", "state", "unlock", "--dry-run", "--id", "Y")
		if code != exitError || !strings.Contains(said, "the lock of the id Y is not there: it is held by eve@elsewhere (karmactl up, pid 7), with the id X") {
			t.Errorf("another's lock: exit %d:\n%s", code, said)
		}
		code, said = o.run("", "state", "unlock", "--yes", "-o", "json")
		var d document.StateChange
		if err := json.Unmarshal([]byte(said), &d); code != 0 || err != nil || !d.Changed || d.DryRun || d.Lock == nil || d.Lock.Who != "eve@elsewhere" || d.Lock.PID != 7 {
			t.Errorf("exit %d, %v: %+v", code, err, d)
		}
		d = document.StateChange{}
		code, said = o.run("", "state", "unlock", "-o", "json")
		if err := json.Unmarshal([]byte(said), &d); code != 0 || err != nil || d.Changed || d.Lock != nil {
			t.Errorf("exit %d, %v: %+v", code, err, d)
		}
	})
}
