package awssim

// AgentsWorld is the part of the account that belongs to the agents group:
// secrets, task definitions, services and their tasks.
type AgentsWorld struct {
	Secrets    map[string]*Secret    // by name
	Parameters map[string]*Parameter // by name
	// Seeded: the user's own nested secret has been put in.
	Seeded bool
}

func newAgentsWorld() AgentsWorld {
	return AgentsWorld{Secrets: map[string]*Secret{}, Parameters: map[string]*Parameter{}}
}

func (s *Sim) agentsOperations() []operation {
	var ops []operation
	ops = append(ops, s.callerIdentityOperations()...)
	ops = append(ops, s.ecsTagOperations()...)
	ops = append(ops, s.secretOperations()...)
	ops = append(ops, s.parameterOperations()...)
	return ops
}

func (s *Sim) settleAgents() {
	s.seedNestedSecret()
	s.settleSecrets()
}

// taggedAgents are this group's things that the tagging API lists.
func (s *Sim) taggedAgents() []tagged { return nil }
