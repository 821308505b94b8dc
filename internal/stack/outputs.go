package stack

import (
	"slices"
	"strings"
)

// URLs are where the public agents answer, once the load balancer is known.
func (s *Stack) URLs() map[string]string {
	out := map[string]string{}
	if s.alb == nil {
		return out
	}
	name := s.alb.Output("dns_name")
	if name == "" {
		return out
	}
	scheme, host := "http://", name
	if d := s.Config.LoadBalancer.Domain; d != "" {
		scheme, host = "https://", d
	}
	for _, a := range s.Config.Public() {
		at := host
		if len(a.Hosts) > 0 {
			at = strings.Replace(a.Hosts[0], "*", a.Name, 1)
		}
		out[a.Name] = scheme + at + strings.TrimSuffix(a.Path, "/") + "/"
	}
	return out
}

// Notes are what the user should know and need not act on.
func (s *Stack) Notes() []string { return slices.Compact(slices.Sorted(slices.Values(s.notes))) }

// Warnings are what a plan warns of, known from the configuration alone.
func (s *Stack) Warnings() []string {
	out := []string{}
	domain := s.Config.LoadBalancer.Domain
	switch public := len(s.Config.Public()) > 0; {
	case !public && domain != "":
		out = append(out, "no agent is public, so there is no load balancer, and load_balancer.domain is not used")
	case public && domain == "":
		for _, h := range s.Config.ExtraHosts() {
			out = append(out, h+" is a name of your own DNS: lead it to the load balancer, whose name karmactl outputs tells")
		}
		out = append(out, "plain HTTP: without load_balancer.domain there is no certificate, so send no keys through these URLs")
	}
	out = append(out, s.Config.Warnings()...)
	return append(out, s.Notes()...)
}
