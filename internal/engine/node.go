package engine

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"time"
)

// Step is a Resource with its type put away, so that a walk can hold many kinds.
// Only Manage and Orphan make one.
type Step interface {
	Node
	edges() (needs, after []Key)
	// peers are the keys of a Mutual's peers; none for most.
	peers() []Key
	// ownedBy is the key of its owner; "" for most.
	ownedBy() Key
	settle(ctx context.Context, r *run, v *vertex) Outcome
	remove(ctx context.Context, r *run, v *vertex) Outcome
	// removal is a step that deletes one id of this resource that is too many.
	removal(id string) Step
}

// Manage puts a resource into the care of a walk.
func Manage[S any](res Resource[S]) Step {
	_, revises := res.(Reviser[S])
	return &node{managed: res, untyped: typed[S]{res}, canRevise: revises}
}

// node is the engine's side of a resource.
type node struct {
	managed
	untyped
	canRevise bool
}

// as is the resource itself, to be asked for what it may implement.
func (n *node) as() any { return n.managed }

// revises tells whether the resource is a Reviser; Revise is for those only.
func (n *node) revises() bool { return n.canRevise }

// managed is the part of a Resource that has no specs in it.
type managed interface {
	Node
	Delete(ctx context.Context, id string) error
	SetObserved(id string, outputs map[string]string)
}

func (n *node) edges() (needs, after []Key) {
	for _, need := range n.Needs() {
		needs = append(needs, need.Key())
	}
	if o, ok := n.as().(Ordered); ok {
		for _, first := range o.After() {
			after = append(after, first.Key())
		}
	}
	return needs, after
}

func (n *node) ownedBy() Key {
	if p, ok := n.as().(Owned); ok {
		return p.OwnedBy().Key()
	}
	return ""
}

func (n *node) patience() time.Duration {
	if p, ok := n.as().(Patient); ok {
		return p.Patience()
	}
	return readyLimit
}

// token is the client token of the create that began at a moment.
func token(k Key, began time.Time) string {
	sum := sha256.Sum256(fmt.Appendf(nil, "%s@%d", k, began.UnixNano()))
	return hex.EncodeToString(sum[:16])
}

// untyped is the part of a Resource that has specs, which are put away as any. The
// engine is written over it, once: over Resource[S] the compiler makes a copy of all
// of it for every kind of resource, which was 3 MB of the binary.
type untyped interface {
	Want() any
	Find(ctx context.Context, look Look) (Found[any], error)
	Diff(have, want any) []Change
	Create(ctx context.Context, want any, token string) (id string, err error)
	Update(ctx context.Context, id string, have, want any) error
	Revise(ctx context.Context, id string, have, want any) (revision string, err error)
	// taken is the spec that Entry.Taken has; have is the one that is there.
	taken(raw []byte, have any) (any, error)
}

// typed puts the type of a resource away. Whatever comes back as a spec is one
// that its own Want or Find gave.
type typed[S any] struct{ res Resource[S] }

func (t typed[S]) Want() any { return t.res.Want() }

func (t typed[S]) Find(ctx context.Context, look Look) (Found[any], error) {
	f, err := t.res.Find(ctx, look)
	return Found[any]{f.Phase, f.ID, f.Spec, f.Why, f.Err, f.Usable, f.Discard, f.Duplicates, f.Outputs, f.Known}, err
}

func (t typed[S]) Diff(have, want any) []Change { return t.res.Diff(have.(S), want.(S)) }

func (t typed[S]) Create(ctx context.Context, want any, token string) (string, error) {
	return t.res.Create(ctx, want.(S), token)
}

func (t typed[S]) Update(ctx context.Context, id string, have, want any) error {
	return t.res.Update(ctx, id, have.(S), want.(S))
}

func (t typed[S]) Revise(ctx context.Context, id string, have, want any) (string, error) {
	return t.res.(Reviser[S]).Revise(ctx, id, have.(S), want.(S))
}

func (t typed[S]) taken(raw []byte, have any) (any, error) {
	var s S
	if err := json.Unmarshal(raw, &s); err != nil {
		return nil, fmt.Errorf("what it was when it was taken over cannot be read: %w", err)
	}
	if r, ok := t.res.(Returner[S]); ok {
		s = r.Returned(have.(S), s)
	}
	return s, nil
}
