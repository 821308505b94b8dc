package provision

import (
	"fmt"
	"slices"
	"strings"

	"github.com/karmacadabra/karmactl/internal/agents"
	"github.com/karmacadabra/karmactl/internal/engine"
)

// Deploy makes the stack want images, by agent and by digest, in those agents'
// task definitions, and not wait for their tasks. There is no second diff: a
// walk over the stack goes on to decide what that changes.
func (s *Stack) Deploy(images map[string]string) {
	s.Run(images)
	for _, n := range s.resources {
		if r, ok := n.(*Service); ok {
			_, r.Detached = images[r.Agent.Name]
		}
	}
}

// Run makes the stack want images as Deploy does, and wait for their tasks.
func (s *Stack) Run(images map[string]string) {
	for _, n := range s.resources {
		if r, ok := n.(*TaskDefinition); ok {
			r.Deploy = images[r.Agent.Name]
		}
	}
}

// Ready refuses to deploy into a stack that is not there: what the agents refer
// to and a deploy does not make.
func (s *Stack) Ready(names []string, res *engine.Result) error {
	chosen := s.OnlyOf(names)
	var missing []string
	for _, n := range s.resources {
		if !chosen(n.Key()) {
			continue
		}
		for _, need := range n.Needs() {
			o, ok := res.Get(need.Key())
			if !chosen(need.Key()) && ok && o.Err == nil && o.ID == "" && !slices.Contains(missing, string(need.Key())) {
				missing = append(missing, string(need.Key()))
			}
		}
	}
	if len(missing) == 0 {
		return nil
	}
	return fmt.Errorf("the stack is not up: %s is not there: run karmactl up first", strings.Join(missing, ", "))
}

// Callees orders agents so that each comes after those it calls, in levels that
// may go side by side. Only the chosen agents count.
func Callees(all []agents.Agent, chosen []string) [][]string {
	level := map[string]int{}
	var out [][]string
	for _, a := range callees(all) {
		n := 0
		for _, c := range a.Calls {
			n = max(n, level[c])
		}
		level[a.Name] = n
		if !slices.Contains(chosen, a.Name) {
			continue
		}
		level[a.Name]++
		for len(out) <= n {
			out = append(out, nil)
		}
		out[n] = append(out[n], a.Name)
	}
	return slices.DeleteFunc(out, func(l []string) bool { return len(l) == 0 })
}

// Family is the name of an agent's task definitions.
func (h *Home) Family(agent string) string { return h.family(agent) }

// ClusterName is the name of the stack's cluster.
func (h *Home) ClusterName() string { return h.clusterName() }

// ServiceName is the name of an agent's service.
func (h *Home) ServiceName(agent string) string { return h.serviceName(agent) }

// LogGroupName is the name of an agent's log group.
func (h *Home) LogGroupName(agent string) string { return h.logGroupName(agent) }

// RepositoryURI is where an agent's images are pushed to, known before it is made.
func (h *Home) RepositoryURI(agent string) string {
	suffix := "amazonaws.com"
	if h.Account.Partition == "aws-cn" {
		suffix += ".cn"
	}
	return h.Account.ID + ".dkr.ecr." + h.Account.Region + "." + suffix + "/" + h.RepositoryName(agent)
}

// Deploys tells whether a service's changes begin a deployment; tags, the circuit
// breaker and the like do not.
func Deploys(o engine.Outcome) bool {
	if o.Verb == engine.Create {
		return true
	}
	return slices.ContainsFunc(o.Changes, func(c engine.Change) bool {
		return slices.Contains([]string{"task_definition", "capacity", "subnets", "security_groups", "public_ip", "target_group", "service_connect", "resolves", "exec"}, c.Field)
	})
}
