package stack

import (
	"slices"

	"github.com/karmacadabra/karmactl/internal/agents"
	"github.com/karmacadabra/karmactl/internal/engine"
	"github.com/karmacadabra/karmactl/internal/provision"
)

// networkPart is the VPC and its ways out.
type networkPart struct {
	vpc                   *provision.VPC
	gateway               *provision.InternetGateway
	public                []*provision.Subnet
	tasks                 []*provision.Subnet // where the tasks run
	mounts                []*provision.Subnet // where a file system is mounted from: one a zone, whichever way out the tasks have
	albGroup, agentsGroup *provision.SecurityGroup
	targets               []*provision.MountTarget // of the stack's own file system
	// ways are what has to be there for a task to reach its registry.
	ways []engine.Node
	// blocks are the IPv6 addresses of the tasks' subnets, none without network.ipv6.
	blocks []*provision.SubnetCIDRBlock
	// nat is false when tasks have public addresses of their own.
	nat bool
}

func (s *Stack) network() *networkPart {
	cfg, h := s.Config.Network, s.Env
	if cfg.VPC != "" {
		return s.givenNetwork()
	}
	n := &networkPart{nat: cfg.NAT != agents.NATNone}
	n.vpc = add(s, groupNetwork, &provision.VPC{Env: h, CIDR: cfg.CIDR})
	n.gateway = add(s, groupNetwork, &provision.InternetGateway{Env: h, VPC: n.vpc})

	publicTable := add(s, groupNetwork, &provision.RouteTable{Env: h, VPC: n.vpc, Name: "public"})
	tables := []*provision.RouteTable{publicTable}
	out := add(s, groupNetwork, &provision.Route{Env: h, Table: publicTable, Gateway: n.gateway})
	var nat *provision.NATGateway
	var behind []*provision.Route
	var publicWay engine.Node
	for i, az := range s.Lookup.Zones {
		public := add(s, groupNetwork, &provision.Subnet{
			Env: h, VPC: n.vpc, Tier: provision.TierPublic, AZ: az, CIDR: subnetCIDR(cfg.CIDR, len(s.Lookup.Zones), 0, i), Inbound: !n.nat || len(s.Config.Public()) > 0,
		})
		way := add(s, groupNetwork, &provision.RouteTableAssociation{Env: h, Table: publicTable, Subnet: public})
		n.public = append(n.public, public)
		if i == 0 {
			publicWay = way
		}
		private := add(s, groupNetwork, &provision.Subnet{Env: h, VPC: n.vpc, Tier: provision.TierPrivate, AZ: az, CIDR: subnetCIDR(cfg.CIDR, len(s.Lookup.Zones), 1, i), IPv6: cfg.IPv6})
		n.mounts = append(n.mounts, private)
		table := add(s, groupNetwork, &provision.RouteTable{Env: h, VPC: n.vpc, Name: "private-" + az})
		tables = append(tables, table)
		if !n.nat {
			add(s, groupNetwork, &provision.RouteTableAssociation{Env: h, Table: table, Subnet: private})
			n.tasks = append(n.tasks, public)
			n.ways = append(n.ways, out, way)
			continue
		}
		if cfg.NAT != agents.NATInstance && (nat == nil || cfg.NAT == agents.NATPerAZ) {
			address := add(s, groupNetwork, &provision.ElasticIP{Env: h, AZ: az})
			nat = add(s, groupNetwork, &provision.NATGateway{Env: h, AZ: az, Subnet: public, Address: address, Gateway: n.gateway})
		}
		route := &provision.Route{Env: h, Table: table, NAT: nat}
		if cfg.NAT == agents.NATInstance {
			behind = append(behind, route) // once there is what it leads to
		} else {
			add(s, groupNetwork, route)
		}
		n.ways = append(n.ways, route, add(s, groupNetwork, &provision.RouteTableAssociation{Env: h, Table: table, Subnet: private}))
		n.tasks = append(n.tasks, private)
	}
	if cfg.NAT == agents.NATInstance {
		way := s.natInstance(n, n.public[0], n.tasks, out, publicWay)
		for _, route := range behind {
			route.Interface, route.Instance = way.eni, way.group
			add(s, groupNetwork, route)
		}
	}
	s.ipv6(n, tables)
	s.securityGroups(n)
	s.endpoints(n, tables)
	return n
}

