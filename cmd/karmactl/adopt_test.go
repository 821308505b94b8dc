package main

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"

	"github.com/karmacadabra/karmactl/internal/awssim/livetest"
	"github.com/karmacadabra/karmactl/internal/document"
	"github.com/karmacadabra/karmactl/internal/engine"
)

// terraformed is an office in whose account a fleet runs that karmactl did not make.
func terraformed(t *testing.T) (*office, *livetest.Fleet) { return terraformedAs(t, livetest.Shape{}) }

func terraformedAs(t *testing.T, shape livetest.Shape) (*office, *livetest.Fleet) {
	t.Helper()
	o := newOffice(t, oneAgent)
	f, err := livetest.Build(context.Background(), o.sim, engine.RealClock{}, shape)
	if err != nil {
		t.Fatal(err)
	}
	o.sim.ResetCalls()
	return o, f
}

func TestAdoptComparesAndChangesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o, f := withoutFile(t)
		before, err := os.ReadDir(o.dir)
		if err != nil {
			t.Fatal(err)
		}
		code, said := o.run("", "adopt", "--dry-run", "--from-ecs", livetest.Cluster)
		if code != 0 {
			t.Fatalf("exits %d:\n%s", code, said)
		}
		golden := filepath.Join("testdata", "adopt.txt")
		if os.Getenv("UPDATE_SCRIPTS") != "" {
			if err := os.WriteFile(golden, []byte(said), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(golden)
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(string(want), said); d != "" {
			t.Errorf("(-want +got):\n%s", d)
		}
		if n := o.sim.Mutations(); len(n) > 0 {
			t.Errorf("calls that change something: %v", n)
		}
		if after, err := os.ReadDir(o.dir); err != nil || len(after) != len(before) {
			t.Errorf("files were written: %v %v", after, err)
		}
		if err := f.Ask(); err != nil {
			t.Error(err)
		}
	})
}

func TestAdoptNamesTerraformsAddressesFromItsState(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o, _ := withoutFile(t)
		code, said := o.run("", "adopt", "--dry-run", "--from-ecs", livetest.Cluster, "-o", "json")
		if code != 0 {
			t.Fatalf("exits %d:\n%s", code, said)
		}
		var d document.Adoption
		if err := json.Unmarshal([]byte(said), &d); err != nil {
			t.Fatal(err)
		}
		vpc := ""
		for _, c := range d.Counterparts {
			if c.Key == "vpc" {
				vpc = c.ID
			}
		}
		state := filepath.Join(o.dir, "terraform.tfstate")
		text := `{"version": 4, "resources": [
  {"mode": "managed", "type": "aws_vpc", "name": "main", "instances": [{"attributes": {"id": "` + vpc + `"}}]},
  {"mode": "managed", "type": "aws_ecs_cluster", "name": "this", "instances": [{"attributes": {"id": "arn:aws:ecs:us-east-1:123456789012:cluster/acme-prod", "name": "acme-prod"}}]}]}`
		if err := os.WriteFile(state, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		code, said = o.run("", "adopt", "--dry-run", "--from", state)
		if code != 0 || !strings.Contains(said, "acme-prod-vpc (aws_vpc.main)") || !strings.Contains(said, "acme-prod (aws_ecs_cluster.this)") {
			t.Errorf("exits %d:\n%s", code, said)
		}
	})
}

func TestAdoptSaysWhatIsInTheWayWithItsExitCode(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o, f := withoutFile(t)
		if err := f.StopOne(context.Background()); err != nil {
			t.Fatal(err)
		}
		code, said := o.run("", "adopt", "--dry-run", "--from-ecs", livetest.Cluster)
		if code != exitError || !strings.Contains(said, "✘ service acme-prod-validator: 0 of its 1 tasks run") {
			t.Errorf("exits %d:\n%s", code, said)
		}
	})
}

func TestAdoptSaysWhichClusterItNeeds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := newOffice(t, oneAgent)
		for _, c := range []struct {
			args, want string
			code       int
		}{
			{"adopt --dry-run", "name the cluster, or a Terraform state with --from\n  try   karmactl adopt --from-ecs CLUSTER", exitUsage},
			{"adopt --dry-run --from-ecs nowhere", "the cluster nowhere cannot be read: there is no cluster of this name in the region", exitError},
			{"adopt --dry-run --from " + filepath.Join(o.dir, "nothing.json"), "the Terraform state cannot be read", exitError},
		} {
			if code, said := o.run("", strings.Fields(c.args)...); code != c.code || !strings.Contains(said, c.want) {
				t.Errorf("%s exits %d: %s", c.args, code, said)
			}
		}
	})
}

func TestWhateverPermissionAdoptMissesIsNamed(t *testing.T) {
	denyAll(t, 1, stage{"a fleet of Terraform's", func(o *office) {
		if _, err := livetest.Build(context.Background(), o.sim, engine.RealClock{}, livetest.Shape{}); err != nil {
			t.Fatal(err)
		}
		o.file = filepath.Join(t.TempDir(), "config", "agents.yaml")
	}, []string{"adopt --dry-run --from-ecs " + livetest.Cluster}})
}

func TestWhatAnotherOwnerHasInTheWayOfAnUpIsNamedAllAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o, f := terraformed(t)
		dir := t.TempDir()
		o.must("", "init", dir, "--from-ecs", livetest.Cluster)
		o.file = filepath.Join(dir, "config", "agents.yaml")
		for _, command := range []string{"plan", "up --yes", "up --dry-run"} {
			o.sim.ResetCalls()
			code, said := o.run("", strings.Fields(command)...)
			if code != exitError {
				t.Errorf("%s exits %d", command, code)
			}
			lines := []string{"14 resources have names of the stack acme-prod and are not karmactl's; nothing was changed", "cluster ", "namespace ", "another environment"}
			for _, a := range livetest.Agents() {
				lines = append(lines, "repository/"+a.Name, "log-group/"+a.Name, "task-definition/"+a.Name)
			}
			for _, want := range lines {
				if !strings.Contains(said, want) {
					t.Errorf("%s does not say %q:\n%s", command, want, said)
				}
			}
			for _, c := range o.sim.Mutations() {
				if c.Service != "S3" { // the state's bucket, its lock
					t.Errorf("%s calls %s", command, c.Name())
				}
			}
		}
		if err := f.Ask(); err != nil {
			t.Error(err)
		}
	})
}
