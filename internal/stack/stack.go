// Package stack is the model: which resources a stack has, how they refer to each
// other, and what holds for them together (the groups of a plan, what sleeps, what
// down keeps, which quotas they need). Start with stack.go, which reads like the
// architecture drawing. How each resource is made is in internal/provision.
package stack

import (
	"slices"

	"github.com/karmacadabra/karmactl/internal/agents"
	"github.com/karmacadabra/karmactl/internal/engine"
	"github.com/karmacadabra/karmactl/internal/provision"
)

// Stack is every resource of one environment. New reads like the
// architecture drawing.
type Stack struct {
	*provision.Home
	Config *agents.Config
	Lookup Lookup

	steps     []engine.Step
	resources []engine.Node
	byKey     map[engine.Key]engine.Node
	groups    map[engine.Key]string
	alb       *provision.LoadBalancer
	notes     []string
}

// The groups of a plan, in the order in which they are shown.
const (
	groupNetwork  = "network"
	groupEdge     = "edge"
	groupPlatform = "platform"
	groupAgents   = "agents"
)

// Groups are the groups of a plan, in order.
func Groups() []string { return []string{groupNetwork, groupEdge, groupPlatform, groupAgents} }

// New is the stack of a configuration. Nothing is called.
func New(cfg *agents.Config, home *provision.Home, facts Lookup) *Stack {
	s := &Stack{Home: home, Config: cfg, Lookup: facts, byKey: map[engine.Key]engine.Node{}, groups: map[engine.Key]string{}}
	net := s.network()
	platform := s.platform()
	edge := s.edge(net, platform)
	deployed := map[string]*provision.Service{}
	for _, agent := range callees(cfg.Agents) {
		deployed[agent.Name] = s.agent(agent, net, platform, edge, deployed)
	}
	s.watching(platform, edge)
	return s
}

// add puts a resource into the stack.
func add[S any, R engine.Resource[S]](s *Stack, group string, r R) R {
	s.steps = append(s.steps, engine.Manage[S](r))
	s.resources = append(s.resources, r)
	s.byKey[r.Key()] = r
	s.groups[r.Key()] = group
	return r
}

// networkPart is the VPC and its ways out.
type networkPart struct {
	vpc                   *provision.VPC
	gateway               *provision.InternetGateway
	public                []*provision.Subnet
	tasks                 []*provision.Subnet // where the tasks run
	albGroup, agentsGroup *provision.SecurityGroup
	// ways are what has to be there for a task to reach its registry.
	ways []engine.Node
	// nat is false when tasks have public addresses of their own.
	nat bool
}

func (s *Stack) network() *networkPart {
	cfg, h := s.Config.Network, s.Home
	n := &networkPart{nat: cfg.NAT != agents.NATNone}
	n.vpc = add(s, groupNetwork, &provision.VPC{Home: h, CIDR: cfg.CIDR})
	n.gateway = add(s, groupNetwork, &provision.InternetGateway{Home: h, VPC: n.vpc})

	publicTable := add(s, groupNetwork, &provision.RouteTable{Home: h, VPC: n.vpc, Name: "public"})
	tables := []*provision.RouteTable{publicTable}
	out := add(s, groupNetwork, &provision.Route{Home: h, Table: publicTable, Gateway: n.gateway})
	var nat *provision.NATGateway
	for i, az := range s.Lookup.Zones {
		public := add(s, groupNetwork, &provision.Subnet{Home: h, VPC: n.vpc, Tier: "public", AZ: az, CIDR: subnetCIDR(cfg.CIDR, len(s.Lookup.Zones), 0, i)})
		way := add(s, groupNetwork, &provision.RouteTableAssociation{Home: h, Table: publicTable, Subnet: public})
		n.public = append(n.public, public)
		private := add(s, groupNetwork, &provision.Subnet{Home: h, VPC: n.vpc, Tier: "private", AZ: az, CIDR: subnetCIDR(cfg.CIDR, len(s.Lookup.Zones), 1, i)})
		table := add(s, groupNetwork, &provision.RouteTable{Home: h, VPC: n.vpc, Name: "private-" + az})
		tables = append(tables, table)
		if !n.nat {
			add(s, groupNetwork, &provision.RouteTableAssociation{Home: h, Table: table, Subnet: private})
			n.tasks = append(n.tasks, public)
			n.ways = append(n.ways, out, way)
			continue
		}
		if nat == nil || cfg.NAT == agents.NATPerAZ {
			address := add(s, groupNetwork, &provision.ElasticIP{Home: h, AZ: az})
			nat = add(s, groupNetwork, &provision.NATGateway{Home: h, AZ: az, Subnet: public, Address: address, Gateway: n.gateway})
		}
		n.ways = append(n.ways,
			add(s, groupNetwork, &provision.Route{Home: h, Table: table, NAT: nat}),
			add(s, groupNetwork, &provision.RouteTableAssociation{Home: h, Table: table, Subnet: private}))
		n.tasks = append(n.tasks, private)
	}
	s.securityGroups(n)
	s.endpoints(n, tables)
	return n
}

