package provision

import (
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
	have, found := o.Have.(ServiceSpec)
	want, wanted := o.Want.(ServiceSpec)
	return o.Verb == engine.Create || o.Verb == engine.Update && found && wanted && have.rolls(want)
}

// rolls tells whether AWS begins a deployment for the change to want.
func (s ServiceSpec) rolls(want ServiceSpec) bool {
	return s.TaskDefinition != want.TaskDefinition || !s.Capacity.Equal(want.Capacity) || !s.Network.Equal(want.Network) || s.Target != want.Target ||
		s.Connect != want.Connect || !s.Resolves.Equal(want.Resolves) || s.Exec != want.Exec || s.Failed != want.Failed
}
