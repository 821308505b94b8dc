package awssim

import (
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
)

// RouteTableAssociation is the simulated tie between a subnet and a route table.
type RouteTableAssociation struct {
	ID      string
	Subnet  string
	Created time.Time
}

func (s *Sim) routeTableAssociationNoun() noun {
	return noun{
		ops: []operation{
			on("EC2.AssociateRouteTable", s.associateRouteTable, "RouteTableId", "SubnetId"),
			on("EC2.ReplaceRouteTableAssociation", s.replaceRouteTableAssociation, "AssociationId", "RouteTableId"),
			on("EC2.DisassociateRouteTable", s.disassociateRouteTable, "AssociationId"),
		},
	}
}

func (s *Sim) associateRouteTable(in *ec2.AssociateRouteTableInput) (*ec2.AssociateRouteTableOutput, error) {
	t, err := s.routeTable(aws.ToString(in.RouteTableId))
	if err != nil {
		return nil, err
	}
	sub, err := s.subnet(aws.ToString(in.SubnetId))
	if err != nil {
		return nil, err
	}
	if t.VPC != sub.VPC {
		return nil, fail("InvalidParameterValue", "Route table %s and subnet %s belong to different networks", t.ID, sub.ID)
	}
	for _, other := range s.world.RouteTables {
		if slices.ContainsFunc(other.Associations, func(a RouteTableAssociation) bool { return a.Subnet == sub.ID }) {
			return nil, fail("Resource.AlreadyAssociated", "the specified association for route table %s conflicts with an existing association", t.ID)
		}
	}
	a := RouteTableAssociation{ID: s.world.id("rtbassoc"), Subnet: sub.ID, Created: s.now()}
	t.Associations = append(t.Associations, a)
	return &ec2.AssociateRouteTableOutput{AssociationId: &a.ID, AssociationState: &types.RouteTableAssociationState{State: types.RouteTableAssociationStateCodeAssociated}}, nil
}

// association is a table and the place of an association in it.
func (s *Sim) association(id string) (*RouteTable, int, error) {
	for _, t := range s.world.RouteTables {
		i := slices.IndexFunc(t.Associations, func(a RouteTableAssociation) bool { return a.ID == id && s.visible(a.Created) })
		if i >= 0 {
			return t, i, nil
		}
	}
	return nil, 0, fail("InvalidAssociationID.NotFound", "The association ID '%s' does not exist", id)
}

// replaceRouteTableAssociation moves the subnet to another table. The old id is
// gone at once, and the new one is known at once: the subnet never is without a table.
func (s *Sim) replaceRouteTableAssociation(in *ec2.ReplaceRouteTableAssociationInput) (*ec2.ReplaceRouteTableAssociationOutput, error) {
	from, i, err := s.association(aws.ToString(in.AssociationId))
	if err != nil {
		return nil, err
	}
	to, err := s.routeTable(aws.ToString(in.RouteTableId))
	if err != nil {
		return nil, err
	}
	if from.VPC != to.VPC {
		return nil, fail("InvalidParameterValue", "Route table %s and association %s belong to different networks", to.ID, aws.ToString(in.AssociationId))
	}
	a := from.Associations[i]
	a.ID = s.world.id("rtbassoc")
	from.Associations = slices.Delete(from.Associations, i, i+1)
	to.Associations = append(to.Associations, a)
	return &ec2.ReplaceRouteTableAssociationOutput{NewAssociationId: &a.ID}, nil
}

func (s *Sim) disassociateRouteTable(in *ec2.DisassociateRouteTableInput) (*ec2.DisassociateRouteTableOutput, error) {
	t, i, err := s.association(aws.ToString(in.AssociationId))
	if err != nil {
		return nil, err
	}
	t.Associations = slices.Delete(t.Associations, i, i+1)
	return &ec2.DisassociateRouteTableOutput{}, nil
}
