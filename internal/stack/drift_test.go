package stack

import (
	"context"
	"reflect"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/karmacadabra/karmactl/internal/awssim"
	"github.com/karmacadabra/karmactl/internal/cloud"
	"github.com/karmacadabra/karmactl/internal/engine"
	"github.com/karmacadabra/karmactl/internal/provision"
)

// undrifted are the fields that cannot be changed behind our back, or that are not
// ours to put back, and why.
var undrifted = map[string]string{
	"vpc cidr":                 "AWS does not change it",
	"subnet vpc":               "AWS does not move a subnet",
	"subnet cidr":              "AWS does not change it",
	"subnet az":                "AWS does not move a subnet",
	"sg vpc":                   "AWS does not move a security group",
	"sg name":                  "AWS does not change it",
	"sg description":           "AWS does not change it",
	"route-table vpc":          "AWS does not move a route table",
	"nat subnet":               "AWS does not move a NAT gateway",
	"nat address":              "AWS does not change the first address of a NAT gateway",
	"eni subnet":               "AWS does not move a network interface",
	"egress-only-gateway vpc":  "AWS does not move a gateway",
	"endpoint vpc":             "AWS does not move an endpoint",
	"endpoint service":         "AWS does not change it",
	"endpoint type":            "AWS does not change it",
	"service name":             "AWS does not change it",
	"alb scheme":               "AWS does not change it",
	"target-group vpc":         "AWS does not move a target group",
	"target-group port":        "AWS does not change it",
	"certificate names":        "AWS does not change them",
	"file-system encrypted":    "AWS does not change it",
	"mount-target file_system": "AWS does not move a mount target",
	"access-point file_system": "AWS does not change an access point",
	"access-point path":        "AWS does not change an access point",
	"access-point uid":         "AWS does not change an access point",
	"access-point gid":         "AWS does not change an access point",
	"role path":                "AWS does not move a role",
	"repository encryption":    "AWS does not change it",
	"state-bucket encryption":  "S3 has encrypted every bucket since 2023, and takes the default for none",

	"schedule time_window": "the simulated Scheduler has no other; up sends it with every change",

	// A resource without an id of its own is found by what it is part of.
	"route table":                        "it is looked for in the table that it is to be in",
	"route-table-association subnet":     "it is looked for by the subnet",
	"vpc-cidr-block vpc":                 "it is looked for in the VPC",
	"subnet-cidr-block subnet":           "it is looked for in the subnet",
	"certificate-validation certificate": "it is looked for by the certificate",

	// Values are the user's: up copies the first one and overwrites none.
	"secret values":      "only secrets sync and secrets set overwrite",
	"parameter outdated": "only secrets sync and secrets set overwrite",
}

// TestEveryFieldDrifts holds the table of drifts against all that a plan may
// show: a field that is in neither table is one of which it is not known that up
// repairs it.
func TestEveryFieldDrifts(t *testing.T) {
	covered := map[string]bool{}
	for _, d := range slices.Concat(drifts(), natInstanceDrifts(), ipv6Drifts()) {
		covered[d.kind()+" "+d.field] = true
	}
	fields := fieldsOfDiffs(t)
	for f := range fields {
		switch why := undrifted[f]; {
		case strings.HasSuffix(f, " tags"): // see TestDriftOfTagsIsShownAndRepaired
		case !covered[f] && why == "":
			t.Errorf("%s: no drift changes it, and undrifted has no reason why", f)
		case covered[f] && why != "":
			t.Errorf("%s: undrifted says %q, and there is a drift that changes it", f, why)
		}
	}
	for f := range undrifted {
		if !fields[f] {
			t.Errorf("%s: undrifted has a reason for a field that no plan shows", f)
		}
	}
}

// TestDriftIsShownAndRepaired changes one thing of every kind at a time behind our
// back. Every time a plan shows each under its field, up repairs it, and the plan
// is empty again.
func TestDriftIsShownAndRepaired(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newStackBench(t, parse(t, swept))
		b.everything(true)
		b.settled()
		before := b.oneRevision()
		for _, round := range rounds(drifts()) {
			if !b.repaired(round) {
				return
			}
		}
		b.settled()
		if diff := cmp.Diff(before, b.oneRevision()); diff != "" {
			t.Errorf("the repairs changed the account (-before +after):\n%s", diff)
		}
	})
}

// oneRevision is what is there, with one revision of each family: AWS changes none,
// so that each repair makes another.
func (b *stackBench) oneRevision() []string {
	last := ""
	return slices.DeleteFunc(b.inventory(), func(s string) bool {
		again := s == last && strings.HasPrefix(s, "task-definition ")
		last = s
		return again
	})
}

// rounds are the drifts in groups with one of each kind.
func rounds(all []drift) [][]drift {
	var out [][]drift
	turn := map[string]int{}
	for _, d := range all {
		n := turn[d.kind()]
		turn[d.kind()]++
		if n == len(out) {
			out = append(out, nil)
		}
		out[n] = append(out[n], d)
	}
	return out
}

// repaired makes the edits of a round, and tells whether up has put them back.
func (b *stackBench) repaired(round []drift) bool {
	b.t.Helper()
	var names []string
	for _, d := range round {
		names = append(names, d.key+" "+d.field)
		there := false
		if err := b.sim.Edit(func(w *awssim.World) { there = d.edit(w) }); err != nil || !there {
			b.t.Errorf("%s %s: there is nothing to edit: %v", d.key, d.field, err)
		}
	}
	plan := b.everything(false)
	for _, d := range round {
		if !d.isShownBy(plan) {
			b.t.Errorf("the plan does not show that %s has another %s: %s", d.key, d.field, verbs(plan))
		}
	}
	for _, o := range b.everything(true).Outcomes {
		if o.Err != nil {
			b.t.Errorf("%s: %s: %v", names, o.Key, o.Err)
		}
	}
	again := b.everything(false)
	if again.Changes() {
		b.t.Errorf("%s: the plan after the repair is not empty: %s", names, verbs(again))
	}
	return !again.Changes()
}

