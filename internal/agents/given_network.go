package agents

import (
	"fmt"
	"slices"

	"github.com/karmacadabra/karmactl/internal/lazyregexp"
)

// The ids of EC2 have 8 digits when they are of before 2018, and 17 since.
var (
	vpcRule    = textRule{pattern: lazyregexp.New(`^vpc-([0-9a-f]{8}|[0-9a-f]{17})$`), allowed: "the id of a VPC, such as vpc-0a1b2c3d4e5f60718"}
	subnetRule = textRule{pattern: lazyregexp.New(`^subnet-([0-9a-f]{8}|[0-9a-f]{17})$`), allowed: "the id of a subnet, such as subnet-0a1b2c3d4e5f60718"}
)

// fillInNetwork: a VPC that is there already has a way out and endpoints of its owner's.
func fillInNetwork(n *Network) {
	if n.VPC == "" {
		return
	}
	n.NAT, n.Endpoints, n.Zones = NATNone, nil, nil
	n.AZs = max(1, len(n.Public), len(n.Private))
}

// checkGivenNetwork: the file says which subnets, and nothing of what their owner decides.
// What they are is seen when AWS is asked.
func checkGivenNetwork(r *reader, c *Config) {
	n := c.Network
	if !r.sound("network/vpc", "network/public", "network/private") {
		return
	}
	if n.VPC == "" {
		for _, k := range []string{"public", "private"} {
			if r.stated("network", k) {
				r.problem(r.at("network", k), k+" names subnets, and there is no vpc", "network.vpc says which VPC they are in; without it the stack makes its own")
			}
		}
		return
	}
	for _, k := range []string{"cidr", "azs", "nat", "instance_type", "ipv6", "endpoints", "endpoint_azs"} {
		if r.stated("network", k) {
			r.problem(r.places["network/"+k].key, k+" cannot be said of a VPC that is there already", "leave it out: karmactl does not change "+n.VPC)
		}
	}
	switch {
	case len(n.Public)+len(n.Private) == 0:
		r.problem(r.at("network", "vpc"), "no subnets of "+n.VPC+" are named", "public: [subnet-…, subnet-…] and, for tasks behind a NAT gateway, private: [subnet-…]")
	case len(c.Public()) > 0 && len(n.Public) < 2:
		where := r.at("network", "vpc")
		if r.stated("network", "public") {
			where = r.at("network", "public")
		}
		r.problem(where, "public names fewer than two subnets", "at least two, in different zones, while an agent is public: AWS makes no load balancer in fewer")
	}
	for i, id := range n.Private {
		if slices.Contains(n.Public, id) {
			r.problem(r.at("network", "private", fmt.Sprint(i)), id+" is in public, too", "each subnet once: tasks are in private, or in public when private is left out")
		}
	}
}
