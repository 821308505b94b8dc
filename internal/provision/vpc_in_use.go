package provision

import (
	"context"
	"slices"
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
