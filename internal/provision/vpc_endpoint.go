package provision

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/aws/smithy-go"

	"github.com/karmacadabra/karmactl/internal/cloud"
	"github.com/karmacadabra/karmactl/internal/engine"
)

// VPCEndpointSpec is what we own of an endpoint. The lists are sorted.
type VPCEndpointSpec struct {
	VPC        string
	Service    string
	Type       string
	Tables     Set
	Subnets    Set
	Groups     Set
	PrivateDNS bool
	Tags       cloud.Tags
}

// VPCEndpoint is a private way to an AWS service. S3's is a gateway: a route,
// free. All others are interfaces: $7.30 a month for each subnet and $0.01 a GB,
// one to three minutes to make and to delete. Their private DNS takes the names
// over, so a group that does not let the tasks in cuts them off altogether.
type VPCEndpoint struct {
	engine.Ref
	*Env
	VPC *VPC
	// Service is the last part of AWS's name: s3, ecr.api.
	Service string
	// Tables get the route of a gateway.
	Tables []*RouteTable
	// Subnets and Group are those of an interface.
	Subnets []*Subnet
	Group   *SecurityGroup
}

func (e *VPCEndpoint) Key() engine.Key { return engine.Key("endpoint/" + e.Service) }

func (e *VPCEndpoint) Needs() []engine.Node {
	return slices.Concat(nodes(e.VPC), nodes(e.Tables...), nodes(e.Subnets...), nodes(e.Group))
}

// endpointService is AWS's name of a service for endpoints. In China and in the European Sovereign
// Cloud the two of ECR begin otherwise than everywhere else: https://github.com/aws/aws-cdk/issues/16139
func endpointService(region, service string) string {
	prefix := "com.amazonaws."
	if strings.HasPrefix(service, "ecr.") {
		switch {
		case strings.HasPrefix(region, "cn-"):
			prefix = "cn.com.amazonaws."
		case strings.HasPrefix(region, "eusc-"):
			prefix = "eu.amazonaws."
		}
	}
	return prefix + region + "." + service
}

// Want is a gateway for S3 and an interface with private DNS for the others.
func (e *VPCEndpoint) Want() VPCEndpointSpec {
	want := VPCEndpointSpec{
		VPC: e.VPC.ID(), Service: endpointService(e.Account.Region, e.Service),
		Type: string(types.VpcEndpointTypeGateway), Tables: idsOf(e.Tables...), Subnets: idsOf(e.Subnets...), Tags: e.TagsOf(e.Key()),
	}
	if e.Service != "s3" {
		want.Type, want.PrivateDNS = string(types.VpcEndpointTypeInterface), true
	}
	if e.Group != nil {
		want.Groups = Set{e.Group.ID()}
	}
	return want
}

func (e *VPCEndpoint) Find(ctx context.Context, look engine.Look) (engine.Found[VPCEndpointSpec], error) {
	return find(ctx, e.Env, e.Key(), look, e.list, readEndpoint)
}

func readEndpoint(ep types.VpcEndpoint, tags cloud.Tags) engine.Found[VPCEndpointSpec] {
	found := engine.Found[VPCEndpointSpec]{Spec: VPCEndpointSpec{
		VPC: aws.ToString(ep.VpcId), Service: aws.ToString(ep.ServiceName), Type: string(ep.VpcEndpointType),
		Tables: setOf(ep.RouteTableIds), Subnets: setOf(ep.SubnetIds),
		PrivateDNS: aws.ToBool(ep.PrivateDnsEnabled), Tags: tags,
	}}
	for _, g := range ep.Groups {
		found.Spec.Groups = append(found.Spec.Groups, aws.ToString(g.GroupId))
	}
	slices.Sort(found.Spec.Groups)
	switch endpointState(ep) {
	case "pending", "pendingacceptance":
		found.Phase, found.Why = engine.Pending, "endpoint pending"
	case "deleting":
		found.Phase, found.Why = engine.Leaving, "endpoint deleting"
	case "failed", "rejected", "expired", "partial":
		found.Phase, found.Discard = engine.Broken, true
		found.Why = fmt.Sprintf("endpoint %s", endpointState(ep))
		if ep.LastError != nil {
			found.Why += ": " + aws.ToString(ep.LastError.Message)
		}
	}
	return found
}

// endpointState is in small letters, as AWS sends it: the SDK's constants are not.
func endpointState(ep types.VpcEndpoint) string { return strings.ToLower(string(ep.State)) }

