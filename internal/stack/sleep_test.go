package stack

import (
	"slices"
	"testing"

	"github.com/karmacadabra/karmactl/internal/engine"
	"github.com/karmacadabra/karmactl/internal/provision"
)

// Nothing that stays may refer to something that goes, and what takes long to
// make, or cannot be made again, stays.
func TestWhatSleepsLeavesNothingBehindThatRefersToIt(t *testing.T) {
	for name, cfg := range scenarios(t) {
		for _, keepALB := range []bool{false, true} {
			st := New(cfg, &provision.Env{Stack: cfg.Stack(), Project: cfg.Project}, GuessLookup(cfg))
			asleep := Asleep(st.Steps(), keepALB)
			kinds := map[string]bool{}
			for _, n := range st.Resources() {
				kinds[n.Key().Kind()] = kinds[n.Key().Kind()] || asleep(n.Key())
				for _, need := range n.(interface{ Needs() []engine.Node }).Needs() {
					if asleep(need.Key()) && !asleep(n.Key()) {
						t.Errorf("%v: %s stays and needs %s, which goes", name, n.Key(), need.Key())
					}
				}
			}
			for _, k := range []string{"alb", "listener", "rule", "record", "dashboard"} {
				_, balanced := kinds["alb"] // without it the dashboard draws nothing of it
				if gone, there := kinds[k]; there && balanced && gone == keepALB {
					t.Errorf("with the load balancer kept %t, %s goes: %t", keepALB, k, gone)
				}
			}
			for _, k := range []string{"service", "nat", "eip", "scalable-target", "scaling-policy", "alarm"} {
				if gone, there := kinds[k]; there && !gone {
					t.Errorf("%s bills by the hour, or is of one that does, and stays", k)
				}
			}
			stay := []string{"vpc", "subnet", "role", "repository", "log-group", "secret", "parameter", "certificate", "target-group", "task-definition", "cluster", "slr"}
			for k, gone := range kinds {
				if gone && slices.Contains(stay, k) {
					t.Errorf("%s goes", k)
				}
			}
		}
	}
}
