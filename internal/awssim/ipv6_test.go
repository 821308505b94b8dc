package awssim

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
)

// TestABlockOfIPv6ComesAndGoesInOrder: the VPC's first, a /64 of it for a subnet, then its addresses; and back.
func TestABlockOfIPv6ComesAndGoesInOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := newNet(t, Options{})
		vpc := n.vpc()
		subnet, other := n.subnet(vpc, "10.0.0.0/24", "us-east-1a"), n.subnet(vpc, "10.0.1.0/24", "us-east-1b")
		assign := func(on bool) error {
			_, err := n.ec2.ModifySubnetAttribute(t.Context(), &ec2.ModifySubnetAttributeInput{SubnetId: &subnet, AssignIpv6AddressOnCreation: &types.AttributeBooleanValue{Value: &on}})
			return err
		}
		part := func(of, block string) error {
			_, err := n.ec2.AssociateSubnetCidrBlock(t.Context(), &ec2.AssociateSubnetCidrBlockInput{SubnetId: &of, Ipv6CidrBlock: &block})
			return err
		}
		refused(t, "addresses without a block", assign(true), "InvalidParameterValue")
		refused(t, "a part of nothing", part(subnet, "2001:db8::/64"), "InvalidSubnet.Range")

		whole := must[*ec2.AssociateVpcCidrBlockOutput](t)(n.ec2.AssociateVpcCidrBlock(t.Context(), &ec2.AssociateVpcCidrBlockInput{VpcId: &vpc, AmazonProvidedIpv6CidrBlock: aws.Bool(true)})).Ipv6CidrBlockAssociation
		if whole.Ipv6CidrBlockState.State != types.VpcCidrBlockStateCodeAssociating || !strings.HasSuffix(*whole.Ipv6CidrBlock, "/56") {
			t.Errorf("the VPC has %s, %s", *whole.Ipv6CidrBlock, whole.Ipv6CidrBlockState.State)
		}
		first := strings.Replace(*whole.Ipv6CidrBlock, "/56", "/64", 1)
		refused(t, "a part of what is not there yet", part(subnet, first), "InvalidSubnet.Range")
		time.Sleep(associating)
		refused(t, "more than a /64", part(subnet, *whole.Ipv6CidrBlock), "InvalidParameterValue")
		if err := part(subnet, first); err != nil {
			t.Fatal(err)
		}
		refused(t, "a second one", part(subnet, strings.Replace(first, "00::/64", "01::/64", 1)), "InvalidSubnet.Conflict")
		refused(t, "another subnet's", part(other, first), "InvalidSubnet.Conflict")
		refused(t, "addresses at once", assign(true), "InvalidParameterValue")
		time.Sleep(associating)
		if err := assign(true); err != nil {
			t.Fatal(err)
		}

		eni := n.attachNetworkInterface(subnet, nil, "interface", "", "amazon-ecs", false)
		if eni.IPv6 == "" {
			t.Error("a task has no address of IPv6")
		}
		if of := n.attachNetworkInterface(subnet, nil, "vpc_endpoint", "", "727180483921", false); of.IPv6 != "" {
			t.Errorf("an endpoint has %s", of.IPv6)
		}
		id := n.world.Subnets[subnet].IPv6[0].ID
		leave := func() error {
			_, err := n.ec2.DisassociateSubnetCidrBlock(t.Context(), &ec2.DisassociateSubnetCidrBlockInput{AssociationId: &id})
			return err
		}
		shrink := func() error {
			_, err := n.ec2.DisassociateVpcCidrBlock(t.Context(), &ec2.DisassociateVpcCidrBlockInput{AssociationId: whole.AssociationId})
			return err
		}
		refused(t, "while addresses are assigned", leave(), "InvalidCidrBlock.InUse")
		if err := assign(false); err != nil {
			t.Fatal(err)
		}
		refused(t, "while a task has one", leave(), "InvalidCidrBlock.InUse")
		refused(t, "while a subnet has a part", shrink(), "InvalidCidrBlock.InUse")
		delete(n.world.NetworkInterfaces, eni.ID)
		for _, f := range []func() error{leave, shrink} {
			if err := f(); err != nil {
				t.Error(err)
			}
		}
		refused(t, "what went", leave(), "InvalidSubnetCidrBlockAssociationID.NotFound")
		refused(t, "what went", shrink(), "InvalidVpcCidrBlockAssociationID.NotFound")
		listed := must[*ec2.DescribeVpcsOutput](t)(n.ec2.DescribeVpcs(t.Context(), &ec2.DescribeVpcsInput{VpcIds: []string{vpc}})).Vpcs[0].Ipv6CidrBlockAssociationSet
		if len(listed) != 1 || listed[0].Ipv6CidrBlockState.State != types.VpcCidrBlockStateCodeDisassociated {
			t.Errorf("the VPC lists %v", listed)
		}
	})
}

