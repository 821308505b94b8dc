package stack

import (
	"maps"
	"slices"
	"strings"

	"github.com/karmacadabra/karmactl/internal/agents"
	"github.com/karmacadabra/karmactl/internal/cloud"
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
	for _, x := range a.AllSecrets() {
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
// secrets, no other agent's, and what its entry in the file names.
func (s *Stack) executionPolicy(a agents.Agent, own agentSecrets) provision.Policy {
	r := provision.Readable{LogGroup: s.LogGroupName(a.Name)}
	if !s.Config.Jobs[a.Name].HasImage() { // a job has no repository
		r.Repositories = []string{s.Account.ARN("ecr", "repository/"+s.RepositoryName(a.Name))}
	}
	for _, j := range s.Config.JobsOf(a.Name) {
		if !j.HasImage() {
			r.JobLogGroups = append(r.JobLogGroups, s.LogGroupName(j.Name))
		}
	}
	images := []string{a.Image}
	for _, c := range a.Containers() {
		images = append(images, c.Image)
	}
	for _, image := range images {
		if arn := provision.ECRRepository(s.Account, image); arn != "" && !slices.Contains(r.Repositories, arn) {
			r.Repositories = append(r.Repositories, arn)
		}
	}
	if own.secret != nil {
		r.Secrets = append(r.Secrets, provision.NamedSecret(s.Account, s.SecretName(a.Name)))
	}
	for _, p := range own.parameters {
		r.Parameters = append(r.Parameters, s.Account.ARN("ssm", "parameter"+s.ParameterName(a.Name, p.Name)))
	}
	for _, host := range slices.Sorted(maps.Keys(s.Config.Registries)) { // whichever the next deploy brings an image from
		r.Secrets = append(r.Secrets, readable(s.Account, s.Config.Registries[host])...)
	}
	for _, x := range a.AllSecrets() {
		switch {
		case x.From == "":
		case strings.HasPrefix(x.From, "/"): // parameters are those whose name starts with a slash
			r.Parameters = append(r.Parameters, s.Account.ARN("ssm", "parameter"+x.From))
		case strings.HasPrefix(x.From, "arn:") && strings.Contains(x.From, ":ssm:"):
			r.Parameters = append(r.Parameters, x.From)
		default:
			r.Secrets = append(r.Secrets, readable(s.Account, x.From)...)
		}
	}
	return provision.ExecutionPolicy(s.Account, r)
}

// readable is a secret by its name or ARN, as a policy has it.
func readable(account cloud.Account, from string) []string {
	if strings.HasPrefix(from, "arn:") {
		return provision.WrittenSecret(from)
	}
	return []string{provision.NamedSecret(account, from)}
}
