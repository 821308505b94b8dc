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
	// Target is the id of an internet gateway, a NAT gateway or a NAT instance's network interface.
	Target string
	// Blackhole: the target is gone, or detached, and the traffic is dropped.
	Blackhole bool
}

// Route is the default route of a table: to the internet gateway for a public
// one, to a NAT gateway or instance for a private one.
type Route struct {
	engine.Ref
	*Env
	Table *RouteTable
	// One of Gateway, NAT and Interface is set, and Instance with the last one: the group
	// that has an instance behind it.
	Gateway   *InternetGateway
	NAT       *NATGateway
	Interface *NetworkInterface
	Instance  *AutoScalingGroup
}

// Key is route/TABLE.
func (r *Route) Key() engine.Key { return engine.Key("route/" + r.Table.Name) }

// Needs the table and what it leads to.
func (r *Route) Needs() []engine.Node {
	return slices.Concat(nodes(r.Table), nodes(r.Gateway), nodes(r.NAT), nodes(r.Interface), nodes(r.Instance))
}

// Want is a live route.
func (r *Route) Want() RouteSpec {
	want := RouteSpec{Table: r.Table.ID()}
	switch {
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
	table, of, _ := pick(r.Env, r.Table.Key(), engine.Look{ID: of}, all)
	for _, route := range table.Routes {
		if aws.ToString(route.DestinationCidrBlock) != cloud.Anywhere {
			continue
		}
		target := cloud.RouteTarget(route)
		// A route to an interface drops what comes while one instance takes the other's place: no change to it helps.
		hole := route.State == types.RouteStateBlackhole && (r.Interface == nil || target != r.Interface.ID())
		return engine.Found[RouteSpec]{Phase: engine.Ready, ID: routeID(of), Spec: RouteSpec{Table: of, Target: target, Blackhole: hole}}, nil
	}
	return engine.Found[RouteSpec]{}, nil
}

// routeID names a route, to which AWS gives no id.
func routeID(table string) string { return table + "|" + cloud.Anywhere }

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
	in := &ec2.CreateRouteInput{RouteTableId: &want.Table, DestinationCidrBlock: aws.String(cloud.Anywhere)}
	in.GatewayId, in.NatGatewayId, in.NetworkInterfaceId = leadsTo(want.Target)
	if _, err := r.Clients.EC2.CreateRoute(ctx, in); err != nil {
		return "", err
	}
	return routeID(want.Table), nil
}

// leadsTo is a target where a request wants it.
func leadsTo(target string) (gateway, nat, eni *string) {
	switch {
	case strings.HasPrefix(target, "nat-"):
		return nil, &target, nil
	case strings.HasPrefix(target, "eni-"):
		return nil, nil, &target
	}
	return &target, nil, nil
}

// Update points the route to where it is to lead.
func (r *Route) Update(ctx context.Context, _ string, _, want RouteSpec) error {
	in := &ec2.ReplaceRouteInput{RouteTableId: &want.Table, DestinationCidrBlock: aws.String(cloud.Anywhere)}
	in.GatewayId, in.NatGatewayId, in.NetworkInterfaceId = leadsTo(want.Target)
	_, err := r.Clients.EC2.ReplaceRoute(ctx, in)
	return err
}

// Delete deletes the route.
func (r *Route) Delete(ctx context.Context, id string) error {
	table, destination, ok := strings.Cut(id, "|")
	if !ok {
		return fmt.Errorf("%q is not the id of a route", id)
	}
	_, err := r.Clients.EC2.DeleteRoute(ctx, &ec2.DeleteRouteInput{RouteTableId: &table, DestinationCidrBlock: &destination})
	return err
}
