package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/karmacadabra/karmactl/internal/awssim"
	"github.com/karmacadabra/karmactl/internal/awssim/livetest"
	"github.com/karmacadabra/karmactl/internal/document"
)

// withoutFile is an office in whose account a fleet of Terraform's runs, and that has no
// agents.yaml.
func withoutFile(t *testing.T) (*office, *livetest.Fleet) { return withoutFileOf(t, livetest.Shape{}) }

func withoutFileOf(t *testing.T, shape livetest.Shape) (*office, *livetest.Fleet) {
	t.Helper()
	o, f := terraformedAs(t, shape)
	o.file = filepath.Join(t.TempDir(), "config", "agents.yaml")
	return o, f
}

// onlyTags says which calls change something else than tags and karmactl's own state.
func (o *office) onlyTags() {
	o.t.Helper()
	for _, c := range o.sim.Mutations() {
		switch {
		case c.Service == "S3":
		case slices.Contains([]string{"CreateTags", "DeleteTags", "AddTags", "RemoveTags", "TagResource", "UntagResource", "AddTagsToCertificate"}, c.Operation):
		default:
			o.t.Errorf("%s is called", c.Name())
		}
	}
}

var takeIt = []string{"adopt", "--from-ecs", livetest.Cluster, "--yes"}

func TestAFleetIsTakenOverAsItIs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o, f := withoutFile(t)
		if code, said := o.run("", takeIt...); code != 0 || !strings.Contains(said, "Taken over: 51 resources, as they are.") {
			t.Fatalf("exits %d:\n%s", code, said)
		}
		o.onlyTags()
		if err := f.Ask(); err != nil {
			t.Error(err)
		}
		code, said := o.run("", "plan", "-o", "json")
		var plan struct {
			Warnings []string
			Changes  []document.Change
		}
		if err := json.Unmarshal([]byte(said), &plan); err != nil || code != 0 && code != exitChanges {
			t.Fatalf("plan exits %d (%v):\n%s", code, err, said)
		}
		if !strings.Contains(strings.Join(plan.Warnings, "\n"), "51 resources were taken over from a program that has not let go") {
			t.Errorf("the warnings are %q", plan.Warnings)
		}
		for _, ch := range plan.Changes {
			t.Errorf("plan: %s %s %+v", ch.Verb, ch.Key, ch.Fields)
		}
		o.sim.ResetCalls()
		if code, said := o.run("", "up", "--yes"); code != 0 || !strings.Contains(said, "Nothing to change") {
			t.Errorf("up exits %d:\n%s", code, said)
		}
		o.onlyTags()
		o.sim.ResetCalls()
		if code, said = o.run("", takeIt...); code != 0 || !strings.Contains(said, "All of it was taken over before.") {
			t.Errorf("again exits %d:\n%s", code, said)
		}
		o.onlyTags()
	})
}

func TestWhatWasTakenOverIsNotDeletedUntilTheOtherProgramHasLetGo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o, f := withoutFile(t)
		o.must("", takeIt...)
		o.sim.ResetCalls()
		for _, command := range []string{"down --yes", "down --dry-run", "hibernate --yes", "hibernate --dry-run", "down validator --yes"} {
			code, said := o.run("", strings.Fields(command)...)
			if code != exitError || !strings.Contains(said, "a program that has not let go of them") {
				t.Errorf("%s exits %d:\n%s", command, code, said)
			}
		}
		o.onlyTags()
		if err := f.Ask(); err != nil {
			t.Error(err)
		}
		o.must("", "adopt", "--release", "--yes")
		if code, said := o.run("", "down", "--dry-run"); code != 0 || !strings.Contains(said, "45 to destroy") {
			t.Errorf("exits %d:\n%s", code, said)
		}
	})
}

