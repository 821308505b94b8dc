// Package provision is every resource that a stack may have, one file per AWS noun, and
// the only place that creates anything. Which of them a stack has is in
// internal/stack.
//
// Every resource file has the same order: its spec, the struct with its references, Key, Needs, Want, Find, Diff, Create, Update,
// Delete. A reader who knows one knows all.
package provision

import (
	"fmt"

	"github.com/karmacadabra/karmactl/internal/cloud"
	"github.com/karmacadabra/karmactl/internal/engine"
)

// Env is what all resources of a stack share.
type Env struct {
	// Stack is the name of the whole and the prefix of every name: karmacadabra-prod.
	Stack string
	// Project is the first part of the names of repositories and secrets.
	Project string
	// DeleteImages lets Delete of a repository take its images with it.
	DeleteImages bool
	Account      cloud.Account
	// Tags are the project's own, without karmactl's two.
	Tags      cloud.Tags
	Clients   *cloud.Clients
	Inventory *cloud.Inventory
	// Batches are what all resources of a kind delete together.
	Batches cloud.Batches
	// Images finds the digest behind an image reference; nil pins nothing.
	Images Resolver
	Clock  engine.Clock
}

// TagsOf are the tags of one resource, with the Name that the console shows.
func (h *Env) TagsOf(key engine.Key) cloud.Tags {
	t := cloud.TagsFor(h.Stack, key, h.Tags)
	if t["Name"] == "" {
		t["Name"] = h.Stack + "-" + nameOf(key)
	}
	return t
}

// nameOf turns a key into a part of a name: nat/us-east-1a is nat-us-east-1a.
func nameOf(key engine.Key) string {
	b := []byte(key)
	for i, c := range b {
		if c == '/' {
			b[i] = '-'
		}
	}
	return string(b)
}

// foreign is the refusal of something that has our name and not our tags.
func (h *Env) foreign(key engine.Key, what, id string) error {
	return &engine.NotManaged{
		Key: key, What: what, ID: id,
		Adopt: fmt.Sprintf("to hand it over, tag it %s=%s and %s=%s", cloud.TagStack, h.Stack, cloud.TagKey, key),
	}
}

// candidate is one item of a listing that may be the resource looked for.
type candidate[T any] struct {
	Item T
	ID   string
	Tags cloud.Tags
	// Gone: AWS goes on listing it, but it is no more.
	Gone bool
	// Leaving: it is being deleted.
	Leaving bool
}

// pick chooses among a listing: the recorded id when it is still there, else
// what carries the key's tags. Further items with the same tags are duplicates,
// left behind by a create whose reply was lost.
func pick[T any](h *Env, key engine.Key, look engine.Look, all []candidate[T]) (item T, found string, duplicates []string) {
	var ours []candidate[T]
	for _, c := range all {
		if !c.Gone && (c.ID == look.ID || c.Tags.Ours(h.Stack, key)) {
			ours = append(ours, c)
		}
	}
	for _, c := range ours {
		if c.ID == look.ID {
			item, found = c.Item, c.ID
		}
	}
	// What is staying is preferred to what is being deleted.
	for _, leaving := range []bool{false, true} {
		for _, c := range ours {
			switch {
			case c.Leaving != leaving:
			case found == "":
				item, found = c.Item, c.ID
			case c.ID != found && !c.Leaving:
				duplicates = append(duplicates, c.ID)
			}
		}
	}
	return item, found, duplicates
}

// AgentOf is the agent that a resource belongs to, "" for what all agents share.
func AgentOf(n engine.Node) string {
	if of, ok := n.(interface{ OfAgent() string }); ok {
		return of.OfAgent()
	}
	return ""
}

// field is one change when the two sides differ.
func field[T comparable](name string, have, want T) []engine.Change {
	if have == want {
		return nil
	}
	return []engine.Change{{Field: name, Was: fmt.Sprint(have), Now: fmt.Sprint(want)}}
}

// fixed is a change that AWS cannot make in place.
func fixed[T comparable](name string, have, want T) []engine.Change {
	out := field(name, have, want)
	for i := range out {
		out[i].Replace = true
	}
	return out
}

// essential marks the fields without which a resource is useless or unsafe: a
// difference in one of them that stays is an error, not a note.
func essential(changes []engine.Change) []engine.Change {
	for i := range changes {
		changes[i].Essential = true
	}
	return changes
}

// changes joins the changes of several fields.
func changes(parts ...[]engine.Change) []engine.Change {
	var out []engine.Change
	for _, p := range parts {
		out = append(out, p...)
	}
	return out
}

// nodes are references as nodes.
func nodes[N engine.Node](refs ...N) []engine.Node {
	out := make([]engine.Node, len(refs))
	for i, r := range refs {
		out[i] = r
	}
	return out
}
