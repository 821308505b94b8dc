package awssim

import (
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"github.com/karmacadabra/karmactl/internal/cloud"
)

// Subnet is a simulated subnet.
type Subnet struct {
	ID        string
	VPC       string
	CIDR      string
	AZ        string
	PublicIPs bool
	// IPv6 is its block of IPv6 addresses, and the blocks that it had; AssignIPv6 gives one of them to
	// whatever starts in it.
	IPv6       []*IPv6Block `json:",omitempty"`
	AssignIPv6 bool         `json:",omitempty"`
	Tags       cloud.Tags
	Created    time.Time
}

func (s *Sim) subnetNoun() noun {
	return noun{
		ops: []operation{
			on("EC2.CreateSubnet", s.createSubnet, "VpcId", "CidrBlock", "AvailabilityZone", "TagSpecifications"),
			on("EC2.DescribeSubnets", s.describeSubnets, "SubnetIds", "Filters").pages("Subnets", 1000, 1000, "SubnetIds"),
			on("EC2.ModifySubnetAttribute", s.modifySubnetAttribute, "SubnetId", "MapPublicIpOnLaunch", "AssignIpv6AddressOnCreation"),
			on("EC2.DeleteSubnet", s.deleteSubnet, "SubnetId"),
		},
		each: func(tell func(thing)) {
			for _, n := range s.world.Subnets {
				tell(thing{kind: "subnet", name: n.ID, tags: n.Tags})
			}
		},
	}
}

// subnetQuota is AWS's default of subnets a VPC.
const subnetQuota = 200

func (s *Sim) createSubnet(in *ec2.CreateSubnetInput) (*ec2.CreateSubnetOutput, error) {
	vpc, err := s.vpc(aws.ToString(in.VpcId))
	if err != nil {
		return nil, err
	}
	tags, err := ec2Tags(in.TagSpecifications, types.ResourceTypeSubnet)
	if err != nil {
		return nil, err
	}
	zones := s.zones()
	az := aws.ToString(in.AvailabilityZone)
	if az == "" {
		az = zones[0]
	}
	if !slices.Contains(zones, az) {
		return nil, fail("InvalidParameterValue", "Value (%s) for parameter availabilityZone is invalid. Subnets can currently only be created in the following availability zones: %s.", az, strings.Join(zones, ", "))
	}
	cidr, err := s.subnetRange(vpc, aws.ToString(in.CidrBlock))
	if err != nil {
		return nil, err
	}
	sub := &Subnet{ID: s.world.id("subnet"), VPC: vpc.ID, CIDR: cidr.String(), AZ: az, Tags: tags, Created: s.now()}
	s.world.Subnets[sub.ID] = sub
	return &ec2.CreateSubnetOutput{Subnet: new(s.describeSubnet(sub))}, nil
}

// subnetRange checks a block: /16 to /28, in the VPC's, and not in another subnet's.
func (s *Sim) subnetRange(vpc *VPC, block string) (netip.Prefix, error) {
	cidr, err := netip.ParsePrefix(block)
	whole := netip.MustParsePrefix(vpc.CIDR)
	if err != nil || cidr.Masked() != cidr || cidr.Bits() < 16 || cidr.Bits() > 28 ||
		!whole.Contains(cidr.Addr()) || cidr.Bits() < whole.Bits() {
		return cidr, fail("InvalidSubnet.Range", "The CIDR '%s' is invalid.", block)
	}
	n := 0
	for _, other := range s.world.Subnets {
		if other.VPC != vpc.ID {
			continue
		}
		n++
		if netip.MustParsePrefix(other.CIDR).Overlaps(cidr) {
			return cidr, fail("InvalidSubnet.Conflict", "The CIDR '%s' conflicts with another subnet", block)
		}
	}
	if n >= subnetQuota {
		return cidr, fail("SubnetLimitExceeded", "The maximum number of subnets has been reached.")
	}
	return cidr, nil
}

// subnet is a subnet that is visible.
func (s *Sim) subnet(id string) (*Subnet, error) {
	sub := s.world.Subnets[id]
	if sub == nil || !s.visible(sub.Created) {
		return nil, fail("InvalidSubnetID.NotFound", "The subnet ID '%s' does not exist", id)
	}
	return sub, nil
}

