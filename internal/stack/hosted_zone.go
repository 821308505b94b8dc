package stack

import (
	"context"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/route53"
)

type hostedZoneAPI interface {
	ListHostedZones(context.Context, *route53.ListHostedZonesInput, ...func(*route53.Options)) (*route53.ListHostedZonesOutput, error)
}

// hostedZone is the id of the public zone that a domain's records go into: the
// one named zone, or without a name the longest that the domain ends in.
// karmactl never makes a zone: delegating a domain to it is up to its registrar.
func hostedZone(ctx context.Context, api hostedZoneAPI, domain, zone string) (id string, err error) {
	bare := func(n string) string { return strings.ToLower(strings.TrimSuffix(n, ".")) }
	domain, zone = bare(domain), bare(zone)
	if zone != "" && domain != zone && !strings.HasSuffix(domain, "."+zone) {
		return "", fmt.Errorf("load_balancer.domain %s is not in load_balancer.zone %s: change one of them", domain, zone)
	}
	best := ""
	p := route53.NewListHostedZonesPaginator(api, &route53.ListHostedZonesInput{})
	for p.HasMorePages() {
		out, err := p.NextPage(ctx)
		if err != nil {
			return "", fmt.Errorf("the hosted zones cannot be listed: %w", err)
		}
		for _, z := range out.HostedZones {
			name := bare(aws.ToString(z.Name))
			fits := domain == name || strings.HasSuffix(domain, "."+name)
			if z.Config != nil && z.Config.PrivateZone || !fits || zone != "" && name != zone || len(name) <= len(best) {
				continue
			}
			best, id = name, strings.TrimPrefix(aws.ToString(z.Id), "/hostedzone/")
		}
	}
	switch {
	case id != "":
		return id, nil
	case zone != "":
		return "", fmt.Errorf("the account has no public hosted zone %s: create it in Route 53 and have the registrar delegate to it, or remove load_balancer.domain to serve plain HTTP", zone)
	}
	return "", fmt.Errorf("the account has no public hosted zone that %s ends in: create one in Route 53 and have the registrar delegate to it, or remove load_balancer.domain to serve plain HTTP", domain)
}
