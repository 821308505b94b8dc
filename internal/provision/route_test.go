package provision

import (
	"testing"
	"testing/synctest"

	"github.com/karmacadabra/karmactl/internal/awssim"
	"github.com/karmacadabra/karmactl/internal/cloud"
	"github.com/karmacadabra/karmactl/internal/engine"
)

// mutations are the names of the mutating calls of f.
func (b *bench) mutations(f func()) []string {
	b.t.Helper()
	b.sim.ResetCalls()
	f()
	var out []string
	for _, c := range b.sim.Mutations() {
		out = append(out, c.Operation)
	}
	return out
}

func equal(t *testing.T, what string, got []string, want ...string) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%s took %v, and not %v", what, got, want)
	}
	for i := range want {
		if got[i] != want[i] {
			t.Fatalf("%s took %v, and not %v", what, got, want)
		}
	}
}

func TestARouteChangesItsTargetInPlace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, slow)
		n := newNetwork(b.home)
		b.up(n.steps...)
		b.edit(func(w *awssim.World) { // a user sends the private subnets out directly
			table := w.RouteTables[n.privateTable.ID()]
			for i := range table.Routes {
				if table.Routes[i].Destination == cloud.Anywhere {
					table.Routes[i].Target = n.gateway.ID()
				}
			}
		})
		n = newNetwork(b.home)
		equal(t, "the repair", b.mutations(func() { b.up(n.steps...) }), "ReplaceRoute")
	})
}

func TestABlackHoleIsSeen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, slow)
		n := newNetwork(b.home)
		b.up(n.steps...)
		b.edit(func(w *awssim.World) { delete(w.NATGateways, n.nat.ID()) })
		plan := b.plan(newNetwork(b.home).steps...)
		o, _ := plan.Get("route/private-us-east-1a")
		fields := map[string]engine.Change{}
		for _, c := range o.Changes {
			fields[c.Field] = c
		}
		if o.Verb != engine.Update || fields["blackhole"].Was != "true" || fields["target"].Now != engine.Unknown("nat/us-east-1a") {
			t.Errorf("the plan says %s %v", o.Verb, o.Changes)
		}
	})
}

func TestARouteThatSomebodyDeletedIsMadeAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, slow)
		n := newNetwork(b.home)
		b.up(n.steps...)
		b.edit(func(w *awssim.World) { w.RouteTables[n.publicTable.ID()].Routes = nil })
		equal(t, "the repair", b.mutations(func() { b.up(newNetwork(b.home).steps...) }), "CreateRoute")
	})
}

func TestASubnetFollowsAnotherTableInPlace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, slow)
		n := newNetwork(b.home)
		b.up(n.steps...)
		moved := &RouteTableAssociation{Env: b.home, Table: n.publicTable, Subnet: n.private[1]}
		equal(t, "the move", b.mutations(func() {
			b.up(engine.Manage(n.vpc), engine.Manage(n.publicTable), engine.Manage(n.private[1]), engine.Manage(moved))
		}),
			"ReplaceRouteTableAssociation")
		// AWS has given the tie another id: it is found all the same, by the next run and on the way down.
		equal(t, "the move back", b.mutations(func() { b.up(newNetwork(b.home).steps...) }), "ReplaceRouteTableAssociation")
		if res := b.plan(newNetwork(b.home).steps...); res.Changes() {
			t.Errorf("the plan after it is not empty: %s", verbs(res))
		}
		b.down(newNetwork(b.home).steps...)
		if got := tables(t, b.sim); got != tables(t, newBench(t, slow).sim) {
			t.Errorf("after down the account has %s", got)
		}
	})
}
