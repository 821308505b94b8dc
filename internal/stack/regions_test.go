package stack

import (
	"slices"
	"testing"
	"testing/synctest"

	"github.com/karmacadabra/karmactl/internal/engine"
	"github.com/karmacadabra/karmactl/internal/provision"
)

// inRegion is the same stack of the same account in another region.
func (b *stackBench) inRegion(region string) *stackBench {
	b.t.Helper()
	sim, err := b.sim.InRegion(region)
	if err != nil {
		b.t.Fatal(err)
	}
	account := b.home.Account
	account.Region = region
	cfg := *b.cfg
	cfg.Region = region
	home := &provision.Env{Account: account, Clock: b.home.Clock} // fresh makes the rest
	return &stackBench{bench: &bench{t: b.t, sim: sim, rec: engine.NewMemory(b.home.Clock), home: home}, cfg: &cfg}
}

func TestAStackInTwoRegionsLeavesItselfAlone(t *testing.T) {
	for _, name := range []string{"everything on", "parameters and mail"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				east := newStackBench(t, scenarios(t)[name])
				west := east.inRegion("us-west-2")
				both := []*stackBench{east, west}
				empty := onlyAccounts(west.sim.Inventory())
				for i, first := range both {
					second := both[1-i]
					first.upStack(nil)
					second.upStack(nil)
					for _, b := range both {
						if res := b.planStack(); res.Changes() {
							t.Errorf("with both regions up the plan in %s is not empty: %s", b.cfg.Region, verbs(res))
						}
					}
					first.downStack()
					if res := second.planStack(); res.Changes() {
						t.Errorf("after down in %s the plan in %s is not empty: %s", first.cfg.Region, second.cfg.Region, verbs(res))
					}
					second.downStack()
					if left := onlyAccounts(second.sim.Inventory()); !slices.Equal(left, empty) {
						t.Errorf("after down in both regions the account has %q, it had %q", left, empty)
					}
				}
			})
		})
	}
}
