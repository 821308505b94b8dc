package stack

import (
	"slices"
)

// URLs are where the agents answer, once the load balancer is known.
func (s *Stack) URLs() map[string]string {
	out := map[string]string{}
	name := s.alb.Output("dns_name")
	if name == "" {
		return out
	}
	base := "http://" + name
	if d := s.Config.LoadBalancer.Domain; d != "" {
		base = "https://" + d
	}
	for _, a := range s.Config.Agents {
		out[a.Name] = base + "/" + a.Name + "/"
	}
	return out
}

// Notes are what the user should know and need not act on.
func (s *Stack) Notes() []string { return slices.Compact(slices.Sorted(slices.Values(s.notes))) }

// Warnings are what a plan warns of, known from the configuration alone.
func (s *Stack) Warnings() []string {
	out := []string{}
	if s.Config.LoadBalancer.Domain == "" {
		out = append(out, "plain HTTP: without load_balancer.domain there is no certificate, so send no keys through these URLs")
	}
	out = append(out, s.Config.Warnings()...)
	return append(out, s.Notes()...)
}
