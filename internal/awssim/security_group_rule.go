package awssim

import (
	"net/netip"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
)

// SecurityGroupRule is one rule: a protocol, a range of ports, and one of an
// address range or another group.
type SecurityGroupRule struct {
	Protocol string
	From     int32
	To       int32
	// CIDR or Group is whom it lets through.
	CIDR        string
	Group       string
	Description string
}

func (s *Sim) securityGroupRuleNoun() noun {
	return noun{
		ops: []operation{
			on("EC2.AuthorizeSecurityGroupIngress", s.authorizeIngress, "GroupId", "IpPermissions"),
			on("EC2.RevokeSecurityGroupIngress", s.revokeIngress, "GroupId", "IpPermissions"),
			on("EC2.UpdateSecurityGroupRuleDescriptionsIngress", s.describeIngressRules, "GroupId", "IpPermissions"),
			on("EC2.AuthorizeSecurityGroupEgress", s.authorizeEgress, "GroupId", "IpPermissions"),
			on("EC2.RevokeSecurityGroupEgress", s.revokeEgress, "GroupId", "IpPermissions"),
		},
	}
}

// groupRuleQuota is AWS's default of rules a group and direction.
const groupRuleQuota = 60

// same tells whether two rules let the same through: the text beside them does not count.
func (r SecurityGroupRule) same(o SecurityGroupRule) bool {
	o.Description = r.Description
	return r == o
}

func (s *Sim) authorizeIngress(in *ec2.AuthorizeSecurityGroupIngressInput) (*ec2.AuthorizeSecurityGroupIngressOutput, error) {
	g, rules, err := s.groupRules(in.GroupId, in.IpPermissions)
	if err != nil {
		return nil, err
	}
	g.Ingress, err = authorize(g.Ingress, rules)
	return &ec2.AuthorizeSecurityGroupIngressOutput{Return: aws.Bool(true)}, err
}

func (s *Sim) authorizeEgress(in *ec2.AuthorizeSecurityGroupEgressInput) (*ec2.AuthorizeSecurityGroupEgressOutput, error) {
	g, rules, err := s.groupRules(in.GroupId, in.IpPermissions)
	if err != nil {
		return nil, err
	}
	g.Egress, err = authorize(g.Egress, rules)
	return &ec2.AuthorizeSecurityGroupEgressOutput{Return: aws.Bool(true)}, err
}

// authorize adds rules, all or none.
func authorize(have, add []SecurityGroupRule) ([]SecurityGroupRule, error) {
	out := slices.Clone(have)
	for _, r := range add {
		if slices.ContainsFunc(out, r.same) {
			return have, fail("InvalidPermission.Duplicate", "the specified rule \"peer: %s%s, %s, from port: %d, to port: %d, ALLOW\" already exists",
				r.CIDR, r.Group, strings.ToUpper(r.Protocol), r.From, r.To)
		}
		out = append(out, r)
	}
	if len(out) > groupRuleQuota {
		return have, fail("RulesPerSecurityGroupLimitExceeded", "The maximum number of rules per security group has been reached.")
	}
	return out, nil
}

func (s *Sim) revokeIngress(in *ec2.RevokeSecurityGroupIngressInput) (*ec2.RevokeSecurityGroupIngressOutput, error) {
	g, rules, err := s.groupRules(in.GroupId, in.IpPermissions)
	if err != nil {
		return nil, err
	}
	g.Ingress, err = revoke(g.Ingress, rules)
	return &ec2.RevokeSecurityGroupIngressOutput{Return: aws.Bool(true)}, err
}

func (s *Sim) revokeEgress(in *ec2.RevokeSecurityGroupEgressInput) (*ec2.RevokeSecurityGroupEgressOutput, error) {
	g, rules, err := s.groupRules(in.GroupId, in.IpPermissions)
	if err != nil {
		return nil, err
	}
	g.Egress, err = revoke(g.Egress, rules)
	return &ec2.RevokeSecurityGroupEgressOutput{Return: aws.Bool(true)}, err
}

// revoke takes rules away, all or none.
func revoke(have, drop []SecurityGroupRule) ([]SecurityGroupRule, error) {
	out := slices.Clone(have)
	for _, r := range drop {
		i := slices.IndexFunc(out, r.same)
		if i < 0 {
			return have, fail("InvalidPermission.NotFound", "The specified rule does not exist in this security group.")
		}
		out = slices.Delete(out, i, i+1)
	}
	return out, nil
}

// describeIngressRules sets the texts beside rules.
func (s *Sim) describeIngressRules(in *ec2.UpdateSecurityGroupRuleDescriptionsIngressInput) (*ec2.UpdateSecurityGroupRuleDescriptionsIngressOutput, error) {
	g, rules, err := s.groupRules(in.GroupId, in.IpPermissions)
	if err != nil {
		return nil, err
	}
	out := slices.Clone(g.Ingress)
	for _, r := range rules {
		i := slices.IndexFunc(out, r.same)
		if i < 0 {
			return nil, fail("InvalidPermission.NotFound", "The specified rule does not exist in this security group.")
		}
		out[i].Description = r.Description
	}
	g.Ingress = out
	return &ec2.UpdateSecurityGroupRuleDescriptionsIngressOutput{Return: aws.Bool(true)}, nil
}

