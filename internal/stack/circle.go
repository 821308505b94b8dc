package stack

import (
	"slices"

	"github.com/karmacadabra/karmactl/internal/agents"
	"github.com/karmacadabra/karmactl/internal/provision"
)

// connect has each agent of a group know those it calls. Those of its own group are in a
// circle with it, and none of them can be made after all others; see docs/adr/0010-circles-start-empty.md.
func connect(group []agents.Agent, deployed map[string]*provision.Service) {
	for _, a := range group {
		s := deployed[a.Name]
		for _, name := range a.Calls {
			if deployed[name] == nil { // a part of a fleet, as tests and estimates take one
				continue
			}
			if slices.ContainsFunc(group, func(other agents.Agent) bool { return other.Name == name }) {
				s.Circle = append(s.Circle, deployed[name])
			} else {
				s.Callees = append(s.Callees, deployed[name])
			}
		}
	}
}
