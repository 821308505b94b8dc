package live

import (
	"context"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"github.com/karmacadabra/karmactl/internal/cloud"
)

// network reads the VPCs of the services' subnets, and all that is in these.
func (r *reader) network(ctx context.Context) error {
	var subnets []string
	for _, s := range r.fleet.Services {
		if n := s.NetworkConfiguration; n != nil && n.AwsvpcConfiguration != nil {
			subnets = append(subnets, n.AwsvpcConfiguration.Subnets...)
		}
	}
	slices.Sort(subnets)
	if subnets = slices.Compact(subnets); len(subnets) == 0 {
		return nil
	}
	theirs, err := r.subnets(ctx, where("subnet-id", subnets...))
	if err != nil {
		return err
	}
	var vpcs []string
	for _, s := range theirs {
		vpcs = append(vpcs, aws.ToString(s.VpcId))
	}
	slices.Sort(vpcs)
	return r.vpcs(ctx, slices.Compact(vpcs))
}

// where is a filter of EC2.
func where(name string, values ...string) []types.Filter {
	return []types.Filter{{Name: &name, Values: values}}
}

func (r *reader) subnets(ctx context.Context, filters []types.Filter) ([]types.Subnet, error) {
	all, err := cloud.Pages(ctx, ec2.NewDescribeSubnetsPaginator(r.clients.EC2, &ec2.DescribeSubnetsInput{Filters: filters}),
		func(out *ec2.DescribeSubnetsOutput) []types.Subnet { return out.Subnets })
	slices.SortFunc(all, func(a, b types.Subnet) int {
		if aws.ToString(a.AvailabilityZone) != aws.ToString(b.AvailabilityZone) {
			return compare(a.AvailabilityZone, b.AvailabilityZone)
		}
		return compare(a.SubnetId, b.SubnetId)
	})
	return all, err
}

func compare(a, b *string) int {
	switch x, y := aws.ToString(a), aws.ToString(b); {
	case x < y:
		return -1
	case x > y:
		return 1
	}
	return 0
}

func (r *reader) vpcs(ctx context.Context, ids []string) (err error) {
	n, api, in := &r.fleet.Network, r.clients.EC2, where("vpc-id", ids...)
	if n.VPCs, err = cloud.Pages(ctx, ec2.NewDescribeVpcsPaginator(api, &ec2.DescribeVpcsInput{Filters: in}),
		func(out *ec2.DescribeVpcsOutput) []types.Vpc { return out.Vpcs }); err != nil {
		return err
	}
	if n.Subnets, err = r.subnets(ctx, in); err != nil {
		return err
	}
	if n.Groups, err = cloud.Pages(ctx, ec2.NewDescribeSecurityGroupsPaginator(api, &ec2.DescribeSecurityGroupsInput{Filters: in}),
		func(out *ec2.DescribeSecurityGroupsOutput) []types.SecurityGroup { return out.SecurityGroups }); err != nil {
		return err
	}
	if n.Tables, err = cloud.Pages(ctx, ec2.NewDescribeRouteTablesPaginator(api, &ec2.DescribeRouteTablesInput{Filters: in}),
		func(out *ec2.DescribeRouteTablesOutput) []types.RouteTable { return out.RouteTables }); err != nil {
		return err
	}
	if n.Gateways, err = cloud.Pages(ctx, ec2.NewDescribeInternetGatewaysPaginator(api, &ec2.DescribeInternetGatewaysInput{Filters: where("attachment.vpc-id", ids...)}),
		func(out *ec2.DescribeInternetGatewaysOutput) []types.InternetGateway { return out.InternetGateways }); err != nil {
		return err
	}
	if n.Endpoints, err = cloud.Pages(ctx, ec2.NewDescribeVpcEndpointsPaginator(api, &ec2.DescribeVpcEndpointsInput{Filters: in}),
		func(out *ec2.DescribeVpcEndpointsOutput) []types.VpcEndpoint { return out.VpcEndpoints }); err != nil {
		return err
	}
	if n.Interfaces, err = cloud.Pages(ctx, ec2.NewDescribeNetworkInterfacesPaginator(api, &ec2.DescribeNetworkInterfacesInput{Filters: in}),
		func(out *ec2.DescribeNetworkInterfacesOutput) []types.NetworkInterface { return out.NetworkInterfaces }); err != nil {
		return err
	}
	return r.nats(ctx, in)
}

// nats reads the NAT gateways that are there, and their addresses.
func (r *reader) nats(ctx context.Context, in []types.Filter) error {
	n := &r.fleet.Network
	all, err := cloud.Pages(ctx, ec2.NewDescribeNatGatewaysPaginator(r.clients.EC2, &ec2.DescribeNatGatewaysInput{Filter: in}),
		func(out *ec2.DescribeNatGatewaysOutput) []types.NatGateway { return out.NatGateways })
	if err != nil {
		return err
	}
	var addresses []string
	for _, g := range all {
		if g.State == types.NatGatewayStateDeleted || g.State == types.NatGatewayStateDeleting {
			continue // AWS lists a deleted one for about an hour
		}
		n.NATs = append(n.NATs, g)
		for _, a := range g.NatGatewayAddresses {
			addresses = append(addresses, aws.ToString(a.AllocationId))
		}
	}
	if len(addresses) == 0 {
		return nil
	}
	out, err := r.clients.EC2.DescribeAddresses(ctx, &ec2.DescribeAddressesInput{Filters: where("allocation-id", addresses...)})
	if err != nil {
		return err
	}
	n.Addresses = out.Addresses
	return nil
}

// TableOf is the route table that a subnet follows: its own, else the main one of its VPC.
func (n *Network) TableOf(s types.Subnet) (t types.RouteTable, own bool) {
	ofVPC := slices.DeleteFunc(slices.Clone(n.Tables), func(t types.RouteTable) bool { return aws.ToString(t.VpcId) != aws.ToString(s.VpcId) })
	found := cloud.RouteTableOf(ofVPC, aws.ToString(s.SubnetId))
	if found == nil {
		return types.RouteTable{}, false
	}
	return *found, slices.ContainsFunc(found.Associations, func(a types.RouteTableAssociation) bool { return aws.ToString(a.SubnetId) == aws.ToString(s.SubnetId) })
}

// Public tells whether a subnet leads to an internet gateway.
func (n *Network) Public(s types.Subnet) bool {
	t, _ := n.TableOf(s)
	to, _ := cloud.DefaultRoute(t)
	return slices.ContainsFunc(n.Gateways, func(g types.InternetGateway) bool { return to != "" && aws.ToString(g.InternetGatewayId) == to })
}
