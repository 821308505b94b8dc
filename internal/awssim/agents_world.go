package awssim

// AgentsWorld is the part of the account that belongs to the agents group.
type AgentsWorld struct{}

func newAgentsWorld() AgentsWorld { return AgentsWorld{} }

func (s *Sim) agentsOperations() []operation {
	var ops []operation
	ops = append(ops, s.ecsTagOperations()...)
	return ops
}

func (s *Sim) settleAgents() {}
