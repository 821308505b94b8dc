package awssim

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"github.com/karmacadabra/karmactl/internal/cloud"
)

func TestASubnetIsRefused(t *testing.T) {
	n := newNet(t, Options{})
	vpc := n.vpc()
	n.subnet(vpc, "10.0.0.0/24", "us-east-1a")
	for _, c := range []struct{ what, vpc, cidr, az, code string }{
		{"in no VPC", "vpc-0", "10.0.1.0/24", "us-east-1a", "InvalidVpcID.NotFound"},
		{"outside of the VPC", vpc, "10.1.0.0/24", "us-east-1a", "InvalidSubnet.Range"},
		{"not a block", vpc, "10.0.1.7/24", "us-east-1a", "InvalidSubnet.Range"},
		{"smaller than 16 addresses", vpc, "10.0.1.0/29", "us-east-1a", "InvalidSubnet.Range"},
		{"over another", vpc, "10.0.0.128/25", "us-east-1b", "InvalidSubnet.Conflict"},
		{"in a zone that is not there", vpc, "10.0.1.0/24", "us-east-1z", "InvalidParameterValue"},
	} {
		_, err := n.ec2.CreateSubnet(t.Context(), &ec2.CreateSubnetInput{VpcId: &c.vpc, CidrBlock: &c.cidr, AvailabilityZone: &c.az})
		refused(t, c.what, err, c.code)
	}
}

func TestADryRunIsNotSimulated(t *testing.T) {
	n := newNet(t, Options{})
	_, err := n.ec2.DeleteVpc(t.Context(), &ec2.DeleteVpcInput{VpcId: aws.String(n.vpc()), DryRun: aws.Bool(true)})
	if err == nil || !strings.Contains(err.Error(), "DryRun is not simulated") {
		t.Errorf("got %v", err)
	}
}

func TestWhatAVPCHoldsKeepsIt(t *testing.T) {
	n := newNet(t, Options{})
	vpc := n.vpc()
	gone := func() error {
		_, err := n.ec2.DeleteVpc(context.Background(), &ec2.DeleteVpcInput{VpcId: &vpc})
		return err
	}
	subnet := n.subnet(vpc, "10.0.0.0/24", "us-east-1a")
	refused(t, "with a subnet", gone(), "DependencyViolation")
	must[*ec2.DeleteSubnetOutput](t)(n.ec2.DeleteSubnet(t.Context(), &ec2.DeleteSubnetInput{SubnetId: &subnet}))

	igw := n.gateway(vpc)
	refused(t, "with a gateway", gone(), "DependencyViolation")
	must[*ec2.DetachInternetGatewayOutput](t)(n.ec2.DetachInternetGateway(t.Context(), &ec2.DetachInternetGatewayInput{InternetGatewayId: &igw, VpcId: &vpc}))

	table := n.table(vpc)
	refused(t, "with a route table", gone(), "DependencyViolation")
	must[*ec2.DeleteRouteTableOutput](t)(n.ec2.DeleteRouteTable(t.Context(), &ec2.DeleteRouteTableInput{RouteTableId: &table}))

	group := n.group(vpc, "web")
	refused(t, "with a group", gone(), "DependencyViolation")
	must[*ec2.DeleteSecurityGroupOutput](t)(n.ec2.DeleteSecurityGroup(t.Context(), &ec2.DeleteSecurityGroupInput{GroupId: &group}))

	e := must[*ec2.CreateVpcEndpointOutput](t)(n.ec2.CreateVpcEndpoint(t.Context(), &ec2.CreateVpcEndpointInput{VpcId: &vpc, ServiceName: aws.String("com.amazonaws.us-east-1.s3")}))
	refused(t, "with an endpoint", gone(), "DependencyViolation")
	must[*ec2.DeleteVpcEndpointsOutput](t)(n.ec2.DeleteVpcEndpoints(t.Context(), &ec2.DeleteVpcEndpointsInput{VpcEndpointIds: []string{*e.VpcEndpoint.VpcEndpointId}}))

	if err := gone(); err != nil {
		t.Error(err)
	}
	if len(n.world.RouteTables) > 0 || len(n.world.SecurityGroups) > 0 {
		t.Error("its main route table and default group are left")
	}
}

