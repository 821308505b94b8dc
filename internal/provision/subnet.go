package provision

import (
	"context"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"github.com/karmacadabra/karmactl/internal/cloud"
	"github.com/karmacadabra/karmactl/internal/engine"
)

// The tiers of subnets: what is in a public one may have a public address.
const (
	TierPublic  = "public"
	TierPrivate = "private"
)

// SubnetSpec is what we own of a subnet.
type SubnetSpec struct {
	VPC  string
	CIDR string
	AZ   string
	// PublicIPs gives a public address to whatever starts in the subnet.
	PublicIPs bool
	// IPv6 gives an address of that kind, too. Where it is wanted the subnet's block sees to it.
	IPv6 bool
	Tags cloud.Tags
}

// Subnet is a range of the VPC's addresses in one availability zone.
type Subnet struct {
	engine.Ref
	*Env
	VPC *VPC
	// Tier is public or private.
	Tier string
	AZ   string
	CIDR string
	// Inbound: something in the subnet is of use only when the internet reaches it,
	// or it reaches the internet without a NAT gateway.
	Inbound bool
	// IPv6: it has a SubnetCIDRBlock.
	IPv6 bool
	// given: it is there already and not the stack's; see GivenSubnets.
	given bool
}

// IsGiven tells whether it was there before the stack.
func (s *Subnet) IsGiven() bool { return s.given }

func (s *Subnet) Key() engine.Key      { return engine.Key("subnet/" + s.Tier + "-" + s.AZ) }
func (s *Subnet) Needs() []engine.Node { return nodes(s.VPC) }

// SubnetOf is the subnet of a name, as far as the name tells.
func SubnetOf(h *Env, name string) *Subnet {
	tier, az, _ := strings.Cut(name, "-")
	return &Subnet{Env: h, Tier: tier, AZ: az}
}

func (s *Subnet) Want() SubnetSpec {
	return SubnetSpec{VPC: s.VPC.ID(), CIDR: s.CIDR, AZ: s.AZ, PublicIPs: s.Tier == TierPublic, IPv6: s.IPv6, Tags: s.TagsOf(s.Key())}
}

func (s *Subnet) Find(ctx context.Context, look engine.Look) (engine.Found[SubnetSpec], error) {
	return find(ctx, s.Env, s.Key(), look, s.list, func(sub types.Subnet, tags cloud.Tags) engine.Found[SubnetSpec] {
		found := engine.Found[SubnetSpec]{Spec: SubnetSpec{
			VPC: aws.ToString(sub.VpcId), CIDR: aws.ToString(sub.CidrBlock), AZ: aws.ToString(sub.AvailabilityZone),
			PublicIPs: aws.ToBool(sub.MapPublicIpOnLaunch), IPv6: aws.ToBool(sub.AssignIpv6AddressOnCreation), Tags: tags,
		}}
		if sub.State == types.SubnetStatePending {
			found.Phase, found.Why = engine.Pending, "pending"
		}
		if mode := BlockedBy(sub); s.Tier == TierPublic && (mode == types.BlockPublicAccessModeBlockBidirectional || mode != "" && s.Inbound) {
			found.Phase = engine.Broken
			found.Why = fmt.Sprintf("VPC Block Public Access (%s) closes the internet gateway of %s: %s", mode, found.Spec.VPC, OpenPublicAccess(found.Spec.VPC, s.Account.Region))
		}
		return found
	})
}

func (s *Subnet) list(ctx context.Context) ([]candidate[types.Subnet], error) {
	all, err := cloud.Pages(ctx, ec2.NewDescribeSubnetsPaginator(s.Clients.EC2, &ec2.DescribeSubnetsInput{Filters: s.ofStack()}),
		func(out *ec2.DescribeSubnetsOutput) []types.Subnet { return out.Subnets })
	return ec2Candidates(all, func(x types.Subnet) (*string, []types.Tag) { return x.SubnetId, x.Tags }), err
}

// Diff compares. A subnet cannot move or grow. Addresses of IPv6 are no longer assigned before the tasks start that
// are to have none, and assigned once there is a way out for them: see SubnetCIDRBlock.
func (s *Subnet) Diff(have, want SubnetSpec) []engine.Change {
	if want.IPv6 {
		have.IPv6 = true
	}
	return changes(
		essential(fixed("vpc", have.VPC, want.VPC)),
		essential(fixed("cidr", have.CIDR, want.CIDR)),
		essential(fixed("az", have.AZ, want.AZ)),
		essential(field("public_ips", have.PublicIPs, want.PublicIPs)),
		essential(field("ipv6", have.IPv6, want.IPv6)),
		cloud.DiffTags(have.Tags, want.Tags),
	)
}

// Create makes the subnet; public addresses are an attribute that can only be set after.
func (s *Subnet) Create(ctx context.Context, want SubnetSpec, _ string) (string, error) {
	out, err := s.Clients.EC2.CreateSubnet(ctx, &ec2.CreateSubnetInput{
		VpcId: &want.VPC, CidrBlock: &want.CIDR, AvailabilityZone: &want.AZ,
		TagSpecifications: ec2Tags(types.ResourceTypeSubnet, want.Tags),
	})
	if err != nil {
		return "", err
	}
	return aws.ToString(out.Subnet.SubnetId), nil
}

// Update sets public addresses and tags, and assigns none of IPv6 where none are wanted.
func (s *Subnet) Update(ctx context.Context, id string, have, want SubnetSpec) error {
	if have.PublicIPs != want.PublicIPs {
		_, err := s.Clients.EC2.ModifySubnetAttribute(ctx, &ec2.ModifySubnetAttributeInput{
			SubnetId: &id, MapPublicIpOnLaunch: &types.AttributeBooleanValue{Value: &want.PublicIPs},
		})
		if err != nil {
			return err
		}
	}
	if have.IPv6 && !want.IPv6 {
		if err := assignIPv6(ctx, s.Clients.EC2, id, false); err != nil {
			return err
		}
	}
	return updateEC2Tags(ctx, s.Clients.EC2, id, have.Tags, want.Tags)
}

// Delete deletes the subnet. AWS refuses while there is a network interface in it.
func (s *Subnet) Delete(ctx context.Context, id string) error {
	_, err := s.Clients.EC2.DeleteSubnet(ctx, &ec2.DeleteSubnetInput{SubnetId: &id})
	return s.held(ctx, err, func(n types.NetworkInterface) bool { return aws.ToString(n.SubnetId) == id })
}
