package stack

import (
	"github.com/karmacadabra/karmactl/internal/agents"
	"github.com/karmacadabra/karmactl/internal/engine"
	"github.com/karmacadabra/karmactl/internal/provision"
)

// edgePart is the load balancer and what it listens on. Where no agent is public it
// is empty.
type edgePart struct {
	alb         *provision.LoadBalancer
	http, https *provision.Listener
	groups      map[string]*provision.TargetGroup
}

func (s *Stack) edge(n *networkPart, p *platformPart) *edgePart {
	h, cfg := s.Env, s.Config.LoadBalancer
	e := &edgePart{groups: map[string]*provision.TargetGroup{}}
	public := s.Config.Public()
	if len(public) == 0 {
		return e
	}
	subnets := n.public
	if cfg.Internal {
		subnets = n.tasks
	}
	e.alb = add(s, groupEdge, &provision.LoadBalancer{
		Env: h, Subnets: subnets, Internal: cfg.Internal, Group: n.albGroup, Gateway: n.gateway, ServiceRole: p.elb,
		IdleTimeout: cfg.IdleTimeout, DeletionProtection: cfg.DeletionProtection, AccessLogs: cfg.AccessLogs,
	})
	s.alb = e.alb
	var names []string
	for _, a := range public {
		names = append(names, a.Where())
	}
	if !cfg.HTTPS() {
		e.http = add(s, groupEdge, &provision.Listener{Env: h, LoadBalancer: e.alb, Port: 80, Protocol: "HTTP", Agents: names})
		return e
	}
	e.http = add(s, groupEdge, &provision.Listener{Env: h, LoadBalancer: e.alb, Port: 80, Protocol: "HTTP", Redirect: true})
	e.https = add(s, groupEdge, &provision.Listener{Env: h, LoadBalancer: e.alb, Port: 443, Protocol: "HTTPS", Certificate: s.certificate(), Agents: names})
	if cfg.Domain == "" || !cfg.Records { // the DNS of the hosts is their owner's
		return e
	}
	for _, name := range s.Config.RecordNames() {
		add(s, groupEdge, &provision.Record{Env: h, Zone: s.Lookup.HostedZone, Name: name, Type: "A", Alias: e.alb})
	}
	return e
}

// certificate is the one that is there already, or one of the stack's own for the domain.
func (s *Stack) certificate() *provision.CertificateValidation {
	h, cfg := s.Env, s.Config.LoadBalancer
	if cfg.Certificate != "" {
		return provision.GivenCertificate(h, cfg.Certificate)
	}
	cert := add(s, groupEdge, &provision.Certificate{Env: h, Domain: cfg.Domain, SANs: append([]string{"*." + cfg.Domain}, s.Config.ExtraHosts()...)})
	proof := add(s, groupEdge, &provision.ValidationRecords{Env: h, Zone: s.Lookup.HostedZone, Certificate: cert})
	return add(s, groupEdge, &provision.CertificateValidation{Env: h, Certificate: cert, Records: proof})
}

// rules lead the load balancer to an agent: by path and hosts, and where there is a
// domain, and it has no hosts of its own, by <agent>.<domain>.
func (s *Stack) rules(a agents.Agent, e *edgePart, target *provision.TargetGroup) []engine.Node {
	var out []engine.Node
	listener := e.http
	if e.https != nil {
		listener = e.https
		if len(a.Hosts) == 0 {
			out = append(out, add(s, groupEdge, &provision.ListenerRule{
				Env: s.Env, Listener: listener, Group: target, Agent: a.Name, Host: a.Name + "." + s.Config.LoadBalancer.Domain,
				Priority: provision.RulePriority(s.Config.Names(), a.Name, true),
			}))
		}
	}
	return append(out, add(s, groupEdge, &provision.ListenerRule{
		Env: s.Env, Listener: listener, Group: target, Agent: a.Name, Path: a.Path, Hosts: a.Hosts, StripPrefix: a.StripPrefix, Priority: s.rulePriority(a),
	}))
}

// rulePriority is stable whatever other agents there are; see provision.RulePriority.
func (s *Stack) rulePriority(a agents.Agent) int {
	if a.Path != "/" {
		return provision.RulePriority(s.Config.Names(), a.Name, false)
	}
	var roots []string
	for _, other := range s.Config.Public() {
		if other.Path == "/" && len(other.Hosts) > 0 {
			roots = append(roots, other.Name)
		}
	}
	return provision.RootPriority(roots, a.Name)
}
