package provision

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"github.com/karmacadabra/karmactl/internal/cloud"
	"github.com/karmacadabra/karmactl/internal/engine"
)

// RouteSpec is what we own of a default route. AWS has no tags for routes.
type RouteSpec struct {
	Table string
	// Target is the id of an internet gateway, a NAT gateway, a NAT instance's network interface or an egress-only
	// internet gateway.
	Target string
	// Blackhole: the target is gone, or detached, and the traffic is dropped.
	Blackhole bool
}

// Route is the default route of a table: to the internet gateway for a public
// one, to a NAT gateway or instance for a private one, and for IPv6 to an egress-only
// internet gateway.
type Route struct {
	engine.Ref
	*Env
	Table *RouteTable
	// IPv6 is the route of that kind of address, to EgressOnly. Of the other kind
	// one of Gateway, NAT and Interface is set, and Instance with the last one: the group
	// that has an instance behind it.
	IPv6       bool
	EgressOnly *EgressOnlyGateway
	Gateway    *InternetGateway
	NAT        *NATGateway
	Interface  *NetworkInterface
	Instance   *AutoScalingGroup
}

// ipv6Route begins the names of routes for IPv6.
const ipv6Route = "ipv6-"

// Key is route/TABLE, or route/ipv6-TABLE.
func (r *Route) Key() engine.Key {
	if r.IPv6 {
		return engine.Key("route/" + ipv6Route + r.Table.Name)
	}
	return engine.Key("route/" + r.Table.Name)
}

// RouteOf is the route of a name, as far as the name tells.
func RouteOf(h *Env, name string) *Route {
	table, ipv6 := strings.CutPrefix(name, ipv6Route)
	return &Route{Env: h, IPv6: ipv6, Table: &RouteTable{Env: h, Name: table}}
}

func (r *Route) Needs() []engine.Node {
	return slices.Concat(nodes(r.Table), nodes(r.Gateway), nodes(r.NAT), nodes(r.Interface), nodes(r.Instance), nodes(r.EgressOnly))
}

// Want is a live route.
func (r *Route) Want() RouteSpec {
	want := RouteSpec{Table: r.Table.ID()}
	switch {
	case r.EgressOnly != nil:
		want.Target = r.EgressOnly.ID()
	case r.NAT != nil:
		want.Target = r.NAT.ID()
	case r.Interface != nil:
		want.Target = r.Interface.ID()
	default:
		want.Target = r.Gateway.ID()
	}
	return want
}

// Find looks in the table: the one that this walk has seen, or that of the
// recorded id, or the one that carries the table's key.
func (r *Route) Find(ctx context.Context, look engine.Look) (engine.Found[RouteSpec], error) {
	all, err := r.Table.all(ctx, look.NotOlder)
	if err != nil {
		return engine.Found[RouteSpec]{}, err
	}
	of, _, _ := strings.Cut(look.ID, "|")
	if seen := r.Table.ID(); seen != "" && !engine.IsUnknown(seen) {
		of = seen
	}
	table, _ := pick(r.Env, r.Table.Key(), engine.Look{ID: of}, all)
	for _, route := range table.Item.Routes {
		if aws.ToString(route.DestinationCidrBlock)+aws.ToString(route.DestinationIpv6CidrBlock) != r.destination() {
			continue
		}
		target := cloud.RouteTarget(route)
		// A route to an interface drops what comes while one instance takes the other's place: no change to it helps.
		hole := route.State == types.RouteStateBlackhole && (r.Interface == nil || target != r.Interface.ID())
		return engine.Found[RouteSpec]{Phase: engine.Ready, ID: r.id(table.ID), Spec: RouteSpec{Table: table.ID, Target: target, Blackhole: hole}}, nil
	}
	return engine.Found[RouteSpec]{}, nil
}

// destination is all addresses of its kind.
func (r *Route) destination() string {
	if r.IPv6 {
		return cloud.AnywhereIPv6
	}
	return cloud.Anywhere
}

// id names a route, to which AWS gives no id.
func (r *Route) id(table string) string { return table + "|" + r.destination() }

// to is a destination where a request wants it.
func to(destination string) (ipv4, ipv6 *string) {
	if strings.Contains(destination, ":") {
		return nil, &destination
	}
	return &destination, nil
}

// Diff compares. The target changes in place; a black hole is one change.
func (r *Route) Diff(have, want RouteSpec) []engine.Change {
	return changes(
		essential(fixed("table", have.Table, want.Table)),
		essential(field("target", have.Target, want.Target)),
		essential(field("blackhole", have.Blackhole, want.Blackhole)),
	)
}

// Create makes the route. A repeated call is refused as a duplicate.
func (r *Route) Create(ctx context.Context, want RouteSpec, _ string) (string, error) {
	in := &ec2.CreateRouteInput{RouteTableId: &want.Table}
	in.DestinationCidrBlock, in.DestinationIpv6CidrBlock = to(r.destination())
	in.GatewayId, in.NatGatewayId, in.NetworkInterfaceId, in.EgressOnlyInternetGatewayId = leadsTo(want.Target)
	if _, err := r.Clients.EC2.CreateRoute(ctx, in); err != nil {
		return "", err
	}
	return r.id(want.Table), nil
}

// leadsTo is a target where a request wants it.
func leadsTo(target string) (gateway, nat, eni, egressOnly *string) {
	switch {
	case strings.HasPrefix(target, "nat-"):
		return nil, &target, nil, nil
	case strings.HasPrefix(target, "eni-"):
		return nil, nil, &target, nil
	case strings.HasPrefix(target, "eigw-"):
		return nil, nil, nil, &target
	}
	return &target, nil, nil, nil
}

// Update points the route to where it is to lead.
func (r *Route) Update(ctx context.Context, _ string, _, want RouteSpec) error {
	in := &ec2.ReplaceRouteInput{RouteTableId: &want.Table}
	in.DestinationCidrBlock, in.DestinationIpv6CidrBlock = to(r.destination())
	in.GatewayId, in.NatGatewayId, in.NetworkInterfaceId, in.EgressOnlyInternetGatewayId = leadsTo(want.Target)
	return failure(r.Clients.EC2.ReplaceRoute(ctx, in))
}

func (r *Route) Delete(ctx context.Context, id string) error {
	table, destination, ok := strings.Cut(id, "|")
	if !ok {
		return fmt.Errorf("%q is not the id of a route", id)
	}
	in := &ec2.DeleteRouteInput{RouteTableId: &table}
	in.DestinationCidrBlock, in.DestinationIpv6CidrBlock = to(destination)
	return failure(r.Clients.EC2.DeleteRoute(ctx, in))
}
