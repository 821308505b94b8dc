package provision

import (
	"fmt"
	"slices"
	"strings"

	"github.com/karmacadabra/karmactl/internal/engine"
)

// same is field for values that Go does not compare by itself: lists and maps. Both
// sides become text here, where a change is shown, and nowhere before.
func same[T interface {
	fmt.Stringer
	Equal(other T) bool
}](name string, have, want T,
) []engine.Change {
	if have.Equal(want) {
		return nil
	}
	return []engine.Change{{Field: name, Was: have.String(), Now: want.String()}}
}

// Set is a list of names or ids of which the order means nothing; it is sorted.
type Set []string

// setOf sorts a copy.
func setOf(items []string) Set { return slices.Sorted(slices.Values(items)) }

// idsOf are the ids of references.
func idsOf[N engine.Node](refs ...N) Set {
	var out []string
	for _, r := range refs {
		out = append(out, r.ID())
	}
	return setOf(out)
}

// Equal tells whether both have the same items.
func (s Set) Equal(other Set) bool { return slices.Equal(s, other) }

func (s Set) String() string { return strings.Join(s, " ") }
