package awssim

// EdgeWorld is the part of the account that belongs to the edge group.
type EdgeWorld struct{}

func newEdgeWorld() EdgeWorld { return EdgeWorld{} }

func (s *Sim) edgeOperations() []operation { return nil }

func (s *Sim) settleEdge() {}
