package provision

import (
	"context"
	"fmt"
	"time"

	"github.com/karmacadabra/karmactl/internal/agents"
	"github.com/karmacadabra/karmactl/internal/engine"
)

// valueFrom is where ECS gets a secret from, or "" when there is no value.
func (t *TaskDefinition) valueFrom(ctx context.Context, s agents.Secret) (string, error) {
	if s.From != "" {
		x, err := t.source(ctx, s)
		return x.valueFrom(s.Key), err
	}
	for _, p := range t.Parameters {
		if p.Name == s.Key && p.available() {
			return t.Account.ARN("ssm", "parameter"+p.name()), nil
		}
	}
	if t.Secret != nil && t.Secret.ID() != "" {
		return secretSource{ARN: t.Secret.ID(), Keys: t.Secret.available()}.valueFrom(s.Key), nil
	}
	return "", nil
}

// NoImage is the wait for an agent's first image.
func NoImage(agent string) *engine.MissingInput {
	return &engine.MissingInput{Agent: agent, Reason: "it has no image yet", Command: "karmactl deploy " + agent + " --build"}
}

// NoValue is the wait for the value of a secret.
func NoValue(agent string, s agents.Secret) *engine.MissingInput {
	if s.From != "" {
		return &engine.MissingInput{
			Agent: agent, Reason: fmt.Sprintf("it gets %s from %s, which has no value for it; when it has one", s.Env, s.From), Command: "karmactl up --only " + agent,
		}
	}
	return &engine.MissingInput{
		Agent: agent, Reason: fmt.Sprintf("it has no value for its secret %s (%s)", s.Key, s.Env), Command: fmt.Sprintf("karmactl secrets set %s %s", agent, s.Key),
	}
}

// missing is the wait for a secret's value.
func (t *TaskDefinition) missing(ctx context.Context, s agents.Secret) (*engine.MissingInput, error) {
	w := NoValue(t.Agent.Name, s)
	if s.From != "" {
		return w, nil
	}
	if t.Secret != nil {
		keys, err := t.Secret.Nested.Keys(ctx, time.Time{}, t.Agent.Name)
		if err != nil {
			return nil, err
		}
		if len(intersect([]string{s.Key}, keys)) > 0 { // the first copy is made once; the rest is the user's to ask for
			w.Command = "karmactl secrets sync"
		}
	}
	return w, nil
}
