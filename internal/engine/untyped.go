package engine

import "context"

// untyped is a Resource whose specs are put away as any. The engine is written
// over it, once: over Resource[S] the compiler makes a copy of all of it for
// every kind of resource, which was 3 MB of the binary.
type untyped interface {
	Node
	Want() any
	Find(ctx context.Context, id string) (Found[any], error)
	Diff(have, want any) []Change
	Create(ctx context.Context, want any) (id string, err error)
	Update(ctx context.Context, id string, have, want any) error
	Delete(ctx context.Context, id string) error
	Observe(id string, outputs map[string]string)

	// revises tells whether the resource is a Reviser; Revise is for those only.
	revises() bool
	Revise(ctx context.Context, id string, have, want any) (revision string, err error)
	// as is the resource itself, to be asked for what it may implement.
	as() any
}

// typed puts the type of a resource away. Whatever comes back as a spec is one
// that its own Want or Find gave.
type typed[S any] struct{ Resource[S] }

func (t typed[S]) Want() any { return t.Resource.Want() }

func (t typed[S]) Find(ctx context.Context, id string) (Found[any], error) {
	f, err := t.Resource.Find(ctx, id)
	return Found[any]{f.Phase, f.ID, f.Spec, f.Why, f.Usable, f.Discard, f.Strays, f.Outputs}, err
}

func (t typed[S]) Diff(have, want any) []Change { return t.Resource.Diff(have.(S), want.(S)) }

func (t typed[S]) Create(ctx context.Context, want any) (string, error) {
	return t.Resource.Create(ctx, want.(S))
}

func (t typed[S]) Update(ctx context.Context, id string, have, want any) error {
	return t.Resource.Update(ctx, id, have.(S), want.(S))
}

func (t typed[S]) revises() bool {
	_, ok := t.Resource.(Reviser[S])
	return ok
}

func (t typed[S]) Revise(ctx context.Context, id string, have, want any) (string, error) {
	return t.Resource.(Reviser[S]).Revise(ctx, id, have.(S), want.(S))
}

func (t typed[S]) as() any { return t.Resource }
