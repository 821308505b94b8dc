package agents

import (
	"fmt"
	"math/bits"
	"net/netip"
	"strings"
)

// refuseCIDR checks the block alone: AWS takes /16 to /28 for a VPC, and
// addresses that are not private would hide a part of the internet.
func refuseCIDR(s string) string {
	block, err := netip.ParsePrefix(s)
	switch {
	case err != nil:
		return "a private block such as 10.0.0.0/16"
	case block != block.Masked():
		return fmt.Sprintf("%sthe first address of the block", didYouMean(block.Masked().String()))
	case block.Bits() < 16 || block.Bits() > 28:
		return "a block from /16 to /28"
	case !isPrivate(block):
		return "a block within 10.0.0.0/8, 172.16.0.0/12, 192.168.0.0/16 or 100.64.0.0/10"
	}
	return ""
}

func isPrivate(block netip.Prefix) bool {
	shared := netip.MustParsePrefix("100.64.0.0/10")
	return block.Addr().IsPrivate() || shared.Contains(block.Addr())
}

// checkNetwork: every zone gets a public and a private subnet of equal size.
// ELB wants a /27 at least for each subnet of a load balancer.
func checkNetwork(r *reader, c *Config) {
	n := c.Network
	if n.VPC != "" || r.stated("network", "public") || r.stated("network", "private") {
		checkGivenNetwork(r, c)
		return
	}
	if n.NAT != NATInstance && r.stated("network", "instance_type") && r.sound("network/nat") {
		r.problem(r.at("network", "instance_type"), "instance_type is of a NAT instance, and nat is "+string(n.NAT), "nat: instance, or leave it out")
	}
	const smallest = 27
	if n.IPv6 && n.NAT == NATNone && r.sound("network/nat", "network/ipv6") {
		r.problem(r.at("network", "ipv6"), "ipv6 leads past a NAT, and nat is none: a task's public address of IPv4, which its image, its secrets and its logs need all the same, has no price per GB",
			"nat: instance, single or per-az; or leave ipv6 out")
	}
	if block, err := netip.ParsePrefix(n.CIDR); err == nil && r.sound("network/cidr", "network/azs") {
		need := bits.Len(uint(2*n.AZs - 1))
		if block.Bits()+need > smallest {
			r.problem(r.at("network", "cidr"),
				fmt.Sprintf("cidr %s is too small for %d subnets in %d zones", n.CIDR, 2*n.AZs, n.AZs),
				fmt.Sprintf("/%d or larger: a load balancer needs subnets of at least /%d", smallest-need, smallest))
		}
	}
	if !r.sound("region", "network/azs") {
		return
	}
	if n.AZs == 1 && len(c.Public()) > 0 {
		r.problem(r.at("network", "azs"), "azs is one zone", "at least two while an agent is public, for the load balancer")
	}
	for i, zone := range n.Zones {
		if strings.TrimRight(zone, "abcdefghijklmnopqrstuvwxyz") != c.Region {
			r.problem(r.at("network", "azs", fmt.Sprint(i)), fmt.Sprintf("zone %s is not in region %s", zone, c.Region), fmt.Sprintf("zones such as %sa and %sb", c.Region, c.Region))
		}
	}
}
