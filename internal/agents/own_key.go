package agents

import (
	"fmt"
	"slices"
)

// OwnKeys are the keys of the agent's own flat secret, of all its containers, sorted: a key that `from`
// names is in a secret that karmactl does not own.
func (a *Agent) OwnKeys() []string {
	var out []string
	for _, s := range a.AllSecrets() {
		if s.From == "" {
			out = append(out, s.Key)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// KeptElsewhereError is a value that karmactl only refers to.
type KeptElsewhereError struct{ Agent, Env, From string }

func (e *KeptElsewhereError) Error() string {
	return fmt.Sprintf("%s gets %s from %s, which is kept outside of karmactl: change it there first", e.Agent, e.Env, e.From)
}

// Try is what the agent needs after that.
func (e *KeptElsewhereError) Try() string { return "karmactl deploy " + e.Agent + " --refresh-secrets" }

// CheckOwnKey tells why a value for the key cannot be kept. What was typed is not
// repeated: it may be the value, typed in the wrong place.
func (a *Agent) CheckOwnKey(key, file string) error {
	own := a.OwnKeys()
	if slices.Contains(own, key) {
		return nil
	}
	for _, s := range a.AllSecrets() {
		if s.Key == key || s.Env == key && s.From != "" {
			return &KeptElsewhereError{a.Name, s.Env, s.From}
		}
	}
	if len(own) == 0 {
		return fmt.Errorf("%s has no secret of its own in %s: name its key there first, secrets: {PRIVATE_KEY: private_key}", a.Name, file)
	}
	return fmt.Errorf("%s has no such key in %s: %s", a.Name, file, suggest(key, own))
}
