package provision

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"github.com/karmacadabra/karmactl/internal/cloud"
	"github.com/karmacadabra/karmactl/internal/engine"
)

// VPCCIDRBlockSpec is what we own of a VPC's block of IPv6 addresses. AWS has no tags for it.
type VPCCIDRBlockSpec struct {
	VPC string
}

// VPCCIDRBlock is a /56 of Amazon's IPv6 addresses, which AWS chooses. It costs nothing.
type VPCCIDRBlock struct {
	engine.Ref
	*Env
	VPC *VPC
}

func (b *VPCCIDRBlock) Key() engine.Key      { return "vpc-cidr-block" }
func (b *VPCCIDRBlock) Needs() []engine.Node { return nodes(b.VPC) }

// OwnedBy is the VPC, which AWS deletes with its blocks.
func (b *VPCCIDRBlock) OwnedBy() engine.Node { return b.VPC }

func (b *VPCCIDRBlock) Want() VPCCIDRBlockSpec { return VPCCIDRBlockSpec{VPC: b.VPC.ID()} }

// Find looks among the VPC's blocks. AWS lists blocks that were taken away, too.
func (b *VPCCIDRBlock) Find(ctx context.Context, look engine.Look) (engine.Found[VPCCIDRBlockSpec], error) {
	var found engine.Found[VPCCIDRBlockSpec]
	all, err := cloud.List(ctx, b.Inventory, "vpc", look.NotOlder, b.VPC.list)
	if err != nil {
		return found, err
	}
	vpc, _ := pick(b.Env, b.VPC.Key(), engine.Look{ID: known(b.VPC.ID())}, all)
	for _, x := range vpc.Item.Ipv6CidrBlockAssociationSet {
		if x.Ipv6CidrBlockState == nil {
			continue
		}
		one := blockFound(string(x.Ipv6CidrBlockState.State), x.AssociationId, x.Ipv6CidrBlock, VPCCIDRBlockSpec{VPC: vpc.ID})
		if one.Phase != engine.Absent && (found.Phase == engine.Absent || one.ID == look.ID) {
			found = one
		}
	}
	return found, nil
}

// blockFound is a block in a state that AWS tells, of a VPC or of a subnet.
func blockFound[S any](state string, id, block *string, spec S) engine.Found[S] {
	found := engine.Found[S]{ID: aws.ToString(id), Spec: spec, Outputs: map[string]string{"block": aws.ToString(block)}, Why: "IPv6 block " + state}
	switch types.VpcCidrBlockStateCode(state) {
	case types.VpcCidrBlockStateCodeAssociated:
		found.Phase, found.Why = engine.Ready, ""
	case types.VpcCidrBlockStateCodeAssociating:
		found.Phase = engine.Pending
	case types.VpcCidrBlockStateCodeDisassociating:
		found.Phase = engine.Leaving
	case types.VpcCidrBlockStateCodeFailed, types.VpcCidrBlockStateCodeFailing:
		found.Phase, found.Discard = engine.Broken, true
	default: // it was taken away
		return engine.Found[S]{}
	}
	return found
}

// known is an id, and "" for one that is not known yet.
func known(id string) string {
	if engine.IsUnknown(id) {
		return ""
	}
	return id
}

// Diff compares. A block cannot move.
func (b *VPCCIDRBlock) Diff(have, want VPCCIDRBlockSpec) []engine.Change {
	return changes(essential(fixed("vpc", have.VPC, want.VPC)))
}

// Create asks for a block. A repeated call gives another one.
func (b *VPCCIDRBlock) Create(ctx context.Context, want VPCCIDRBlockSpec, _ string) (string, error) {
	out, err := b.Clients.EC2.AssociateVpcCidrBlock(ctx, &ec2.AssociateVpcCidrBlockInput{VpcId: &want.VPC, AmazonProvidedIpv6CidrBlock: aws.Bool(true)})
	if err != nil {
		return "", err
	}
	return aws.ToString(out.Ipv6CidrBlockAssociation.AssociationId), nil
}

func (b *VPCCIDRBlock) Update(context.Context, string, VPCCIDRBlockSpec, VPCCIDRBlockSpec) error {
	return nil
}

// Delete takes the block away. AWS refuses while a subnet has a part of it.
func (b *VPCCIDRBlock) Delete(ctx context.Context, id string) error {
	return failure(b.Clients.EC2.DisassociateVpcCidrBlock(ctx, &ec2.DisassociateVpcCidrBlockInput{AssociationId: &id}))
}
