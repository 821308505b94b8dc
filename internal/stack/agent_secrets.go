package stack

import (
	"strings"

	"github.com/karmacadabra/karmactl/internal/agents"
	"github.com/karmacadabra/karmactl/internal/provision"
)

// agentSecrets is where an agent's own values are: one flat secret, or a
// parameter for each key.
type agentSecrets struct {
	secret     *provision.Secret
	parameters []*provision.Parameter
}

// secrets of an agent. One that has only references to what is there already,
// or none, needs nothing of its own.
func (s *Stack) secrets(a agents.Agent) agentSecrets {
	var out agentSecrets
	nested := &provision.NestedSecret{Env: s.Env, Name: s.Config.Secrets.Nested, Entry: s.Config.Secrets.Entry}
	seen := map[string]bool{}
	for _, x := range a.Secrets {
		if x.From != "" || seen[x.Key] {
			continue
		}
		seen[x.Key] = true
		if s.Config.Secrets.Store == agents.StoreSSM {
			out.parameters = append(out.parameters, add(s, groupAgents, &provision.Parameter{Env: s.Env, AgentName: a.Name, Name: x.Key, Nested: nested}))
		} else if out.secret == nil {
			out.secret = add(s, groupAgents, &provision.Secret{Env: s.Env, Agent: a, Nested: nested})
		}
	}
	return out
}

// executionPolicy lets ECS start this agent: its own repository, log group and
// secrets, and no other agent's.
func (s *Stack) executionPolicy(a agents.Agent, own agentSecrets) string {
	var arns []string
	if own.secret != nil {
		arns = append(arns, s.Account.ARN("secretsmanager", "secret:"+s.SecretName(a.Name)))
	}
	for _, p := range own.parameters {
		arns = append(arns, s.Account.ARN("ssm", "parameter"+s.ParameterName(a.Name, p.Name)))
	}
	for _, x := range a.Secrets {
		if x.From != "" {
			arns = append(arns, s.referenced(x.From))
		}
	}
	return provision.ExecutionPolicy(s.Account, s.RepositoryName(a.Name), s.LogGroupName(a.Name), arns)
}

// referenced is the ARN of an existing secret or parameter: parameters are those
// whose name starts with a slash.
func (s *Stack) referenced(from string) string {
	switch {
	case strings.HasPrefix(from, "arn:"):
		return from
	case strings.HasPrefix(from, "/"):
		return s.Account.ARN("ssm", "parameter"+from)
	default:
		return s.Account.ARN("secretsmanager", "secret:"+from)
	}
}