func TestATakeoverIsUndoneWithoutATrace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o, f := withoutFile(t)
		before := o.world()
		o.must("", takeIt...)
		o.sim.ResetCalls()
		if code, said := o.run("", "adopt", "--undo", "--yes"); code != 0 || !strings.Contains(said, "Given back: 51 resources.") {
			t.Fatalf("exits %d:\n%s", code, said)
		}
		o.onlyTags()
		if d := cmp.Diff(before, o.world()); d != "" {
			t.Errorf("the account (-before +after):\n%s", d)
		}
		if code, said := o.run("", "state", "list"); code != 0 || said != "" {
			t.Errorf("state list exits %d: %s", code, said)
		}
		if err := f.Ask(); err != nil {
			t.Error(err)
		}
	})
}

func TestWhileATakeoverHasNotEndedNothingElseIsDone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		t.Chdir(t.TempDir())
		o, _ := withoutFile(t)
		n := 0
		o.sim.Inject(func(c awssim.Call) awssim.Fault {
			if writes(c, false) {
				n++
			}
			return awssim.Fault{Kill: n == 5}
		})
		o.run("", takeIt...)
		o.sim.Inject(nil)
		time.Sleep(30 * time.Minute) // the lock of what died ends
		for _, command := range []string{"plan", "up --yes", "down --yes", "deploy validator --restart", "adopt --release --yes"} {
			if code, said := o.run("", strings.Fields(command)...); code != exitError || !strings.Contains(said, "is being taken over, and that has not ended") {
				t.Errorf("%s exits %d:\n%s", command, code, said)
			}
		}
		if code, said := o.run("", "state", "list"); code != 0 || !strings.Contains(said, "vpc ") {
			t.Errorf("state list exits %d:\n%s", code, said)
		}
	})
}

// world is what the account has, with its tags, without karmactl's bucket and its time.
func (o *office) world() []string {
	o.t.Helper()
	return slices.DeleteFunc(o.sim.Inventory(), func(line string) bool { return strings.Contains(line, "karmactl-state") })
}

// terraformFile is a state of Terraform's with these lines of resources.
func terraformFile(t *testing.T, resources ...string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "terraform.tfstate")
	if err := os.WriteFile(path, []byte(`{"version": 4, "resources": [`+strings.Join(resources, ",")+`]}`), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestTerraformIsToldWhatToLetGoOfAndAskedWhetherItHas(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o, _ := withoutFile(t)
		service := "arn:aws:ecs:us-east-1:123456789012:service/acme-prod/acme-prod-chat"
		cluster := `{"mode": "managed", "type": "aws_ecs_cluster", "name": "this", "instances": [{"attributes": {"id": "arn:aws:ecs:us-east-1:123456789012:cluster/acme-prod", "name": "acme-prod"}}]}`
		chat := `{"mode": "managed", "type": "aws_ecs_service", "name": "agent", "instances": [{"index_key": "chat", "attributes": {"id": "` + service + `", "name": "acme-prod-chat"}}]}`
		whole := terraformFile(t, cluster, chat)
		code, said := o.run("", "adopt", "--from", whole, "--yes")
		for _, want := range []string{"terraform state rm 'aws_ecs_cluster.this'", `terraform state rm 'aws_ecs_service.agent["chat"]'`} {
			if code != 0 || !strings.Contains(said, want) {
				t.Errorf("adopt exits %d, without %s:\n%s", code, want, said)
			}
		}
		code, said = o.run("", "adopt", "--release", "--from", terraformFile(t, chat), "--yes")
		if code != exitError || !strings.Contains(said, "Terraform still has 1 of what was taken over. Nothing was released.") {
			t.Errorf("release exits %d:\n%s", code, said)
		}
		if code, said := o.run("", "down", "--dry-run"); code != exitError {
			t.Errorf("down exits %d:\n%s", code, said)
		}
		if code, said = o.run("", "adopt", "--release", "--from", terraformFile(t), "--yes"); code != 0 || !strings.Contains(said, "Released: 51 resources are karmactl's alone.") {
			t.Errorf("release exits %d:\n%s", code, said)
		}
		code, said = o.run("", "adopt", "--undo", "--from", whole, "--yes")
		if code != 0 || !strings.Contains(said, "to = aws_ecs_service.agent[\"chat\"]\n    id = \"acme-prod/acme-prod-chat\"") {
			t.Errorf("undo exits %d:\n%s", code, said)
		}
	})
}

