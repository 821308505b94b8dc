package provision

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sort"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"github.com/karmacadabra/karmactl/internal/cloud"
	"github.com/karmacadabra/karmactl/internal/engine"
)

// Rule lets TCP ports in from one source: an address range, another group, or the
// group itself.
type Rule struct {
	Port int
	// To is the last port of a range; 0 is Port alone. Neighbouring ports make one
	// rule, because a group takes 60.
	To   int
	CIDR string
	From *SecurityGroup
	Self bool
	// All lets everything in, whatever the protocol; Port is then 0.
	All         bool
	Description string
}

// self is the source of a rule whose group names itself: its id is not known
// before it is made.
const self = "self"

// ingress is a rule as AWS has it. Another program may have added any kind.
type ingress struct {
	Protocol string
	From, To int32
	// Source is an address range, a prefix list, a group, or self.
	Source string
	// Owner is the account of a group that is in another one.
	Owner       string
	Description string
}

// want is the rule in the words of AWS.
func (r Rule) want() ingress {
	in := ingress{Protocol: "tcp", From: int32(r.Port), To: int32(max(r.Port, r.To)), Source: r.CIDR, Description: r.Description}
	if r.All {
		in.Protocol, in.From, in.To = "-1", 0, 0
	}
	switch {
	case r.Self:
		in.Source = self
	case r.From != nil:
		in.Source = r.From.ID()
	}
	return in
}

// opens is the rule without its text: two rules that open the same are one to AWS.
func (i ingress) opens() ingress {
	i.Description = ""
	return i
}

func (i ingress) String() string {
	ports := fmt.Sprintf("%s %d", i.Protocol, i.From)
	switch {
	case i.Protocol == "-1":
		ports = "everything"
	case i.From != i.To:
		ports = fmt.Sprintf("%s %d-%d", i.Protocol, i.From, i.To)
	}
	s := ports + " from " + i.Source
	if i.Description != "" {
		s += fmt.Sprintf(" (%s)", i.Description)
	}
	return s
}

// ingressOf reads AWS's permissions, which hold many sources each, in order.
func ingressOf(perms []types.IpPermission, group string) []ingress {
	var out []ingress
	for _, p := range perms {
		base := ingress{Protocol: aws.ToString(p.IpProtocol), From: aws.ToInt32(p.FromPort), To: aws.ToInt32(p.ToPort)}
		add := func(source, owner, text *string) {
			in := base
			in.Source, in.Owner, in.Description = aws.ToString(source), aws.ToString(owner), aws.ToString(text)
			if in.Source == group {
				in.Source = self
			}
			out = append(out, in)
		}
		for _, r := range p.IpRanges {
			add(r.CidrIp, nil, r.Description)
		}
		for _, r := range p.Ipv6Ranges {
			add(r.CidrIpv6, nil, r.Description)
		}
		for _, r := range p.PrefixListIds {
			add(r.PrefixListId, nil, r.Description)
		}
		for _, u := range p.UserIdGroupPairs {
			owner := u.UserId
			if u.VpcPeeringConnectionId == nil {
				owner = nil // AWS names the account's own too
			}
			add(u.GroupId, owner, u.Description)
		}
	}
	sort.Slice(out, func(a, b int) bool { return out[a].String() < out[b].String() })
	return out
}

// permissions are rules for a request to AWS.
func permissions(rules []ingress, group string) []types.IpPermission {
	var out []types.IpPermission
	for _, r := range rules {
		p := types.IpPermission{IpProtocol: aws.String(r.Protocol)}
		if r.Protocol != "-1" {
			p.FromPort, p.ToPort = aws.Int32(r.From), aws.Int32(r.To)
		}
		var text, owner *string
		if r.Description != "" {
			text = aws.String(r.Description)
		}
		if r.Owner != "" {
			owner = aws.String(r.Owner)
		}
		source := aws.String(r.Source)
		switch {
		case r.Source == self:
			p.UserIdGroupPairs = []types.UserIdGroupPair{{GroupId: aws.String(group), Description: text}}
		case strings.HasPrefix(r.Source, "sg-"):
			p.UserIdGroupPairs = []types.UserIdGroupPair{{GroupId: source, UserId: owner, Description: text}}
		case strings.HasPrefix(r.Source, "pl-"):
			p.PrefixListIds = []types.PrefixListId{{PrefixListId: source, Description: text}}
		case strings.Contains(r.Source, ":"):
			p.Ipv6Ranges = []types.Ipv6Range{{CidrIpv6: source, Description: text}}
		default:
			p.IpRanges = []types.IpRange{{CidrIp: source, Description: text}}
		}
		out = append(out, p)
	}
	return out
}

// letsAllOut tells whether AWS's own rule for the way out to all addresses of a kind is there.
func letsAllOut(perms []types.IpPermission, anywhere string) bool {
	return slices.ContainsFunc(ingressOf(perms, ""), func(i ingress) bool { return i.Protocol == "-1" && i.Source == anywhere })
}

// ruleChanges tells what has to be opened, closed and only described again.
func ruleChanges(have, want []ingress) (open, shut, text []ingress) {
	for _, w := range want {
		i := slices.IndexFunc(have, func(h ingress) bool { return h.opens() == w.opens() })
		switch {
		case i < 0:
			open = append(open, w)
		case have[i] != w:
			text = append(text, w)
		}
	}
	for _, h := range have {
		if !slices.ContainsFunc(want, func(w ingress) bool { return h.opens() == w.opens() }) {
			shut = append(shut, h)
		}
	}
	return open, shut, text
}