// securityGroups is least privilege: the internet reaches the load balancer,
// the load balancer each agent's port, the agents each other's ports.
func (s *Stack) securityGroups(n *networkPart) {
	h := s.Home
	web := []provision.Rule{{Port: 80, CIDR: "0.0.0.0/0", Description: "HTTP from the internet"}}
	if s.Config.LoadBalancer.Domain != "" {
		web = append(web, provision.Rule{Port: 443, CIDR: "0.0.0.0/0", Description: "HTTPS from the internet"})
	}
	n.albGroup = add(s, groupNetwork, &provision.SecurityGroup{Home: h, VPC: n.vpc, Name: "alb", Purpose: "The load balancer of " + s.Stack, Ingress: web})
	var inside []provision.Rule
	for _, p := range ports(s.Config.Agents) {
		inside = append(inside,
			provision.Rule{Port: p[0], To: p[1], From: n.albGroup, Description: "agents from the load balancer"},
			provision.Rule{Port: p[0], To: p[1], Self: true, Description: "agents from each other"})
	}
	n.agentsGroup = add(s, groupNetwork, &provision.SecurityGroup{Home: h, VPC: n.vpc, Name: "agents", Purpose: "The agents of " + s.Stack, Ingress: inside})
}

// endpoints are the free S3 gateway and the interface endpoints asked for, which
// cost $7.30 a month for each AZ.
func (s *Stack) endpoints(n *networkPart, tables []*provision.RouteTable) {
	cfg, h := s.Config.Network, s.Home
	var group *provision.SecurityGroup
	if len(cfg.InterfaceEndpoints()) > 0 {
		group = add(s, groupNetwork, &provision.SecurityGroup{
			Home: h, VPC: n.vpc, Name: "endpoints", Purpose: "The VPC endpoints of " + s.Stack,
			Ingress: []provision.Rule{{Port: 443, From: n.agentsGroup, Description: "HTTPS from the agents"}},
		})
	}
	for _, service := range cfg.Endpoints {
		e := &provision.VPCEndpoint{Home: h, VPC: n.vpc, Service: service}
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

// platformPart is what the agents share beside the network.
type platformPart struct {
	ecs, elb, scaling *provision.ServiceLinkedRole
	namespace         *provision.Namespace
	cluster           *provision.Cluster
	topic             *provision.Topic
}

func (s *Stack) platform() *platformPart {
	h, cfg := s.Home, s.Config
	p := &platformPart{
		ecs:     add(s, groupPlatform, &provision.ServiceLinkedRole{Home: h, Service: "ecs"}),
		elb:     add(s, groupPlatform, &provision.ServiceLinkedRole{Home: h, Service: "elasticloadbalancing"}),
		scaling: add(s, groupPlatform, &provision.ServiceLinkedRole{Home: h, Service: "ecs.application-autoscaling"}),
	}
	p.namespace = add(s, groupPlatform, &provision.Namespace{Home: h, Name: cfg.Network.Namespace})
	p.cluster = add(s, groupPlatform, &provision.Cluster{Home: h, Insights: insightsSetting(cfg.Observability.ContainerInsights), Namespace: p.namespace, ServiceRole: p.ecs})
	if emails := cfg.Observability.Alarms.Emails; len(emails) > 0 {
		p.topic = add(s, groupPlatform, &provision.Topic{Home: h})
		for _, e := range emails {
			add(s, groupPlatform, &provision.Subscription{Home: h, Topic: p.topic, Email: e})
		}
	}
	if cfg.Observability.XRay {
		add(s, groupPlatform, &provision.SamplingRule{Home: h})
	}
	if b := cfg.Budget; b.MonthlyUSD != "" && len(b.Emails) > 0 {
		add(s, groupPlatform, &provision.Budget{Home: h, MonthlyUSD: b.MonthlyUSD, Emails: b.Emails})
	}
	return p
}

// insightsSetting is the cluster setting in AWS's words.
func insightsSetting(i agents.Insights) string {
	switch i {
	case agents.InsightsOn:
		return "enabled"
	case agents.InsightsEnhanced:
		return "enhanced"
	default:
		return "disabled"
	}
}

// edgePart is the load balancer and what it listens on.
type edgePart struct {
	alb         *provision.LoadBalancer
	http, https *provision.Listener
	groups      map[string]*provision.TargetGroup
}

func (s *Stack) edge(n *networkPart, p *platformPart) *edgePart {
	h, cfg := s.Home, s.Config.LoadBalancer
	e := &edgePart{groups: map[string]*provision.TargetGroup{}}
	e.alb = add(s, groupEdge, &provision.LoadBalancer{
		Home: h, Subnets: n.public, Group: n.albGroup, Gateway: n.gateway, ServiceRole: p.elb,
		IdleTimeout: cfg.IdleTimeout, DeletionProtection: cfg.DeletionProtection, AccessLogs: cfg.AccessLogs,
	})
	s.alb = e.alb
	names := agentNames(s.Config.Agents)
	if cfg.Domain == "" {
		e.http = add(s, groupEdge, &provision.Listener{Home: h, LoadBalancer: e.alb, Port: 80, Protocol: "HTTP", Agents: names})
		return e
	}
	e.http = add(s, groupEdge, &provision.Listener{Home: h, LoadBalancer: e.alb, Port: 80, Protocol: "HTTP", Redirect: true})
	cert := add(s, groupEdge, &provision.Certificate{Home: h, Domain: cfg.Domain, SANs: []string{"*." + cfg.Domain}})
	proof := add(s, groupEdge, &provision.ValidationRecords{Home: h, Zone: s.Lookup.HostedZone, Certificate: cert})
	valid := add(s, groupEdge, &provision.CertificateValidation{Home: h, Certificate: cert, Records: proof})
	e.https = add(s, groupEdge, &provision.Listener{Home: h, LoadBalancer: e.alb, Port: 443, Protocol: "HTTPS", Certificate: valid, Agents: names})
	for _, name := range []string{cfg.Domain, "*." + cfg.Domain} {
		add(s, groupEdge, &provision.Record{Home: h, Zone: s.Lookup.HostedZone, Name: name, Type: "A", Alias: e.alb})
	}
	return e
}

// agent is one agent from its repository to its autoscaling.
func (s *Stack) agent(a agents.Agent, n *networkPart, p *platformPart, e *edgePart, deployed map[string]*provision.Service) *provision.Service {
	h, cfg := s.Home, s.Config
	repository := add(s, groupPlatform, &provision.Repository{Home: h, Agent: a.Name})
	logs := add(s, groupPlatform, &provision.LogGroup{Home: h, Agent: a.Name, RetentionDays: cfg.Observability.LogRetentionDays})
	add(s, groupPlatform, &provision.MetricFilter{Home: h, Group: logs})
	target := add(s, groupEdge, &provision.TargetGroup{Home: h, VPC: n.vpc, LoadBalancer: e.alb, Agent: a.Name, Port: a.Port, Health: a.Health})
	e.groups[a.Name] = target
	rules := s.rules(a, e, target)
	secrets := s.secrets(a)

	execution := add(s, groupAgents, &provision.Role{Home: h, Kind: provision.ExecutionRole, Agent: a.Name, Policy: s.executionPolicy(a, secrets)})
	task := add(s, groupAgents, &provision.Role{Home: h, Kind: provision.TaskRole, Agent: a.Name, Policy: provision.TaskPolicy(a.Exec, cfg.Observability.XRay)})
	definition := add(s, groupAgents, &provision.TaskDefinition{
		Home: h, Agent: a, Execution: execution, Task: task, Repository: repository, Group: logs,
		Secret: secrets.secret, Parameters: secrets.parameters, XRay: cfg.Observability.XRay,
	})
	service := &provision.Service{
		Home: h, Agent: a, Cluster: p.cluster, TaskDefinition: definition, TargetGroup: target, Group: n.agentsGroup,
		Subnets: n.tasks, PublicIP: !n.nat, Namespace: p.namespace, Order: slices.Concat(n.ways, rules),
	}
	for _, name := range a.Calls {
		service.Callees = append(service.Callees, deployed[name])
	}
	add(s, groupAgents, service)

	bounds := add(s, groupAgents, &provision.ScalableTarget{Home: h, Service: service, Agent: a.Name, Min: a.Scale.Min, Max: a.Scale.Max, ServiceRole: p.scaling})
	if a.Scale.CPUPercent > 0 {
		add(s, groupAgents, &provision.ScalingPolicy{Home: h, Target: bounds, Metric: provision.ScaleByCPU, Percent: float64(a.Scale.CPUPercent)})
	}
	if a.Scale.MemoryPercent > 0 {
		add(s, groupAgents, &provision.ScalingPolicy{Home: h, Target: bounds, Metric: provision.ScaleByMemory, Percent: float64(a.Scale.MemoryPercent)})
	}
	return service
}

// rules lead the load balancer to an agent: by path, and by host where there is
// a domain.
func (s *Stack) rules(a agents.Agent, e *edgePart, target *provision.TargetGroup) []engine.Node {
	listener, strip := e.http, s.Config.LoadBalancer.StripPrefix
	if e.https != nil {
		listener = e.https
		host := add(s, groupEdge, &provision.ListenerRule{
			Home: s.Home, Listener: listener, Group: target, Agent: a.Name, Host: a.Name + "." + s.Config.LoadBalancer.Domain,
			Priority: s.priority(a.Name, true),
		})
		return []engine.Node{host, add(s, groupEdge, &provision.ListenerRule{
			Home: s.Home, Listener: listener, Group: target, Agent: a.Name, StripPrefix: strip, Priority: s.priority(a.Name, false),
		})}
	}
	return []engine.Node{add(s, groupEdge, &provision.ListenerRule{
		Home: s.Home, Listener: listener, Group: target, Agent: a.Name, StripPrefix: strip, Priority: s.priority(a.Name, false),
	})}
}

// watching is the alarms of every agent and the dashboard.
func (s *Stack) watching(p *platformPart, e *edgePart) {
	cfg := s.Config.Observability
	if cfg.Alarms.Enabled {
		for _, a := range s.Config.Agents {
			for _, alarm := range s.alarms(a, p, e) {
				add(s, groupAgents, alarm)
			}
		}
	}
	if cfg.Dashboard {
		var watched []provision.Watched
		for _, a := range s.Config.Agents {
			watched = append(watched, provision.Watched{Agent: a.Name, TargetGroup: e.groups[a.Name]})
		}
		add(s, groupPlatform, &provision.Dashboard{Home: s.Home, Agents: watched, LoadBalancer: e.alb})
	}
}
