package provision

import (
	"context"
	"fmt"
	"net/netip"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"github.com/karmacadabra/karmactl/internal/cloud"
	"github.com/karmacadabra/karmactl/internal/engine"
)

// SubnetCIDRBlockSpec is what we own of a subnet's block of IPv6 addresses. AWS has no tags for it.
type SubnetCIDRBlockSpec struct {
	Subnet string
	// Assigns gives an address of it to each task that starts in the subnet.
	Assigns bool
	// Block is the one that a new one has; "" while the VPC's is not known.
	Block string
}

// SubnetCIDRBlock is a /64 of the VPC's IPv6 addresses. It costs nothing. Tasks have an address of it from their
// next start on.
type SubnetCIDRBlock struct {
	engine.Ref
	*Env
	Subnet *Subnet
	Of     *VPCCIDRBlock
	// Route is the way out for it: tasks with an address and without a way out wait before they try the other kind.
	Route *Route
}

func (b *SubnetCIDRBlock) Key() engine.Key {
	return engine.Key("subnet-cidr-block/" + b.Subnet.Key().Name())
}

// Needs the subnet, the VPC's block, and the way out, which goes after the last address.
func (b *SubnetCIDRBlock) Needs() []engine.Node { return []engine.Node{b.Subnet, b.Of, b.Route} }

// OwnedBy is the subnet, which AWS deletes with its block.
func (b *SubnetCIDRBlock) OwnedBy() engine.Node { return b.Subnet }

// Want is a block that gives its addresses.
func (b *SubnetCIDRBlock) Want() SubnetCIDRBlockSpec {
	return SubnetCIDRBlockSpec{Subnet: b.Subnet.ID(), Assigns: true, Block: b.part(b.Of.Output("block"))}
}

// part is the zone's own /64 of a /56: zone a has the first, so that zones that come and go never want the same one.
func (b *SubnetCIDRBlock) part(of string) string {
	whole, err := netip.ParsePrefix(of)
	if err != nil || b.Subnet.AZ == "" {
		return ""
	}
	address := whole.Addr().As16()
	address[7] += b.Subnet.AZ[len(b.Subnet.AZ)-1] - 'a'
	return netip.PrefixFrom(netip.AddrFrom16(address), 64).String()
}

// Find looks for the subnet, and at its block.
func (b *SubnetCIDRBlock) Find(ctx context.Context, look engine.Look) (engine.Found[SubnetCIDRBlockSpec], error) {
	var found engine.Found[SubnetCIDRBlockSpec]
	all, err := cloud.List(ctx, b.Inventory, "subnet", look.NotOlder, b.Subnet.list)
	if err != nil {
		return found, err
	}
	subnet, _ := pick(b.Env, b.Subnet.Key(), engine.Look{ID: known(b.Subnet.ID())}, all)
	for _, x := range subnet.Item.Ipv6CidrBlockAssociationSet {
		if x.Ipv6CidrBlockState == nil || found.Phase != engine.Absent {
			continue
		}
		found = blockFound(string(x.Ipv6CidrBlockState.State), x.AssociationId, x.Ipv6CidrBlock,
			SubnetCIDRBlockSpec{Subnet: subnet.ID, Assigns: aws.ToBool(subnet.Item.AssignIpv6AddressOnCreation), Block: aws.ToString(x.Ipv6CidrBlock)})
	}
	return found, nil
}

// Diff compares. Whichever part of the VPC's block a subnet has is as good as another.
func (b *SubnetCIDRBlock) Diff(have, want SubnetCIDRBlockSpec) []engine.Change {
	return changes(
		essential(fixed("subnet", have.Subnet, want.Subnet)),
		essential(field("assigns", have.Assigns, want.Assigns)),
	)
}

// Create gives the subnet a block; that its addresses are assigned is set after.
func (b *SubnetCIDRBlock) Create(ctx context.Context, want SubnetCIDRBlockSpec, _ string) (string, error) {
	if want.Block == "" {
		return "", fmt.Errorf("the IPv6 block of the VPC is not known yet")
	}
	out, err := b.Clients.EC2.AssociateSubnetCidrBlock(ctx, &ec2.AssociateSubnetCidrBlockInput{SubnetId: &want.Subnet, Ipv6CidrBlock: &want.Block})
	if err != nil {
		return "", err
	}
	return aws.ToString(out.Ipv6CidrBlockAssociation.AssociationId), nil
}

// Update has its addresses assigned.
func (b *SubnetCIDRBlock) Update(ctx context.Context, _ string, _, want SubnetCIDRBlockSpec) error {
	return assignIPv6(ctx, b.Clients.EC2, want.Subnet, want.Assigns)
}

// assignIPv6 says whether what starts in a subnet gets an address of IPv6.
func assignIPv6(ctx context.Context, api *ec2.Client, subnet string, on bool) error {
	return failure(api.ModifySubnetAttribute(ctx, &ec2.ModifySubnetAttributeInput{
		SubnetId: &subnet, AssignIpv6AddressOnCreation: &types.AttributeBooleanValue{Value: &on},
	}))
}

// Delete takes the block away. AWS refuses while anything has an address of it: a task that began before its
// agent's last deployment, until it has drained, or one of a job, until it ends.
func (b *SubnetCIDRBlock) Delete(ctx context.Context, id string) error {
	_, err := b.Clients.EC2.DisassociateSubnetCidrBlock(ctx, &ec2.DisassociateSubnetCidrBlockInput{AssociationId: &id})
	return b.held(ctx, err, func(n types.NetworkInterface) bool {
		return len(n.Ipv6Addresses) > 0 && (b.Subnet.AZ == "" || aws.ToString(n.AvailabilityZone) == b.Subnet.AZ)
	})
}