func TestAnAgentsFileThatDoesNotNameTheServicesIsInTheWay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o, _ := terraformed(t)
		dir := t.TempDir()
		o.must("", "init", dir, "--from-ecs", livetest.Cluster)
		o.file = filepath.Join(dir, "config", "agents.yaml")
		o.sim.ResetCalls()
		code, said := o.run("", takeIt...)
		if code != exitError || !strings.Contains(said, "agent chat: the cluster has no service chat") || len(o.sim.Mutations()) > 0 {
			t.Errorf("exits %d after %v:\n%s", code, o.sim.Mutations(), said)
		}
	})
}

// Every call of a takeover and of its undoing may be the last of its process: the same
// command again ends it.
func TestATakeoverThatDiesAtAnyCallIsGoneOnWith(t *testing.T) {
	step := 1
	if testing.Short() {
		step = 11
	}
	for _, undo := range []bool{false, true} {
		for _, service := range []string{"tags", "state"} {
			n := takeoverCalls(t, undo, service == "state")
			if n < 2 || service == "tags" && n < 35 {
				t.Fatalf("only %d calls write %s", n, service)
			}
			for at := 1; at <= n; at += step {
				t.Run(fmt.Sprintf("undo %v, %s, call %d of %d", undo, service, at, n), func(t *testing.T) {
					t.Chdir(t.TempDir()) // a state that cannot be written is left here
					synctest.Test(t, func(t *testing.T) { diesAt(t, undo, service == "state", at) })
				})
			}
		}
	}
}

// writes tells whether a call writes the state, its lock included, or else a tag.
func writes(c awssim.Call, state bool) bool {
	if c.Service == "S3" {
		return state && (c.Operation == "PutObject" || c.Operation == "DeleteObject")
	}
	return c.Mutating && !state
}

// takeoverCalls is how many calls of a takeover, or of its undoing, write the state or tags.
func takeoverCalls(t *testing.T, undo, state bool) (n int) {
	synctest.Test(t, func(t *testing.T) {
		o, _ := withoutFile(t)
		o.must("", takeIt...)
		if undo {
			o.sim.ResetCalls()
			o.must("", "adopt", "--undo", "--yes")
		}
		for _, c := range o.sim.Mutations() {
			if writes(c, state) {
				n++
			}
		}
	})
	return n
}

func diesAt(t *testing.T, undo, state bool, at int, skip ...string) {
	o, f := withoutFile(t)
	before := o.world()
	command := slices.Concat(takeIt, skip)
	if undo {
		o.must("", takeIt...)
		command = []string{"adopt", "--undo", "--yes"}
	}
	n := 0
	o.sim.Inject(func(c awssim.Call) awssim.Fault { // one call at a time is asked about
		if writes(c, state) {
			n++
		}
		return awssim.Fault{Kill: writes(c, state) && n == at}
	})
	code, said := o.run("", command...)
	died := o.sim.Dead()
	o.sim.Inject(nil)
	if !died && code != 0 { // writes of the state may share one
		t.Fatalf("exits %d:\n%s", code, said)
	}
	time.Sleep(30 * time.Minute) // the lock of what died ends
	if code, said := o.run("", command...); code != 0 && !strings.Contains(said, "nothing of this stack was taken over") {
		t.Fatalf("again exits %d:\n%s", code, said)
	}
	if err := f.Ask(); err != nil {
		t.Error(err)
	}
	if !undo {
		for _, key := range skip {
			if _, said := o.run("", "state", "list"); strings.Contains(said, strings.TrimPrefix(key, "--skip=")) {
				t.Errorf("the state has %s", key)
			}
		}
		if code, said := o.run("", "plan"); code != 0 && code != exitChanges || strings.Contains(said, "✘") {
			t.Errorf("plan exits %d:\n%s", code, said)
		}
		o.must("", "adopt", "--undo", "--yes")
	}
	if d := cmp.Diff(before, o.world()); d != "" {
		t.Errorf("the account (-before +after):\n%s", d)
	}
}
