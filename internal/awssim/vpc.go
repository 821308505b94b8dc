package awssim

import (
	"maps"
	"net/netip"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"github.com/karmacadabra/karmactl/internal/cloud"
)

// VPC is a simulated VPC.
type VPC struct {
	ID           string
	CIDR         string
	DNSSupport   bool
	DNSHostnames bool
	// IPv6 are its blocks of IPv6 addresses, and the blocks that it had.
	IPv6    []*IPv6Block `json:",omitempty"`
	Tags    cloud.Tags
	Created time.Time
}

func (s *Sim) vpcNoun() noun {
	return noun{
		ops: []operation{
			on("EC2.CreateVpc", s.createVpc, "CidrBlock", "TagSpecifications"),
			on("EC2.DescribeVpcs", s.describeVpcs, "VpcIds", "Filters").pages("Vpcs", 1000, 1000, "VpcIds"),
			on("EC2.DescribeVpcAttribute", s.describeVpcAttribute, "VpcId", "Attribute"),
			on("EC2.ModifyVpcAttribute", s.modifyVpcAttribute, "VpcId", "EnableDnsHostnames", "EnableDnsSupport"),
			on("EC2.DeleteVpc", s.deleteVpc, "VpcId"),
		},
		each: func(tell func(thing)) {
			for _, v := range s.world.VPCs {
				tell(thing{kind: "vpc", name: v.ID, tags: v.Tags})
			}
		},
	}
}

// vpcQuota is AWS's default of VPCs a region.
const vpcQuota = 5

func (s *Sim) createVpc(in *ec2.CreateVpcInput) (*ec2.CreateVpcOutput, error) {
	cidr, err := netip.ParsePrefix(aws.ToString(in.CidrBlock))
	if err != nil || cidr.Masked() != cidr || cidr.Bits() < 16 || cidr.Bits() > 28 {
		return nil, fail("InvalidVpc.Range", "The CIDR '%s' is invalid.", aws.ToString(in.CidrBlock))
	}
	tags, err := ec2Tags(in.TagSpecifications, types.ResourceTypeVpc)
	if err != nil {
		return nil, err
	}
	if len(s.world.VPCs) >= vpcQuota {
		return nil, fail("VpcLimitExceeded", "The maximum number of VPCs has been reached.")
	}
	v := &VPC{ID: s.world.id("vpc"), CIDR: cidr.String(), DNSSupport: true, Tags: tags, Created: s.now()}
	s.world.VPCs[v.ID] = v
	s.addRouteTable(v, cloud.Tags{}).Main = true
	s.addSecurityGroup(v.ID, "default", "default VPC security group", cloud.Tags{})
	return &ec2.CreateVpcOutput{Vpc: new(s.describeVPC(v))}, nil
}

func (s *Sim) describeVPC(v *VPC) types.Vpc {
	d := types.Vpc{
		OwnerId: &s.world.Account, IsDefault: aws.Bool(false), DhcpOptionsId: aws.String("dopt-0123456789abcdef0"), InstanceTenancy: types.TenancyDefault,
		VpcId: &v.ID, CidrBlock: &v.CIDR, State: types.VpcStateAvailable, Tags: toEC2Tags(v.Tags),
	}
	for _, b := range s.listed(v.IPv6) {
		d.Ipv6CidrBlockAssociationSet = append(d.Ipv6CidrBlockAssociationSet, s.describeVPCBlock(b))
	}
	return d
}

// vpc is a VPC that is visible.
func (s *Sim) vpc(id string) (*VPC, error) {
	v := s.world.VPCs[id]
	if v == nil || !s.visible(v.Created) {
		return nil, fail("InvalidVpcID.NotFound", "The vpc ID '%s' does not exist", id)
	}
	return v, nil
}

