package stack

import (
	"fmt"
	"slices"
	"strings"

	"github.com/karmacadabra/karmactl/internal/agents"
	"github.com/karmacadabra/karmactl/internal/engine"
	"github.com/karmacadabra/karmactl/internal/provision"
)

// The groups of a plan, in the order in which they are shown.
const (
	groupNetwork  = "network"
	groupEdge     = "edge"
	groupPlatform = "platform"
	groupAgents   = "agents"
)

// Groups are the groups of a plan, in order.
func Groups() []string { return []string{groupNetwork, groupEdge, groupPlatform, groupAgents} }

// Group is the group of a plan that a key belongs to.
func (s *Stack) Group(k engine.Key) string {
	k = k.Base()
	if g := s.groups[k]; g != "" {
		return g
	}
	for known, g := range s.groups {
		if known.Kind() == k.Kind() {
			return g
		}
	}
	switch k.Kind() { // kinds that a stack may have none of any more
	case "alb", "target-group", "listener", "rule", "certificate", "certificate-validation", "record":
		return groupEdge
	case "endpoint", "eip", "nat", "eni", "launch-template", "asg":
		return groupNetwork
	}
	return groupPlatform
}

// About says in a line what a group is made of, where only some agents are meant of these and what they share.
func (s *Stack) About(group string, only []string) string {
	cfg := s.Config
	meant := func(n string) bool { return len(only) == 0 || slices.Contains(only, n) }
	others := func(n string) bool { return !meant(n) }
	var parts []string
	switch group {
	case groupNetwork:
		parts = s.aboutNetwork()
	case groupEdge:
		parts = s.aboutEdge(meant)
	case groupPlatform:
		parts = []string{"cluster", "namespace", fmt.Sprintf("log groups %dd", cfg.Observability.LogRetentionDays)}
		if cfg.Observability.Dashboard {
			parts = append(parts, "dashboard")
		}
		parts = append(parts, fmt.Sprintf("%d ecr", len(slices.DeleteFunc(cfg.Names(), others))))
		if cfg.HasOwnVolumes() {
			parts = append(parts, "efs")
		}
	case groupAgents:
		parts = []string{strings.Join(slices.DeleteFunc(cfg.Names(), others), " ")}
		jobs := slices.DeleteFunc(cfg.JobNames(), func(n string) bool { return !meant(n) && !meant(cfg.Jobs[n].Agent) })
		if len(jobs) > 0 {
			parts = append(parts, "jobs "+strings.Join(jobs, " "))
		}
	}
	return strings.Join(parts, " · ")
}

func (s *Stack) aboutNetwork() []string {
	n := s.Config.Network
	if n.VPC != "" {
		parts := []string{n.VPC + ", there already"}
		for tier, ids := range map[string][]string{provision.TierPublic: n.Public, provision.TierPrivate: n.Private} {
			if len(ids) > 0 {
				parts = append(parts, fmt.Sprintf("%d %s subnets", len(ids), tier))
			}
		}
		slices.Sort(parts[1:])
		return parts
	}
	parts := []string{"vpc " + n.CIDR, fmt.Sprintf("%d AZ", len(s.Lookup.Zones)), "nat " + string(n.NAT)}
	if n.IPv6 {
		parts = append(parts, "ipv6")
	}
	if n.HasEndpoint("s3") {
		parts = append(parts, "s3 endpoint")
	}
	if n := len(n.InterfaceEndpoints()); n > 0 {
		parts = append(parts, fmt.Sprintf("%d interface endpoints", n))
	}
	return parts
}

func (s *Stack) aboutEdge(meant func(string) bool) []string {
	cfg, public := s.Config, s.Config.Public()
	if len(public) == 0 {
		return []string{"no load balancer: no agent is public"}
	}
	proto := "alb http"
	if cfg.LoadBalancer.HTTPS() {
		proto = strings.TrimSpace("alb https " + cfg.LoadBalancer.Domain)
	}
	if cfg.LoadBalancer.Internal {
		proto = "internal " + proto
	}
	public = slices.DeleteFunc(public, func(a agents.Agent) bool { return !meant(a.Name) })
	if len(public) == 0 {
		return []string{proto}
	}
	a := public[0]
	route := fmt.Sprintf("%s* → :%d", a.Where(), a.Port)
	if a.StripPrefix && a.Path != "/" {
		route += " (prefix stripped)"
	}
	if more := len(public) - 1; more > 0 {
		route += fmt.Sprintf(" and %d more", more)
	}
	return []string{proto, route}
}
