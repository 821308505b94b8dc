package stack

import (
	"slices"

	"github.com/karmacadabra/karmactl/internal/engine"
	"github.com/karmacadabra/karmactl/internal/provision"
)

// AgentOf is the agent that a key belongs to, or "" for what all share. The resource
// says whose it is; one that is only recorded is made from its key to be asked.
func (s *Stack) AgentOf(key engine.Key) string {
	key = key.Base()
	if n, ok := s.byKey[key]; ok {
		return provision.AgentOf(n)
	}
	if k, ok := kind(key.Kind()); ok {
		return provision.AgentOf(k.Of(s.Env, key.Name()).node)
	}
	return ""
}

// Only chooses what some agents need: what is theirs and what all share.
func (s *Stack) Only(names []string) func(engine.Key) bool {
	return func(k engine.Key) bool {
		a := s.AgentOf(k)
		return a == "" || slices.Contains(names, a)
	}
}

// OnlyOf chooses what belongs to some agents alone.
func (s *Stack) OnlyOf(names []string) func(engine.Key) bool {
	return func(k engine.Key) bool { return slices.Contains(names, s.AgentOf(k)) }
}
