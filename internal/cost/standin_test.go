package cost

import (
	"github.com/karmacadabra/karmactl/internal/agents"
	"github.com/karmacadabra/karmactl/internal/engine"
	"github.com/karmacadabra/karmactl/internal/provision"
)

// node is a resource of which only the key matters.
type node engine.Key

func (n node) Key() engine.Key      { return engine.Key(n) }
func (n node) Needs() []engine.Node { return nil }
func (n node) ID() string           { return string(n) }

// resources of a configuration's stack, with services and policies.
func resources(cfg *agents.Config) []engine.Node {
	nodes := offline(cfg).Resources()
	have := map[engine.Key]bool{}
	for _, n := range nodes {
		have[n.Key()] = true
	}
	add := func(n engine.Node) {
		if !have[n.Key()] {
			nodes = append(nodes, n)
		}
	}
	for _, a := range cfg.Agents {
		add(&provision.Service{Agent: a, PublicIP: cfg.Network.NAT == agents.NATNone})
		for metric, percent := range map[string]int{"cpu": a.Scale.CPUPercent, "memory": a.Scale.MemoryPercent} {
			if percent > 0 {
				add(&provision.ScalingPolicy{Target: &provision.ScalableTarget{Agent: a.Name}, Metric: metric})
			}
		}
	}
	return nodes
}
