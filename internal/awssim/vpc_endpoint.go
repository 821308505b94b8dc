package awssim

import (
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"github.com/karmacadabra/karmactl/internal/cloud"
)

// How long an interface endpoint takes. AWS names no figures; users see one to
// three minutes either way.
const (
	endpointPending  = 120 * time.Second
	endpointDeleting = 120 * time.Second
)

// VPCEndpoint is a simulated VPC endpoint.
type VPCEndpoint struct {
	ID         string
	VPC        string
	Service    string
	Kind       types.VpcEndpointType
	Tables     []string
	Subnets    []string
	Groups     []string
	PrivateDNS bool
	Interfaces []string
	// State is in small letters, as AWS sends it, although the SDK's constants are not.
	State   string
	Token   string
	Tags    cloud.Tags
	Created time.Time
	Deleted time.Time
}

func (s *Sim) vpcEndpointNoun() noun {
	return noun{
		ops: []operation{
			on("EC2.CreateVpcEndpoint", s.createVpcEndpoint, "VpcId", "ServiceName", "VpcEndpointType", "RouteTableIds", "SubnetIds",
				"SecurityGroupIds", "PrivateDnsEnabled", "ClientToken", "TagSpecifications"),
			on("EC2.DescribeVpcEndpoints", s.describeVpcEndpoints, "VpcEndpointIds", "Filters").pages("VpcEndpoints", 1000, 1000, "VpcEndpointIds"),
			on("EC2.ModifyVpcEndpoint", s.modifyVpcEndpoint, "VpcEndpointId", "AddRouteTableIds", "RemoveRouteTableIds", "AddSubnetIds",
				"RemoveSubnetIds", "AddSecurityGroupIds", "RemoveSecurityGroupIds", "PrivateDnsEnabled"),
			on("EC2.DeleteVpcEndpoints", s.deleteVpcEndpoints, "VpcEndpointIds"),
		},
		settle: s.settleVPCEndpoints,
		each: func(tell func(thing)) {
			for _, e := range s.world.VPCEndpoints {
				t := thing{kind: "vpc-endpoint", name: e.ID, tags: e.Tags, gone: e.State == "deleted", since: e.Created}
				if e.Kind == types.VpcEndpointTypeInterface && e.Deleted.IsZero() {
					t.bills = []metered{{noun: "vpc_endpoint", service: "Amazon Virtual Private Cloud", hourly: times(rates.endpoint, len(e.Subnets))}}
				}
				tell(t)
			}
		},
	}
}

func (s *Sim) settleVPCEndpoints() {
	for id, e := range s.world.VPCEndpoints {
		switch {
		case e.State == "pending" && !s.now().Before(e.Created.Add(endpointPending)):
			e.State = "available"
		case e.State == "deleting" && !s.now().Before(e.Deleted.Add(endpointDeleting)):
			delete(s.world.VPCEndpoints, id)
		}
	}
}

// endpointServices are the simulated ones, and whether they have a gateway.
var endpointServices = map[string]bool{
	"s3": true, "dynamodb": true, "ecr.api": false, "ecr.dkr": false, "logs": false, "secretsmanager": false,
	"ssmmessages": false, "ssm": false, "sts": false, "monitoring": false, "xray": false, "ecs": false,
}

// AWS's default quotas of endpoints a VPC.
const (
	interfaceEndpointQuota = 50
	gatewayEndpointQuota   = 20
)

