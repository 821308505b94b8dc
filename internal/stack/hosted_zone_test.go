package stack

import (
	"context"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/karmacadabra/karmactl/internal/awssim"
)

func TestTheLongestPublicZoneIsChosen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, slow)
		ctx := context.Background()
		parent, ours, one, two := "", "", "", ""
		b.edit(func(w *awssim.World) {
			parent, ours = w.SeedHostedZone("example.com", false), w.SeedHostedZone("prod.example.com", false)
			w.SeedHostedZone("agents.example.com", true)
			one, two = w.SeedHostedZone("example.net", false), w.SeedHostedZone("example.net", false)
		})
		for _, c := range []struct{ domain, zone, id, err string }{
			{"agents.prod.example.com", "", ours, ""},
			{"agents.prod.example.com", "example.com", parent, ""},
			{"agents.example.com", "", parent, ""}, // the private zone of that very name is not asked
			{"agents.example.org", "", "", "no public hosted zone"},
			{"myexample.com", "", "", "no public hosted zone"},
			{"agents.example.com", "example.org", "", "is not in load_balancer.zone"},
			{"agents.example.net", "", "", "2 public hosted zones example.net: say in load_balancer.zone"},
			{"agents.example.net", "example.net", "", one + " or " + two},
			{"agents.example.net", two, two, ""},
			{"agents.example.com", two, "", "no public hosted zone " + two},
		} {
			id, err := hostedZone(ctx, b.home.Clients.Route53, c.domain, c.zone)
			if id != c.id || (err == nil) != (c.err == "") || err != nil && !strings.Contains(err.Error(), c.err) {
				t.Errorf("%s in %q: got %s, %v; want %s, %q", c.domain, c.zone, id, err, c.id, c.err)
			}
		}
	})
}

func TestDownKeepsTheRecordThatProvesTheDomain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newStackBench(t, scenarios(t)["with a domain"])
		b.upStack(nil)
		b.downStack()
		proofs := func() []string {
			return slices.DeleteFunc(b.sim.Inventory(), func(s string) bool { return !strings.HasPrefix(s, "record ") })
		}
		kept := proofs()
		if len(kept) != 1 || !strings.HasPrefix(kept[0], "record _") {
			t.Fatalf("after down the zone has %q, not only the record by which other certificates of the account are renewed", kept)
		}
		b.upStack(nil)
		b.downStack()
		if again := proofs(); !slices.Equal(again, kept) {
			t.Errorf("after a second up and down the zone has %q, before it had %q", again, kept)
		}
		b.upStack(nil)
		b.downWith(DownOptions{Images: true, Logs: true, Proof: true})
		if left := proofs(); len(left) > 0 {
			t.Errorf("a down of a domain that is the stack's alone leaves %q", left)
		}
	})
}
