package stack

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"github.com/karmacadabra/karmactl/internal/agents"
	"github.com/karmacadabra/karmactl/internal/cloud"
	"github.com/karmacadabra/karmactl/internal/provision"
)

// givenNetwork is a VPC that is there already: only the security groups in it are the stack's.
func (s *Stack) givenNetwork() *networkPart {
	cfg, h := s.Config.Network, s.Env
	n := &networkPart{nat: len(cfg.Private) > 0, vpc: provision.GivenVPC(h, cfg.VPC)}
	n.public = provision.GivenSubnets(h, n.vpc, provision.TierPublic, cfg.Public)
	if n.tasks = n.public; n.nat {
		n.tasks = provision.GivenSubnets(h, n.vpc, provision.TierPrivate, cfg.Private)
	}
	n.mounts = n.tasks
	s.securityGroups(n)
	return n
}

// lbAddresses is how many free addresses a subnet of a load balancer needs:
// https://docs.aws.amazon.com/elasticloadbalancing/latest/application/application-load-balancers.html#subnets-load-balancer
const lbAddresses = 8

// checkGivenNetwork refuses a VPC in which the stack could not run, with all reasons at once.
// It only reads, and tells the zones of the subnets by their ids.
func checkGivenNetwork(ctx context.Context, api *ec2.Client, cfg *agents.Config) (map[string]string, error) {
	n := cfg.Network
	names, err := api.DescribeVpcAttribute(ctx, &ec2.DescribeVpcAttributeInput{VpcId: &n.VPC, Attribute: types.VpcAttributeNameEnableDnsSupport})
	if cloud.IsNotFound(err) {
		return nil, fmt.Errorf("network.vpc: there is no %s in this account and region", n.VPC)
	}
	if err != nil {
		return nil, err
	}
	subnets, err := subnetsOf(ctx, api, n.VPC)
	if err != nil {
		return nil, err
	}
	tables, err := cloud.Pages(ctx, ec2.NewDescribeRouteTablesPaginator(api, &ec2.DescribeRouteTablesInput{Filters: ofVPC(n.VPC)}),
		func(out *ec2.DescribeRouteTablesOutput) []types.RouteTable { return out.RouteTables })
	if err != nil {
		return nil, err
	}
	g := givenSubnets{vpc: n.VPC, tables: tables}
	if names.EnableDnsSupport != nil && !aws.ToBool(names.EnableDnsSupport.Value) {
		g.add("%s resolves no names: its attribute enableDnsSupport is off, and tasks could not find their registry", n.VPC)
	}
	public, private := g.pick("public", n.Public, subnets), g.pick("private", n.Private, subnets)
	g.checkPublic(public, len(cfg.Public()) > 0, len(n.Private) == 0)
	for _, s := range private {
		g.checkPrivate(s)
	}
	g.checkFree(cfg, public, private)
	if len(g.problems) == 0 {
		return zonesOf(subnets), nil
	}
	return nil, errors.New("the network of agents.yaml cannot be used as it is; nothing was changed:\n  - " + strings.Join(g.problems, "\n  - "))
}

// subnetsOf are all subnets of a VPC.
func subnetsOf(ctx context.Context, api ec2.DescribeSubnetsAPIClient, vpc string) ([]types.Subnet, error) {
	return cloud.Pages(ctx, ec2.NewDescribeSubnetsPaginator(api, &ec2.DescribeSubnetsInput{Filters: ofVPC(vpc)}),
		func(out *ec2.DescribeSubnetsOutput) []types.Subnet { return out.Subnets })
}

// zonesOf are the zones of subnets by their ids.
func zonesOf(subnets []types.Subnet) map[string]string {
	zones := map[string]string{}
	for _, s := range subnets {
		zones[aws.ToString(s.SubnetId)] = aws.ToString(s.AvailabilityZone)
	}
	return zones
}

func ofVPC(id string) []types.Filter {
	return []types.Filter{{Name: aws.String("vpc-id"), Values: []string{id}}}
}

// givenSubnets are the subnets of a VPC with its route tables, and what is wrong with them.
type givenSubnets struct {
	vpc      string
	tables   []types.RouteTable
	problems []string
}

func (g *givenSubnets) add(format string, args ...any) {
	g.problems = append(g.problems, fmt.Sprintf(format, args...))
}

