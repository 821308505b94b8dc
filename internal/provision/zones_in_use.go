package provision

import (
	"context"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/karmacadabra/karmactl/internal/cloud"
)

// ZonesInUse are the availability zones of the stack's public subnets, in the order
// in which the VPC's block was cut for them.
func ZonesInUse(ctx context.Context, h *Env) ([]string, error) {
	all, err := cloud.List(ctx, h.Inventory, "subnet", time.Time{}, (&Subnet{Env: h}).list)
	if err != nil {
		return nil, err
	}
	type used struct {
		zone  string
		block netip.Prefix
	}
	var zones []used
	for _, c := range all {
		key, ours := strings.CutPrefix(c.Tags[cloud.TagKey], "subnet/"+tierPublic+"-")
		block, err := netip.ParsePrefix(aws.ToString(c.Item.CidrBlock))
		if ours && err == nil && key == aws.ToString(c.Item.AvailabilityZone) {
			zones = append(zones, used{key, block})
		}
	}
	slices.SortFunc(zones, func(a, b used) int { return a.block.Addr().Compare(b.block.Addr()) })
	var out []string
	for _, z := range zones {
		if !slices.Contains(out, z.zone) {
			out = append(out, z.zone)
		}
	}
	return out, nil
}

// OwnVPC is the VPC that the stack has made or taken over, by its id; "" is that there is none.
func OwnVPC(ctx context.Context, h *Env) (string, error) {
	all, err := cloud.List(ctx, h.Inventory, "subnet", time.Time{}, (&Subnet{Env: h}).list)
	if err != nil {
		return "", err
	}
	for _, c := range all {
		if strings.HasPrefix(c.Tags[cloud.TagKey], "subnet/") {
			return aws.ToString(c.Item.VpcId), nil
		}
	}
	return "", nil
}
