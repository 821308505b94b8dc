package provision

import (
	"context"
	"net/netip"
	"slices"
	"sort"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"golang.org/x/sync/errgroup"

	"github.com/karmacadabra/karmactl/internal/cloud"
)

// VPCInUse is the VPC that the stack's security groups are in, "" when there are none, and
// whether it is the stack's own. AWS moves no security group and no load balancer from one
// VPC to another.
func VPCInUse(ctx context.Context, h *Env) (id string, own bool, err error) {
	var groups []candidate[types.SecurityGroup]
	var vpcs []candidate[types.Vpc]
	g, both := errgroup.WithContext(ctx) // a plan waits for both
	g.Go(func() (err error) {
		groups, err = cloud.List(both, h.Inventory, "sg", time.Time{}, (&SecurityGroup{Env: h}).list)
		return err
	})
	g.Go(func() (err error) {
		vpcs, err = cloud.List(both, h.Inventory, "vpc", time.Time{}, (&VPC{Env: h}).list)
		return err
	})
	if err := g.Wait(); err != nil || len(groups) == 0 {
		return "", false, err
	}
	id = aws.ToString(groups[0].Item.VpcId)
	return id, slices.ContainsFunc(vpcs, func(v candidate[types.Vpc]) bool { return aws.ToString(v.Item.VpcId) == id }), nil
}

// GivenVPC is a VPC that is there already, as a reference: it is no step of a walk, so
// nothing reads, changes or deletes it.
func GivenVPC(h *Env, id string) *VPC {
	v := &VPC{Env: h, given: true}
	v.SetObserved(id, nil)
	return v
}

// GivenSubnets are subnets that are there already, as references; see GivenVPC.
func GivenSubnets(h *Env, vpc *VPC, tier string, ids []string) []*Subnet {
	var out []*Subnet
	for _, id := range ids {
		s := &Subnet{Env: h, VPC: vpc, Tier: tier, AZ: id, given: true}
		s.SetObserved(id, nil)
		out = append(out, s)
	}
	return out
}

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
		key, ours := strings.CutPrefix(c.Tags[cloud.TagKey], "subnet/"+TierPublic+"-")
		block, err := netip.ParsePrefix(aws.ToString(c.Item.CidrBlock))
		if ours && err == nil && key == aws.ToString(c.Item.AvailabilityZone) {
			zones = append(zones, used{key, block})
		}
	}
	sort.Slice(zones, func(a, b int) bool { return zones[a].block.Addr().Less(zones[b].block.Addr()) })
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
