package awssim

import (
	"net/netip"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
)

func (s *Sim) subnetCIDRBlockNoun() noun {
	return noun{
		ops: []operation{
			on("EC2.AssociateSubnetCidrBlock", s.associateSubnetBlock, "SubnetId", "Ipv6CidrBlock"),
			on("EC2.DisassociateSubnetCidrBlock", s.disassociateSubnetBlock, "AssociationId"),
		},
		each: func(tell func(thing)) {
			for _, sub := range s.world.Subnets {
				for _, b := range sub.IPv6 {
					tell(thing{kind: "subnet-cidr-block", name: b.ID, tags: sub.Tags, gone: !b.Gone.IsZero()})
				}
			}
		},
	}
}

// associateSubnetBlock gives a subnet a /64 of its VPC's block, and a second one to none:
// https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_AssociateSubnetCidrBlock.html
// The codes are those of CreateSubnet for the same mistakes.
func (s *Sim) associateSubnetBlock(in *ec2.AssociateSubnetCidrBlockInput) (*ec2.AssociateSubnetCidrBlockOutput, error) {
	sub, err := s.subnet(aws.ToString(in.SubnetId))
	if err != nil {
		return nil, err
	}
	text := aws.ToString(in.Ipv6CidrBlock)
	block, err := netip.ParsePrefix(text)
	if err != nil || block.Masked() != block || block.Bits() != 64 {
		return nil, fail("InvalidParameterValue", "invalid value for parameter ipv6-cidr-block: %s", text)
	}
	if !slices.ContainsFunc(s.world.VPCs[sub.VPC].IPv6, func(b *IPv6Block) bool {
		return s.blockState(b) == string(types.VpcCidrBlockStateCodeAssociated) && netip.MustParsePrefix(b.Block).Contains(block.Addr())
	}) {
		return nil, fail("InvalidSubnet.Range", "The CIDR '%s' is invalid.", text)
	}
	for _, other := range s.world.Subnets {
		if b := associated(other.IPv6); b != nil && (other.ID == sub.ID || b.Block == text) {
			return nil, fail("InvalidSubnet.Conflict", "The CIDR '%s' conflicts with another subnet", text)
		}
	}
	b := &IPv6Block{ID: s.world.id("subnet-cidr-assoc"), Block: text, Since: s.now()}
	sub.IPv6 = append(sub.IPv6, b)
	return &ec2.AssociateSubnetCidrBlockOutput{SubnetId: &sub.ID, Ipv6CidrBlockAssociation: new(s.describeSubnetBlock(b))}, nil
}

func (s *Sim) describeSubnetBlock(b *IPv6Block) types.SubnetIpv6CidrBlockAssociation {
	return types.SubnetIpv6CidrBlockAssociation{
		AssociationId: &b.ID, Ipv6CidrBlock: &b.Block, Ipv6CidrBlockState: &types.SubnetCidrBlockState{State: types.SubnetCidrBlockStateCode(s.blockState(b))},
	}
}

// disassociateSubnetBlock refuses while what starts in the subnet gets an address of it
// (https://github.com/hashicorp/terraform-provider-aws/issues/1519), and while anything has one.
func (s *Sim) disassociateSubnetBlock(in *ec2.DisassociateSubnetCidrBlockInput) (*ec2.DisassociateSubnetCidrBlockOutput, error) {
	id := aws.ToString(in.AssociationId)
	for _, sub := range s.world.Subnets {
		i := slices.IndexFunc(sub.IPv6, func(b *IPv6Block) bool { return b.ID == id && b.Gone.IsZero() })
		if i < 0 {
			continue
		}
		if sub.AssignIPv6 {
			return nil, fail("InvalidCidrBlock.InUse", "The subnet IPv6 CIDR block with association ID %s may not be disassociated, because its subnet has assign-ipv6-address-on-creation set to true.", id)
		}
		for _, n := range s.world.NetworkInterfaces {
			if n.Subnet == sub.ID && n.IPv6 != "" {
				return nil, fail("InvalidCidrBlock.InUse", "The subnet IPv6 CIDR block with association ID %s may not be disassociated, because network interfaces in its subnet have addresses of it.", id)
			}
		}
		sub.IPv6[i].Gone = s.now()
		return &ec2.DisassociateSubnetCidrBlockOutput{SubnetId: &sub.ID, Ipv6CidrBlockAssociation: new(s.describeSubnetBlock(sub.IPv6[i]))}, nil
	}
	return nil, fail("InvalidSubnetCidrBlockAssociationID.NotFound", "The subnet CIDR block association ID '%s' does not exist", id)
}

// freeIPv6 is an address of a subnet's block that nothing has; "" when what starts there gets none.
func (s *Sim) freeIPv6(sub *Subnet) string {
	b := associated(sub.IPv6)
	if b == nil || !sub.AssignIPv6 {
		return ""
	}
	used := map[string]bool{}
	for _, n := range s.world.NetworkInterfaces {
		used[n.IPv6] = true
	}
	ip := netip.MustParsePrefix(b.Block).Addr()
	for range addressesReserved {
		ip = ip.Next()
	}
	for used[ip.String()] {
		ip = ip.Next()
	}
	return ip.String()
}
