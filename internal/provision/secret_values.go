package provision

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/karmacadabra/karmactl/internal/agents"
	"github.com/karmacadabra/karmactl/internal/engine"
)

// SecretInput is what values that are there are overwritten with. `secrets sync` has
// the values of the nested secret, `secrets set` has the one that it was given; a
// plan and `up` have none.
type SecretInput struct {
	given secretValues
}

// FromNested overwrites with what the nested secret has.
func FromNested() *SecretInput { return &SecretInput{} }

// WithValue overwrites one value.
func WithValue(key, value string) *SecretInput { return &SecretInput{given: secretValues{key: value}} }

// CheckSecretValue refuses what no environment variable can hold. The SDK would write
// bytes that are not UTF-8 as other characters.
func CheckSecretValue(value string) error {
	if !utf8.ValidString(value) || strings.ContainsRune(value, 0) {
		return errors.New("the value is not text, and ECS hands it over as an environment variable: put it in as base64, and let the agent decode it")
	}
	return nil
}

// String tells the names only.
func (o SecretInput) String() string { return o.given.String() }

// GoString tells the names only.
func (o SecretInput) GoString() string { return o.given.String() }

// with adds the keys that are given.
func (o *SecretInput) with(keys []string) []string {
	if o == nil {
		return keys
	}
	all := append(slices.Clone(keys), o.given.names()...)
	slices.Sort(all)
	return slices.Compact(all)
}

// Action is what becomes of one value.
type Action string

// The actions. Missing has no value anywhere.
const (
	ValueCreated   Action = "created"
	ValueUpdated   Action = "updated"
	ValueUnchanged Action = "unchanged"
	ValueMissing   Action = "missing"
)

// KeyAction is what becomes of the value of one key.
type KeyAction struct {
	Agent, Key string
	Action     Action
}

// SecretSync are the resources that keep an agent's own values, and what becomes
// of each value, once a walk has looked at them.
type SecretSync struct {
	Steps   []engine.Step
	actions []func() []KeyAction
}

// Actions are by agent and key, in the agents' order.
func (x *SecretSync) Actions() []KeyAction {
	var all []KeyAction
	for _, f := range x.actions {
		all = append(all, f()...)
	}
	return all
}

// Add adds the resources of an agent. With the store ssm each key has one of its
// own, and only the given one is looked at.
func (x *SecretSync) Add(h *Env, cfg *agents.Config, a agents.Agent, o *SecretInput) {
	nested := &NestedSecret{Env: h, Name: cfg.Secrets.Nested, Entry: cfg.Secrets.Entry}
	keys := a.OwnKeys()
	if cfg.Secrets.Store != agents.StoreSSM {
		if len(keys) > 0 {
			s := &Secret{Env: h, Agent: a, Nested: nested, Input: o}
			x.Steps, x.actions = append(x.Steps, engine.Manage(s)), append(x.actions, s.keyActions)
		}
		return
	}
	for _, key := range keys {
		if _, ok := o.given[key]; len(o.given) == 0 || ok {
			p := &Parameter{Env: h, AgentName: a.Name, Name: key, Nested: nested, Input: o}
			x.Steps, x.actions = append(x.Steps, engine.Manage(p)), append(x.actions, p.keyActions)
		}
	}
}

// NestedEntries are the names of the nested secret's entries; none when it is not there.
func NestedEntries(ctx context.Context, h *Env, cfg *agents.Config) ([]string, error) {
	nested, err := (&NestedSecret{Env: h, Name: cfg.Secrets.Nested, Entry: cfg.Secrets.Entry}).read(ctx)
	return slices.Sorted(maps.Keys(nested)), err
}

// difference is between what a flat secret has and what is to overwrite it.
type difference struct {
	// have is the whole secret: what is not overwritten stays in it.
	have     map[string]json.RawMessage
	want     secretValues
	outdated []string
	actions  map[string]Action
}