func TestAnInternetGatewayIsRefused(t *testing.T) {
	n := newNet(t, Options{})
	vpc := n.vpc()
	igw, loose := n.gateway(vpc), n.gateway("")
	attach := func(igw, vpc string) error {
		_, err := n.ec2.AttachInternetGateway(context.Background(), &ec2.AttachInternetGatewayInput{InternetGatewayId: &igw, VpcId: &vpc})
		return err
	}
	detach := func(igw, vpc string) error {
		_, err := n.ec2.DetachInternetGateway(context.Background(), &ec2.DetachInternetGatewayInput{InternetGatewayId: &igw, VpcId: &vpc})
		return err
	}
	refused(t, "a second time", attach(igw, vpc), "Resource.AlreadyAssociated")
	refused(t, "two for a VPC", attach(loose, vpc), "InvalidParameterValue")
	refused(t, "one that is loose", detach(loose, vpc), "Gateway.NotAttached")
	_, err := n.ec2.DeleteInternetGateway(t.Context(), &ec2.DeleteInternetGatewayInput{InternetGatewayId: &igw})
	refused(t, "while attached", err, "DependencyViolation")
	n.attachNetworkInterface(n.subnet(vpc, "10.0.0.0/24", "us-east-1a"), nil, "interface", "", "", true)
	refused(t, "with public addresses behind it", detach(igw, vpc), "DependencyViolation")
	for range 3 {
		n.gateway("")
	}
	_, err = n.ec2.CreateInternetGateway(t.Context(), &ec2.CreateInternetGatewayInput{})
	refused(t, "a sixth", err, "InternetGatewayLimitExceeded")
}

func TestARouteIsRefused(t *testing.T) {
	n := newNet(t, Options{})
	vpc, other := n.vpc(), n.vpc()
	igw, far, table := n.gateway(vpc), n.gateway(other), n.table(vpc)
	add := func(cidr, igw, nat string) error {
		in := &ec2.CreateRouteInput{RouteTableId: &table, DestinationCidrBlock: &cidr}
		if igw != "" {
			in.GatewayId = &igw
		}
		if nat != "" {
			in.NatGatewayId = &nat
		}
		_, err := n.ec2.CreateRoute(context.Background(), in)
		return err
	}
	_, err := n.ec2.ReplaceRoute(t.Context(), &ec2.ReplaceRouteInput{RouteTableId: &table, DestinationCidrBlock: aws.String("0.0.0.0/0"), GatewayId: &igw})
	refused(t, "to replace what is not there", err, "InvalidParameterValue")
	refused(t, "to a gateway that is not there", add("0.0.0.0/0", "igw-0", ""), "InvalidGatewayID.NotFound")
	refused(t, "to a NAT gateway that is not there", add("0.0.0.0/0", "", "nat-0"), "InvalidNatGatewayID.NotFound")
	refused(t, "to another VPC's gateway", add("0.0.0.0/0", far, ""), "InvalidParameterValue")
	refused(t, "to two places", add("0.0.0.0/0", igw, "nat-0"), "InvalidParameterCombination")
	if err := add("0.0.0.0/0", igw, ""); err != nil {
		t.Fatal(err)
	}
	refused(t, "a second time", add("0.0.0.0/0", igw, ""), "RouteAlreadyExists")
	_, err = n.ec2.DeleteRoute(t.Context(), &ec2.DeleteRouteInput{RouteTableId: &table, DestinationCidrBlock: aws.String("10.9.0.0/16")})
	refused(t, "to delete what is not there", err, "InvalidRoute.NotFound")
	_, err = n.ec2.DeleteRoute(t.Context(), &ec2.DeleteRouteInput{RouteTableId: &table, DestinationCidrBlock: aws.String("10.0.0.0/16")})
	refused(t, "to delete the local one", err, "InvalidParameterValue")
}

