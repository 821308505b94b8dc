package document

import "time"

// Secrets is what secrets sync and secrets set have written, or would write. No value is in it.
type Secrets struct {
	Head
	// Stack is project-environment.
	Stack string `json:"stack"`
	// Store is secretsmanager or ssm.
	Store string `json:"store"`
	// DryRun: nothing was written.
	DryRun bool `json:"dry_run"`
	// Summary counts the keys.
	Summary SecretsSummary `json:"summary"`
	// Agents are the agents that were named, or all.
	Agents []SecretsAgent `json:"agents"`
	// Notes are what to know afterwards.
	Notes []string `json:"notes"`
	// Next are commands that bring the values to the agents.
	Next []string `json:"next"`
}

// SecretsSummary counts keys.
type SecretsSummary struct {
	// Created counts keys that were not there.
	Created int `json:"created"`
	// Updated counts keys that got another value.
	Updated int `json:"updated"`
	// Unchanged counts keys that have the same value.
	Unchanged int `json:"unchanged"`
	// Missing counts keys for which no value was given and none is there.
	Missing int `json:"missing"`
}

// SecretsAgent is an agent's own keys.
type SecretsAgent struct {
	// Agent is its name.
	Agent string `json:"agent"`
	// Keys are in the order of agents.yaml.
	Keys []SecretsKey `json:"keys"`
}

// SecretsKey is a key and what became of it.
type SecretsKey struct {
	// Key is the key in the agent's secret.
	Key string `json:"key"`
	// Result is created, updated, unchanged or missing.
	Result string `json:"result"`
}

// SecretsStatus is what is known of the agents' values, none of which was read.
type SecretsStatus struct {
	Head
	// Stack is project-environment.
	Stack string `json:"stack"`
	// Store is secretsmanager or ssm.
	Store string `json:"store"`
	// At is when AWS was asked.
	At time.Time `json:"at"`
	// Agents are the agents that use secrets.
	Agents []AgentSecrets `json:"agents"`
	// Next are commands.
	Next []string `json:"next"`
}

// AgentSecrets are the values of one agent, and the tasks that have them.
type AgentSecrets struct {
	// Agent is its name.
	Agent string `json:"agent"`
	// Values are the variables that come from secrets.
	Values []SecretValue `json:"values"`
	// Tasks are the agent's running tasks.
	Tasks []SecretTask `json:"tasks"`
}

// Older are the tasks that use older values.
func (a AgentSecrets) Older() []SecretTask {
	var out []SecretTask
	for _, t := range a.Tasks {
		if len(t.Older) > 0 {
			out = append(out, t)
		}
	}
	return out
}

// SecretValue is what is known of one variable's value.
type SecretValue struct {
	// Env is the variable's name in the container.
	Env string `json:"env"`
	// Container is the sidecar or init container that has it; not there for the agent's own.
	Container string `json:"container,omitempty"`
	// Key is the key inside of the source; "" when the variable is the whole of it.
	Key string `json:"key"`
	// From is what agents.yaml refers to; not there for the agent's own secret.
	From string `json:"from,omitempty"`
	// Source is the secret or parameter that has it.
	Source string `json:"source"`
	// Value says whether there is one: yes, no or not known.
	Value string `json:"value"`
	// Version and Changed are the source's: which of its keys has changed since
	// is not told by AWS.
	Version string     `json:"version"`
	Changed *time.Time `json:"changed"`
}

// SecretTask is a running task. A task reads its values once, before it starts.
type SecretTask struct {
	// ID is the task's ID.
	ID string `json:"id"`
	// Revision is the revision that it runs.
	Revision int `json:"revision"`
	// Created is when ECS made it.
	Created time.Time `json:"created"`
	// Injected are the variables it got from secrets, Older those of a version
	// that is not the current one any more.
	Injected []string `json:"injected"`
	Older    []string `json:"older"`
}
