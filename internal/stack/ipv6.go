package stack

import (
	"github.com/karmacadabra/karmactl/internal/provision"
)

// ipv6 gives the tasks addresses of IPv6 beside the others, and an egress-only internet gateway as the way out for
// them. The load balancer, what is in the public subnets, and what AWS itself does for a task stay with IPv4.
func (s *Stack) ipv6(n *networkPart, tables []*provision.RouteTable) {
	if !s.Config.Network.IPv6 {
		return
	}
	h := s.Env
	block := add(s, groupNetwork, &provision.VPCCIDRBlock{Env: h, VPC: n.vpc})
	gateway := add(s, groupNetwork, &provision.EgressOnlyGateway{Env: h, VPC: n.vpc, Block: block})
	for i, subnet := range n.tasks {
		way := add(s, groupNetwork, &provision.Route{Env: h, IPv6: true, Table: tables[i+1], EgressOnly: gateway}) // the first is the public one
		part := add(s, groupNetwork, &provision.SubnetCIDRBlock{Env: h, Subnet: subnet, Of: block, Route: way})
		n.blocks, n.ways = append(n.blocks, part), append(n.ways, part)
	}
}
