package awssim

import (
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
)

// Route is one line of a simulated route table.
type Route struct {
	// Destination is an address range, or the id of a prefix list.
	Destination string
	// Target is local, or the id of a gateway, a NAT gateway or an endpoint. It
	// may be gone: then the route is a black hole.
	Target  string
	Created time.Time
}

func (s *Sim) routeNoun() noun {
	return noun{
		ops: []operation{
			on("EC2.CreateRoute", s.createRoute, "RouteTableId", "DestinationCidrBlock", "DestinationIpv6CidrBlock", "GatewayId", "NatGatewayId", "NetworkInterfaceId", "EgressOnlyInternetGatewayId"),
			on("EC2.ReplaceRoute", s.replaceRoute, "RouteTableId", "DestinationCidrBlock", "DestinationIpv6CidrBlock", "GatewayId", "NatGatewayId", "NetworkInterfaceId", "EgressOnlyInternetGatewayId"),
			on("EC2.DeleteRoute", s.deleteRoute, "RouteTableId", "DestinationCidrBlock", "DestinationIpv6CidrBlock"),
		},
	}
}

// routeQuota is AWS's default of routes a table.
const routeQuota = 500

func (s *Sim) createRoute(in *ec2.CreateRouteInput) (*ec2.CreateRouteOutput, error) {
	t, i, to, err := s.route(in.RouteTableId, in.DestinationCidrBlock, in.DestinationIpv6CidrBlock)
	if err != nil {
		return nil, err
	}
	target, err := s.routeTarget(t, to, routeTargets{in.GatewayId, in.NatGatewayId, in.NetworkInterfaceId, in.EgressOnlyInternetGatewayId})
	if err != nil {
		return nil, err
	}
	if i >= 0 {
		return nil, fail("RouteAlreadyExists", "The route identified by %s already exists.", to)
	}
	if len(t.Routes) >= routeQuota {
		return nil, fail("RouteLimitExceeded", "The maximum number of routes has been reached.")
	}
	t.Routes = append(t.Routes, Route{Destination: to.String(), Target: target, Created: s.now()})
	return &ec2.CreateRouteOutput{Return: aws.Bool(true)}, nil
}

// route is a table, the place of a destination in it, -1 when it is not there, and the destination.
func (s *Sim) route(table, destination, ipv6 *string) (*RouteTable, int, netip.Prefix, error) {
	var cidr netip.Prefix
	t, err := s.routeTable(aws.ToString(table))
	if err != nil {
		return nil, 0, cidr, err
	}
	if (destination != nil) == (ipv6 != nil) {
		return nil, 0, cidr, fail("InvalidParameterCombination", "The request must contain exactly one of the parameters destinationCidrBlock, destinationIpv6CidrBlock")
	}
	name, text := "destinationCidrBlock", aws.ToString(destination)
	if ipv6 != nil {
		name, text = "destinationIpv6CidrBlock", *ipv6
	}
	cidr, err = netip.ParsePrefix(text)
	if err != nil || cidr.Masked() != cidr || cidr.Addr().Is6() != (ipv6 != nil) {
		return nil, 0, cidr, fail("InvalidParameterValue", "Value (%s) for parameter %s is invalid. This is not a valid CIDR block.", text, name)
	}
	return t, slices.IndexFunc(t.Routes, func(r Route) bool { return r.Destination == cidr.String() }), cidr, nil
}

// routeTargets is what a request says that a route leads to.
type routeTargets struct{ gateway, nat, eni, egressOnly *string }