func (d drift) isShownBy(plan *engine.Result) bool {
	o, _ := plan.Get(engine.Key(d.key))
	if d.field == "" {
		return o.Verb == engine.Create
	}
	return slices.ContainsFunc(o.Changes, func(c engine.Change) bool { return shownAs(o.Key, c) == d.kind()+" "+d.field })
}

// everything walks the state's bucket and the stack, as plan and up do.
func (b *stackBench) everything(apply bool) *engine.Result {
	b.t.Helper()
	s := b.fresh(!apply)
	bucket := b.walk(apply, engine.Manage(stateBucketOf(s.Env)))
	bucket.Record = engine.NewMemory(b.home.Clock)
	all, err := bucket.Up(context.Background())
	if err != nil {
		b.t.Fatal(err)
	}
	w := b.walk(apply, s.Steps()...)
	w.Orphans, w.Keep = s.Orphans(engine.Known(b.rec)), Keep(DownOptions{Images: true, Logs: true, Data: true})
	res, err := w.Up(context.Background())
	if err != nil {
		b.t.Fatal(err)
	}
	res.Outcomes = append(all.Outcomes, res.Outcomes...)
	return res
}

// stateBucketOf is where the state is kept, which is not part of the stack.
func stateBucketOf(h *provision.Env) *provision.StateBucket {
	return &provision.StateBucket{Env: h, Bucket: provision.StateBucketName(h.Account), Region: h.Account.Region}
}

// TestDriftOfTagsIsShownAndRepaired changes a tag of everything that has tags, and
// takes another one off it.
func TestDriftOfTagsIsShownAndRepaired(t *testing.T) {
	edited := map[string]bool{"state-bucket": true} // see platformDrifts: it has no tags of the stack
	for _, yaml := range []string{swept, sweptSSM, sweptInstance, sweptIPv6} {
		synctest.Test(t, func(t *testing.T) {
			b := newStackBench(t, parse(t, yaml))
			b.upStack(nil)
			keys := b.editTags()
			plan := b.planStack()
			for _, k := range keys {
				edited[k.Kind()] = true
				for _, field := range []string{"tags[Project]", "tags[Name]"} {
					if o, ok := plan.Get(k); !ok || !slices.ContainsFunc(o.Changes, func(c engine.Change) bool { return c.Field == field }) {
						t.Errorf("the plan does not show the %s of %s: %s %v", field, k, o.Verb, o.Changes)
					}
				}
			}
			b.upStack(plan)
			if again := b.planStack(); again.Changes() {
				t.Errorf("the plan after the repair is not empty: %s", verbs(again))
			}
		})
	}
	for f := range fieldsOfDiffs(t) {
		if kind, ok := strings.CutSuffix(f, " tags"); ok && !edited[kind] {
			t.Errorf("no tag of a %s was edited", kind)
		}
	}
}

// editTags edits the tags of all that is the stack's, and tells its keys.
func (b *stackBench) editTags() []engine.Key {
	b.t.Helper()
	var keys []engine.Key
	err := b.sim.Edit(func(w *awssim.World) {
		eachTags(reflect.ValueOf(w).Elem(), func(tags map[string]string) {
			if tags[cloud.TagStack] == "karmacadabra-prod" && tags[cloud.TagKey] != "" {
				tags["Project"] = "somebody else's"
				delete(tags, "Name")
				keys = append(keys, engine.Key(tags[cloud.TagKey]))
			}
		})
	})
	if err != nil || len(keys) < 40 {
		b.t.Fatalf("%d things have tags: %v", len(keys), err)
	}
	return keys
}

// eachTags visits every field named Tags of the things in the world's maps.
func eachTags(w reflect.Value, f func(map[string]string)) {
	for i := range w.NumField() {
		v := w.Field(i)
		switch v.Kind() {
		case reflect.Struct:
			eachTags(v, f)
		case reflect.Map:
			for it := v.MapRange(); it.Next(); {
				x := it.Value()
				if x.Kind() != reflect.Pointer || x.Elem().Kind() != reflect.Struct {
					continue
				}
				if tags := x.Elem().FieldByName("Tags"); tags.IsValid() && tags.Kind() == reflect.Map && !tags.IsNil() {
					f(tags.Convert(reflect.TypeFor[map[string]string]()).Interface().(map[string]string))
				}
			}
		}
	}
}

// TestWhatIsNotOursIsNoDrift: the number of tasks is the autoscaler's, and a
// revision with another image is deploy's.
func TestWhatIsNotOursIsNoDrift(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newStackBench(t, parse(t, swept))
		b.upStack(nil)
		if err := b.sim.Edit(func(w *awssim.World) {
			for _, s := range w.Services {
				s.Desired = 3
			}
		}); err != nil {
			t.Fatal(err)
		}
		time.Sleep(10 * time.Minute)
		if plan := b.planStack(); plan.Changes() {
			t.Errorf("the autoscaler's work is taken for drift: %s", verbs(plan))
		}
		b.sim.ResetCalls()
		b.upStack(nil)
		if m := b.sim.Mutations(); len(m) > 0 {
			t.Errorf("up undoes the autoscaler's work: %s", m[0].Name())
		}
	})
}
