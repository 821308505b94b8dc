package cloud

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/karmacadabra/karmactl/internal/engine"
)

// The two tags that make a resource karmactl's. With them alone everything can
// be found again when the state is lost.
const (
	TagStack = "karmactl:stack"
	TagKey   = "karmactl:key"
)

// Tags are the tags of one resource. Nil and empty are the same.
type Tags map[string]string

// TagsFor are the project's tags and karmactl's own two.
func TagsFor(stack string, key engine.Key, project Tags) Tags {
	t := maps.Clone(project)
	if t == nil {
		t = Tags{}
	}
	t[TagStack], t[TagKey] = stack, string(key)
	return t
}

// Ours tells whether the tags are those of key in stack.
func (t Tags) Ours(stack string, key engine.Key) bool {
	return t[TagStack] == stack && t[TagKey] == string(key)
}

// Equal compares, taking nil and empty for the same.
func (t Tags) Equal(o Tags) bool { return maps.Equal(t, o) }

// String is deterministic: a=1 b=2.
func (t Tags) String() string {
	keys := slices.Sorted(maps.Keys(t))
	parts := make([]string, len(keys))
	for i, k := range keys {
		parts[i] = k + "=" + t[k]
	}
	return strings.Join(parts, " ")
}

// Changed lists what has to be set and which keys have to go, in order, for t
// to become want. Tags that AWS itself made (aws:…) are left alone.
func (t Tags) Changed(want Tags) (set Tags, gone []string) {
	set = Tags{}
	for k, v := range want {
		if have, ok := t[k]; !ok || have != v {
			set[k] = v
		}
	}
	for _, k := range slices.Sorted(maps.Keys(t)) {
		if _, ok := want[k]; !ok && !strings.HasPrefix(k, "aws:") {
			gone = append(gone, k)
		}
	}
	return set, gone
}

// DiffTags lists tag drift as changes, one a tag. Without karmactl's own two a
// resource cannot be found when the state is lost.
func DiffTags(have, want Tags) []engine.Change {
	set, gone := have.Changed(want)
	var out []engine.Change
	for _, k := range slices.Sorted(maps.Keys(set)) {
		out = append(out, engine.Change{Field: fmt.Sprintf("tags[%s]", k), Was: have[k], Now: set[k], Essential: k == TagStack || k == TagKey})
	}
	for _, k := range gone {
		out = append(out, engine.Change{Field: fmt.Sprintf("tags[%s]", k), Was: have[k]})
	}
	return out
}

// ToSDK turns tags into a service's own tag type, ordered by key.
func ToSDK[T any, M ~map[string]string](t M, make func(k, v string) T) []T {
	var out []T
	for _, k := range slices.Sorted(maps.Keys(t)) {
		out = append(out, make(k, t[k]))
	}
	return out
}

// FromSDK turns a service's own tags into Tags.
func FromSDK[T any](ts []T, split func(T) (k, v string)) Tags {
	out := Tags{}
	for _, t := range ts {
		k, v := split(t)
		out[k] = v
	}
	return out
}

// SyncTags makes have into want: set writes what is new or differs, unset takes
// off what is too many. A call that would have nothing to do is not made.
func SyncTags(have, want Tags, set func(Tags) error, unset func([]string) error) error {
	changed, gone := have.Changed(want)
	if len(changed) > 0 {
		if err := set(changed); err != nil {
			return err
		}
	}
	if len(gone) == 0 {
		return nil
	}
	return unset(gone)
}
