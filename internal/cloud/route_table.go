package cloud

import (
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
)

// Anywhere is the destination of a default route.
const Anywhere = "0.0.0.0/0"

// AnywhereIPv6 is that for IPv6.
const AnywhereIPv6 = "::/0"

// RouteTableOf is the table of a VPC that a subnet follows: its own one, else the main one;
// nil when neither is among them.
// https://docs.aws.amazon.com/vpc/latest/userguide/RouteTables.html#route-table-associations
func RouteTableOf(tables []types.RouteTable, subnet string) *types.RouteTable {
	var main *types.RouteTable
	for i, t := range tables {
		for _, a := range t.Associations {
			if aws.ToString(a.SubnetId) == subnet {
				return &tables[i]
			}
			if aws.ToBool(a.Main) {
				main = &tables[i]
			}
		}
	}
	return main
}

// DefaultRoute is what a table leads to that is not for the VPC, and whether that is still
// there. "" is nothing.
func DefaultRoute(t types.RouteTable) (target string, there bool) {
	for _, r := range t.Routes {
		if aws.ToString(r.DestinationCidrBlock) == Anywhere {
			return RouteTarget(r), r.State != types.RouteStateBlackhole
		}
	}
	return "", false
}

// RouteTarget is what a route leads to, whatever that is: a user may have pointed it elsewhere.
func RouteTarget(r types.Route) string {
	for _, id := range []*string{
		r.NatGatewayId, r.GatewayId, r.NetworkInterfaceId, r.TransitGatewayId, r.VpcPeeringConnectionId, r.LocalGatewayId, r.CarrierGatewayId, r.EgressOnlyInternetGatewayId, r.InstanceId,
	} {
		if id != nil {
			return *id
		}
	}
	return ""
}