// securityGroups is least privilege: the internet reaches the load balancer,
// the load balancer each public agent's port, the agents each other's ports.
func (s *Stack) securityGroups(n *networkPart) {
	h := s.Env
	public := s.Config.Public()
	var inside []provision.Rule
	if len(public) > 0 {
		n.albGroup = s.albGroup(n)
	}
	for _, p := range ports(public) {
		inside = append(inside, provision.Rule{Port: p[0], To: p[1], From: n.albGroup, Description: "agents from the load balancer"})
	}
	for _, p := range ports(s.Config.Agents) {
		inside = append(inside, provision.Rule{Port: p[0], To: p[1], Self: true, Description: "agents from each other"})
	}
	n.agentsGroup = add(s, groupNetwork, &provision.SecurityGroup{Env: h, VPC: n.vpc, Name: "agents", Purpose: "The agents of " + s.Stack, Ingress: inside, IPv6: s.Config.Network.IPv6})
}

// albGroup lets the internet, or the addresses that the file allows, in to the load balancer.
func (s *Stack) albGroup(n *networkPart) *provision.SecurityGroup {
	var web []provision.Rule
	from, blocks := "the internet", []string{"0.0.0.0/0"}
	if s.Config.LoadBalancer.Internal {
		from = "the network"
	}
	if allow := s.Config.LoadBalancer.Allow; len(allow) > 0 {
		from, blocks = "load_balancer.allow", allow
	}
	for _, block := range blocks {
		web = append(web, provision.Rule{Port: 80, CIDR: block, Description: "HTTP from " + from})
		if s.Config.LoadBalancer.HTTPS() {
			web = append(web, provision.Rule{Port: 443, CIDR: block, Description: "HTTPS from " + from})
		}
	}
	return add(s, groupNetwork, &provision.SecurityGroup{Env: s.Env, VPC: n.vpc, Name: "alb", Purpose: "The load balancer of " + s.Stack, Ingress: web})
}

// endpoints are the free S3 gateway and the interface endpoints asked for, which
// cost $7.30 a month for each AZ.
func (s *Stack) endpoints(n *networkPart, tables []*provision.RouteTable) {
	cfg, h := s.Config.Network, s.Env
	var group *provision.SecurityGroup
	if len(cfg.InterfaceEndpoints()) > 0 {
		group = add(s, groupNetwork, &provision.SecurityGroup{
			Env: h, VPC: n.vpc, Name: "endpoints", Purpose: "The VPC endpoints of " + s.Stack,
			Ingress: []provision.Rule{{Port: 443, From: n.agentsGroup, Description: "HTTPS from the agents"}},
		})
	}
	for _, service := range cfg.Endpoints {
		e := &provision.VPCEndpoint{Env: h, VPC: n.vpc, Service: service}
		if service == "s3" {
			e.Tables = tables
		} else {
			e.Group, e.Subnets = group, n.tasks
			if cfg.EndpointAZs == "one" {
				e.Subnets = n.tasks[:1]
			}
		}
		n.ways = append(n.ways, add(s, groupNetwork, e))
	}
}

// ports joins neighbouring ports into ranges, and of more than mostRanges the nearest ones too: a security
// group takes 60 rules, those from the load balancer and those from each other, and while they change the new
// ones beside the old ones. Agents that share a port share its rule.
// https://docs.aws.amazon.com/vpc/latest/userguide/amazon-vpc-limits.html#vpc-limits-security-groups
func ports(all []agents.Agent) [][2]int {
	var list []int
	for _, a := range all {
		if a.Port > 0 {
			list = append(list, a.Port)
		}
	}
	slices.Sort(list)
	var out [][2]int
	for _, p := range slices.Compact(list) {
		if n := len(out); n > 0 && out[n-1][1] == p-1 {
			out[n-1][1] = p
			continue
		}
		out = append(out, [2]int{p, p})
	}
	const mostRanges = 20
	for len(out) > mostRanges {
		near := 0
		for i := range len(out) - 1 {
			if out[i+1][0]-out[i][1] < out[near+1][0]-out[near][1] {
				near = i
			}
		}
		out[near][1] = out[near+1][1]
		out = slices.Delete(out, near+1, near+2)
	}
	return out
}
