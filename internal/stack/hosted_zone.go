package stack

import (
	"context"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/route53"

	"github.com/karmacadabra/karmactl/internal/agents"
	"github.com/karmacadabra/karmactl/internal/cloud"
	"github.com/karmacadabra/karmactl/internal/provision"
)

// hostedZone is the id of the public zone that a domain's records go into: the
// one of the name or id zone, or without it the longest that the domain ends in.
// Route 53 takes two zones of one name, and only one of them is delegated to.
// karmactl never makes a zone: delegating a domain to it is up to its registrar.
func hostedZone(ctx context.Context, api route53.ListHostedZonesAPIClient, domain, zone string) (string, error) {
	domain = cloud.BareName(domain)
	byID := zone != "" && !strings.Contains(zone, ".")
	if !byID {
		zone = cloud.BareName(zone)
	}
	if zone != "" && !byID && domain != zone && !strings.HasSuffix(domain, "."+zone) {
		return "", fmt.Errorf("load_balancer.domain %s is not in load_balancer.zone %s: change one of them", domain, zone)
	}
	zones, err := cloud.HostedZones(ctx, api)
	if err != nil {
		return "", fmt.Errorf("the hosted zones cannot be listed: %w", err)
	}
	best := ""
	var ids []string // of the zones of the best name
	for _, z := range zones {
		named := zone == "" || zone == z.Name || zone == z.ID
		switch {
		case z.Private || !z.Has(domain) || !named || len(z.Name) < len(best):
		case z.Name == best:
			ids = append(ids, z.ID)
		default:
			best, ids = z.Name, []string{z.ID}
		}
	}
	if len(ids) > 1 {
		return "", fmt.Errorf("the account has %d public hosted zones %s: say in load_balancer.zone which one the registrar delegates to: %s", len(ids), best, strings.Join(ids, " or "))
	}
	if len(ids) == 1 {
		return ids[0], nil
	}
	switch {
	case byID:
		return "", fmt.Errorf("the account has no public hosted zone %s that %s is in: change load_balancer.zone", zone, domain)
	case zone != "":
		return "", fmt.Errorf("the account has no public hosted zone %s: create it in Route 53 and have the registrar delegate to it, or remove load_balancer.domain to serve plain HTTP", zone)
	}
	return "", fmt.Errorf("the account has no public hosted zone that %s ends in: create one in Route 53 and have the registrar delegate to it, or remove load_balancer.domain to serve plain HTTP", domain)
}

// checkHosts: the records of the agents' hosts, and the ones that prove them to ACM, go into
// the zone of the domain.
func checkHosts(ctx context.Context, api route53.ListHostedZonesAPIClient, cfg *agents.Config, zone string) error {
	for _, host := range cfg.ExtraHosts() {
		if _, err := hostedZone(ctx, api, strings.TrimPrefix(host, "*."), zone); err != nil {
			advice := "a certificate can be had only for names of one zone, so use a host in it"
			if cfg.LoadBalancer.Certificate != "" {
				advice = "its record would go there: use a host in it, or leave load_balancer.domain out and lead all hosts to the load balancer yourself"
			}
			return fmt.Errorf("the host %s is not in the hosted zone of load_balancer.domain %s: %w: %s", host, cfg.LoadBalancer.Domain, err, advice)
		}
	}
	return nil
}

// HostedZone is the id of the zone that the records of a stack's names go into.
func HostedZone(ctx context.Context, cfg *agents.Config, h *provision.Env) (string, error) {
	zone, err := hostedZone(ctx, h.Clients.Route53, cfg.LoadBalancer.Domain, cfg.LoadBalancer.Zone)
	if err == nil {
		err = checkHosts(ctx, h.Clients.Route53, cfg, zone)
	}
	return zone, err
}
