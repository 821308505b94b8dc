package stack

import (
	"context"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/route53"
	"github.com/aws/aws-sdk-go-v2/service/route53/types"

	"github.com/karmacadabra/karmactl/internal/agents"
	"github.com/karmacadabra/karmactl/internal/cloud"
)

type hostedZoneAPI interface {
	ListHostedZones(context.Context, *route53.ListHostedZonesInput, ...func(*route53.Options)) (*route53.ListHostedZonesOutput, error)
}

// hostedZone is the id of the public zone that a domain's records go into: the
// one of the name or id zone, or without it the longest that the domain ends in.
// Route 53 takes two zones of one name, and only one of them is delegated to.
// karmactl never makes a zone: delegating a domain to it is up to its registrar.
func hostedZone(ctx context.Context, api hostedZoneAPI, domain, zone string) (string, error) {
	bare := func(n string) string { return strings.ToLower(strings.TrimSuffix(n, ".")) }
	domain = bare(domain)
	byID := zone != "" && !strings.Contains(zone, ".")
	if !byID {
		zone = bare(zone)
	}
	if zone != "" && !byID && domain != zone && !strings.HasSuffix(domain, "."+zone) {
		return "", fmt.Errorf("load_balancer.domain %s is not in load_balancer.zone %s: change one of them", domain, zone)
	}
	zones, err := cloud.Pages(ctx, route53.NewListHostedZonesPaginator(api, &route53.ListHostedZonesInput{}),
		func(out *route53.ListHostedZonesOutput) []types.HostedZone { return out.HostedZones })
	if err != nil {
		return "", fmt.Errorf("the hosted zones cannot be listed: %w", err)
	}
	best := ""
	var ids []string // of the zones of the best name
	for _, z := range zones {
		name, id := bare(aws.ToString(z.Name)), strings.TrimPrefix(aws.ToString(z.Id), "/hostedzone/")
		fits := domain == name || strings.HasSuffix(domain, "."+name)
		named := zone == "" || zone == name || zone == id
		switch {
		case z.Config != nil && z.Config.PrivateZone || !fits || !named || len(name) < len(best):
		case name == best:
			ids = append(ids, id)
		default:
			best, ids = name, []string{id}
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
func checkHosts(ctx context.Context, api hostedZoneAPI, cfg *agents.Config, zone string) error {
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