// TestAnEgressOnlyGatewayIsForIPv6Alone: it is attached from the start, keeps its VPC, and leaves a black hole.
func TestAnEgressOnlyGatewayIsForIPv6Alone(t *testing.T) {
	n := newNet(t, Options{})
	vpc := n.vpc()
	table, igw := n.table(vpc), n.gateway(vpc)
	create := func(token string) string {
		return *must[*ec2.CreateEgressOnlyInternetGatewayOutput](t)(n.ec2.CreateEgressOnlyInternetGateway(t.Context(), &ec2.CreateEgressOnlyInternetGatewayInput{VpcId: &vpc, ClientToken: &token})).EgressOnlyInternetGateway.EgressOnlyInternetGatewayId
	}
	eigw := create("one")
	if again := create("one"); again != eigw || len(n.world.EgressOnlyGateways) != 1 {
		t.Errorf("a repeated call makes %s beside %s", again, eigw)
	}
	_, err := n.ec2.DescribeEgressOnlyInternetGateways(t.Context(), &ec2.DescribeEgressOnlyInternetGatewaysInput{Filters: []types.Filter{{Name: aws.String("attachment.vpc-id"), Values: []string{vpc}}}})
	refused(t, "a filter on the VPC", err, "InvalidParameterValue")
	route := func(in ec2.CreateRouteInput) error {
		in.RouteTableId = &table
		_, err := n.ec2.CreateRoute(t.Context(), &in)
		return err
	}
	anywhere, six := aws.String("0.0.0.0/0"), aws.String("::/0")
	refused(t, "for IPv4", route(ec2.CreateRouteInput{DestinationCidrBlock: anywhere, EgressOnlyInternetGatewayId: &eigw}), "InvalidParameterValue")
	refused(t, "both destinations", route(ec2.CreateRouteInput{DestinationCidrBlock: anywhere, DestinationIpv6CidrBlock: six, EgressOnlyInternetGatewayId: &eigw}), "InvalidParameterCombination")
	refused(t, "IPv6 where IPv4 belongs", route(ec2.CreateRouteInput{DestinationCidrBlock: six, EgressOnlyInternetGatewayId: &eigw}), "InvalidParameterValue")
	refused(t, "two targets", route(ec2.CreateRouteInput{DestinationIpv6CidrBlock: six, GatewayId: &igw, EgressOnlyInternetGatewayId: &eigw}), "InvalidParameterCombination")
	if err := route(ec2.CreateRouteInput{DestinationIpv6CidrBlock: six, EgressOnlyInternetGatewayId: &eigw}); err != nil {
		t.Fatal(err)
	}
	if used := n.usesVPC(vpc); used == "" {
		t.Error("the VPC could be deleted")
	}
	must[*ec2.DeleteEgressOnlyInternetGatewayOutput](t)(n.ec2.DeleteEgressOnlyInternetGateway(t.Context(), &ec2.DeleteEgressOnlyInternetGatewayInput{EgressOnlyInternetGatewayId: &eigw}))
	for _, r := range n.describeRouteTable(n.world.RouteTables[table]).Routes {
		if aws.ToString(r.DestinationIpv6CidrBlock) == *six && r.State != types.RouteStateBlackhole {
			t.Errorf("the route to what is gone is %s", r.State)
		}
	}
}