// pick takes the subnets of some ids.
func (g *givenSubnets) pick(key string, ids []string, all []types.Subnet) []types.Subnet {
	var out []types.Subnet
	for _, id := range ids {
		i := slices.IndexFunc(all, func(s types.Subnet) bool { return aws.ToString(s.SubnetId) == id })
		if i < 0 {
			g.add("network.%s: %s is not a subnet of %s", key, id, g.vpc)
			continue
		}
		out = append(out, all[i])
	}
	return out
}

// way is where a subnet's route table leads: its own one, or the VPC's main one.
func (g *givenSubnets) way(id string) (target string, there bool) {
	table := cloud.RouteTableOf(g.tables, id)
	if table == nil {
		return "", false
	}
	return cloud.DefaultRoute(*table)
}

// checkPublic: a load balancer and tasks with public addresses need an internet gateway that
// nothing closes, and a load balancer one subnet in each of two zones.
func (g *givenSubnets) checkPublic(all []types.Subnet, balanced, tasks bool) {
	zones := map[string]string{}
	for _, s := range all {
		id, zone := aws.ToString(s.SubnetId), aws.ToString(s.AvailabilityZone)
		if target, there := g.way(id); !strings.HasPrefix(target, "igw-") || !there {
			g.add("network.public: %s has no route to an internet gateway: %s", id, leads(target, there))
		}
		if mode := provision.BlockedBy(s); mode == types.BlockPublicAccessModeBlockBidirectional || mode != "" && (balanced || tasks) {
			g.add("network.public: VPC Block Public Access (%s) closes the internet gateway for %s", mode, id)
		}
		if other := zones[zone]; other != "" && balanced {
			g.add("network.public: %s and %s are both in %s, and a load balancer takes one subnet of a zone", other, id, zone)
		}
		zones[zone] = id
		if free := aws.ToInt32(s.AvailableIpAddressCount); balanced && free < lbAddresses {
			g.add("network.public: %s has %d of the %d free addresses that a load balancer needs", id, free, lbAddresses)
		}
	}
}

// checkPrivate: tasks without public addresses reach their registry over a NAT gateway, or
// whatever else their owner leads them to.
func (g *givenSubnets) checkPrivate(s types.Subnet) {
	id := aws.ToString(s.SubnetId)
	switch target, there := g.way(id); {
	case strings.HasPrefix(target, "igw-"):
		g.add("network.private: %s leads to the internet gateway %s, which tasks without public addresses cannot use: name it in public, or give it a route to a NAT gateway", id, target)
	case !there:
		g.add("network.private: %s has no way out to a registry: %s", id, leads(target, there))
	}
}

func leads(target string, there bool) string {
	switch {
	case target == "":
		return "its route table has no route for 0.0.0.0/0"
	case !there:
		return "its route for 0.0.0.0/0 leads to " + target + ", which is gone"
	}
	return "its route for 0.0.0.0/0 leads to " + target
}

// checkFree: each task takes an address, and a deployment has old and new ones side by side.
func (g *givenSubnets) checkFree(cfg *agents.Config, public, private []types.Subnet) {
	all, key := private, "private"
	if len(cfg.Network.Private) == 0 {
		all, key = public, "public"
	}
	free, need := 0, 0
	for _, s := range all {
		free += int(aws.ToInt32(s.AvailableIpAddressCount))
	}
	for _, a := range cfg.Agents {
		need += 2 * a.Scale.Min
	}
	if len(all) > 0 && free < need {
		g.add("network.%s: the subnets have %d of the %d free addresses that a deployment of all agents needs", key, free, need)
	}
}

// stays refuses to move a stack from one VPC to another.
func stays(ctx context.Context, cfg *agents.Config, h *provision.Env) error {
	have, own, err := provision.VPCInUse(ctx, h)
	switch want := cfg.Network.VPC; {
	case err != nil || have == "" || have == want || want == "" && own:
		return err
	case want == "":
		return fmt.Errorf("the stack is in %s, and network.vpc is gone from agents.yaml: AWS moves no load balancer and no security group to another VPC. Say network.vpc again, or karmactl down, then up", have)
	default:
		return fmt.Errorf("the stack is in %s, and network.vpc is %s: AWS moves no load balancer and no security group to another VPC. Put it back, or karmactl down, then up", have, want)
	}
}
