package provision

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"github.com/karmacadabra/karmactl/internal/cloud"
	"github.com/karmacadabra/karmactl/internal/engine"
)

// RouteTableAssociationSpec is which table a subnet follows.
type RouteTableAssociationSpec struct {
	Table  string
	Subnet string
}

// RouteTableAssociation ties a subnet to a route table. AWS gives it another id
// each time the table changes, and a subnet has but one: so its id is, for us,
// that of the subnet.
type RouteTableAssociation struct {
	engine.Ref
	*Env
	Table  *RouteTable
	Subnet *Subnet
}

func (a *RouteTableAssociation) Key() engine.Key {
	return engine.Key("route-table-association/" + a.Subnet.Key().Name())
}

func (a *RouteTableAssociation) Needs() []engine.Node { return []engine.Node{a.Table, a.Subnet} }

func (a *RouteTableAssociation) Want() RouteTableAssociationSpec {
	return RouteTableAssociationSpec{Table: a.Table.ID(), Subnet: a.Subnet.ID()}
}

// Find looks for the subnet, by what this walk has seen, the recorded id, or its
// key, and then for it in the stack's route tables.
func (a *RouteTableAssociation) Find(ctx context.Context, look engine.Look) (engine.Found[RouteTableAssociationSpec], error) {
	subnets, err := cloud.List(ctx, a.Inventory, "subnet", look.NotOlder, a.Subnet.list)
	if err != nil {
		return engine.Found[RouteTableAssociationSpec]{}, err
	}
	if seen := a.Subnet.ID(); seen != "" && !engine.IsUnknown(seen) {
		look.ID = seen
	}
	subnet, _ := pick(a.Env, a.Subnet.Key(), look, subnets)
	if subnet.ID == "" {
		return engine.Found[RouteTableAssociationSpec]{}, nil
	}
	tables, err := cloud.List(ctx, a.Inventory, "route-table", look.NotOlder, (&RouteTable{Env: a.Env}).list)
	if err != nil {
		return engine.Found[RouteTableAssociationSpec]{}, err
	}
	for _, t := range tables {
		if associationOf(t.Item, subnet.ID) != "" {
			return engine.Found[RouteTableAssociationSpec]{
				Phase: engine.Ready, ID: subnet.ID, Spec: RouteTableAssociationSpec{Table: t.ID, Subnet: subnet.ID},
			}, nil
		}
	}
	return engine.Found[RouteTableAssociationSpec]{}, nil
}

// associationOf is AWS's id for the tie between a table and a subnet, "" when there is none.
func associationOf(t types.RouteTable, subnet string) string {
	for _, as := range t.Associations {
		if aws.ToString(as.SubnetId) == subnet && (as.AssociationState == nil || as.AssociationState.State != types.RouteTableAssociationStateCodeDisassociated) {
			return aws.ToString(as.RouteTableAssociationId)
		}
	}
	return ""
}

// Diff compares. The table changes in place.
func (a *RouteTableAssociation) Diff(have, want RouteTableAssociationSpec) []engine.Change {
	return changes(
		essential(fixed("subnet", have.Subnet, want.Subnet)),
		essential(field("table", have.Table, want.Table)),
	)
}

// Create ties the subnet to the table. A subnet that is tied already is the
// answer to a repeated call, unless the table is another owner's.
func (a *RouteTableAssociation) Create(ctx context.Context, want RouteTableAssociationSpec, _ string) (string, error) {
	_, err := a.Clients.EC2.AssociateRouteTable(ctx, &ec2.AssociateRouteTableInput{RouteTableId: &want.Table, SubnetId: &want.Subnet})
	if cloud.Is(err, "Resource.AlreadyAssociated") {
		table, _, serr := a.seen(ctx, want.Subnet)
		if serr != nil {
			return "", serr
		}
		if table != want.Table && table != "" {
			return "", engine.Advise(fmt.Errorf("subnet %s follows route table %s, which is not karmactl's: %w: disassociate it first", want.Subnet, table, err), "karmactl up")
		}
		return want.Subnet, nil
	}
	return made(want.Subnet, err)
}

// seen is the table that a subnet follows now, and AWS's id for that.
func (a *RouteTableAssociation) seen(ctx context.Context, subnet string) (table, association string, err error) {
	out, err := a.Clients.EC2.DescribeRouteTables(ctx, &ec2.DescribeRouteTablesInput{
		Filters: []types.Filter{{Name: aws.String("association.subnet-id"), Values: []string{subnet}}},
	})
	if err != nil {
		return "", "", err
	}
	for _, t := range out.RouteTables {
		if id := associationOf(t, subnet); id != "" {
			return aws.ToString(t.RouteTableId), id, nil
		}
	}
	return "", "", nil
}

// Update makes the subnet follow another table, without a moment in between.
func (a *RouteTableAssociation) Update(ctx context.Context, subnet string, _, want RouteTableAssociationSpec) error {
	table, association, err := a.seen(ctx, subnet)
	if err != nil || table == want.Table {
		return err
	}
	return failure(a.Clients.EC2.ReplaceRouteTableAssociation(ctx, &ec2.ReplaceRouteTableAssociationInput{AssociationId: &association, RouteTableId: &want.Table}))
}

func (a *RouteTableAssociation) Delete(ctx context.Context, subnet string) error {
	_, association, err := a.seen(ctx, subnet)
	if err != nil || association == "" {
		return err
	}
	return failure(a.Clients.EC2.DisassociateRouteTable(ctx, &ec2.DisassociateRouteTableInput{AssociationId: &association}))
}
