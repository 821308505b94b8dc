package provision

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/karmacadabra/karmactl/internal/awssim"
	"github.com/karmacadabra/karmactl/internal/awssim/recorded"
	"github.com/karmacadabra/karmactl/internal/cloud"
	"github.com/karmacadabra/karmactl/internal/engine"
)

// bench is a simulated account with a stack's Env over it, for resources one by one. (internal/stack
// has one of its own, for whole stacks: a test inside this package cannot import that one.)
type bench struct {
	t    *testing.T
	sim  *awssim.Sim
	home *Env
	rec  *engine.Memory
}

// inTurn tells whether a sweep tries fault i of several at call n: all of them at each
// call, and in make test one at each, in turn.
func inTurn(n, i, faults int) bool { return !testing.Short() || n%faults == i }

// newBench makes one. Call it inside synctest.Test: minutes of waiting then take no time.
func newBench(t *testing.T, opts awssim.Options) *bench {
	t.Helper()
	opts.Clock = engine.RealClock{}
	sim, err := awssim.New(opts)
	if err != nil {
		t.Fatal(err)
	}
	recorded.Watch(t, sim.Observe)
	return &bench{t: t, sim: sim, rec: engine.NewMemory(opts.Clock), home: &Env{
		Stack:     "karmacadabra-prod",
		Project:   "karmacadabra",
		Account:   cloud.Account{ID: "123456789012", Partition: "aws", Region: "us-east-1"},
		Tags:      cloud.Tags{"Project": "karmacadabra"},
		Clients:   cloud.NewClients(cloud.WithOptions(sim.Config(), cloud.LostReplies)),
		Inventory: cloud.NewInventory(opts.Clock),
		Clock:     opts.Clock,
	}}
}

// edit changes the simulated account behind karmactl's back, long enough ago
// that no listing from before it is trusted any more.
func (b *bench) edit(f func(*awssim.World)) {
	b.t.Helper()
	if err := b.sim.Edit(f); err != nil {
		b.t.Fatal(err)
	}
	time.Sleep(10 * time.Second)
}

func (b *bench) walk(apply bool, steps ...engine.Step) engine.Walk {
	return engine.Walk{Steps: steps, Record: b.rec, Clock: b.home.Clock, Classify: cloud.Classify, Apply: apply}
}

// up makes the steps true and fails the test when it cannot.
func (b *bench) up(steps ...engine.Step) *engine.Result {
	b.t.Helper()
	res, err := b.walk(true, steps...).Up(context.Background())
	if err != nil {
		b.t.Fatal(err)
	}
	if err := res.Err(); err != nil {
		b.t.Fatal(err)
	}
	return res
}

// plan tells what up would do.
func (b *bench) plan(steps ...engine.Step) *engine.Result {
	b.t.Helper()
	res, err := b.walk(false, steps...).Up(context.Background())
	if err != nil {
		b.t.Fatal(err)
	}
	if err := res.Err(); err != nil {
		b.t.Fatal(err)
	}
	return res
}

// down deletes the steps.
func (b *bench) down(steps ...engine.Step) *engine.Result {
	b.t.Helper()
	res, err := b.walk(true, steps...).Down(context.Background())
	if err != nil {
		b.t.Fatal(err)
	}
	if err := res.Err(); err != nil {
		b.t.Fatal(err)
	}
	return res
}

// lifecycle takes resources through absent, created, kept, changed and deleted:
// the plan of what is there is empty, a second up writes nothing, changed tags
// are seen and repaired, state that is lost is adopted, and down leaves nothing.
func (b *bench) lifecycle(steps ...engine.Step) {
	b.t.Helper()
	if n := b.plan(steps...).Count(engine.Create); n != len(steps) {
		b.t.Fatalf("a plan on an empty account creates %d of %d", n, len(steps))
	}
	b.up(steps...)
	if res := b.plan(steps...); res.Changes() {
		b.t.Fatalf("the plan after up is not empty: %s", verbs(res))
	}
	b.sim.ResetCalls()
	b.up(steps...)
	if m := b.sim.Mutations(); len(m) > 0 {
		b.t.Fatalf("a second up makes %d mutating calls, the first is %s", len(m), m[0].Name())
	}

	b.home.Tags = cloud.Tags{"Project": "karmacadabra", "Team": "agents"}
	changed := b.plan(steps...)
	b.up(steps...)
	if res := b.plan(steps...); res.Changes() {
		b.t.Fatalf("the plan after a change of tags (%s) is not empty: %s", verbs(changed), verbs(res))
	}

	b.rec = engine.NewMemory(b.home.Clock)
	if res := b.plan(steps...); res.Changes() {
		b.t.Fatalf("the plan without a state is not empty: %s", verbs(res))
	}
	b.up(steps...)
	if n := len(b.rec.Entries()); n != len(steps) {
		b.t.Fatalf("%d of %d resources were adopted", n, len(steps))
	}

	b.down(steps...)
	if n := b.plan(steps...).Count(engine.Create); n != len(steps) {
		b.t.Fatalf("after down %d of %d would be created: something is left", n, len(steps))
	}
	if left := b.rec.Entries(); len(left) > 0 {
		b.t.Fatalf("after down the state still has %v", left)
	}
}

func verbs(res *engine.Result) string {
	s := ""
	for _, o := range res.Outcomes {
		if o.Verb != engine.None {
			s += string(o.Verb) + " " + string(o.Key) + " "
			for _, c := range o.Changes {
				s += "(" + c.Field + ": " + c.Was + " -> " + c.Now + ") "
			}
		}
	}
	return s
}

func TestVPCAndAddressGoThroughTheirLives(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, awssim.Options{Visible: 2 * time.Second, Latency: 50 * time.Millisecond})
		b.lifecycle(
			engine.Manage(&VPC{Env: b.home, CIDR: "10.0.0.0/16"}),
			engine.Manage(&ElasticIP{Env: b.home, AZ: "us-east-1a"}),
		)
	})
}
