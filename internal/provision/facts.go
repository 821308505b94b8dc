package provision

import (
	"context"
	"fmt"

	"github.com/karmacadabra/karmactl/internal/agents"
)

// Facts are what has to be known of the account before there can be a stack:
// its keys have the names of the AZs.
type Facts struct {
	Zones []string
	// HostedZone is the id of the Route 53 zone of the domain; "" without one.
	HostedZone string
}

// ReadFacts asks AWS. It only reads.
func ReadFacts(ctx context.Context, cfg *agents.Config, h *Home) (Facts, error) {
	var f Facts
	var err error
	if f.Zones, err = availabilityZones(ctx, h.Clients.EC2, cfg.Network.AZs, cfg.Network.Zones); err != nil {
		return f, err
	}
	if cfg.LoadBalancer.Domain != "" {
		f.HostedZone, err = hostedZone(ctx, h.Clients.Route53, cfg.LoadBalancer.Domain, cfg.LoadBalancer.Zone)
	}
	return f, err
}

// OfflineFacts are what AWS would most likely answer.
func OfflineFacts(cfg *agents.Config) Facts {
	f := Facts{Zones: cfg.Network.Zones}
	for i := 0; len(f.Zones) < cfg.Network.AZs; i++ {
		f.Zones = append(f.Zones, fmt.Sprintf("%s%c", cfg.Region, 'a'+i))
	}
	if cfg.LoadBalancer.Domain != "" {
		f.HostedZone = "<zone of " + cfg.LoadBalancer.Domain + ">"
	}
	return f
}
