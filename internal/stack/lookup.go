package stack

import (
	"context"
	"fmt"

	"github.com/karmacadabra/karmactl/internal/agents"
	"github.com/karmacadabra/karmactl/internal/provision"
)

// Lookup are what has to be known of the account before there can be a stack:
// its keys have the names of the AZs.
type Lookup struct {
	Zones []string
	// HostedZone is the id of the Route 53 zone of the domain; "" without one.
	HostedZone string
}

// ReadLookup asks AWS. It only reads.
func ReadLookup(ctx context.Context, cfg *agents.Config, h *provision.Env) (Lookup, error) {
	var f Lookup
	var err error
	if f.Zones, err = availabilityZones(ctx, h.Clients.EC2, cfg.Network.AZs, cfg.Network.Zones); err != nil {
		return f, err
	}
	if cfg.LoadBalancer.Domain != "" {
		f.HostedZone, err = hostedZone(ctx, h.Clients.Route53, cfg.LoadBalancer.Domain, cfg.LoadBalancer.Zone)
	}
	return f, err
}

// GuessLookup are what AWS would most likely answer.
func GuessLookup(cfg *agents.Config) Lookup {
	f := Lookup{Zones: cfg.Network.Zones}
	for i := 0; len(f.Zones) < cfg.Network.AZs; i++ {
		f.Zones = append(f.Zones, fmt.Sprintf("%s%c", cfg.Region, 'a'+i))
	}
	if cfg.LoadBalancer.Domain != "" {
		f.HostedZone = "<zone of " + cfg.LoadBalancer.Domain + ">"
	}
	return f
}