func (s *Sim) describeVpcs(in *ec2.DescribeVpcsInput) (*ec2.DescribeVpcsOutput, error) {
	seen := func(v *VPC) bool { return s.visible(v.Created) }
	if err := only(in.VpcIds, s.world.VPCs, seen, "InvalidVpcID.NotFound"); err != nil {
		return nil, err
	}
	out := &ec2.DescribeVpcsOutput{}
	for _, v := range sorted(s.world.VPCs) {
		ok, err := ec2Filters(in.Filters, v.Tags, map[string]string{"vpc-id": v.ID, "cidr": v.CIDR, "state": "available"})
		if err != nil {
			return nil, err
		}
		if ok && seen(v) && wanted(in.VpcIds, v.ID) {
			out.Vpcs = append(out.Vpcs, s.describeVPC(v))
		}
	}
	return out, nil
}

func (s *Sim) describeVpcAttribute(in *ec2.DescribeVpcAttributeInput) (*ec2.DescribeVpcAttributeOutput, error) {
	v, err := s.vpc(aws.ToString(in.VpcId))
	if err != nil {
		return nil, err
	}
	out := &ec2.DescribeVpcAttributeOutput{VpcId: &v.ID}
	switch in.Attribute {
	case types.VpcAttributeNameEnableDnsHostnames:
		out.EnableDnsHostnames = &types.AttributeBooleanValue{Value: &v.DNSHostnames}
	case types.VpcAttributeNameEnableDnsSupport:
		out.EnableDnsSupport = &types.AttributeBooleanValue{Value: &v.DNSSupport}
	default:
		return nil, fail("InvalidParameterValue", "attribute %s is not simulated", in.Attribute)
	}
	return out, nil
}

func (s *Sim) modifyVpcAttribute(in *ec2.ModifyVpcAttributeInput) (*ec2.ModifyVpcAttributeOutput, error) {
	v, err := s.vpc(aws.ToString(in.VpcId))
	if err != nil {
		return nil, err
	}
	if in.EnableDnsHostnames != nil && in.EnableDnsSupport != nil {
		return nil, fail("InvalidParameterCombination", "Fields for multiple attribute types specified")
	}
	if in.EnableDnsHostnames != nil {
		v.DNSHostnames = aws.ToBool(in.EnableDnsHostnames.Value)
	}
	if in.EnableDnsSupport != nil {
		v.DNSSupport = aws.ToBool(in.EnableDnsSupport.Value)
	}
	return &ec2.ModifyVpcAttributeOutput{}, nil
}

func (s *Sim) deleteVpc(in *ec2.DeleteVpcInput) (*ec2.DeleteVpcOutput, error) {
	v, err := s.vpc(aws.ToString(in.VpcId))
	if err != nil {
		return nil, err
	}
	if used := s.usesVPC(v.ID); used != "" {
		return nil, fail("DependencyViolation", "The vpc '%s' has dependencies and cannot be deleted.", v.ID)
	}
	maps.DeleteFunc(s.world.RouteTables, func(_ string, t *RouteTable) bool { return t.VPC == v.ID })
	maps.DeleteFunc(s.world.SecurityGroups, func(_ string, g *SecurityGroup) bool { return g.VPC == v.ID })
	delete(s.world.VPCs, v.ID)
	return &ec2.DeleteVpcOutput{}, nil
}

// usesVPC names something that keeps a VPC from being deleted: all but its own
// main route table and default group.
func (s *Sim) usesVPC(id string) string {
	for _, n := range s.world.Subnets {
		if n.VPC == id {
			return n.ID
		}
	}
	for _, g := range s.world.InternetGateways {
		if g.VPC == id {
			return g.ID
		}
	}
	for _, g := range s.world.EgressOnlyGateways {
		if g.VPC == id {
			return g.ID
		}
	}
	for _, e := range s.world.VPCEndpoints {
		if e.VPC == id {
			return e.ID
		}
	}
	for _, g := range s.world.SecurityGroups {
		if g.VPC == id && g.Name != "default" {
			return g.ID
		}
	}
	for _, t := range s.world.RouteTables {
		if t.VPC == id && !t.Main {
			return t.ID
		}
	}
	return ""
}