func (e *VPCEndpoint) list(ctx context.Context) ([]candidate[types.VpcEndpoint], error) {
	all, err := cloud.Pages(ctx, ec2.NewDescribeVpcEndpointsPaginator(e.Clients.EC2, &ec2.DescribeVpcEndpointsInput{Filters: e.ofStack()}),
		func(out *ec2.DescribeVpcEndpointsOutput) []types.VpcEndpoint { return out.VpcEndpoints })
	found := ec2Candidates(all, func(x types.VpcEndpoint) (*string, []types.Tag) { return x.VpcEndpointId, x.Tags })
	for i, x := range all {
		found[i].Gone, found[i].Leaving = endpointState(x) == "deleted", endpointState(x) == "deleting"
	}
	return found, err
}

// Diff compares. Tables, subnets and groups change in place.
func (e *VPCEndpoint) Diff(have, want VPCEndpointSpec) []engine.Change {
	privateDNS := field("private_dns", have.PrivateDNS, want.PrivateDNS)
	if want.PrivateDNS { // without it no task reaches the service through an interface endpoint
		privateDNS = essential(privateDNS)
	}
	return changes(
		essential(fixed("vpc", have.VPC, want.VPC)),
		essential(fixed("service", have.Service, want.Service)),
		essential(fixed("type", have.Type, want.Type)),
		essential(same("tables", have.Tables, want.Tables)),
		essential(same("subnets", have.Subnets, want.Subnets)),
		essential(same("groups", have.Groups, want.Groups)),
		privateDNS,
		cloud.DiffTags(have.Tags, want.Tags),
	)
}

// Create makes the endpoint; a repeated call with the token gives the same one.
func (e *VPCEndpoint) Create(ctx context.Context, want VPCEndpointSpec, token string) (string, error) {
	in := &ec2.CreateVpcEndpointInput{
		VpcId: &want.VPC, ServiceName: &want.Service, VpcEndpointType: types.VpcEndpointType(want.Type),
		RouteTableIds: want.Tables, SubnetIds: want.Subnets, SecurityGroupIds: want.Groups,
		ClientToken: aws.String(token), TagSpecifications: ec2Tags(types.ResourceTypeVpcEndpoint, want.Tags),
	}
	if want.PrivateDNS {
		in.PrivateDnsEnabled = aws.Bool(true)
	}
	out, err := e.Clients.EC2.CreateVpcEndpoint(ctx, in)
	if err != nil {
		return "", err
	}
	return aws.ToString(out.VpcEndpoint.VpcEndpointId), nil
}

// Update changes tables, subnets, groups and private DNS in one call, then tags.
func (e *VPCEndpoint) Update(ctx context.Context, id string, have, want VPCEndpointSpec) error {
	in := &ec2.ModifyVpcEndpointInput{
		VpcEndpointId:    &id,
		AddRouteTableIds: less(want.Tables, have.Tables), RemoveRouteTableIds: less(have.Tables, want.Tables),
		AddSubnetIds: less(want.Subnets, have.Subnets), RemoveSubnetIds: less(have.Subnets, want.Subnets),
		AddSecurityGroupIds: less(want.Groups, have.Groups), RemoveSecurityGroupIds: less(have.Groups, want.Groups),
	}
	if have.PrivateDNS != want.PrivateDNS {
		in.PrivateDnsEnabled = &want.PrivateDNS
	}
	lists := [][]string{in.AddRouteTableIds, in.RemoveRouteTableIds, in.AddSubnetIds, in.RemoveSubnetIds, in.AddSecurityGroupIds, in.RemoveSecurityGroupIds}
	if in.PrivateDnsEnabled != nil || slices.ContainsFunc(lists, func(l []string) bool { return len(l) > 0 }) {
		_, err := e.Clients.EC2.ModifyVpcEndpoint(ctx, in)
		// The route is there already when the reply to the first attempt was lost.
		if err != nil && !cloud.Is(err, "RouteAlreadyExists") {
			return err
		}
	}
	return updateEC2Tags(ctx, e.Clients.EC2, id, have.Tags, want.Tags)
}

// less is what a has and b has not.
func less(a, b []string) []string {
	return slices.DeleteFunc(slices.Clone(a), func(s string) bool { return slices.Contains(b, s) })
}

// Delete deletes the endpoint. AWS takes a list, and says of each id what was wrong.
func (e *VPCEndpoint) Delete(ctx context.Context, id string) error {
	out, err := e.Clients.EC2.DeleteVpcEndpoints(ctx, &ec2.DeleteVpcEndpointsInput{VpcEndpointIds: []string{id}})
	if err != nil {
		return err
	}
	for _, u := range out.Unsuccessful {
		if u.Error != nil {
			return &smithy.GenericAPIError{Code: aws.ToString(u.Error.Code), Message: aws.ToString(u.Error.Message), Fault: smithy.FaultClient}
		}
	}
	return nil
}