// groupRules are a group and the rules of a request, checked.
func (s *Sim) groupRules(id *string, perms []types.IpPermission) (*SecurityGroup, []SecurityGroupRule, error) {
	g, err := s.securityGroup(aws.ToString(id))
	if err != nil {
		return nil, nil, err
	}
	if len(perms) == 0 {
		return nil, nil, fail("MissingParameter", "Either 'ipPermissions' or 'securityGroupRuleIds' should be provided.")
	}
	var out []SecurityGroupRule
	for _, p := range perms {
		rules, err := s.ruleSources(g, p)
		if err != nil {
			return nil, nil, err
		}
		out = append(out, rules...)
	}
	return g, out, nil
}

// ruleSources turns one permission into a rule a source.
func (s *Sim) ruleSources(g *SecurityGroup, p types.IpPermission) ([]SecurityGroupRule, error) {
	if len(p.PrefixListIds) > 0 {
		return nil, fail("InvalidParameterValue", "prefix lists are not simulated")
	}
	base := SecurityGroupRule{Protocol: aws.ToString(p.IpProtocol), From: aws.ToInt32(p.FromPort), To: aws.ToInt32(p.ToPort)}
	switch base.Protocol {
	case "-1":
		base.From, base.To = 0, 0
	case "tcp", "udp":
		if p.FromPort == nil || p.ToPort == nil || base.From < 0 || base.To > 65535 || base.From > base.To {
			return nil, fail("InvalidParameterValue", "Invalid value for portRange. Must specify both from and to ports with TCP/UDP.")
		}
	default:
		return nil, fail("InvalidPermission.Malformed", "Unsupported IP protocol \"%s\" - supported: [tcp, udp, icmp]", base.Protocol)
	}
	var out []SecurityGroupRule
	for _, r := range p.IpRanges {
		rule := base
		rule.CIDR, rule.Description = aws.ToString(r.CidrIp), aws.ToString(r.Description)
		cidr, err := netip.ParsePrefix(rule.CIDR)
		if err != nil {
			return nil, fail("InvalidParameterValue", "CIDR block %s is malformed", rule.CIDR)
		}
		rule.CIDR = cidr.Masked().String()
		out = append(out, rule)
	}
	for _, r := range p.Ipv6Ranges {
		rule := base
		cidr, err := netip.ParsePrefix(aws.ToString(r.CidrIpv6))
		if err != nil || !cidr.Addr().Is6() {
			return nil, fail("InvalidParameterValue", "CIDR block %s is malformed", aws.ToString(r.CidrIpv6))
		}
		rule.CIDR, rule.Description = cidr.Masked().String(), aws.ToString(r.Description)
		out = append(out, rule)
	}
	for _, u := range p.UserIdGroupPairs {
		rule := base
		rule.Group, rule.Description = aws.ToString(u.GroupId), aws.ToString(u.Description)
		other, err := s.securityGroup(rule.Group)
		if err != nil {
			return nil, err
		}
		if other.VPC != g.VPC {
			return nil, fail("InvalidGroup.NotFound", "You have specified two resources that belong to different networks.")
		}
		out = append(out, rule)
	}
	for _, r := range out {
		if !groupText.MatchString(r.Description) {
			return nil, fail("InvalidParameterValue", "Invalid rule description. %s", groupTextRule)
		}
	}
	if len(out) == 0 {
		return nil, fail("MissingParameter", "The request must contain a source for each of the ipPermissions")
	}
	return out, nil
}

// describeRules groups rules by protocol and ports, as AWS lists them.
// describeRules has the account beside each group, which a caller does not name.
func describeRules(rules []SecurityGroupRule, account string) []types.IpPermission {
	var out []types.IpPermission
	for _, r := range rules {
		i := slices.IndexFunc(out, func(p types.IpPermission) bool {
			return aws.ToString(p.IpProtocol) == r.Protocol && aws.ToInt32(p.FromPort) == r.From && aws.ToInt32(p.ToPort) == r.To
		})
		if i < 0 {
			p := types.IpPermission{
				IpProtocol: aws.String(r.Protocol), IpRanges: []types.IpRange{}, Ipv6Ranges: []types.Ipv6Range{},
				PrefixListIds: []types.PrefixListId{}, UserIdGroupPairs: []types.UserIdGroupPair{},
			}
			if r.Protocol != "-1" {
				p.FromPort, p.ToPort = aws.Int32(r.From), aws.Int32(r.To)
			}
			out, i = append(out, p), len(out)
		}
		var text *string
		if r.Description != "" {
			text = aws.String(r.Description)
		}
		switch {
		case strings.Contains(r.CIDR, ":"):
			out[i].Ipv6Ranges = append(out[i].Ipv6Ranges, types.Ipv6Range{CidrIpv6: aws.String(r.CIDR), Description: text})
		case r.Group != "":
			out[i].UserIdGroupPairs = append(out[i].UserIdGroupPairs, types.UserIdGroupPair{GroupId: aws.String(r.Group), UserId: &account, Description: text})
		default:
			out[i].IpRanges = append(out[i].IpRanges, types.IpRange{CidrIp: aws.String(r.CIDR), Description: text})
		}
	}
	return out
}
