package provision

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/karmacadabra/karmactl/internal/agents"
	"github.com/karmacadabra/karmactl/internal/engine"
)

// Overwrite lets values that are there become others. `secrets sync` has those of
// the nested secret, `secrets set` has one that it was given; a plan and `up` have
// none.
type Overwrite struct {
	given secretValues
}

// FromNested overwrites with what the nested secret has.
func FromNested() *Overwrite { return &Overwrite{} }

// WithValue overwrites one value.
func WithValue(key, value string) *Overwrite { return &Overwrite{given: secretValues{key: value}} }

// String tells the names only.
func (o Overwrite) String() string { return o.given.String() }

// GoString tells the names only.
func (o Overwrite) GoString() string { return o.given.String() }

// with adds the keys that are given.
func (o *Overwrite) with(keys []string) []string {
	if o == nil {
		return keys
	}
	all := append(slices.Clone(keys), o.given.names()...)
	slices.Sort(all)
	return slices.Compact(all)
}

// Fate is what becomes of one value.
type Fate string

// The fates. Missing has no value anywhere.
const (
	ValueCreated   Fate = "created"
	ValueUpdated   Fate = "updated"
	ValueUnchanged Fate = "unchanged"
	ValueMissing   Fate = "missing"
)

// KeyFate is what becomes of the value of one key.
type KeyFate struct {
	Agent, Key string
	Fate       Fate
}

// Overwriting are the resources that keep an agent's own values, and what becomes
// of each value, once a walk has looked at them.
type Overwriting struct {
	Steps []engine.Step
	fates []func() []KeyFate
}

// Fates are by agent and key, in the agents' order.
func (x *Overwriting) Fates() []KeyFate {
	var all []KeyFate
	for _, f := range x.fates {
		all = append(all, f()...)
	}
	return all
}

// Add adds the resources of an agent. With the store ssm each key has one of its
// own, and only the given one is looked at.
func (x *Overwriting) Add(h *Env, cfg *agents.Config, a agents.Agent, o *Overwrite) {
	nested := &NestedSecret{Env: h, Name: cfg.Secrets.Nested, Entry: cfg.Secrets.Entry}
	keys := a.OwnKeys()
	if cfg.Secrets.Store != agents.StoreSSM {
		if len(keys) > 0 {
			s := &Secret{Env: h, Agent: a, Nested: nested, Overwrite: o}
			x.Steps, x.fates = append(x.Steps, engine.Manage(s)), append(x.fates, s.keyFates)
		}
		return
	}
	for _, key := range keys {
		if _, ok := o.given[key]; len(o.given) == 0 || ok {
			p := &Parameter{Env: h, AgentName: a.Name, Name: key, Nested: nested, Overwrite: o}
			x.Steps, x.fates = append(x.Steps, engine.Manage(p)), append(x.fates, p.keyFates)
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
	fates    map[string]Fate
}

func (s *Secret) compare(ctx context.Context, notOlder time.Time, text string) (difference, error) {
	have, err := s.object(text)
	if err != nil {
		return difference{}, err
	}
	d := difference{have: have, want: s.Overwrite.given}
	keys := s.Overwrite.given.names()
	if len(keys) == 0 {
		keys = s.Agent.OwnKeys()
		if d.want, err = s.Nested.values(ctx, s.Agent.Name, keys); err != nil {
			return d, err
		}
	}
	values := flatten([]byte(text))
	d.fates = map[string]Fate{}
	for _, key := range keys {
		was, has := values[key]
		now, wanted := d.want[key]
		d.fates[key] = fateOf(has, wanted, was == now)
		if f := d.fates[key]; f == ValueCreated || f == ValueUpdated {
			d.outdated = append(d.outdated, key)
		}
	}
	s.decide(d.fates)
	return d, nil
}

// object is a flat secret's value as it is.
func (s *Secret) object(text string) (map[string]json.RawMessage, error) {
	var have map[string]json.RawMessage
	if json.Unmarshal([]byte(text), &have) != nil {
		// The decoder's own message quotes what it stumbled over.
		return nil, fmt.Errorf("the secret %s is not a JSON object of keys and values: repair it, or delete it and run karmactl secrets sync", s.SecretName(s.Agent.Name))
	}
	return have, nil
}

// fateOf a value that is there or not, and is to be another or not.
func fateOf(has, wanted, same bool) Fate {
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

// decide keeps the fates that the first look saw, before anything was written.
func (s *Secret) decide(fates map[string]Fate) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.fates == nil {
		s.fates = fates
	}
}

// firstFates are those of a first copy. Of a deleted secret nobody may see
// the values before it is had back: its keys count as unchanged until then.
func (s *Secret) firstFates(seen secretSeen) map[string]Fate {
	fates := map[string]Fate{}
	for _, key := range s.Agent.OwnKeys() {
		known := slices.Contains(seen.keys, key)
		fates[key] = fateOf(known, slices.Contains(seen.nested, key), known)
	}
	return fates
}

func (s *Secret) keyFates() []KeyFate {
	s.mu.Lock()
	fates, seen := s.fates, s.seen
	s.mu.Unlock()
	if fates == nil {
		fates = s.firstFates(seen)
	}
	var all []KeyFate
	for _, key := range slices.Sorted(maps.Keys(fates)) {
		all = append(all, KeyFate{Agent: s.Agent.Name, Key: key, Fate: fates[key]})
	}
	return all
}

// firstCopy is the first value of a flat secret.
func (s *Secret) firstCopy(ctx context.Context) (secretValues, string, error) {
	values, err := s.Nested.values(ctx, s.Agent.Name, s.Agent.OwnKeys())
	if err != nil {
		return nil, "", err
	}
	if s.Overwrite != nil {
		maps.Copy(values, s.Overwrite.given)
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
