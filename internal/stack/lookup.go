package stack

import (
	"context"
	"fmt"

	"golang.org/x/sync/errgroup"

	"github.com/karmacadabra/karmactl/internal/agents"
	"github.com/karmacadabra/karmactl/internal/provision"
)

// Lookup are what has to be known of the account before there can be a stack:
// its keys have the names of the AZs.
type Lookup struct {
	Zones []string
	// SubnetZones are the zones of the subnets of network.vpc, by their ids; nil without it.
	SubnetZones map[string]string
	// Image is the newest image of Amazon Linux, by its id; "" where there is no NAT instance.
	Image string
	// HostedZone is the id of the Route 53 zone of the domain; "" without one.
	HostedZone string
	// Certificate is what a plan warns of about load_balancer.certificate; "" is nothing.
	Certificate string
}

// inZone tells whether the stack has records in a hosted zone: records that lead to the load
// balancer, or records that prove the domain to ACM.
func inZone(cfg *agents.Config) bool {
	lb := cfg.LoadBalancer
	return lb.Domain != "" && len(cfg.Public()) > 0 && (lb.Records || lb.Certificate == "")
}

// ReadLookup asks AWS what a stack is to be made with. It only reads.
func ReadLookup(ctx context.Context, cfg *agents.Config, h *provision.Env) (Lookup, error) {
	var l Lookup
	var inUse []string
	g, both := errgroup.WithContext(ctx)
	g.Go(func() (err error) { inUse, err = provision.ZonesInUse(both, h); return err })
	g.Go(func() error { return stays(both, cfg, h) })
	err := g.Wait()
	if err != nil {
		return l, err
	}
	if cfg.Network.VPC != "" {
		if l.SubnetZones, err = checkGivenNetwork(ctx, h.Clients.EC2, cfg); err != nil {
			return l, err
		}
	} else if l.Zones, err = chooseZones(ctx, h.Clients.EC2, cfg.Network.AZs, cfg.Network.Zones, inUse); err != nil {
		return l, err
	}
	if cfg.Network.NAT == agents.NATInstance {
		if l.Image, err = newestLinux(ctx, h); err != nil {
			return l, err
		}
	}
	if err := checkTopics(ctx, h, cfg); err != nil {
		return l, err
	}
	if err := checkGivenVolumes(ctx, h, cfg, l); err != nil {
		return l, err
	}
	if cfg.LoadBalancer.Certificate != "" && len(cfg.Public()) > 0 {
		if l.Certificate, err = checkCertificate(ctx, h.Clients.ACM, cfg, h.Clock.Now()); err != nil {
			return l, err
		}
	}
	if inZone(cfg) {
		if l.HostedZone, err = hostedZone(ctx, h.Clients.Route53, cfg.LoadBalancer.Domain, cfg.LoadBalancer.Zone); err == nil {
			err = checkHosts(ctx, h.Clients.Route53, cfg, l.HostedZone)
		}
	}
	return l, err
}

// ReadExisting asks AWS what a stack is made with that is there already, for
// commands that make nothing new. A hosted zone that is gone, or may not be listed,
// is no reason to stop them: a record's id has its zone.
func ReadExisting(ctx context.Context, cfg *agents.Config, h *provision.Env) (Lookup, error) {
	l := GuessLookup(cfg)
	inUse, err := provision.ZonesInUse(ctx, h)
	if err != nil {
		return l, err
	}
	if len(inUse) > 0 {
		l.Zones = inUse
	}
	if cfg.Network.VPC != "" && cfg.HasOwnVolumes() {
		subnets, err := subnetsOf(ctx, h.Clients.EC2, cfg.Network.VPC)
		if err != nil {
			return l, err
		}
		l.SubnetZones = zonesOf(subnets)
	}
	l.HostedZone = ""
	if inZone(cfg) {
		zone, err := hostedZone(ctx, h.Clients.Route53, cfg.LoadBalancer.Domain, cfg.LoadBalancer.Zone)
		if err == nil {
			l.HostedZone = zone
		}
	}
	return l, ctx.Err()
}

// GuessLookup are what AWS would most likely answer.
func GuessLookup(cfg *agents.Config) Lookup {
	f := Lookup{Zones: cfg.Network.Zones}
	for i := 0; len(f.Zones) < cfg.Network.AZs; i++ {
		f.Zones = append(f.Zones, fmt.Sprintf("%s%c", cfg.Region, 'a'+i))
	}
	if n := cfg.Network; n.VPC != "" {
		f.SubnetZones = map[string]string{}
		for _, tier := range [][]string{n.Public, n.Private} {
			for i, id := range tier {
				f.SubnetZones[id] = fmt.Sprintf("%s%c", cfg.Region, 'a'+i)
			}
		}
	}
	if cfg.Network.NAT == agents.NATInstance {
		f.Image = "<newest Amazon Linux 2023>"
	}
	if inZone(cfg) {
		f.HostedZone = "<zone of " + cfg.LoadBalancer.Domain + ">"
	}
	return f
}