func (s *Sim) createVpcEndpoint(in *ec2.CreateVpcEndpointInput) (*ec2.CreateVpcEndpointOutput, error) {
	vpc, err := s.vpc(aws.ToString(in.VpcId))
	if err != nil {
		return nil, err
	}
	tags, err := ec2Tags(in.TagSpecifications, types.ResourceTypeVpcEndpoint)
	if err != nil {
		return nil, err
	}
	e := &VPCEndpoint{
		VPC: vpc.ID, Service: aws.ToString(in.ServiceName), Kind: in.VpcEndpointType, State: "available",
		Token: aws.ToString(in.ClientToken), Tags: tags, Created: s.now(),
	}
	if e.Kind == "" {
		e.Kind = types.VpcEndpointTypeGateway
	}
	for _, other := range s.world.VPCEndpoints {
		if e.Token != "" && other.Token == e.Token {
			if other.VPC != e.VPC || other.Service != e.Service {
				return nil, fail("IdempotentParameterMismatch", "The client token was used with other parameters.")
			}
			return &ec2.CreateVpcEndpointOutput{VpcEndpoint: new(s.describeVpcEndpoint(other)), ClientToken: in.ClientToken}, nil
		}
	}
	if err := s.checkEndpoint(vpc, e, aws.ToBool(in.PrivateDnsEnabled)); err != nil {
		return nil, err
	}
	change := endpointChange{addTables: in.RouteTableIds, addSubnets: in.SubnetIds, addGroups: in.SecurityGroupIds}
	if err := s.checkEndpointChange(e, change); err != nil {
		return nil, err
	}
	e.ID = s.world.id("vpce")
	if e.Kind == types.VpcEndpointTypeInterface {
		e.State, e.PrivateDNS = "pending", aws.ToBool(in.PrivateDnsEnabled)
	}
	s.world.VPCEndpoints[e.ID] = e
	s.changeEndpoint(e, change)
	return &ec2.CreateVpcEndpointOutput{VpcEndpoint: new(s.describeVpcEndpoint(e)), ClientToken: in.ClientToken}, nil
}

// prefixList is the id of a service's list of address ranges.
func prefixList(service string) string {
	if strings.HasSuffix(service, ".dynamodb") {
		return "pl-02cd2c6b"
	}
	return "pl-63a5400a"
}

// changeEndpoint carries a change out: routes come and go in the tables of a
// gateway, interfaces in the subnets of the other kind.
func (s *Sim) changeEndpoint(e *VPCEndpoint, c endpointChange) {
	for _, id := range c.addTables {
		t := s.world.RouteTables[id]
		t.Routes = append(t.Routes, Route{Destination: prefixList(e.Service), Target: e.ID, Created: s.now()})
	}
	for _, id := range c.dropTables {
		if t := s.world.RouteTables[id]; t != nil {
			t.Routes = slices.DeleteFunc(t.Routes, func(r Route) bool { return r.Target == e.ID })
		}
	}
	e.Tables = changed(e.Tables, c.addTables, c.dropTables)
	e.Groups = changed(e.Groups, c.addGroups, c.dropGroups)
	e.Subnets = changed(e.Subnets, c.addSubnets, c.dropSubnets)
	for _, id := range c.addSubnets {
		n := s.attachNetworkInterface(id, e.Groups, "vpc_endpoint", "VPC Endpoint Interface "+e.ID, "727180483921", false)
		e.Interfaces = append(e.Interfaces, n.ID)
	}
	e.Interfaces = slices.DeleteFunc(e.Interfaces, func(id string) bool {
		n := s.world.NetworkInterfaces[id]
		if n == nil || slices.Contains(c.dropSubnets, n.Subnet) {
			s.releaseNetworkInterface(id, s.now())
			return true
		}
		n.Groups = slices.Clone(e.Groups)
		return false
	})
}

func changed(have, add, drop []string) []string {
	out := slices.DeleteFunc(append(slices.Clone(have), add...), func(id string) bool { return slices.Contains(drop, id) })
	slices.Sort(out)
	return slices.Compact(out)
}

func (s *Sim) describeVpcEndpoint(e *VPCEndpoint) types.VpcEndpoint {
	d := types.VpcEndpoint{
		VpcEndpointId: &e.ID, VpcId: &e.VPC, ServiceName: &e.Service, VpcEndpointType: e.Kind, State: types.State(e.State),
		RouteTableIds: slices.Clone(e.Tables), SubnetIds: slices.Clone(e.Subnets), NetworkInterfaceIds: slices.Clone(e.Interfaces),
		PrivateDnsEnabled: &e.PrivateDNS, CreationTimestamp: &e.Created, Tags: toEC2Tags(e.Tags),
	}
	for _, id := range e.Groups {
		g := types.SecurityGroupIdentifier{GroupId: aws.String(id)}
		if sg := s.world.SecurityGroups[id]; sg != nil {
			g.GroupName = &sg.Name
		}
		d.Groups = append(d.Groups, g)
	}
	return d
}

