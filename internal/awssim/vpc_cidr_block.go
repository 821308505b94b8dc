package awssim

import (
	"fmt"
	"net/netip"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
)

// IPv6Block is a block of IPv6 addresses of a VPC or a subnet. AWS lists one that was
// taken away for a while: https://github.com/hashicorp/terraform/issues/12895
type IPv6Block struct {
	ID    string
	Block string
	Since time.Time
	Gone  time.Time
}

// associating is how long AWS takes to give a block:
// https://github.com/hashicorp/terraform-provider-aws/issues/24681
const associating = 2 * time.Second

// associated is the block that is there now; nil is none.
func associated(blocks []*IPv6Block) *IPv6Block {
	for _, b := range blocks {
		if b.Gone.IsZero() {
			return b
		}
	}
	return nil
}

// state of a block in AWS's words, the same for VPCs and subnets.
func (s *Sim) blockState(b *IPv6Block) string {
	switch {
	case !b.Gone.IsZero():
		return string(types.VpcCidrBlockStateCodeDisassociated)
	case s.now().Before(b.Since.Add(associating)):
		return string(types.VpcCidrBlockStateCodeAssociating)
	}
	return string(types.VpcCidrBlockStateCodeAssociated)
}

// listed are the blocks that a listing has by now.
func (s *Sim) listed(blocks []*IPv6Block) []*IPv6Block {
	return slices.DeleteFunc(slices.Clone(blocks), func(b *IPv6Block) bool { return !s.visible(b.Since) })
}

func (s *Sim) vpcCIDRBlockNoun() noun {
	return noun{
		ops: []operation{
			on("EC2.AssociateVpcCidrBlock", s.associateVPCBlock, "VpcId", "AmazonProvidedIpv6CidrBlock"),
			on("EC2.DisassociateVpcCidrBlock", s.disassociateVPCBlock, "AssociationId"),
		},
		each: func(tell func(thing)) {
			for _, v := range s.world.VPCs {
				for _, b := range v.IPv6 {
					tell(thing{kind: "vpc-cidr-block", name: b.ID, tags: v.Tags, gone: !b.Gone.IsZero()})
				}
			}
		},
	}
}

// ipv6BlockQuota is AWS's default of IPv6 blocks a VPC:
// https://docs.aws.amazon.com/vpc/latest/userguide/amazon-vpc-limits.html
const ipv6BlockQuota = 5

// associateVPCBlock gives another /56 at each call: there is no token.
// https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_AssociateVpcCidrBlock.html
func (s *Sim) associateVPCBlock(in *ec2.AssociateVpcCidrBlockInput) (*ec2.AssociateVpcCidrBlockOutput, error) {
	v, err := s.vpc(aws.ToString(in.VpcId))
	if err != nil {
		return nil, err
	}
	if !aws.ToBool(in.AmazonProvidedIpv6CidrBlock) {
		return nil, fail("MissingParameter", "Either 'cidrBlock' or 'amazonProvidedIpv6CidrBlock' should be provided.")
	}
	there := 0
	for _, b := range v.IPv6 {
		if b.Gone.IsZero() {
			there++
		}
	}
	if there >= ipv6BlockQuota {
		return nil, fail("CidrBlockLimitExceeded", "The maximum number of IPv6 CIDR blocks has been reached.")
	}
	b := &IPv6Block{ID: s.world.id("vpc-cidr-assoc"), Since: s.now()}
	b.Block = fmt.Sprintf("2001:db8:%x:%x00::/56", s.world.Serial/256%65536, s.world.Serial%256) // of the range for documents
	v.IPv6 = append(v.IPv6, b)
	return &ec2.AssociateVpcCidrBlockOutput{VpcId: &v.ID, Ipv6CidrBlockAssociation: new(s.describeVPCBlock(b))}, nil
}

func (s *Sim) describeVPCBlock(b *IPv6Block) types.VpcIpv6CidrBlockAssociation {
	return types.VpcIpv6CidrBlockAssociation{
		AssociationId: &b.ID, Ipv6CidrBlock: &b.Block, Ipv6Pool: aws.String("Amazon"), NetworkBorderGroup: &s.world.Region,
		Ipv6CidrBlockState: &types.VpcCidrBlockState{State: types.VpcCidrBlockStateCode(s.blockState(b))},
	}
}

// disassociateVPCBlock refuses while a subnet has addresses of the block:
// https://github.com/hashicorp/terraform-provider-aws/issues/29077
func (s *Sim) disassociateVPCBlock(in *ec2.DisassociateVpcCidrBlockInput) (*ec2.DisassociateVpcCidrBlockOutput, error) {
	id := aws.ToString(in.AssociationId)
	for _, v := range s.world.VPCs {
		i := slices.IndexFunc(v.IPv6, func(b *IPv6Block) bool { return b.ID == id && b.Gone.IsZero() })
		if i < 0 {
			continue
		}
		b := v.IPv6[i]
		for _, sub := range s.world.Subnets {
			if own := associated(sub.IPv6); sub.VPC == v.ID && own != nil && netip.MustParsePrefix(b.Block).Overlaps(netip.MustParsePrefix(own.Block)) {
				return nil, fail("InvalidCidrBlock.InUse", "The vpc %s currently has a subnet within CIDR block %s", v.ID, b.Block)
			}
		}
		b.Gone = s.now()
		return &ec2.DisassociateVpcCidrBlockOutput{VpcId: &v.ID, Ipv6CidrBlockAssociation: new(s.describeVPCBlock(b))}, nil
	}
	return nil, fail("InvalidVpcCidrBlockAssociationID.NotFound", "The vpc CIDR block association ID '%s' does not exist", id)
}
