package provision

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/aws/aws-sdk-go-v2/service/ssm/types"

	"github.com/karmacadabra/karmactl/internal/agents"
	"github.com/karmacadabra/karmactl/internal/cloud"
	"github.com/karmacadabra/karmactl/internal/engine"
	"github.com/karmacadabra/karmactl/internal/tasks"
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

// secretSource is a secret or parameter that the user keeps himself, named in
// agents.yaml by `from:`. It is read, never written, and never deleted.
type secretSource struct {
	ARN string
	// Keys are the names in a flat secret; a parameter has none.
	Keys      []string
	Parameter bool
}

// valueFrom is the reference that ECS takes, or "" when there is no such value:
// two resource segments or exactly five, and one top-level key.
func (x secretSource) valueFrom(key string) string {
	switch {
	case x.ARN == "":
		return ""
	case x.Parameter || key == "": // the secret as a whole
		return x.ARN
	case !slices.Contains(x.Keys, key):
		return ""
	}
	return x.ARN + ":" + key + "::"
}

// source looks up what `from:` names.
func (h *Env) source(ctx context.Context, s agents.Secret) (secretSource, error) {
	all, err := cloud.List(ctx, h.Inventory, "secret source "+s.From, time.Time{}, func(ctx context.Context) ([]secretSource, error) {
		if path, is := tasks.Parameter(s.From); is {
			return h.parameterSource(ctx, path)
		}
		return h.flatSource(ctx, s.From)
	})
	if err != nil || len(all) == 0 {
		return secretSource{}, err
	}
	return all[0], nil
}

func (h *Env) parameterSource(ctx context.Context, path string) ([]secretSource, error) {
	out, err := h.Clients.SSM.DescribeParameters(ctx, &ssm.DescribeParametersInput{ParameterFilters: []types.ParameterStringFilter{
		{Key: aws.String("Name"), Option: aws.String("Equals"), Values: []string{path}},
	}})
	if err != nil || len(out.Parameters) == 0 {
		return nil, err
	}
	return []secretSource{{ARN: h.Account.ARN("ssm", "parameter/"+strings.TrimPrefix(path, "/")), Parameter: true}}, nil
}

func (h *Env) flatSource(ctx context.Context, from string) ([]secretSource, error) {
	out, err := h.Clients.SecretsManager.GetSecretValue(ctx, &secretsmanager.GetSecretValueInput{SecretId: &from})
	if err != nil {
		return nil, cloud.IgnoreNotFound(err)
	}
	return []secretSource{{ARN: aws.ToString(out.ARN), Keys: flatten([]byte(aws.ToString(out.SecretString))).names()}}, nil
}
