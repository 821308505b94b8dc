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
			on("EC2.CreateRoute", s.createRoute, "RouteTableId", "DestinationCidrBlock", "GatewayId", "NatGatewayId", "NetworkInterfaceId"),
			on("EC2.ReplaceRoute", s.replaceRoute, "RouteTableId", "DestinationCidrBlock", "GatewayId", "NatGatewayId", "NetworkInterfaceId"),
			on("EC2.DeleteRoute", s.deleteRoute, "RouteTableId", "DestinationCidrBlock"),
		},
	}
}

// routeQuota is AWS's default of routes a table.
const routeQuota = 500

func (s *Sim) createRoute(in *ec2.CreateRouteInput) (*ec2.CreateRouteOutput, error) {
	t, i, err := s.route(in.RouteTableId, in.DestinationCidrBlock)
	if err != nil {
		return nil, err
	}
	target, err := s.routeTarget(t, in.GatewayId, in.NatGatewayId, in.NetworkInterfaceId)
	if err != nil {
		return nil, err
	}
	if i >= 0 {
		return nil, fail("RouteAlreadyExists", "The route identified by %s already exists.", aws.ToString(in.DestinationCidrBlock))
	}
	if len(t.Routes) >= routeQuota {
		return nil, fail("RouteLimitExceeded", "The maximum number of routes has been reached.")
	}
	t.Routes = append(t.Routes, Route{Destination: aws.ToString(in.DestinationCidrBlock), Target: target, Created: s.now()})
	return &ec2.CreateRouteOutput{Return: aws.Bool(true)}, nil
}

// route is a table and the place of a destination in it, -1 when it is not there.
func (s *Sim) route(table, destination *string) (*RouteTable, int, error) {
	t, err := s.routeTable(aws.ToString(table))
	if err != nil {
		return nil, 0, err
	}
	cidr, err := netip.ParsePrefix(aws.ToString(destination))
	if err != nil || cidr.Masked() != cidr {
		return nil, 0, fail("InvalidParameterValue", "Value (%s) for parameter destinationCidrBlock is invalid. This is not a valid CIDR block.", aws.ToString(destination))
	}
	return t, slices.IndexFunc(t.Routes, func(r Route) bool { return r.Destination == cidr.String() }), nil
}

// routeTarget checks what a route is to lead to: exactly one, alive, in the same VPC.
func (s *Sim) routeTarget(t *RouteTable, gateway, nat, eni *string) (string, error) {
	switch {
	case eni != nil && gateway == nil && nat == nil:
		n := s.world.NetworkInterfaces[*eni]
		if n == nil || n.Own && !s.visible(n.Created) {
			return "", fail("InvalidNetworkInterfaceID.NotFound", "The networkInterface ID '%s' does not exist", *eni)
		}
		if n.VPC != t.VPC {
			return "", fail("InvalidParameterValue", "route table %s and interface %s belong to different networks", t.ID, n.ID)
		}
		return n.ID, nil
	case eni != nil:
	case gateway != nil && nat == nil:
		g := s.world.InternetGateways[*gateway]
		if g == nil || !s.visible(g.Created) {
			return "", fail("InvalidGatewayID.NotFound", "The gateway ID '%s' does not exist", *gateway)
		}
		if g.VPC != t.VPC {
			return "", fail("InvalidParameterValue", "route table %s and network gateway %s belong to different networks", t.ID, g.ID)
		}
		return g.ID, nil
	case nat != nil && gateway == nil:
		n := s.world.NATGateways[*nat]
		if n == nil || !s.visible(n.Created) || (n.State != types.NatGatewayStatePending && n.State != types.NatGatewayStateAvailable) {
			return "", fail("InvalidNatGatewayID.NotFound", "The natGateway ID '%s' does not exist", *nat)
		}
		if n.VPC != t.VPC {
			return "", fail("InvalidParameterValue", "route table %s and network gateway %s belong to different networks", t.ID, n.ID)
		}
		return n.ID, nil
	}
	return "", fail("InvalidParameterCombination", "The request must contain exactly one of the parameters gatewayId, natGatewayId, networkInterfaceId")
}

func (s *Sim) describeRoute(r Route) types.Route {
	d := types.Route{State: types.RouteStateActive, Origin: types.RouteOriginCreateRoute}
	if strings.HasPrefix(r.Destination, "pl-") {
		d.DestinationPrefixListId = &r.Destination
	} else {
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
	t, i, err := s.route(in.RouteTableId, in.DestinationCidrBlock)
	if err != nil {
		return nil, err
	}
	if i < 0 {
		return nil, fail("InvalidParameterValue", "There is no route defined for '%s' in the route table. Use CreateRoute instead.", aws.ToString(in.DestinationCidrBlock))
	}
	target, err := s.routeTarget(t, in.GatewayId, in.NatGatewayId, in.NetworkInterfaceId)
	if err != nil {
		return nil, err
	}
	t.Routes[i].Target = target
	return &ec2.ReplaceRouteOutput{}, nil
}

func (s *Sim) deleteRoute(in *ec2.DeleteRouteInput) (*ec2.DeleteRouteOutput, error) {
	t, i, err := s.route(in.RouteTableId, in.DestinationCidrBlock)
	if err != nil {
		return nil, err
	}
	if i < 0 {
		return nil, fail("InvalidRoute.NotFound", "no route with destination-cidr-block %s in route table %s", aws.ToString(in.DestinationCidrBlock), t.ID)
	}
	if t.Routes[i].Target == "local" {
		return nil, fail("InvalidParameterValue", "cannot remove local route %s in route table %s", t.Routes[i].Destination, t.ID)
	}
	t.Routes = slices.Delete(t.Routes, i, i+1)
	return &ec2.DeleteRouteOutput{}, nil
}