func TestARouteTableKeepsItsSubnets(t *testing.T) {
	n := newNet(t, Options{})
	vpc := n.vpc()
	subnet, one, two := n.subnet(vpc, "10.0.0.0/24", "us-east-1a"), n.table(vpc), n.table(vpc)
	tie := must[*ec2.AssociateRouteTableOutput](t)(n.ec2.AssociateRouteTable(t.Context(), &ec2.AssociateRouteTableInput{RouteTableId: &one, SubnetId: &subnet}))
	_, err := n.ec2.AssociateRouteTable(t.Context(), &ec2.AssociateRouteTableInput{RouteTableId: &two, SubnetId: &subnet})
	refused(t, "two tables for a subnet", err, "Resource.AlreadyAssociated")
	_, err = n.ec2.DeleteRouteTable(t.Context(), &ec2.DeleteRouteTableInput{RouteTableId: &one})
	refused(t, "to delete a table with subnets", err, "DependencyViolation")
	must[*ec2.ReplaceRouteTableAssociationOutput](t)(n.ec2.ReplaceRouteTableAssociation(t.Context(), &ec2.ReplaceRouteTableAssociationInput{AssociationId: tie.AssociationId, RouteTableId: &two}))
	_, err = n.ec2.DisassociateRouteTable(t.Context(), &ec2.DisassociateRouteTableInput{AssociationId: tie.AssociationId})
	refused(t, "by the id from before", err, "InvalidAssociationID.NotFound")
	must[*ec2.DeleteRouteTableOutput](t)(n.ec2.DeleteRouteTable(t.Context(), &ec2.DeleteRouteTableInput{RouteTableId: &one}))
	must[*ec2.DeleteSubnetOutput](t)(n.ec2.DeleteSubnet(t.Context(), &ec2.DeleteSubnetInput{SubnetId: &subnet}))
	must[*ec2.DeleteRouteTableOutput](t)(n.ec2.DeleteRouteTable(t.Context(), &ec2.DeleteRouteTableInput{RouteTableId: &two}))
}

func TestASecurityGroupIsRefused(t *testing.T) {
	n := newNet(t, Options{})
	vpc := n.vpc()
	n.group(vpc, "Web")
	for _, c := range []struct{ what, name, text, code string }{
		{"the same name in other letters", "web", "a group", "InvalidGroup.Duplicate"},
		{"the reserved name", "default", "a group", "InvalidParameterValue"},
		{"a name like an id", "sg-web", "a group", "InvalidParameterValue"},
		{"an apostrophe in the description", "api", "karmactl's", "InvalidParameterValue"},
		{"a description that is too long", "api", strings.Repeat("x", 256), "InvalidParameterValue"},
	} {
		_, err := n.ec2.CreateSecurityGroup(t.Context(), &ec2.CreateSecurityGroupInput{VpcId: &vpc, GroupName: &c.name, Description: &c.text})
		refused(t, c.what, err, c.code)
	}
}

func TestARuleIsRefused(t *testing.T) {
	n := newNet(t, Options{})
	vpc, other := n.vpc(), n.vpc()
	web, api, far := n.group(vpc, "web"), n.group(vpc, "api"), n.group(other, "far")
	port := func(from, to int32) types.IpPermission {
		return types.IpPermission{IpProtocol: aws.String("tcp"), FromPort: &from, ToPort: &to}
	}
	cidr := func(p types.IpPermission, cidr, text string) types.IpPermission {
		p.IpRanges = append(p.IpRanges, types.IpRange{CidrIp: &cidr, Description: &text})
		return p
	}
	from := func(p types.IpPermission, group string) types.IpPermission {
		p.UserIdGroupPairs = append(p.UserIdGroupPairs, types.UserIdGroupPair{GroupId: &group})
		return p
	}
	add := func(p types.IpPermission) error {
		_, err := n.ec2.AuthorizeSecurityGroupIngress(context.Background(), &ec2.AuthorizeSecurityGroupIngressInput{GroupId: &api, IpPermissions: []types.IpPermission{p}})
		return err
	}
	if err := add(cidr(port(80, 80), "0.0.0.0/0", "HTTP")); err != nil {
		t.Fatal(err)
	}
	if err := add(from(port(80, 80), web)); err != nil {
		t.Fatal(err)
	}
	refused(t, "the same with another text", add(cidr(port(80, 80), "0.0.0.0/0", "web")), "InvalidPermission.Duplicate")
	refused(t, "an apostrophe in the text", add(cidr(port(81, 81), "0.0.0.0/0", "it's")), "InvalidParameterValue")
	refused(t, "a range that is none", add(cidr(port(81, 81), "10.0.0/8", "")), "InvalidParameterValue")
	refused(t, "ports the wrong way round", add(cidr(port(82, 81), "0.0.0.0/0", "")), "InvalidParameterValue")
	refused(t, "a group that is not there", add(from(port(81, 81), "sg-0")), "InvalidGroup.NotFound")
	refused(t, "a group of another VPC", add(from(port(81, 81), far)), "InvalidGroup.NotFound")
	refused(t, "no source", add(port(81, 81)), "MissingParameter")
	many := port(9000, 9000)
	for i := range 59 {
		many = cidr(many, fmt.Sprintf("10.0.%d.0/24", i), "")
	}
	refused(t, "a sixty-first rule", add(many), "RulesPerSecurityGroupLimitExceeded")
	_, err := n.ec2.RevokeSecurityGroupIngress(t.Context(), &ec2.RevokeSecurityGroupIngressInput{GroupId: &api, IpPermissions: []types.IpPermission{from(port(22, 22), web)}})
	refused(t, "to revoke what is not there", err, "InvalidPermission.NotFound")
	_, err = n.ec2.DeleteSecurityGroup(t.Context(), &ec2.DeleteSecurityGroupInput{GroupId: &web})
	refused(t, "to delete a group that a rule names", err, "DependencyViolation")
	n.attachNetworkInterface(n.subnet(vpc, "10.0.0.0/24", "us-east-1a"), []string{api}, "interface", "", "", false)
	_, err = n.ec2.DeleteSecurityGroup(t.Context(), &ec2.DeleteSecurityGroupInput{GroupId: &api})
	refused(t, "to delete a group on an interface", err, "DependencyViolation")
}