func (s *Sim) describeVpcEndpoints(in *ec2.DescribeVpcEndpointsInput) (*ec2.DescribeVpcEndpointsOutput, error) {
	seen := func(e *VPCEndpoint) bool { return s.visible(e.Created) }
	if err := only(in.VpcEndpointIds, s.world.VPCEndpoints, seen, "InvalidVpcEndpointId.NotFound"); err != nil {
		return nil, err
	}
	out := &ec2.DescribeVpcEndpointsOutput{}
	for _, e := range sorted(s.world.VPCEndpoints) {
		ok, err := ec2Filters(in.Filters, e.Tags, map[string]string{
			"vpc-endpoint-id": e.ID, "vpc-id": e.VPC, "service-name": e.Service, "vpc-endpoint-type": string(e.Kind), "vpc-endpoint-state": e.State,
		})
		if err != nil {
			return nil, err
		}
		if ok && seen(e) && wanted(in.VpcEndpointIds, e.ID) {
			out.VpcEndpoints = append(out.VpcEndpoints, s.describeVpcEndpoint(e))
		}
	}
	return out, nil
}

func (s *Sim) modifyVpcEndpoint(in *ec2.ModifyVpcEndpointInput) (*ec2.ModifyVpcEndpointOutput, error) {
	e := s.world.VPCEndpoints[aws.ToString(in.VpcEndpointId)]
	if e == nil || !s.visible(e.Created) {
		return nil, fail("InvalidVpcEndpointId.NotFound", "The Vpc Endpoint Id '%s' does not exist", aws.ToString(in.VpcEndpointId))
	}
	if e.State != "available" {
		return nil, fail("IncorrectState", "The Vpc Endpoint %s is in an incorrect state: %s", e.ID, e.State)
	}
	if in.PrivateDnsEnabled != nil {
		if err := s.checkEndpoint(s.world.VPCs[e.VPC], e, *in.PrivateDnsEnabled); err != nil {
			return nil, err
		}
	}
	change := endpointChange{
		addTables: in.AddRouteTableIds, addSubnets: in.AddSubnetIds, addGroups: in.AddSecurityGroupIds,
		dropTables: in.RemoveRouteTableIds, dropSubnets: in.RemoveSubnetIds, dropGroups: in.RemoveSecurityGroupIds,
	}
	if err := s.checkEndpointChange(e, change); err != nil {
		return nil, err
	}
	if in.PrivateDnsEnabled != nil {
		e.PrivateDNS = *in.PrivateDnsEnabled
	}
	s.changeEndpoint(e, change)
	return &ec2.ModifyVpcEndpointOutput{Return: aws.Bool(true)}, nil
}

// deleteVpcEndpoints says in the reply, not as an error, which ids it could not delete.
func (s *Sim) deleteVpcEndpoints(in *ec2.DeleteVpcEndpointsInput) (*ec2.DeleteVpcEndpointsOutput, error) {
	out := &ec2.DeleteVpcEndpointsOutput{}
	for _, id := range in.VpcEndpointIds {
		e := s.world.VPCEndpoints[id]
		if e == nil || !s.visible(e.Created) {
			out.Unsuccessful = append(out.Unsuccessful, types.UnsuccessfulItem{ResourceId: aws.String(id), Error: &types.UnsuccessfulItemError{
				Code: aws.String("InvalidVpcEndpointId.NotFound"), Message: aws.String("The Vpc Endpoint Id '" + id + "' does not exist"),
			}})
			continue
		}
		if e.State == "deleting" {
			continue
		}
		e.State, e.Deleted = "deleting", s.now()
		for _, t := range s.world.RouteTables {
			t.Routes = slices.DeleteFunc(t.Routes, func(r Route) bool { return r.Target == e.ID })
		}
		if e.Kind == types.VpcEndpointTypeGateway {
			delete(s.world.VPCEndpoints, id)
			continue
		}
		for _, n := range e.Interfaces {
			s.releaseNetworkInterface(n, s.now().Add(endpointDeleting))
		}
	}
	return out, nil
}

// endpointPrefix is what the name of an endpoint's service begins with in this region: in
// China ECR's begin with cn (https://github.com/aws/aws-cdk/issues/16139).
func (s *Sim) endpointPrefix(service string) string {
	prefix := "com.amazonaws." + s.world.Region + "."
	if strings.HasPrefix(s.world.Region, "cn-") && strings.Contains(service, ".ecr.") {
		return "cn." + prefix
	}
	return prefix
}
