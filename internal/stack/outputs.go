package stack

import (
	"cmp"
	"slices"
	"strings"

	"github.com/karmacadabra/karmactl/internal/agents"
)

// URLs are where the public agents answer, once the load balancer is known.
func (s *Stack) URLs() map[string]string {
	if s.alb == nil {
		return map[string]string{}
	}
	return URLsOf(s.Config, s.alb.Output("dns_name"))
}

// URLsOf are where the public agents answer, by the DNS name of their load balancer; none where that is "".
func URLsOf(cfg *agents.Config, name string) map[string]string {
	out := map[string]string{}
	if name == "" {
		return out
	}
	scheme, host := "http://", name
	if cfg.LoadBalancer.HTTPS() {
		scheme, host = "https://", cmp.Or(cfg.LoadBalancer.Domain, name)
	}
	for _, a := range cfg.Public() {
		at := host
		if len(a.Hosts) > 0 {
			at = strings.Replace(a.Hosts[0], "*", a.Name, 1)
		}
		out[a.Name] = scheme + at + strings.TrimSuffix(a.Path, "/") + "/"
	}
	return out
}

// ConnectTo is the load balancer's own name where the agents' URLs need not lead to it, since
// load_balancer.records is false; "" where they do, and before it is known.
func (s *Stack) ConnectTo() string {
	if s.alb == nil || s.Config.LoadBalancer.Records {
		return ""
	}
	return s.alb.Output("dns_name")
}

// Notes are what the user should know and need not act on.
func (s *Stack) Notes() []string { return slices.Compact(slices.Sorted(slices.Values(s.notes))) }

// Warnings are what a plan warns of, known from the configuration alone.
func (s *Stack) Warnings() []string {
	out := []string{}
	domain, certificate := s.Config.LoadBalancer.Domain, s.Config.LoadBalancer.Certificate
	public := len(s.Config.Public()) > 0
	if !public {
		for _, k := range []struct{ key, value string }{{"domain", domain}, {"certificate", certificate}} {
			if k.value != "" {
				out = append(out, "no agent is public, so there is no load balancer, and load_balancer."+k.key+" is not used")
			}
		}
	}
	if public && domain == "" {
		for _, h := range s.Config.ExtraHosts() {
			out = append(out, h+" is a name of your own DNS: lead it to the load balancer, whose name karmactl outputs tells")
		}
		if certificate == "" {
			out = append(out, "plain HTTP: without load_balancer.domain there is no certificate, so send no keys through these URLs")
		}
	}
	if public && !s.Config.LoadBalancer.Records {
		out = append(out, "load_balancer.records is false: "+domain+" and the agents' names stay where they lead; karmactl outputs tells how to ask this fleet, and karmactl cutover leads them here")
	}
	if s.Lookup.Certificate != "" {
		out = append(out, s.Lookup.Certificate)
	}
	out = append(out, s.Config.Warnings()...)
	return append(out, s.Notes()...)
}