func TestAnEndpointIsRefused(t *testing.T) {
	n := newNet(t, Options{})
	vpc := n.vpc()
	subnet, twin, table := n.subnet(vpc, "10.0.0.0/24", "us-east-1a"), n.subnet(vpc, "10.0.1.0/24", "us-east-1a"), n.table(vpc)
	ecr := func(private bool, subnets ...string) error {
		_, err := n.ec2.CreateVpcEndpoint(context.Background(), &ec2.CreateVpcEndpointInput{
			VpcId: &vpc, ServiceName: aws.String("com.amazonaws.us-east-1.ecr.api"), VpcEndpointType: types.VpcEndpointTypeInterface,
			SubnetIds: subnets, PrivateDnsEnabled: &private,
		})
		return err
	}
	s3 := func(tables ...string) error {
		_, err := n.ec2.CreateVpcEndpoint(context.Background(), &ec2.CreateVpcEndpointInput{VpcId: &vpc, ServiceName: aws.String("com.amazonaws.us-east-1.s3"), RouteTableIds: tables})
		return err
	}
	_, err := n.ec2.CreateVpcEndpoint(t.Context(), &ec2.CreateVpcEndpointInput{VpcId: &vpc, ServiceName: aws.String("com.amazonaws.us-east-1.nothing")})
	refused(t, "a service that is not there", err, "InvalidServiceName")
	_, err = n.ec2.CreateVpcEndpoint(t.Context(), &ec2.CreateVpcEndpointInput{VpcId: &vpc, ServiceName: aws.String("com.amazonaws.us-east-1.logs")})
	refused(t, "a gateway of a service that has none", err, "InvalidParameter")
	refused(t, "private DNS in a VPC without host names", ecr(true, subnet), "InvalidParameter")
	must[*ec2.ModifyVpcAttributeOutput](t)(n.ec2.ModifyVpcAttribute(t.Context(), &ec2.ModifyVpcAttributeInput{VpcId: &vpc, EnableDnsHostnames: &types.AttributeBooleanValue{Value: aws.Bool(true)}}))
	refused(t, "two subnets of a zone", ecr(true, subnet, twin), "DuplicateSubnetsInSameZone")
	if err := ecr(true, subnet); err != nil {
		t.Fatal(err)
	}
	refused(t, "private DNS twice", ecr(true, subnet), "InvalidParameter")
	if err := s3(table); err != nil {
		t.Fatal(err)
	}
	refused(t, "a second route to S3", s3(table), "RouteAlreadyExists")
	_, err = n.ec2.DeleteSubnet(t.Context(), &ec2.DeleteSubnetInput{SubnetId: &subnet})
	refused(t, "to delete the subnet of an endpoint", err, "DependencyViolation")
}

func TestAnInterfaceEndpointTakesItsTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := newNet(t, Options{})
		vpc := n.vpc()
		subnet := n.subnet(vpc, "10.0.0.0/24", "us-east-1a")
		made := must[*ec2.CreateVpcEndpointOutput](t)(n.ec2.CreateVpcEndpoint(t.Context(), &ec2.CreateVpcEndpointInput{
			VpcId: &vpc, ServiceName: aws.String("com.amazonaws.us-east-1.logs"), VpcEndpointType: types.VpcEndpointTypeInterface, SubnetIds: []string{subnet},
		}))
		state := func() string {
			out := must[*ec2.DescribeVpcEndpointsOutput](t)(n.ec2.DescribeVpcEndpoints(t.Context(), &ec2.DescribeVpcEndpointsInput{}))
			if len(out.VpcEndpoints) == 0 {
				return ""
			}
			return string(out.VpcEndpoints[0].State)
		}
		for _, step := range []struct {
			after time.Duration
			want  string
		}{{0, "pending"}, {119 * time.Second, "pending"}, {time.Second, "available"}} {
			time.Sleep(step.after)
			if got := state(); got != step.want {
				t.Errorf("it is %s, and not %s", got, step.want)
			}
		}
		must[*ec2.DeleteVpcEndpointsOutput](t)(n.ec2.DeleteVpcEndpoints(t.Context(), &ec2.DeleteVpcEndpointsInput{VpcEndpointIds: []string{*made.VpcEndpoint.VpcEndpointId}}))
		if got := state(); got != "deleting" {
			t.Errorf("it is %s, and not deleting", got)
		}
		time.Sleep(endpointDeleting)
		if got := state(); got != "" || len(n.world.NetworkInterfaces) > 0 {
			t.Errorf("it is %q, with %d interfaces", got, len(n.world.NetworkInterfaces))
		}
	})
}

func TestANATGatewayWithoutAnInternetGatewayFailsLater(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := newNet(t, Options{})
		subnet := n.subnet(n.vpc(), "10.0.0.0/24", "us-east-1a")
		n.nat(subnet)
		look := func() types.NatGateway {
			return must[*ec2.DescribeNatGatewaysOutput](t)(n.ec2.DescribeNatGateways(t.Context(), &ec2.DescribeNatGatewaysInput{})).NatGateways[0]
		}
		if got := look(); got.State != types.NatGatewayStatePending || got.FailureCode != nil {
			t.Errorf("at first it is %s", got.State)
		}
		time.Sleep(natFailing)
		if got := look(); got.State != types.NatGatewayStateFailed || aws.ToString(got.FailureCode) != "Gateway.NotAttached" {
			t.Errorf("later it is %s %s", got.State, aws.ToString(got.FailureCode))
		}
	})
}

func TestThereAreFiveNATGatewaysAZone(t *testing.T) {
	n := newNet(t, Options{})
	vpc := n.vpc()
	n.gateway(vpc)
	subnet := n.subnet(vpc, "10.0.0.0/24", "us-east-1a")
	for range natQuota {
		n.nat(subnet)
	}
	n.world.Addresses["eipalloc-6"] = &Address{ID: "eipalloc-6", Tags: cloud.Tags{}}
	_, err := n.ec2.CreateNatGateway(t.Context(), &ec2.CreateNatGatewayInput{SubnetId: &subnet, AllocationId: aws.String("eipalloc-6")})
	refused(t, "a sixth", err, "NatGatewayLimitExceeded")
	_, err = n.ec2.AllocateAddress(t.Context(), &ec2.AllocateAddressInput{})
	refused(t, "a seventh address", err, "AddressLimitExceeded")
	_, err = n.ec2.DeleteSubnet(t.Context(), &ec2.DeleteSubnetInput{SubnetId: &subnet})
	refused(t, "to delete their subnet", err, "DependencyViolation")
}

func TestANewIDIsNotKnownAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := newNet(t, Options{Visible: 2 * time.Second})
		vpc := n.vpc()
		_, err := n.ec2.CreateSubnet(t.Context(), &ec2.CreateSubnetInput{VpcId: &vpc, CidrBlock: aws.String("10.0.0.0/24")})
		refused(t, "at once", err, "InvalidVpcID.NotFound")
		time.Sleep(2 * time.Second)
		subnet := n.subnet(vpc, "10.0.0.0/24", "us-east-1a")
		_, err = n.ec2.DescribeSubnets(t.Context(), &ec2.DescribeSubnetsInput{SubnetIds: []string{subnet}})
		refused(t, "a subnet at once", err, "InvalidSubnetID.NotFound")
	})
}
