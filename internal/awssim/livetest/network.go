package livetest

import (
	"context"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
)

// tagged are Terraform's default tags and the name.
func tagged(kind types.ResourceType, name string) []types.TagSpecification {
	tag := func(k, v string) types.Tag { return types.Tag{Key: &k, Value: &v} }
	return []types.TagSpecification{{ResourceType: kind, Tags: []types.Tag{tag("Name", Cluster+"-"+name), tag("ManagedBy", "Terraform"), tag("Team", "agents")}}}
}

// network is a VPC with two public and two private subnets of /24, one NAT gateway, and a
// table for each private subnet.
func (f *Fleet) network(ctx context.Context) error {
	api := f.clients.EC2
	vpc, err := api.CreateVpc(ctx, &ec2.CreateVpcInput{CidrBlock: aws.String("10.0.0.0/16"), TagSpecifications: tagged(types.ResourceTypeVpc, "vpc")})
	if err != nil {
		return err
	}
	f.ids.vpc = aws.ToString(vpc.Vpc.VpcId)
	if err := f.clock.Wait(ctx, 5*time.Second); err != nil { // until it is known everywhere
		return err
	}
	if _, err := api.ModifyVpcAttribute(ctx, &ec2.ModifyVpcAttributeInput{VpcId: &f.ids.vpc, EnableDnsHostnames: &types.AttributeBooleanValue{Value: aws.Bool(true)}}); err != nil {
		return err
	}
	gateway, err := api.CreateInternetGateway(ctx, &ec2.CreateInternetGatewayInput{TagSpecifications: tagged(types.ResourceTypeInternetGateway, "igw")})
	if err != nil {
		return err
	}
	f.ids.gateway = aws.ToString(gateway.InternetGateway.InternetGatewayId)
	for i, zone := range []string{Region + "a", Region + "b"} {
		for _, tier := range []struct {
			name  string
			block int
			into  *[]string
		}{{"public", i, &f.ids.public}, {"private", 100 + i, &f.ids.private}} {
			s, err := api.CreateSubnet(ctx, &ec2.CreateSubnetInput{
				VpcId: &f.ids.vpc, AvailabilityZone: &zone, CidrBlock: aws.String(fmt.Sprintf("10.0.%d.0/24", tier.block)),
				TagSpecifications: tagged(types.ResourceTypeSubnet, fmt.Sprintf("%s-%d", tier.name, i+1)),
			})
			if err != nil {
				return err
			}
			*tier.into = append(*tier.into, aws.ToString(s.Subnet.SubnetId))
		}
	}
	if err := f.clock.Wait(ctx, 5*time.Second); err != nil {
		return err
	}
	for _, id := range f.ids.public {
		if _, err := api.ModifySubnetAttribute(ctx, &ec2.ModifySubnetAttributeInput{SubnetId: &id, MapPublicIpOnLaunch: &types.AttributeBooleanValue{Value: aws.Bool(true)}}); err != nil {
			return err
		}
	}
	if _, err := api.AttachInternetGateway(ctx, &ec2.AttachInternetGatewayInput{InternetGatewayId: &f.ids.gateway, VpcId: &f.ids.vpc}); err != nil {
		return err
	}
	if err := f.nat(ctx); err != nil {
		return err
	}
	return f.tables(ctx)
}

func (f *Fleet) nat(ctx context.Context) error {
	address, err := f.clients.EC2.AllocateAddress(ctx, &ec2.AllocateAddressInput{Domain: types.DomainTypeVpc, TagSpecifications: tagged(types.ResourceTypeElasticIp, "nat")})
	if err != nil {
		return err
	}
	if err := f.clock.Wait(ctx, 5*time.Second); err != nil {
		return err
	}
	nat, err := f.clients.EC2.CreateNatGateway(ctx, &ec2.CreateNatGatewayInput{
		SubnetId: &f.ids.public[0], AllocationId: address.AllocationId, TagSpecifications: tagged(types.ResourceTypeNatgateway, "nat"),
	})
	if err != nil {
		return err
	}
	f.ids.nat = aws.ToString(nat.NatGateway.NatGatewayId)
	return f.clock.Wait(ctx, 3*time.Minute)
}

func (f *Fleet) tables(ctx context.Context) error {
	table := func(name string, route *ec2.CreateRouteInput, subnets ...string) (string, error) {
		t, err := f.clients.EC2.CreateRouteTable(ctx, &ec2.CreateRouteTableInput{VpcId: &f.ids.vpc, TagSpecifications: tagged(types.ResourceTypeRouteTable, name)})
		if err != nil {
			return "", err
		}
		if err := f.clock.Wait(ctx, 5*time.Second); err != nil {
			return "", err
		}
		id := t.RouteTable.RouteTableId
		route.RouteTableId, route.DestinationCidrBlock = id, aws.String("0.0.0.0/0")
		if _, err := f.clients.EC2.CreateRoute(ctx, route); err != nil {
			return "", err
		}
		for _, s := range subnets {
			if _, err := f.clients.EC2.AssociateRouteTable(ctx, &ec2.AssociateRouteTableInput{RouteTableId: id, SubnetId: &s}); err != nil {
				return "", err
			}
		}
		return aws.ToString(id), nil
	}
	if _, err := table("public", &ec2.CreateRouteInput{GatewayId: &f.ids.gateway}, f.ids.public...); err != nil {
		return err
	}
	for i, s := range f.ids.private {
		var err error
		if f.ids.privateTable, err = table(fmt.Sprintf("private-%d", i+1), &ec2.CreateRouteInput{NatGatewayId: &f.ids.nat}, s); err != nil {
			return err
		}
	}
	return nil
}

// groups are wide, as such modules have them: the tasks take every port from the load
// balancer and from each other.
func (f *Fleet) groups(ctx context.Context) error {
	group := func(name, about string) (string, error) {
		g, err := f.clients.EC2.CreateSecurityGroup(ctx, &ec2.CreateSecurityGroupInput{
			VpcId: &f.ids.vpc, GroupName: aws.String(Cluster + "-" + name + "-20250611083000000000000001"), Description: &about,
			TagSpecifications: tagged(types.ResourceTypeSecurityGroup, name),
		})
		if err != nil {
			return "", err
		}
		return aws.ToString(g.GroupId), f.clock.Wait(ctx, 5*time.Second)
	}
	allow := func(to string, rules ...types.IpPermission) error {
		_, err := f.clients.EC2.AuthorizeSecurityGroupIngress(ctx, &ec2.AuthorizeSecurityGroupIngressInput{GroupId: &to, IpPermissions: rules})
		return err
	}
	var err error
	if f.ids.balancers, err = group("alb", "Managed by Terraform"); err != nil {
		return err
	}
	if f.ids.tasks, err = group("ecs-tasks", "Managed by Terraform"); err != nil {
		return err
	}
	web := types.IpPermission{IpProtocol: aws.String("tcp"), FromPort: aws.Int32(80), ToPort: aws.Int32(80), IpRanges: []types.IpRange{{CidrIp: aws.String("0.0.0.0/0"), Description: aws.String("HTTP")}}}
	if err := allow(f.ids.balancers, web); err != nil {
		return err
	}
	from := func(id string) types.IpPermission {
		return types.IpPermission{IpProtocol: aws.String("tcp"), FromPort: aws.Int32(0), ToPort: aws.Int32(65535), UserIdGroupPairs: []types.UserIdGroupPair{{GroupId: &id}}}
	}
	return allow(f.ids.tasks, from(f.ids.balancers), from(f.ids.tasks))
}
