package awssim

import (
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"github.com/karmacadabra/karmactl/internal/cloud"
	"github.com/karmacadabra/karmactl/internal/lazyregexp"
)

// SecurityGroup is a simulated security group.
type SecurityGroup struct {
	ID          string
	VPC         string
	Name        string
	Description string
	Ingress     []SecurityGroupRule
	Egress      []SecurityGroupRule
	Tags        cloud.Tags
	Created     time.Time
}

func (s *Sim) securityGroupNoun() noun {
	return noun{
		ops: []operation{
			on("EC2.CreateSecurityGroup", s.createSecurityGroup, "GroupName", "Description", "VpcId", "TagSpecifications"),
			on("EC2.DescribeSecurityGroups", s.describeSecurityGroups, "GroupIds", "Filters").pages("SecurityGroups", 1000, 1000, "GroupIds"),
			on("EC2.DeleteSecurityGroup", s.deleteSecurityGroup, "GroupId"),
		},
		each: func(tell func(thing)) {
			for _, g := range s.world.SecurityGroups {
				tell(thing{kind: "security-group", name: g.ID, tags: g.Tags})
			}
		},
	}
}

// securityGroupQuota is AWS's default of groups a region.
const securityGroupQuota = 2500

// groupText is what AWS takes in names and descriptions of groups and rules.
var groupText = lazyregexp.New(`^[a-zA-Z0-9. _\-:/()#,@\[\]+=&;{}!$*]{0,255}$`)

const groupTextRule = "Valid descriptions are strings less than 256 characters from the following set:  a-zA-Z0-9. _-:/()#,@[]+=&;{}!$*"

func (s *Sim) createSecurityGroup(in *ec2.CreateSecurityGroupInput) (*ec2.CreateSecurityGroupOutput, error) {
	name, text := aws.ToString(in.GroupName), aws.ToString(in.Description)
	vpc, err := s.vpc(aws.ToString(in.VpcId))
	if err != nil {
		return nil, err
	}
	tags, err := ec2Tags(in.TagSpecifications, types.ResourceTypeSecurityGroup)
	if err != nil {
		return nil, err
	}
	switch {
	case name == "" || !groupText.MatchString(name):
		return nil, fail("InvalidParameterValue", "Value (%s) for parameter GroupName is invalid. Character sets beyond ASCII are not supported.", name)
	case strings.HasPrefix(name, "sg-"):
		return nil, fail("InvalidParameterValue", "Value (%s) for parameter GroupName is invalid. Group names may not be in the format sg-*.", name)
	case name == "default":
		return nil, fail("InvalidParameterValue", "Cannot use reserved security group name: default")
	case text == "" || !groupText.MatchString(text):
		return nil, fail("InvalidParameterValue", "Value (%s) for parameter GroupDescription is invalid. %s", text, groupTextRule)
	case len(s.world.SecurityGroups) >= securityGroupQuota:
		return nil, fail("SecurityGroupLimitExceeded", "The maximum number of security groups has been reached.")
	}
	for _, g := range s.world.SecurityGroups {
		if g.VPC == vpc.ID && strings.EqualFold(g.Name, name) {
			return nil, fail("InvalidGroup.Duplicate", "The security group '%s' already exists for VPC '%s'", name, vpc.ID)
		}
	}
	g := s.addSecurityGroup(vpc.ID, name, text, tags)
	return &ec2.CreateSecurityGroupOutput{GroupId: &g.ID, Tags: toEC2Tags(tags)}, nil
}

// addSecurityGroup makes a group with AWS's rule that lets everything out.
func (s *Sim) addSecurityGroup(vpc, name, description string, tags cloud.Tags) *SecurityGroup {
	g := &SecurityGroup{
		ID: s.world.id("sg"), VPC: vpc, Name: name, Description: description, Tags: tags, Created: s.now(),
		Egress: []SecurityGroupRule{{Protocol: "-1", CIDR: "0.0.0.0/0"}},
	}
	if v := s.world.VPCs[vpc]; v != nil && associated(v.IPv6) != nil {
		// https://docs.aws.amazon.com/vpc/latest/userguide/default-security-group.html
		g.Egress = append(g.Egress, SecurityGroupRule{Protocol: "-1", CIDR: "::/0"})
	}
	s.world.SecurityGroups[g.ID] = g
	return g
}

// securityGroup is a group that is visible.
func (s *Sim) securityGroup(id string) (*SecurityGroup, error) {
	g := s.world.SecurityGroups[id]
	if g == nil || !s.visible(g.Created) {
		return nil, fail("InvalidGroup.NotFound", "The security group '%s' does not exist", id)
	}
	return g, nil
}

func (g *SecurityGroup) describe(account string) types.SecurityGroup {
	return types.SecurityGroup{
		GroupId: &g.ID, GroupName: &g.Name, VpcId: &g.VPC, Description: &g.Description, Tags: toEC2Tags(g.Tags), OwnerId: &account,
		IpPermissions: describeRules(g.Ingress, account), IpPermissionsEgress: describeRules(g.Egress, account),
	}
}

func (s *Sim) describeSecurityGroups(in *ec2.DescribeSecurityGroupsInput) (*ec2.DescribeSecurityGroupsOutput, error) {
	seen := func(g *SecurityGroup) bool { return s.visible(g.Created) }
	if err := only(in.GroupIds, s.world.SecurityGroups, seen, "InvalidGroup.NotFound"); err != nil {
		return nil, err
	}
	sources, filters := takeFilter(in.Filters, "ip-permission.group-id")
	targets, filters := takeFilter(filters, "egress.ip-permission.group-id")
	out := &ec2.DescribeSecurityGroupsOutput{}
	for _, g := range sorted(s.world.SecurityGroups) {
		ok, err := ec2Filters(filters, g.Tags, map[string]string{"group-id": g.ID, "group-name": g.Name, "vpc-id": g.VPC})
		if err != nil {
			return nil, err
		}
		if sources != nil && !slices.ContainsFunc(g.Ingress, func(r SecurityGroupRule) bool { return slices.Contains(sources, r.Group) }) {
			continue
		}
		if targets != nil && !slices.ContainsFunc(g.Egress, func(r SecurityGroupRule) bool { return slices.Contains(targets, r.Group) }) {
			continue
		}
		if ok && seen(g) && wanted(in.GroupIds, g.ID) {
			out.SecurityGroups = append(out.SecurityGroups, g.describe(s.world.Account))
		}
	}
	return out, nil
}

// deleteSecurityGroup refuses while an interface carries the group or another group names it.
func (s *Sim) deleteSecurityGroup(in *ec2.DeleteSecurityGroupInput) (*ec2.DeleteSecurityGroupOutput, error) {
	g, err := s.securityGroup(aws.ToString(in.GroupId))
	if err != nil {
		return nil, err
	}
	if g.Name == "default" {
		return nil, fail("CannotDelete", "the specified group: %q name: %q cannot be deleted by a user", g.ID, g.Name)
	}
	held := fail("DependencyViolation", "resource %s has a dependent object", g.ID)
	for _, n := range s.world.NetworkInterfaces {
		if slices.Contains(n.Groups, g.ID) {
			return nil, held
		}
	}
	for _, other := range s.world.SecurityGroups {
		refers := func(r SecurityGroupRule) bool { return r.Group == g.ID }
		if other != g && (slices.ContainsFunc(other.Ingress, refers) || slices.ContainsFunc(other.Egress, refers)) {
			return nil, held
		}
	}
	delete(s.world.SecurityGroups, g.ID)
	return &ec2.DeleteSecurityGroupOutput{Return: aws.Bool(true), GroupId: &g.ID}, nil
}
