package stack

import (
	"context"
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/aws/aws-sdk-go-v2/service/efs"
	efstypes "github.com/aws/aws-sdk-go-v2/service/efs/types"

	"github.com/karmacadabra/karmactl/internal/cloud"
	"github.com/karmacadabra/karmactl/internal/engine"
	"github.com/karmacadabra/karmactl/internal/provision"
)

// shutOut says which security groups of a file system's mount targets do not let the agents in,
// and which rule their owner has to add; "" is that all do. A task mounts by the mount target
// of its own zone: https://docs.aws.amazon.com/efs/latest/ug/network-access.html
func (in *mounted) shutOut(ctx context.Context, h *provision.Env, id string, targets []efstypes.MountTargetDescription) (string, error) {
	has, err := in.listed(ctx, h)
	if err != nil {
		return "", err
	}
	own := ""
	for _, g := range has.groups {
		if cloud.FromEC2Tags(g.Tags).Ours(h.Stack, agentsGroupKey) {
			own = aws.ToString(g.GroupId)
		}
	}
	var zones, shut, from []string
	for _, t := range targets {
		zone := aws.ToString(t.AvailabilityZoneName)
		if !slices.Contains(in.zones, zone) {
			continue
		}
		of, err := h.Clients.EFS.DescribeMountTargetSecurityGroups(ctx, &efs.DescribeMountTargetSecurityGroupsInput{MountTargetId: t.MountTargetId})
		if err != nil {
			return "", err
		}
		outside := in.outside(h, zone, has.subnets, ofGroups(has.groups, of.SecurityGroups), own)
		if len(outside) == 0 {
			continue
		}
		zones, shut, from = append(zones, zone), append(shut, of.SecurityGroups...), append(from, outside...)
	}
	if len(zones) == 0 {
		return "", nil
	}
	slices.Sort(shut)
	source := strings.Join(from, " and from ")
	if own != "" {
		source = own + ", the agents' group"
	}
	return fmt.Sprintf("the agents would not reach %s in %s: add an inbound rule to %s, the security group of its mount target there: TCP, port %d, from %s",
		id, strings.Join(zones, ", "), strings.Join(slices.Compact(shut), " or "), nfs, source), nil
}

// inVPC is what a VPC has, once it is asked for.
type inVPC struct {
	subnets []types.Subnet
	groups  []types.SecurityGroup
}

// listed are the subnets and security groups of the VPC, which all file systems are held to: they are
// asked for once in each look.
func (in *mounted) listed(ctx context.Context, h *provision.Env) (has inVPC, err error) {
	if len(in.had.subnets) > 0 {
		return in.had, nil
	}
	if has.subnets, err = subnetsOf(ctx, h.Clients.EC2, in.vpc); err != nil {
		return has, err
	}
	has.groups, err = cloud.Pages(ctx, ec2.NewDescribeSecurityGroupsPaginator(h.Clients.EC2, &ec2.DescribeSecurityGroupsInput{Filters: ofVPC(in.vpc)}),
		func(out *ec2.DescribeSecurityGroupsOutput) []types.SecurityGroup { return out.SecurityGroups })
	if err == nil {
		in.had = has
	}
	return has, err
}

// agentsGroupKey is that of the group which the tasks have.
const agentsGroupKey = engine.Key("sg/agents")

// ofGroups are the ones with some ids.
func ofGroups(all []types.SecurityGroup, ids []string) []types.SecurityGroup {
	return slices.DeleteFunc(slices.Clone(all), func(g types.SecurityGroup) bool { return !slices.Contains(ids, aws.ToString(g.GroupId)) })
}

// outside are the ranges of the tasks' subnets in a zone that none of a mount target's groups
// lets in at the port of NFS.
func (in *mounted) outside(h *provision.Env, zone string, subnets []types.Subnet, groups []types.SecurityGroup, own string) []string {
	var open []netip.Prefix
	for _, g := range groups {
		for _, p := range g.IpPermissions {
			if !opensNFS(p) {
				continue
			}
			byGroup := slices.ContainsFunc(p.UserIdGroupPairs, func(pair types.UserIdGroupPair) bool { return own != "" && aws.ToString(pair.GroupId) == own })
			if byGroup || len(p.PrefixListIds) > 0 { // what a list has in it is not looked at
				return nil
			}
			for _, r := range p.IpRanges {
				if prefix, err := netip.ParsePrefix(aws.ToString(r.CidrIp)); err == nil {
					open = append(open, prefix)
				}
			}
		}
	}
	var out []string
	for _, s := range subnets {
		if aws.ToString(s.AvailabilityZone) != zone || !in.has(h, s) {
			continue
		}
		if prefix, err := netip.ParsePrefix(aws.ToString(s.CidrBlock)); err == nil && !covered(prefix, open) {
			out = append(out, prefix.String())
		}
	}
	return out
}

// has tells whether tasks are in a subnet.
func (in *mounted) has(h *provision.Env, s types.Subnet) bool {
	if len(in.subnets) > 0 {
		return slices.Contains(in.subnets, aws.ToString(s.SubnetId))
	}
	tier := provision.TierPublic
	if in.private {
		tier = provision.TierPrivate
	}
	return cloud.FromEC2Tags(s.Tags).Ours(h.Stack, (&provision.Subnet{Tier: tier, AZ: aws.ToString(s.AvailabilityZone)}).Key())
}

// opensNFS tells whether a rule is about the port of NFS.
func opensNFS(p types.IpPermission) bool {
	switch aws.ToString(p.IpProtocol) {
	case "-1":
		return true
	case "tcp", "6":
		return aws.ToInt32(p.FromPort) <= nfs && nfs <= aws.ToInt32(p.ToPort)
	}
	return false
}

// covered tells whether ranges have all of a range in them, some of them together too.
func covered(p netip.Prefix, by []netip.Prefix) bool {
	some := false
	for _, b := range by {
		if b.Bits() <= p.Bits() && b.Contains(p.Addr()) {
			return true
		}
		some = some || b.Overlaps(p)
	}
	if !some || p.Bits() >= p.Addr().BitLen() {
		return false
	}
	low := netip.PrefixFrom(p.Addr(), p.Bits()+1)
	bytes := p.Addr().As4()
	bytes[p.Bits()/8] |= 1 << (7 - p.Bits()%8)
	return covered(low, by) && covered(netip.PrefixFrom(netip.AddrFrom4(bytes), p.Bits()+1), by)
}