// routeTarget checks what a route is to lead to: exactly one, alive, in the same VPC. An egress-only
// internet gateway is for IPv6 alone, and a NAT gateway, without a prefix of its own for it, for IPv4.
func (s *Sim) routeTarget(t *RouteTable, to netip.Prefix, by routeTargets) (string, error) {
	given := 0
	for _, x := range []*string{by.gateway, by.nat, by.eni, by.egressOnly} {
		if x != nil {
			given++
		}
	}
	id, vpc := "", ""
	switch {
	case given != 1:
		return "", fail("InvalidParameterCombination", "The request must contain exactly one of the parameters gatewayId, natGatewayId, networkInterfaceId, egressOnlyInternetGatewayId")
	case by.egressOnly != nil && !to.Addr().Is6(), by.nat != nil && to.Addr().Is6():
		return "", fail("InvalidParameterValue", "The destination %s cannot be routed to the given target", to)
	case by.eni != nil:
		n := s.world.NetworkInterfaces[*by.eni]
		if n == nil || n.Own && !s.visible(n.Created) {
			return "", fail("InvalidNetworkInterfaceID.NotFound", "The networkInterface ID '%s' does not exist", *by.eni)
		}
		if n.VPC != t.VPC {
			return "", fail("InvalidParameterValue", "route table %s and interface %s belong to different networks", t.ID, n.ID)
		}
		return n.ID, nil
	case by.egressOnly != nil:
		g := s.world.EgressOnlyGateways[*by.egressOnly]
		if g == nil || !s.visible(g.Created) {
			return "", fail("InvalidGatewayID.NotFound", "The gateway ID '%s' does not exist", *by.egressOnly)
		}
		id, vpc = g.ID, g.VPC
	case by.gateway != nil:
		g := s.world.InternetGateways[*by.gateway]
		if g == nil || !s.visible(g.Created) {
			return "", fail("InvalidGatewayID.NotFound", "The gateway ID '%s' does not exist", *by.gateway)
		}
		id, vpc = g.ID, g.VPC
	default:
		n := s.world.NATGateways[*by.nat]
		if n == nil || !s.visible(n.Created) || (n.State != types.NatGatewayStatePending && n.State != types.NatGatewayStateAvailable) {
			return "", fail("InvalidNatGatewayID.NotFound", "The natGateway ID '%s' does not exist", *by.nat)
		}
		id, vpc = n.ID, n.VPC
	}
	if vpc != t.VPC {
		return "", fail("InvalidParameterValue", "route table %s and network gateway %s belong to different networks", t.ID, id)
	}
	return id, nil
}

func (s *Sim) describeRoute(r Route) types.Route {
	d := types.Route{State: types.RouteStateActive, Origin: types.RouteOriginCreateRoute}
	switch {
	case strings.HasPrefix(r.Destination, "pl-"):
		d.DestinationPrefixListId = &r.Destination
	case strings.Contains(r.Destination, ":"):
		d.DestinationIpv6CidrBlock = &r.Destination
	default:
		d.DestinationCidrBlock = &r.Destination
	}
	switch {
	case r.Target == "local":
		d.GatewayId, d.Origin = &r.Target, types.RouteOriginCreateRouteTable
	case strings.HasPrefix(r.Target, "nat-"):
		d.NatGatewayId = &r.Target
		n := s.world.NATGateways[r.Target]
		if n == nil || (n.State != types.NatGatewayStatePending && n.State != types.NatGatewayStateAvailable) {
			d.State = types.RouteStateBlackhole
		}
	case strings.HasPrefix(r.Target, "eigw-"):
		d.EgressOnlyInternetGatewayId = &r.Target
		if s.world.EgressOnlyGateways[r.Target] == nil {
			d.State = types.RouteStateBlackhole
		}
	case strings.HasPrefix(r.Target, "eni-"): // a black hole while no instance has it
		d.NetworkInterfaceId = &r.Target
		if n := s.world.NetworkInterfaces[r.Target]; n != nil && n.Instance != "" {
			d.InstanceId, d.InstanceOwnerId = &n.Instance, &s.world.Account
		} else {
			d.State = types.RouteStateBlackhole
		}
	default:
		d.GatewayId = &r.Target
		if g := s.world.InternetGateways[r.Target]; strings.HasPrefix(r.Target, "igw-") && (g == nil || g.VPC == "") {
			d.State = types.RouteStateBlackhole
		}
	}
	return d
}

func (s *Sim) replaceRoute(in *ec2.ReplaceRouteInput) (*ec2.ReplaceRouteOutput, error) {
	t, i, to, err := s.route(in.RouteTableId, in.DestinationCidrBlock, in.DestinationIpv6CidrBlock)
	if err != nil {
		return nil, err
	}
	if i < 0 {
		return nil, fail("InvalidParameterValue", "There is no route defined for '%s' in the route table. Use CreateRoute instead.", to)
	}
	target, err := s.routeTarget(t, to, routeTargets{in.GatewayId, in.NatGatewayId, in.NetworkInterfaceId, in.EgressOnlyInternetGatewayId})
	if err != nil {
		return nil, err
	}
	t.Routes[i].Target = target
	return &ec2.ReplaceRouteOutput{}, nil
}

func (s *Sim) deleteRoute(in *ec2.DeleteRouteInput) (*ec2.DeleteRouteOutput, error) {
	t, i, to, err := s.route(in.RouteTableId, in.DestinationCidrBlock, in.DestinationIpv6CidrBlock)
	if err != nil {
		return nil, err
	}
	if i < 0 {
		return nil, fail("InvalidRoute.NotFound", "no route with destination-cidr-block %s in route table %s", to, t.ID)
	}
	if t.Routes[i].Target == "local" {
		return nil, fail("InvalidParameterValue", "cannot remove local route %s in route table %s", t.Routes[i].Destination, t.ID)
	}
	t.Routes = slices.Delete(t.Routes, i, i+1)
	return &ec2.DeleteRouteOutput{}, nil
}
