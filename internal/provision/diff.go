package provision

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/karmacadabra/karmactl/internal/cloud"
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

// document is a JSON text in one canonical form, so that two that mean the same
// are the same string. What is not JSON stays as it is.
func document(text string) string {
	var v any
	if json.Unmarshal([]byte(text), &v) != nil {
		return text
	}
	return marshal(v)
}

// iamDocument is a document as IAM returns it: URL-encoded.
func iamDocument(text string) string { return document(cloud.PolicyText(text)) }

// marshal writes plain data: maps, slices, strings, numbers. It cannot fail on those.
func marshal(v any) string {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if enc.Encode(v) != nil {
		return ""
	}
	return strings.TrimSpace(b.String())
}

// differs is a change of a document, whose text would fill a plan.
func differs(name, have, want string) []engine.Change {
	if have == want {
		return nil
	}
	sum := sha256.Sum256([]byte(have + "\x00" + want))
	c := engine.Change{Field: name, Was: "another", Now: "this configuration's", Exact: hex.EncodeToString(sum[:8])}
	switch "" {
	case have:
		c.Was = "none"
	case want:
		c.Was, c.Now = "some", "none"
	}
	return []engine.Change{c}
}
