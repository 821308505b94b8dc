package stack

import (
	"context"
	"maps"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/karmacadabra/karmactl/internal/awssim"
	"github.com/karmacadabra/karmactl/internal/engine"
)

// essential are the fields without which a resource is useless or unsafe, by kind. An
// up fails when AWS keeps reading one of them otherwise.
var essential = map[string]string{
	"schedule": "schedule execution timezone state cluster task_definition role subnets security_groups public_ip",
	"alb":      "subnets security_group", "certificate": "status", "cluster": "capacity_providers",
	"event-rule": "pattern state target", "mount-target": "file_system security_groups", "endpoint": "tables subnets groups", "igw": "vpc", "listener": "port protocol certificate answer redirect",
	"record": "alias alias_zone records", "role": "trust policy permissions policies permissions_boundary", "route": "target blackhole",
	"route-table-association": "table", "rule": "target_group paths hosts rewrite", "secret": "keys",
	"service": "task_definition subnets security_groups public_ip target_group service_connect",
	"sg":      "ingress egress_all", "subnet": "public_ips",
	"state-machine":   "definition role",
	"task-definition": "image arch execution_role task_role port secrets user read_only registry_credentials containers", "topic": "policy",
}

func (d drift) isEssential() bool {
	interfaceDNS := d.field == "private_dns" && d.kind() == "endpoint" && d.key != "endpoint/s3"
	return interfaceDNS || slices.Contains(strings.Fields(essential[d.kind()]), d.field)
}

// The settings that AWS is known to tell in words of its own, or to decide by itself.
func known() []drift {
	return []drift{
		{"endpoint/s3", "private_dns", func(w *awssim.World) bool {
			return one(w.VPCEndpoints, "endpoint/s3", endpointTags, func(e *awssim.VPCEndpoint) { e.PrivateDNS = true })
		}},
		{"listener/http", "tls_policy", func(w *awssim.World) bool {
			return one(w.Listeners, "listener/http", listenerTags, func(l *awssim.Listener) { l.Policy = "ELBSecurityPolicy-2016-08" })
		}},
		{"target-group/validator", "health.timeout", func(w *awssim.World) bool {
			return one(w.TargetGroups, "target-group/validator", targetGroupTags, func(g *awssim.TargetGroup) { g.Timeout = 7 })
		}},
		{"log-group/validator", "retention_days", func(w *awssim.World) bool {
			return one(w.LogGroups, "log-group/validator", logGroupTags, func(g *awssim.LogGroup) { g.RetentionDays = 365 })
		}},
		{"repository/validator", "scan_on_push", func(w *awssim.World) bool {
			return one(w.Repositories, "repository/validator", repositoryTags, func(r *awssim.Repository) { r.ScanOnPush = !r.ScanOnPush })
		}},
	}
}

func TestASettingThatReadsBackOtherwiseStopsNobody(t *testing.T) {
	for _, d := range known() {
		t.Run(d.key+" "+d.field, func(t *testing.T) { readOtherwise(t, d) })
	}
	for _, d := range drifts() {
		if d.key == "task-definition/validator" && d.field == "init" {
			t.Run("a default more of a task definition", func(t *testing.T) { readOtherwise(t, d) })
		}
	}
}

// TestSweepAnyFieldMayReadBackOtherwise has AWS read one field after the other back
// otherwise. What is essential fails and says so; everything else is left at a note.
func TestSweepAnyFieldMayReadBackOtherwise(t *testing.T) {
	byName := driftsByName()
	names := slices.Sorted(maps.Keys(byName))
	for _, n := range spread(len(names), 36) { // make sweep takes them all
		d := byName[names[n-1]]
		if d.field == "" || d.field == "deployment" || d.kind() == "state-bucket" {
			continue // the thing is gone, has failed, or is not the stack's
		}
		t.Run(names[n-1], func(t *testing.T) { readOtherwise(t, d) })
	}
}

// readOtherwise lives through an up, a second one, and a down while one field reads
// back otherwise.
func readOtherwise(t *testing.T, d drift) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newStackBench(t, parse(t, swept))
		before := b.inventory()
		b.sim.ReadOtherwise(func(w *awssim.World) {
			defer func() { _ = recover() }() // what the edit looks for is not there yet
			revisions := maps.Clone(w.TaskDefinitions)
			d.edit(w)
			if d.kind() == "task-definition" {
				instead(w, revisions)
			}
		})
		res, err := b.walkOf(b.fresh(false)).Up(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		if d.isEssential() {
			if len(res.With(engine.Failed)) == 0 {
				t.Errorf("%s of %s is essential, and up went on", d.field, d.key)
			}
			return
		}
		if err := res.Err(); err != nil || len(res.With(engine.Done)) != len(res.Outcomes) {
			t.Fatalf("up did not bring everything up: %v", err)
		}
		e, _ := b.rec.Get(engine.Key(d.key))
		if len(e.Differs) == 0 {
			t.Errorf("%s of %s is not remembered", d.field, d.key)
		}
		if plan := b.planStack(); plan.Changes() {
			t.Errorf("the plan after up is not empty: %s", verbs(plan))
		}
		b.sim.ResetCalls()
		b.upStack(nil)
		if m := b.sim.Mutations(); len(m) > 0 {
			t.Errorf("a second up writes: %s", m[0].Name())
		}
		b.downStack()
		if left := onlyAccounts(b.inventory()); !slices.Equal(left, before) {
			t.Errorf("down left %v", left)
		}
	})
}

// instead has the revision that an edit registered replace the one before it:
// read back otherwise, not made by another program.
func instead(w *awssim.World, before map[string]*awssim.TaskDefinition) {
	for arn, made := range w.TaskDefinitions {
		if before[arn] != nil {
			continue
		}
		family := *made.Definition.Family
		w.Families[family]--
		for last, d := range before {
			if *d.Definition.Family == family && d.Definition.Revision == made.Definition.Revision-1 {
				made.Definition.TaskDefinitionArn, made.Definition.Revision = &last, d.Definition.Revision
				w.TaskDefinitions[last] = made
			}
		}
		delete(w.TaskDefinitions, arn)
	}
}
