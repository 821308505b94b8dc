package stack

import (
	"slices"
	"testing"
	"testing/synctest"

	"github.com/karmacadabra/karmactl/internal/awssim"
)

func TestAvailabilityZones(t *testing.T) {
	for _, c := range []struct {
		what  string
		n     int
		names []string
		inUse []string
		want  []string
		err   string
	}{
		{what: "the first ones of the region", n: 2, want: []string{"us-east-1a", "us-east-1b"}},
		{what: "those named, in order", n: 2, names: []string{"us-east-1f", "us-east-1c"}, want: []string{"us-east-1c", "us-east-1f"}},
		{what: "those that the stack is in, though other ones come first now", n: 2, inUse: []string{"us-east-1c", "us-east-1e"}, want: []string{"us-east-1c", "us-east-1e"}},
		{what: "one more than the stack is in", n: 3, inUse: []string{"us-east-1c", "us-east-1e"}, want: []string{"us-east-1c", "us-east-1e", "us-east-1a"}},
		{what: "one less than the stack is in", n: 2, inUse: []string{"us-east-1c", "us-east-1e", "us-east-1a"}, want: []string{"us-east-1c", "us-east-1e"}},
		{what: "those named that the stack is in, in its order", names: []string{"us-east-1a", "us-east-1e"}, inUse: []string{"us-east-1e", "us-east-1a"}, want: []string{"us-east-1e", "us-east-1a"}},
		{
			what: "one without Fargate", names: []string{"us-east-1a", "us-east-1d"},
			err: "zone us-east-1d is usw1-az2, where Fargate runs no tasks: network.azs can have us-east-1a, us-east-1b, us-east-1c, us-east-1f",
		},
		{
			what: "one that the region has not", names: []string{"us-east-1a", "us-east-1z"},
			err: "there is no availability zone us-east-1z here: the region has us-east-1a, us-east-1b, us-east-1c, us-east-1f",
		},
		{
			what: "more than there are", n: 7,
			err: "the stack needs 7 availability zones: the region has only us-east-1a, us-east-1b, us-east-1c, us-east-1f",
		},
	} {
		t.Run(c.what, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := newBench(t, slow)
				b.edit(func(w *awssim.World) {
					w.ImpairedZones = []string{"us-east-1e"}
					w.ZoneIDs = map[string]string{"us-east-1d": "usw1-az2"} // of the table; in truth another region's
				})
				got, err := chooseZones(t.Context(), b.home.Clients.EC2, c.n, c.names, c.inUse)
				if !slices.Equal(got, c.want) {
					t.Errorf("got %v, want %v", got, c.want)
				}
				text := ""
				if err != nil {
					text = err.Error()
				}
				if text != c.err {
					t.Errorf("got error %q, want %q", text, c.err)
				}
			})
		})
	}
}

// In the hours in which a zone fails, its stack is the last that should be another.
func TestAStackStaysInItsZones(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newStackBench(t, fleetConfig())
		b.upStack(nil)
		b.edit(func(w *awssim.World) { w.ImpairedZones = []string{"us-east-1a"} })
		if res := b.planStack(); res.Changes() {
			t.Errorf("with one of its zones impaired the plan is %s", verbs(res))
		}
		b.cfg.Network.AZs = 3
		b.upStack(nil)
		b.edit(func(w *awssim.World) { w.ImpairedZones = nil })
		if res := b.planStack(); res.Changes() {
			t.Errorf("once the zone is back the plan is %s", verbs(res))
		}
	})
}

func TestDownNeedsNoHostedZone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cfg := fleetConfig()
		cfg.LoadBalancer.Domain = "agents.example.com"
		b := newStackBench(t, cfg)
		b.upStack(nil)
		env := b.fresh(false).Env
		b.edit(func(w *awssim.World) { clear(w.HostedZones) })
		if _, err := ReadLookup(t.Context(), cfg, b.home); err == nil {
			t.Error("up does not miss the hosted zone")
		}
		found, err := ReadExisting(t.Context(), cfg, env)
		if err != nil {
			t.Fatal(err)
		}
		res, err := b.walkOf(New(cfg, env, found)).Down(t.Context())
		b.done(res, err)
	})
}
