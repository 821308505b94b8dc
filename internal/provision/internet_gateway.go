package provision

import "github.com/karmacadabra/karmactl/internal/engine"

// InternetGateway is the VPC's way to the internet.
type InternetGateway struct {
	engine.Ref
	*Home
}

func (g *InternetGateway) Key() engine.Key      { return "igw" }
func (g *InternetGateway) Needs() []engine.Node { return nil }
