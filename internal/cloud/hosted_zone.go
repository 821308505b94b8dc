package cloud

import (
	"context"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/route53"
	"github.com/aws/aws-sdk-go-v2/service/route53/types"
)

// HostedZone is a hosted zone of Route 53.
type HostedZone struct {
	// ID is without the path that AWS puts before it, Name in lower case and without its last dot.
	ID, Name string
	// Private is one that answers only in VPCs.
	Private bool
}

// HostedZones are all zones of the account, the ones of VPCs among them.
func HostedZones(ctx context.Context, api route53.ListHostedZonesAPIClient) ([]HostedZone, error) {
	all, err := Pages(ctx, route53.NewListHostedZonesPaginator(api, &route53.ListHostedZonesInput{}),
		func(out *route53.ListHostedZonesOutput) []types.HostedZone { return out.HostedZones })
	var zones []HostedZone
	for _, z := range all {
		zones = append(zones, HostedZone{
			ID: strings.TrimPrefix(aws.ToString(z.Id), "/hostedzone/"), Name: BareName(aws.ToString(z.Name)), Private: z.Config != nil && z.Config.PrivateZone,
		})
	}
	return zones, err
}

// Has tells whether a record of that name, as BareName writes it, can be in the zone.
func (z HostedZone) Has(name string) bool {
	return name == z.Name || strings.HasSuffix(name, "."+z.Name)
}

// BareName is a name of the DNS in lower case and without its last dot.
func BareName(name string) string { return strings.ToLower(strings.TrimSuffix(name, ".")) }
