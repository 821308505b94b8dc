// Package provision is every resource that a stack may have, one file per AWS noun, and
// the only place that creates anything. Which of them a stack has is in
// internal/stack.
//
// Every resource file has the same order: its spec, which is what we own of it, the struct with its references, Key, Needs, Want, Find, Diff, Create, Update,
// Delete. A reader who knows one knows all.
package provision

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"strings"

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
	// Services are the names of the agents' ECS services, by agent: see ServiceName.
	Services map[string]string
	// RolePath is where the stack's roles are; "" is IAM's root.
	RolePath string
	// Agents is how many agents the stack has; see believes.
	Agents int
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
func nameOf(key engine.Key) string { return strings.ReplaceAll(string(key), "/", "-") }

// ours refuses what has the name of a resource and neither its tags nor a record in
// the state: it is another owner's.
func (h *Env) ours(look engine.Look, key engine.Key, tags cloud.Tags, what, id string) error {
	if look.ID != "" || tags.Ours(h.Stack, key) {
		return nil
	}
	return h.foreign(key, what, id)
}

// foreign is the refusal of something that has our name and not our tags.
func (h *Env) foreign(key engine.Key, what, id string) error {
	return &engine.NotManaged{
		Key: key, What: what, ID: id,
		Adopt: fmt.Sprintf("to hand it over, tag it %s=%s and %s=%s", cloud.TagStack, h.Stack, cloud.TagKey, key),
	}
}

// askEach is the size of a fleet up to which every plan asks for the settings that AWS
// tells of one resource only: a target group's drain, a repository's lifecycle policy.
// Fifty agents' target groups alone would empty the load balancers' bucket of 40 calls:
// https://docs.aws.amazon.com/elasticloadbalancing/latest/userguide/request-throttling.html
const askEach = 10

// believes tells whether such a setting is taken to be what the state knows, which is
// what is wanted. Only a change by hand is not seen then; a walk with Refresh sees it.
func (h *Env) believes(look engine.Look, want map[string]string) bool {
	return h.Agents > askEach && maps.Equal(look.Known, want)
}

// candidate is one item of a listing that may be the resource looked for.
type candidate[T any] struct {
	Item T
	ID   string
	Tags cloud.Tags
	// Gone: AWS still lists it, but it is no more.
	Gone bool
	// Leaving: it is being deleted.
	Leaving bool
}

// pick chooses among a listing: the recorded id when it is still there, else
// what carries the key's tags. Further items with the same tags are duplicates,
// left behind by a create whose reply was lost.
func pick[T any](h *Env, key engine.Key, look engine.Look, all []candidate[T]) (found candidate[T], duplicates []string) {
	var ours []candidate[T]
	for _, c := range all {
		if !c.Gone && (c.ID == look.ID || c.Tags.Ours(h.Stack, key)) {
			ours = append(ours, c)
		}
	}
	for _, c := range ours {
		if c.ID == look.ID {
			found = c
		}
	}
	// What is staying is preferred to what is being deleted.
	for _, leaving := range []bool{false, true} {
		for _, c := range ours {
			switch {
			case c.Leaving != leaving:
			case found.ID == "":
				found = c
			case c.ID != found.ID && !c.Leaving:
				duplicates = append(duplicates, c.ID)
			}
		}
	}
	return found, duplicates
}

// find is the Find of a resource whose listing has tags: what pick chooses, in the
// words of read, which leaves the id to find and the phase of what is Ready.
func find[S, T any](ctx context.Context, h *Env, key engine.Key, look engine.Look, list func(context.Context) ([]candidate[T], error), read func(T, cloud.Tags) engine.Found[S]) (engine.Found[S], error) {
	all, err := cloud.List(ctx, h.Inventory, key.Kind(), look.NotOlder, list)
	if err != nil {
		return engine.Found[S]{}, err
	}
	c, duplicates := pick(h, key, look, all)
	if c.ID == "" {
		return engine.Found[S]{}, nil
	}
	found := read(c.Item, c.Tags)
	found.ID, found.Duplicates = c.ID, duplicates
	if found.Phase == engine.Absent {
		found.Phase = engine.Ready
	}
	return found, nil
}

// nameDigits are the hex digits of digestOf.
const nameDigits = 6

// digestOf is the end of a name or key that differs where the texts do.
func digestOf(texts ...string) string {
	sum := sha256.Sum256([]byte(strings.Join(texts, "\x00")))
	return hex.EncodeToString(sum[:])[:nameDigits]
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

// made is the answer of a Create whose id was known before: none when AWS refused.
func made(id string, err error) (string, error) {
	if err != nil {
		return "", err
	}
	return id, nil
}

// unlessGone is a listing; there is nothing to list where what it asks of is gone.
func unlessGone[T any](all []T, err error) ([]T, error) {
	if cloud.IsNotFound(err) {
		return nil, nil
	}
	return all, err
}

func changes(parts ...[]engine.Change) []engine.Change {
	var out []engine.Change
	for _, p := range parts {
		out = append(out, p...)
	}
	return out
}

// nodes are references as nodes, without the ones that the configuration leaves out
// and those to what is not the stack's own.
func nodes[N interface {
	comparable
	engine.Node
}](refs ...N) []engine.Node {
	var out []engine.Node
	var none N
	for _, r := range refs {
		if given, ok := any(r).(interface{ IsGiven() bool }); r == none || ok && given.IsGiven() {
			continue
		}
		out = append(out, r)
	}
	return out
}
