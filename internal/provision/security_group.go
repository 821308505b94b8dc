package provision

import (
	"context"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"github.com/karmacadabra/karmactl/internal/cloud"
	"github.com/karmacadabra/karmactl/internal/engine"
)

// SecurityGroupSpec is what we own of a security group.
type SecurityGroupSpec struct {
	VPC         string
	Name        string
	Description string
	// Ingress is all that is let in, and nothing else is.
	Ingress []ingress
	// EgressAll is AWS's own rule that lets everything out.
	EgressAll bool
	// EgressIPv6 is the same rule for IPv6, which AWS makes only with a group in a VPC that has a block then.
	EgressIPv6 bool
	Tags       cloud.Tags
}

// SecurityGroup says who may reach what. It costs nothing.
type SecurityGroup struct {
	engine.Ref
	*Env
	VPC *VPC
	// Name is alb, agents or endpoints.
	Name string
	// Purpose is the description, which AWS never changes.
	Purpose string
	Ingress []Rule
	// IPv6: what has the group calls out by IPv6, too.
	IPv6 bool
}

func (g *SecurityGroup) Key() engine.Key { return engine.Key("sg/" + g.Name) }

func (g *SecurityGroup) Needs() []engine.Node {
	out := nodes(g.VPC)
	for _, r := range g.Ingress {
		out = append(out, nodes(r.From)...)
	}
	return out
}

func (g *SecurityGroup) Want() SecurityGroupSpec {
	want := SecurityGroupSpec{
		VPC: g.VPC.ID(), Name: g.Stack + "-" + g.Name, Description: g.Purpose, EgressAll: true, EgressIPv6: g.IPv6, Tags: g.TagsOf(g.Key()),
	}
	for _, r := range g.Ingress {
		want.Ingress = append(want.Ingress, r.want())
	}
	return want
}

func (g *SecurityGroup) Find(ctx context.Context, look engine.Look) (engine.Found[SecurityGroupSpec], error) {
	return find(ctx, g.Env, g.Key(), look, g.list, func(sg types.SecurityGroup, tags cloud.Tags) engine.Found[SecurityGroupSpec] {
		return engine.Found[SecurityGroupSpec]{Spec: SecurityGroupSpec{
			VPC: aws.ToString(sg.VpcId), Name: aws.ToString(sg.GroupName), Description: aws.ToString(sg.Description),
			Ingress: ingressOf(sg.IpPermissions, aws.ToString(sg.GroupId)), EgressAll: letsAllOut(sg.IpPermissionsEgress, cloud.Anywhere),
			EgressIPv6: letsAllOut(sg.IpPermissionsEgress, cloud.AnywhereIPv6), Tags: tags,
		}}
	})
}

func (g *SecurityGroup) list(ctx context.Context) ([]candidate[types.SecurityGroup], error) {
	all, err := cloud.Pages(ctx, ec2.NewDescribeSecurityGroupsPaginator(g.Clients.EC2, &ec2.DescribeSecurityGroupsInput{Filters: g.ofStack()}),
		func(out *ec2.DescribeSecurityGroupsOutput) []types.SecurityGroup { return out.SecurityGroups })
	return ec2Candidates(all, func(x types.SecurityGroup) (*string, []types.Tag) { return x.GroupId, x.Tags }), err
}

// Diff compares; rules are a set. Only they and the tags change in place. The rule for IPv6 may stay where it is not
// needed.
func (g *SecurityGroup) Diff(have, want SecurityGroupSpec) []engine.Change {
	if !want.EgressIPv6 {
		have.EgressIPv6 = false
	}
	return changes(
		essential(fixed("vpc", have.VPC, want.VPC)),
		fixed("name", have.Name, want.Name),
		fixed("description", have.Description, want.Description),
		diffIngress(have.Ingress, want.Ingress),
		essential(field("egress_all", have.EgressAll, want.EgressAll)),
		essential(field("egress_ipv6", have.EgressIPv6, want.EgressIPv6)),
		cloud.DiffTags(have.Tags, want.Tags),
	)
}

// Create makes the group, without rules. A name is unique in a VPC: one that is
// taken by a group that is not ours is refused.
func (g *SecurityGroup) Create(ctx context.Context, want SecurityGroupSpec, _ string) (string, error) {
	out, err := g.Clients.EC2.CreateSecurityGroup(ctx, &ec2.CreateSecurityGroupInput{
		VpcId: &want.VPC, GroupName: &want.Name, Description: &want.Description,
		TagSpecifications: ec2Tags(types.ResourceTypeSecurityGroup, want.Tags),
	})
	if cloud.Is(err, "InvalidGroup.Duplicate") {
		return g.adopt(ctx, want, err)
	}
	if err != nil {
		return "", err
	}
	return aws.ToString(out.GroupId), nil
}

// adopt finds who has the name that a create was refused for.
func (g *SecurityGroup) adopt(ctx context.Context, want SecurityGroupSpec, cause error) (string, error) {
	out, err := g.Clients.EC2.DescribeSecurityGroups(ctx, &ec2.DescribeSecurityGroupsInput{Filters: []types.Filter{
		{Name: aws.String("vpc-id"), Values: []string{want.VPC}}, {Name: aws.String("group-name"), Values: []string{want.Name}},
	}})
	if err != nil || len(out.SecurityGroups) == 0 {
		return "", cause // AWS's refusal says more than the failure to explain it
	}
	sg := out.SecurityGroups[0] // a name is unique in a VPC
	id := aws.ToString(sg.GroupId)
	if !cloud.FromEC2Tags(sg.Tags).Ours(g.Stack, g.Key()) {
		return "", g.foreign(g.Key(), "security group "+want.Name, id)
	}
	return id, nil
}

// Update sets the rules, letting in before shutting out, and the tags. That a
// rule is there already, or gone, is what AWS answers when the reply to the
// first attempt was lost.
func (g *SecurityGroup) Update(ctx context.Context, id string, have, want SecurityGroupSpec) error {
	if err := updateIngress(ctx, g.Clients.EC2, id, have.Ingress, want.Ingress); err != nil {
		return err
	}
	var out []string
	if want.EgressAll && !have.EgressAll {
		out = append(out, cloud.Anywhere)
	}
	if want.EgressIPv6 && !have.EgressIPv6 {
		out = append(out, cloud.AnywhereIPv6)
	}
	for _, anywhere := range out { // a call each: AWS takes all of a call or none, and one may be there
		all := permissions([]ingress{{Protocol: "-1", Source: anywhere}}, id)
		_, err := g.Clients.EC2.AuthorizeSecurityGroupEgress(ctx, &ec2.AuthorizeSecurityGroupEgressInput{GroupId: &id, IpPermissions: all})
		if err != nil && !cloud.Is(err, "InvalidPermission.Duplicate") {
			return err
		}
	}
	return updateEC2Tags(ctx, g.Clients.EC2, id, have.Tags, want.Tags)
}

// Delete deletes the group. AWS refuses while a network interface carries it or
// another group names it in a rule; the graph sees to our own.
func (g *SecurityGroup) Delete(ctx context.Context, id string) error {
	_, err := g.Clients.EC2.DeleteSecurityGroup(ctx, &ec2.DeleteSecurityGroupInput{GroupId: &id})
	if !cloud.Is(err, "DependencyViolation", "InvalidGroup.InUse") {
		return err
	}
	err = g.held(ctx, err, func(n types.NetworkInterface) bool {
		return slices.ContainsFunc(n.Groups, func(of types.GroupIdentifier) bool { return aws.ToString(of.GroupId) == id })
	})
	return g.named(ctx, id, err)
}
