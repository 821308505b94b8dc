package stack

import (
	"fmt"
	"hash/fnv"
	"slices"
	"strings"

	"github.com/karmacadabra/karmactl/internal/agents"
	"github.com/karmacadabra/karmactl/internal/engine"
	"github.com/karmacadabra/karmactl/internal/provision"
)

// Steps is the graph, in reading order.
func (s *Stack) Steps() []engine.Step { return s.steps }

// Resources are the typed resources behind the steps, in the same order.
func (s *Stack) Resources() []engine.Node { return s.resources }

// Orphans are the recorded resources that are not in the stack any more.
func (s *Stack) Orphans(entries []engine.Entry) []engine.Step {
	var out []engine.Step
	for _, e := range entries {
		if _, wanted := s.groups[e.Key]; wanted {
			continue
		}
		if k, ok := kind(e.Key.Kind()); ok {
			out = append(out, engine.Orphan(k.Of(s.Home, e.Key.Name()).step, e.Needs))
		} else {
			s.notes = append(s.notes, fmt.Sprintf("%s (%s) is recorded and of a kind that this karmactl does not know: it is left alone", e.Key, e.ID))
		}
	}
	return out
}

// Group is the group of a plan that a key belongs to.
func (s *Stack) Group(k engine.Key) string {
	base, _, _ := strings.Cut(string(k), "#")
	if g := s.groups[engine.Key(base)]; g != "" {
		return g
	}
	for known, g := range s.groups {
		if known.Kind() == engine.Key(base).Kind() {
			return g
		}
	}
	return groupPlatform
}

// AgentOf is the agent that a key belongs to, or "" for what all share. The resource
// says whose it is; one that is only recorded is made from its key to be asked.
func (s *Stack) AgentOf(key engine.Key) string {
	base, _, _ := strings.Cut(string(key), "#")
	key = engine.Key(base)
	if n, ok := s.byKey[key]; ok {
		return provision.AgentOf(n)
	}
	if k, ok := kind(key.Kind()); ok {
		return provision.AgentOf(k.Of(s.Home, key.Name()).node)
	}
	return ""
}

// Only chooses what some agents need: what is theirs and what all share.
func (s *Stack) Only(names []string) func(engine.Key) bool {
	return func(k engine.Key) bool {
		a := s.AgentOf(k)
		return a == "" || slices.Contains(names, a)
	}
}

// OnlyOf chooses what belongs to some agents alone.
func (s *Stack) OnlyOf(names []string) func(engine.Key) bool {
	return func(k engine.Key) bool { return slices.Contains(names, s.AgentOf(k)) }
}

// Keep is why something is not deleted: what holds data that cannot be had back,
// and what belongs to the account.
func (s *Stack) Keep(o DownOptions) func(engine.Key) string {
	return func(key engine.Key) string {
		if k, ok := kind(key.Kind()); ok && k.Kept != nil {
			return k.Kept(o)
		}
		return ""
	}
}

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
	return append(out, s.Notes()...)
}

// About says in a line what a group is made of.
func (s *Stack) About(group string) string {
	cfg := s.Config
	var parts []string
	switch group {
	case groupNetwork:
		parts = []string{"vpc " + cfg.Network.CIDR, fmt.Sprintf("%d AZ", len(s.Lookup.Zones)), "nat " + string(cfg.Network.NAT)}
		if cfg.Network.HasEndpoint("s3") {
			parts = append(parts, "s3 endpoint")
		}
		if n := len(cfg.Network.InterfaceEndpoints()); n > 0 {
			parts = append(parts, fmt.Sprintf("%d interface endpoints", n))
		}
	case groupEdge:
		proto := "alb http"
		if cfg.LoadBalancer.Domain != "" {
			proto = "alb https " + cfg.LoadBalancer.Domain
		}
		a := cfg.Agents[0]
		route := fmt.Sprintf("/%s/* → :%d", a.Name, a.Port)
		if cfg.LoadBalancer.StripPrefix {
			route += " (prefix stripped)"
		}
		parts = []string{proto, route}
		if len(cfg.Agents) > 1 {
			parts[1] += " …"
		}
	case groupPlatform:
		parts = []string{"cluster", "namespace", fmt.Sprintf("log groups %dd", cfg.Observability.LogRetentionDays)}
		if cfg.Observability.Dashboard {
			parts = append(parts, "dashboard")
		}
		parts = append(parts, fmt.Sprintf("%d ecr", len(cfg.Agents)))
	case groupAgents:
		return strings.Join(agentNames(cfg.Agents), " ")
	}
	return strings.Join(parts, " · ")
}

func agentNames(all []agents.Agent) []string {
	out := make([]string, len(all))
	for i, a := range all {
		out[i] = a.Name
	}
	return out
}

// callees orders agents so that each comes after those it calls; agents.Load has
// refused cycles.
func callees(all []agents.Agent) []agents.Agent {
	byName := map[string]agents.Agent{}
	for _, a := range all {
		byName[a.Name] = a
	}
	var out []agents.Agent
	seen := map[string]bool{}
	var visit func(a agents.Agent)
	visit = func(a agents.Agent) {
		if seen[a.Name] {
			return
		}
		seen[a.Name] = true
		for _, c := range a.Calls {
			visit(byName[c])
		}
		out = append(out, a)
	}
	for _, a := range all {
		visit(a)
	}
	return out
}

// priority of an agent's rule, stable whatever other agents there are: a hash of
// the name, and the next free number where two collide. AWS takes 1 to 50000.
func (s *Stack) priority(agent string, host bool) int {
	taken := map[int]bool{}
	for _, name := range slices.Sorted(slices.Values(agentNames(s.Config.Agents))) {
		for _, h := range []bool{false, true} {
			sum := fnv.New32a()
			_, _ = fmt.Fprintf(sum, "%s/%t", name, h) // a hash never fails to be written to
			p := int(sum.Sum32()%49999) + 1
			for taken[p] {
				p = p%50000 + 1
			}
			taken[p] = true
			if name == agent && h == host {
				return p
			}
		}
	}
	return 0
}

// ports joins neighbouring ports into ranges: a security group takes 60 rules.
// Agents that share a port share its rule.
func ports(all []agents.Agent) [][2]int {
	var list []int
	for _, a := range all {
		list = append(list, a.Port)
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
	return out
}
