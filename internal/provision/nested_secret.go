package provision

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/smithy-go"

	"github.com/karmacadabra/karmactl/internal/cloud"
)

// NestedSecret is the user's own secret {"validator-agent": {"private_key": …}}.
// ECS cannot inject a value out of it: it reads one top-level key, and an object
// comes out as Go text, map[private_key:…], with which the task starts. So each
// agent gets a flat secret of its own, and this one is only read, never written
// and never deleted. It is not a resource of the stack.
type NestedSecret struct {
	*Env
	// Name or ARN; "" is none.
	Name string
	// Entry is the key of an agent, with {agent} for its name.
	Entry string
}

// nestedEntry is what the secret has for an agent: names, never values.
type nestedEntry struct {
	Entry string
	Keys  []string
}

// Keys are the names of the values that the nested secret has for the agent,
// sorted. None when there is no such secret or entry.
func (n *NestedSecret) Keys(ctx context.Context, notOlder time.Time, agent string) ([]string, error) {
	if n == nil || n.Name == "" {
		return nil, nil
	}
	all, err := cloud.List(ctx, n.Inventory, "nested secret", notOlder, n.list)
	if err != nil {
		return nil, err
	}
	for _, e := range all {
		if e.Entry == n.entry(agent) {
			return e.Keys, nil
		}
	}
	return nil, nil
}

func (n *NestedSecret) entry(agent string) string {
	return strings.ReplaceAll(n.Entry, "{agent}", agent)
}

func (n *NestedSecret) list(ctx context.Context) ([]nestedEntry, error) {
	nested, err := n.read(ctx)
	if err != nil {
		return nil, err
	}
	var out []nestedEntry
	for _, entry := range slices.Sorted(maps.Keys(nested)) {
		values := flatten(nested[entry])
		out = append(out, nestedEntry{Entry: entry, Keys: values.names()})
	}
	return out, nil
}

// values are an agent's values for the keys that are asked for.
func (n *NestedSecret) values(ctx context.Context, agent string, keys []string) (secretValues, error) {
	nested, err := n.read(ctx)
	if err != nil {
		return nil, err
	}
	all := flatten(nested[n.entry(agent)])
	maps.DeleteFunc(all, func(k, _ string) bool { return !slices.Contains(keys, k) })
	for _, k := range all.names() {
		if err := CheckSecretValue(all[k]); err != nil {
			return nil, fmt.Errorf("%s in %s of the nested secret %s: %w", k, n.entry(agent), n.Name, err)
		}
	}
	return all, nil
}

func (n *NestedSecret) read(ctx context.Context) (map[string]json.RawMessage, error) {
	if n.Name == "" {
		return nil, nil
	}
	text, err := n.secretText(ctx, n.Name)
	if err != nil {
		return nil, cloud.IgnoreNotFound(err)
	}
	var nested map[string]json.RawMessage
	if json.Unmarshal([]byte(text), &nested) != nil {
		// The decoder's own message quotes what it stumbled over.
		return nil, fmt.Errorf("the secret %s is not a JSON object with an entry per agent: repair it, or say in agents.yaml that there is none (secrets.nested: \"\")", n.Name)
	}
	return nested, nil
}

// secretText is the value of a secret. It must go nowhere but into another secret.
func (h *Env) secretText(ctx context.Context, name string) (string, error) {
	text, _, err := h.secretVersion(ctx, name)
	return text, err
}

// secretVersion is the value of a secret, and the version that it is of.
func (h *Env) secretVersion(ctx context.Context, name string) (text, version string, err error) {
	out, err := h.Clients.SecretsManager.GetSecretValue(ctx, &secretsmanager.GetSecretValueInput{SecretId: &name})
	if err != nil {
		return "", "", err
	}
	if out.SecretString == nil && len(out.SecretBinary) > 0 {
		return "", "", fmt.Errorf("the secret %s is binary, of which ECS can read no key: put its values in as text", name)
	}
	return aws.ToString(out.SecretString), aws.ToString(out.VersionId), nil
}

// secretValues are values by key. It prints as names, so that a value cannot
// get out by a careless format verb.
type secretValues map[string]string

// names are the keys, sorted.
func (v secretValues) names() []string { return slices.Sorted(maps.Keys(v)) }

// String tells the names only.
func (v secretValues) String() string { return strings.Join(v.names(), " ") }

// GoString tells the names only.
func (v secretValues) GoString() string { return v.String() }

// unquoted is an error of AWS's without a value that it may quote: "Value '…' at
// 'secretString' failed to satisfy constraint".
func (v secretValues) unquoted(err error) error {
	if err == nil {
		return nil
	}
	for _, value := range v {
		if len(value) > 3 && strings.Contains(err.Error(), value) {
			return &smithy.GenericAPIError{Code: cloud.Code(err), Message: "what AWS said of it quotes a value and is left out"}
		}
	}
	return err
}

// flatten reads a flat secret or an entry of a nested one: a text stays as it is, a
// number keeps its digits (ECS would turn 12345678 into 1.2345678e+07), an object
// becomes its JSON text, and null is no value.
func flatten(entry json.RawMessage) secretValues {
	var raw map[string]json.RawMessage
	if json.Unmarshal(entry, &raw) != nil {
		return secretValues{}
	}
	out := secretValues{}
	for k, v := range raw {
		var text string
		switch {
		case string(v) == "null":
		case json.Unmarshal(v, &text) == nil:
			out[k] = text
		default:
			out[k] = string(v)
		}
	}
	return out
}

// intersect are the elements of a that are in b too.
func intersect(a, b []string) []string {
	return slices.DeleteFunc(slices.Clone(a), func(k string) bool { return !slices.Contains(b, k) })
}
