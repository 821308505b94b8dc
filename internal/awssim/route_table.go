package awssim

import (
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"github.com/karmacadabra/karmactl/internal/cloud"
)

// RouteTable is a simulated route table.
type RouteTable struct {
	ID  string
	VPC string
	// Main is the VPC's own: it comes and goes with it.
	Main         bool
	Routes       []Route
	Associations []RouteTableAssociation
	Token        string
	Tags         cloud.Tags
	Created      time.Time
}

func (s *Sim) routeTableNoun() noun {
	return noun{
		ops: []operation{
			on("EC2.CreateRouteTable", s.createRouteTable, "VpcId", "ClientToken", "TagSpecifications"),
			on("EC2.DescribeRouteTables", s.describeRouteTables, "RouteTableIds", "Filters").pages("RouteTables", 100, 100, "RouteTableIds"),
			on("EC2.DeleteRouteTable", s.deleteRouteTable, "RouteTableId"),
		},
		each: func(tell func(thing)) {
			for _, t := range s.world.RouteTables {
				tell(thing{kind: "route-table", name: t.ID, tags: t.Tags})
			}
		},
	}
}

// routeTableQuota is AWS's default of route tables a VPC, the main one not counted.
const routeTableQuota = 200

func (s *Sim) createRouteTable(in *ec2.CreateRouteTableInput) (*ec2.CreateRouteTableOutput, error) {
	vpc, err := s.vpc(aws.ToString(in.VpcId))
	if err != nil {
		return nil, err
	}
	tags, err := ec2Tags(in.TagSpecifications, types.ResourceTypeRouteTable)
	if err != nil {
		return nil, err
	}
	token, n := aws.ToString(in.ClientToken), 0
	for _, t := range s.world.RouteTables {
		if token != "" && t.Token == token {
			if t.VPC != vpc.ID {
				return nil, fail("IdempotentParameterMismatch", "The client token was used with other parameters.")
			}
			return &ec2.CreateRouteTableOutput{RouteTable: new(s.describeRouteTable(t)), ClientToken: in.ClientToken}, nil
		}
		if t.VPC == vpc.ID && !t.Main {
			n++
		}
	}
	if n >= routeTableQuota {
		return nil, fail("RouteTableLimitExceeded", "The maximum number of route tables has been reached.")
	}
	t := s.addRouteTable(vpc, tags)
	t.Token = token
	return &ec2.CreateRouteTableOutput{RouteTable: new(s.describeRouteTable(t)), ClientToken: in.ClientToken}, nil
}

func (s *Sim) addRouteTable(vpc *VPC, tags cloud.Tags) *RouteTable {
	t := &RouteTable{ID: s.world.id("rtb"), VPC: vpc.ID, Tags: tags, Created: s.now()}
	t.Routes = []Route{{Destination: vpc.CIDR, Target: "local", Created: s.now()}}
	s.world.RouteTables[t.ID] = t
	return t
}

// routeTable is a route table that is visible.
func (s *Sim) routeTable(id string) (*RouteTable, error) {
	t := s.world.RouteTables[id]
	if t == nil || !s.visible(t.Created) {
		return nil, fail("InvalidRouteTableID.NotFound", "The routeTable ID '%s' does not exist", id)
	}
	return t, nil
}

func (s *Sim) describeRouteTable(t *RouteTable) types.RouteTable {
	d := types.RouteTable{RouteTableId: &t.ID, VpcId: &t.VPC, Tags: toEC2Tags(t.Tags)}
	for _, r := range t.Routes {
		if r.Target == "local" || s.visible(r.Created) {
			d.Routes = append(d.Routes, s.describeRoute(r))
		}
	}
	if v := s.world.VPCs[t.VPC]; v != nil {
		for _, b := range s.listed(v.IPv6) {
			if b.Gone.IsZero() { // https://docs.aws.amazon.com/vpc/latest/userguide/subnet-route-tables.html
				d.Routes = append(d.Routes, s.describeRoute(Route{Destination: b.Block, Target: "local"}))
			}
		}
	}
	if t.Main {
		d.Associations = append(d.Associations, types.RouteTableAssociation{
			RouteTableAssociationId: aws.String("rtbassoc" + t.ID[len("rtb"):]), RouteTableId: &t.ID, Main: aws.Bool(true),
		})
	}
	for _, a := range t.Associations {
		if s.visible(a.Created) {
			d.Associations = append(d.Associations, types.RouteTableAssociation{
				RouteTableAssociationId: &a.ID, RouteTableId: &t.ID, SubnetId: &a.Subnet, Main: aws.Bool(false),
				AssociationState: &types.RouteTableAssociationState{State: types.RouteTableAssociationStateCodeAssociated},
			})
		}
	}
	return d
}

func (s *Sim) describeRouteTables(in *ec2.DescribeRouteTablesInput) (*ec2.DescribeRouteTablesOutput, error) {
	seen := func(t *RouteTable) bool { return s.visible(t.Created) }
	if err := only(in.RouteTableIds, s.world.RouteTables, seen, "InvalidRouteTableID.NotFound"); err != nil {
		return nil, err
	}
	subnets, filters := takeFilter(in.Filters, "association.subnet-id")
	out := &ec2.DescribeRouteTablesOutput{}
	for _, t := range sorted(s.world.RouteTables) {
		ok, err := ec2Filters(filters, t.Tags, map[string]string{"route-table-id": t.ID, "vpc-id": t.VPC})
		if err != nil {
			return nil, err
		}
		of := func(a RouteTableAssociation) bool { return s.visible(a.Created) && slices.Contains(subnets, a.Subnet) }
		if subnets != nil && !slices.ContainsFunc(t.Associations, of) {
			continue
		}
		if ok && seen(t) && wanted(in.RouteTableIds, t.ID) {
			out.RouteTables = append(out.RouteTables, s.describeRouteTable(t))
		}
	}
	return out, nil
}

func (s *Sim) deleteRouteTable(in *ec2.DeleteRouteTableInput) (*ec2.DeleteRouteTableOutput, error) {
	t, err := s.routeTable(aws.ToString(in.RouteTableId))
	if err != nil {
		return nil, err
	}
	if t.Main || len(t.Associations) > 0 {
		return nil, fail("DependencyViolation", "The routeTable '%s' has dependencies and cannot be deleted.", t.ID)
	}
	delete(s.world.RouteTables, t.ID)
	return &ec2.DeleteRouteTableOutput{}, nil
}