func (s *Sim) describeSubnet(sub *Subnet) types.Subnet {
	free := int32(1)<<(32-netip.MustParsePrefix(sub.CIDR).Bits()) - addressesReserved
	for _, n := range s.world.NetworkInterfaces {
		if n.Subnet == sub.ID {
			free--
		}
	}
	d := types.Subnet{
		SubnetId: &sub.ID, VpcId: &sub.VPC, CidrBlock: &sub.CIDR, AvailabilityZone: &sub.AZ, State: types.SubnetStateAvailable,
		MapPublicIpOnLaunch: &sub.PublicIPs, AvailableIpAddressCount: &free, Tags: toEC2Tags(sub.Tags),
		OwnerId: &s.world.Account, DefaultForAz: aws.Bool(false), AvailabilityZoneId: aws.String(s.zoneID(sub.AZ)),
		AssignIpv6AddressOnCreation: &sub.AssignIPv6, Ipv6CidrBlockAssociationSet: []types.SubnetIpv6CidrBlockAssociation{},
	}
	for _, b := range s.listed(sub.IPv6) {
		d.Ipv6CidrBlockAssociationSet = append(d.Ipv6CidrBlockAssociationSet, s.describeSubnetBlock(b))
	}
	return d
}

// blockPublicAccess is what closes the internet gateway of a VPC; listings tell it,
// the answer of a create does not.
// https://docs.aws.amazon.com/vpc/latest/userguide/security-vpc-bpa.html
func (s *Sim) blockPublicAccess(vpc string) types.BlockPublicAccessMode {
	if s.world.BlockPublicAccess == "" || slices.Contains(s.world.PublicAccessExclusions, vpc) {
		return types.BlockPublicAccessModeOff
	}
	return s.world.BlockPublicAccess
}

func (s *Sim) describeSubnets(in *ec2.DescribeSubnetsInput) (*ec2.DescribeSubnetsOutput, error) {
	seen := func(sub *Subnet) bool { return s.visible(sub.Created) }
	if err := only(in.SubnetIds, s.world.Subnets, seen, "InvalidSubnetID.NotFound"); err != nil {
		return nil, err
	}
	out := &ec2.DescribeSubnetsOutput{}
	for _, sub := range sorted(s.world.Subnets) {
		ok, err := ec2Filters(in.Filters, sub.Tags, map[string]string{
			"subnet-id": sub.ID, "vpc-id": sub.VPC, "availability-zone": sub.AZ, "cidr-block": sub.CIDR, "state": "available",
		})
		if err != nil {
			return nil, err
		}
		if ok && seen(sub) && wanted(in.SubnetIds, sub.ID) {
			listed := s.describeSubnet(sub)
			listed.BlockPublicAccessStates = &types.BlockPublicAccessStates{InternetGatewayBlockMode: s.blockPublicAccess(sub.VPC)}
			out.Subnets = append(out.Subnets, listed)
		}
	}
	return out, nil
}

func (s *Sim) modifySubnetAttribute(in *ec2.ModifySubnetAttributeInput) (*ec2.ModifySubnetAttributeOutput, error) {
	sub, err := s.subnet(aws.ToString(in.SubnetId))
	if err != nil {
		return nil, err
	}
	if in.MapPublicIpOnLaunch != nil && in.AssignIpv6AddressOnCreation != nil {
		return nil, fail("InvalidParameterCombination", "Fields for multiple attribute types specified")
	}
	if in.AssignIpv6AddressOnCreation != nil {
		// https://github.com/terraform-aws-modules/terraform-aws-vpc/issues/735
		on := aws.ToBool(in.AssignIpv6AddressOnCreation.Value)
		if b := associated(sub.IPv6); on && (b == nil || s.blockState(b) != string(types.VpcCidrBlockStateCodeAssociated)) {
			return nil, fail("InvalidParameterValue", "Invalid value 'true' for assign-ipv6-address-on-creation. Cannot set assign-ipv6-address-on-creation to true unless the subnet (%s) has an IPv6 CIDR block associated with it.", sub.ID)
		}
		sub.AssignIPv6 = on
	}
	if in.MapPublicIpOnLaunch != nil {
		sub.PublicIPs = aws.ToBool(in.MapPublicIpOnLaunch.Value)
	}
	return &ec2.ModifySubnetAttributeOutput{}, nil
}

// deleteSubnet refuses while there are interfaces; a route table's association goes with the subnet.
func (s *Sim) deleteSubnet(in *ec2.DeleteSubnetInput) (*ec2.DeleteSubnetOutput, error) {
	sub, err := s.subnet(aws.ToString(in.SubnetId))
	if err != nil {
		return nil, err
	}
	for _, n := range s.world.NetworkInterfaces {
		if n.Subnet == sub.ID {
			return nil, fail("DependencyViolation", "The subnet '%s' has dependencies and cannot be deleted.", sub.ID)
		}
	}
	for _, t := range s.world.RouteTables {
		t.Associations = slices.DeleteFunc(t.Associations, func(a RouteTableAssociation) bool { return a.Subnet == sub.ID })
	}
	delete(s.world.Subnets, sub.ID)
	return &ec2.DeleteSubnetOutput{}, nil
}
