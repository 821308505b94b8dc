package provision

import "github.com/karmacadabra/karmactl/internal/engine"

// Subnet is a subnet.
type Subnet struct {
	engine.Ref
	*Home
}

func (s *Subnet) Key() engine.Key      { return "subnet" }
func (s *Subnet) Needs() []engine.Node { return nil }