// diffIngress is one change a rule.
func diffIngress(have, want []ingress) []engine.Change {
	open, shut, text := ruleChanges(have, want)
	var out []engine.Change
	for _, r := range open {
		out = append(out, engine.Change{Field: "ingress", Now: r.String(), Essential: true})
	}
	for _, r := range text {
		i := slices.IndexFunc(have, func(h ingress) bool { return h.opens() == r.opens() })
		out = append(out, engine.Change{Field: "ingress", Was: have[i].String(), Now: r.String()})
	}
	for _, r := range shut {
		out = append(out, engine.Change{Field: "ingress", Was: r.String(), Essential: true})
	}
	return out
}

// updateIngress makes have into want, one call each way: it opens first, so that
// what is to continue to work is never cut off.
func updateIngress(ctx context.Context, api *ec2.Client, id string, have, want []ingress) error {
	open, shut, text := ruleChanges(have, want)
	// AWS opens all of them or none: one that is there already keeps the others shut.
	err := openIngress(ctx, api, id, open)
	if cloud.Is(err, "InvalidPermission.Duplicate") && len(open) > 1 {
		for _, one := range open {
			if err = openIngress(ctx, api, id, []ingress{one}); err != nil && !cloud.Is(err, "InvalidPermission.Duplicate") {
				return err
			}
		}
	}
	if err != nil && !cloud.Is(err, "InvalidPermission.Duplicate") {
		return err
	}
	if len(text) > 0 {
		_, err := api.UpdateSecurityGroupRuleDescriptionsIngress(ctx, &ec2.UpdateSecurityGroupRuleDescriptionsIngressInput{
			GroupId: &id, IpPermissions: permissions(text, id),
		})
		if err != nil {
			return err
		}
	}
	if len(shut) > 0 {
		_, err := api.RevokeSecurityGroupIngress(ctx, &ec2.RevokeSecurityGroupIngressInput{GroupId: &id, IpPermissions: permissions(shut, id)})
		if err != nil && !cloud.Is(err, "InvalidPermission.NotFound") {
			return err
		}
	}
	return nil
}

func openIngress(ctx context.Context, api *ec2.Client, id string, rules []ingress) error {
	if len(rules) == 0 {
		return nil
	}
	return failure(api.AuthorizeSecurityGroupIngress(ctx, &ec2.AuthorizeSecurityGroupIngressInput{GroupId: &id, IpPermissions: permissions(rules, id)}))
}

// named adds to AWS's refusal to delete a group the groups of others that name
// it in a rule. Those of the stack go before it.
func (g *SecurityGroup) named(ctx context.Context, id string, cause error) error {
	if held := new(engine.InUse); errors.As(cause, &held) {
		return cause
	}
	var holders []string
	for _, filter := range []string{"ip-permission.group-id", "egress.ip-permission.group-id"} {
		groups, err := cloud.Pages(ctx, ec2.NewDescribeSecurityGroupsPaginator(g.Clients.EC2, &ec2.DescribeSecurityGroupsInput{
			Filters: []types.Filter{{Name: &filter, Values: []string{id}}},
		}), func(out *ec2.DescribeSecurityGroupsOutput) []types.SecurityGroup { return out.SecurityGroups })
		if err != nil {
			return cause
		}
		for _, sg := range groups {
			switch {
			case aws.ToString(sg.GroupId) == id:
			case cloud.FromEC2Tags(sg.Tags)[cloud.TagStack] == g.Stack:
				// One of the stack's own, by a rule that was added to it: it goes too.
				if err := g.letGo(ctx, sg, id); err != nil {
					return err
				}
			default:
				holders = append(holders, fmt.Sprintf("a rule of security group %s (%s)", aws.ToString(sg.GroupId), aws.ToString(sg.GroupName)))
			}
		}
	}
	if len(holders) == 0 {
		return cause
	}
	return &engine.InUse{Holder: strings.Join(holders, ", "), Foreign: true, Err: cause}
}

// letGo revokes the rules of a group that name another one, inwards and outwards.
func (g *SecurityGroup) letGo(ctx context.Context, of types.SecurityGroup, id string) error {
	var err error
	if in := naming(of.IpPermissions, id); len(in) > 0 {
		_, err = g.Clients.EC2.RevokeSecurityGroupIngress(ctx, &ec2.RevokeSecurityGroupIngressInput{GroupId: of.GroupId, IpPermissions: in})
	}
	if out := naming(of.IpPermissionsEgress, id); len(out) > 0 && err == nil {
		_, err = g.Clients.EC2.RevokeSecurityGroupEgress(ctx, &ec2.RevokeSecurityGroupEgressInput{GroupId: of.GroupId, IpPermissions: out})
	}
	if cloud.Is(err, "InvalidPermission.NotFound") {
		return nil
	}
	return err
}

// naming are the permissions that name a group, and of them that group alone.
func naming(perms []types.IpPermission, id string) []types.IpPermission {
	var out []types.IpPermission
	for _, p := range perms {
		for _, pair := range p.UserIdGroupPairs {
			if aws.ToString(pair.GroupId) == id {
				out = append(out, types.IpPermission{
					IpProtocol: p.IpProtocol, FromPort: p.FromPort, ToPort: p.ToPort,
					UserIdGroupPairs: []types.UserIdGroupPair{{GroupId: pair.GroupId}},
				})
			}
		}
	}
	return out
}
