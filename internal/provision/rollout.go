package provision

import (
	"slices"

	"github.com/karmacadabra/karmactl/internal/engine"
)

// Family is the name of an agent's task definitions.
func (h *Env) Family(agent string) string { return h.family(agent) }

// ClusterName is the name of the stack's cluster.
func (h *Env) ClusterName() string { return h.clusterName() }

// ServiceName is the name of an agent's service.
func (h *Env) ServiceName(agent string) string { return h.serviceName(agent) }

// LogGroupName is the name of an agent's log group.
func (h *Env) LogGroupName(agent string) string { return h.logGroupName(agent) }

// RepositoryURI is where an agent's images are pushed to, known before it is made.
func (h *Env) RepositoryURI(agent string) string {
	suffix := "amazonaws.com"
	if h.Account.Partition == "aws-cn" {
		suffix += ".cn"
	}
	return h.Account.ID + ".dkr.ecr." + h.Account.Region + "." + suffix + "/" + h.RepositoryName(agent)
}

// Deploys tells whether a service's changes begin a deployment; tags, the circuit
// breaker and other settings do not.
func Deploys(o engine.Outcome) bool {
	if o.Verb == engine.Create {
		return true
	}
	return slices.ContainsFunc(o.Changes, func(c engine.Change) bool {
		return slices.Contains([]string{"task_definition", "capacity", "subnets", "security_groups", "public_ip", "target_group", "service_connect", "resolves", "exec", "deployment"}, c.Field)
	})
}