func (s *Secret) compare(ctx context.Context, text string) (difference, error) {
	have, err := s.object(text)
	if err != nil {
		return difference{}, err
	}
	d := difference{have: have, want: s.Input.given}
	keys := s.Input.given.names()
	if len(keys) == 0 {
		keys = s.Agent.OwnKeys()
		if d.want, err = s.Nested.values(ctx, s.Agent.Name, keys); err != nil {
			return d, err
		}
	}
	values := flatten([]byte(text))
	d.actions = map[string]Action{}
	for _, key := range keys {
		was, has := values[key]
		now, wanted := d.want[key]
		d.actions[key] = actionOf(has, wanted, was == now)
		if f := d.actions[key]; f == ValueCreated || f == ValueUpdated {
			d.outdated = append(d.outdated, key)
		}
	}
	s.keepFirst(d.actions)
	return d, nil
}

// object is a flat secret's value as it is.
func (s *Secret) object(text string) (map[string]json.RawMessage, error) {
	var have map[string]json.RawMessage
	if json.Unmarshal([]byte(text), &have) != nil {
		// The decoder's own message quotes what it stumbled over.
		return nil, engine.Advise(fmt.Errorf("the secret %s is not a JSON object of keys and values: repair it, or delete it first", s.SecretName(s.Agent.Name)), "karmactl secrets sync")
	}
	return have, nil
}

// actionOf a value that is there or not, and is to be another or not.
func actionOf(has, wanted, same bool) Action {
	switch {
	case has && (!wanted || same):
		return ValueUnchanged
	case has:
		return ValueUpdated
	case wanted:
		return ValueCreated
	}
	return ValueMissing
}

// keepFirst keeps the actions that the first look saw, before anything was written.
func (s *Secret) keepFirst(actions map[string]Action) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.actions == nil {
		s.actions = actions
	}
}

// firstActions are those of a first copy. The values of a deleted secret cannot
// be read before it is restored: its keys count as unchanged until then.
func (s *Secret) firstActions(seen secretSeen) map[string]Action {
	actions := map[string]Action{}
	for _, key := range s.Agent.OwnKeys() {
		known := slices.Contains(seen.keys, key)
		actions[key] = actionOf(known, slices.Contains(seen.nested, key), known)
	}
	return actions
}

func (s *Secret) keyActions() []KeyAction {
	s.mu.Lock()
	actions, seen := s.actions, s.seen
	s.mu.Unlock()
	if actions == nil {
		actions = s.firstActions(seen)
	}
	var all []KeyAction
	for _, key := range slices.Sorted(maps.Keys(actions)) {
		all = append(all, KeyAction{Agent: s.Agent.Name, Key: key, Action: actions[key]})
	}
	return all
}

// firstCopy is the first value of a flat secret.
func (s *Secret) firstCopy(ctx context.Context) (secretValues, string, error) {
	values, err := s.Nested.values(ctx, s.Agent.Name, s.Agent.OwnKeys())
	if err != nil {
		return nil, "", err
	}
	if s.Input != nil {
		maps.Copy(values, s.Input.given)
	}
	text, err := secretJSON(s.Agent.Name, map[string]string(values))
	return values, text, err
}

// maxSecretBytes is what Secrets Manager takes:
// https://docs.aws.amazon.com/secretsmanager/latest/userguide/reference_limits.html
const maxSecretBytes = 65536

// secretJSON is the flat secret.
func secretJSON(agent string, values any) (string, error) {
	b, err := json.Marshal(values)
	if err != nil {
		return "", fmt.Errorf("the values of %s cannot be written as JSON", agent)
	}
	if len(b) > maxSecretBytes {
		return "", fmt.Errorf("the values of %s together are more than the %d bytes that a secret takes: shorten one, or keep it in a secret of its own and name that one (secrets.NAME.from)", agent, maxSecretBytes)
	}
	return string(b), nil
}
