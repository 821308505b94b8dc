package provision

import (
	"context"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"github.com/karmacadabra/karmactl/internal/cloud"
	"github.com/karmacadabra/karmactl/internal/engine"
)

// RouteTableSpec is what we own of a route table. Its routes and subnets are
// resources of their own.
type RouteTableSpec struct {
	VPC  string
	Tags cloud.Tags
}

// RouteTable says where the traffic of some subnets goes.
type RouteTable struct {
	engine.Ref
	*Env
	VPC *VPC
	// Name is public, or private-AZ.
	Name string
}

func (r *RouteTable) Key() engine.Key      { return engine.Key("route-table/" + r.Name) }
func (r *RouteTable) Needs() []engine.Node { return nodes(r.VPC) }

func (r *RouteTable) Want() RouteTableSpec {
	return RouteTableSpec{VPC: r.VPC.ID(), Tags: r.TagsOf(r.Key())}
}

func (r *RouteTable) Find(ctx context.Context, look engine.Look) (engine.Found[RouteTableSpec], error) {
	return find(ctx, r.Env, r.Key(), look, r.list, func(table types.RouteTable, tags cloud.Tags) engine.Found[RouteTableSpec] {
		return engine.Found[RouteTableSpec]{Spec: RouteTableSpec{VPC: aws.ToString(table.VpcId), Tags: tags}}
	})
}

// all are the stack's route tables, with their routes and associations.
func (r *RouteTable) all(ctx context.Context, notOlder time.Time) ([]candidate[types.RouteTable], error) {
	return cloud.List(ctx, r.Inventory, "route-table", notOlder, r.list)
}

func (r *RouteTable) list(ctx context.Context) ([]candidate[types.RouteTable], error) {
	all, err := cloud.Pages(ctx, ec2.NewDescribeRouteTablesPaginator(r.Clients.EC2, &ec2.DescribeRouteTablesInput{Filters: r.ofStack()}),
		func(out *ec2.DescribeRouteTablesOutput) []types.RouteTable { return out.RouteTables })
	return ec2Candidates(all, func(x types.RouteTable) (*string, []types.Tag) { return x.RouteTableId, x.Tags }), err
}

// Diff compares. A route table cannot move.
func (r *RouteTable) Diff(have, want RouteTableSpec) []engine.Change {
	return changes(essential(fixed("vpc", have.VPC, want.VPC)), cloud.DiffTags(have.Tags, want.Tags))
}

// Create makes the table; a repeated call with the token gives the same one.
func (r *RouteTable) Create(ctx context.Context, want RouteTableSpec, token string) (string, error) {
	out, err := r.Clients.EC2.CreateRouteTable(ctx, &ec2.CreateRouteTableInput{
		VpcId: &want.VPC, ClientToken: aws.String(token),
		TagSpecifications: ec2Tags(types.ResourceTypeRouteTable, want.Tags),
	})
	if err != nil {
		return "", err
	}
	return aws.ToString(out.RouteTable.RouteTableId), nil
}

func (r *RouteTable) Update(ctx context.Context, id string, have, want RouteTableSpec) error {
	return updateEC2Tags(ctx, r.Clients.EC2, id, have.Tags, want.Tags)
}

// Delete deletes the table and with it its routes.
func (r *RouteTable) Delete(ctx context.Context, id string) error {
	return failure(r.Clients.EC2.DeleteRouteTable(ctx, &ec2.DeleteRouteTableInput{RouteTableId: &id}))
}
