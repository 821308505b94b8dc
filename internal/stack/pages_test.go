package stack

import (
	"slices"
	"testing"
	"testing/synctest"
)

// Code that reads only the first page of a listing finds one thing here, takes the
// others for gone and makes them again.
func TestAStackLivesWithOneItemOnAPage(t *testing.T) {
	for name, cfg := range scenarios(t) {
		if testing.Short() && name == "twelve agents" { // its listings are those of five, and pages cost their square
			continue
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				b := newStackBench(t, cfg)
				b.sim.PageBy(1)
				before := b.inventory() // the user's own secret
				b.upStack(b.planStack())
				if res := b.planStack(); res.Changes() {
					t.Errorf("the plan after up has changes: %s", verbs(res))
				}
				b.sim.ResetCalls()
				b.upStack(nil)
				if m := b.sim.Mutations(); len(m) > 0 {
					t.Errorf("a second up makes %d mutating calls, the first is %s", len(m), m[0].Name())
				}
				b.downStack()
				if left := onlyAccounts(b.inventory()); !slices.Equal(left, before) {
					t.Errorf("down left %v", left)
				}
			})
		})
	}
}
