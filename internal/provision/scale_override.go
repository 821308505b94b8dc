package provision

import (
	"context"
	"errors"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/karmacadabra/karmactl/internal/cloud"
	"github.com/karmacadabra/karmactl/internal/engine"
)

// ScaleOverrideSpec is what scale owns of a scalable target.
type ScaleOverrideSpec struct {
	Min int
	Max int
	// Owner is ScaleManual, or "" when the configuration or a schedule rules.
	Owner string
	// KeepCounts is wanted where the numbers stay as they are and the owner alone changes.
	KeepCounts bool
}

// ScaleOverride is the bounds of an agent's scalable target in the hands of karmactl
// scale. ScalableTarget is the same thing in the hands of up, which leaves alone
// what is another owner's. AWS moves the number of tasks into new bounds at once,
// so that a number set here is not undone by scaling in.
type ScaleOverride struct {
	engine.Ref
	*Env
	Agent string
	ScaleOverrideSpec
}

func (b *ScaleOverride) target() *ScalableTarget { return &ScalableTarget{Env: b.Env, Agent: b.Agent} }
func (b *ScaleOverride) Key() engine.Key         { return engine.Key("bounds/" + b.Agent) }
func (b *ScaleOverride) OfAgent() string         { return b.Agent }

// Needs nothing: the target is there or there is nothing to scale.
func (b *ScaleOverride) Needs() []engine.Node { return nil }

func (b *ScaleOverride) Want() ScaleOverrideSpec { return b.ScaleOverrideSpec }

func (b *ScaleOverride) Find(ctx context.Context, look engine.Look) (engine.Found[ScaleOverrideSpec], error) {
	none := engine.Found[ScaleOverrideSpec]{}
	have, _, err := b.read(ctx, look.NotOlder)
	if err != nil {
		return none, err
	}
	return engine.Found[ScaleOverrideSpec]{Phase: engine.Ready, ID: b.scalableID(b.Agent), Spec: have}, nil
}

// ReadScaleOverride are an agent's bounds as they are now; NotUp when it has none.
func (h *Env) ReadScaleOverride(ctx context.Context, agent string) (ScaleOverrideSpec, error) {
	have, _, err := (&ScaleOverride{Env: h, Agent: agent}).read(ctx, time.Time{})
	return have, err
}

func (b *ScaleOverride) read(ctx context.Context, notOlder time.Time) (ScaleOverrideSpec, string, error) {
	t := b.target()
	all, err := cloud.List(ctx, b.Inventory, "scalable-target", notOlder, t.list)
	if err != nil {
		return ScaleOverrideSpec{}, "", err
	}
	for _, st := range all {
		if aws.ToString(st.ResourceId) != b.scalableID(b.Agent) {
			continue
		}
		arn := aws.ToString(st.ScalableTargetARN)
		// The index of tags runs behind: it is believed only when it says that no stack
		// has changed anything, which is not enough here.
		tags, err := b.scalableTargetTags().read(ctx, &arn)
		if err != nil {
			return ScaleOverrideSpec{}, "", err
		}
		if !tags.Ours(b.Stack, t.Key()) {
			return ScaleOverrideSpec{}, "", b.foreign(t.Key(), "scalable target "+b.scalableID(b.Agent), arn)
		}
		return ScaleOverrideSpec{Min: int(aws.ToInt32(st.MinCapacity)), Max: int(aws.ToInt32(st.MaxCapacity)), Owner: tags[TagScale]}, arn, nil
	}
	return ScaleOverrideSpec{}, "", &NotUp{Agent: b.Agent}
}

// NotUp is an agent that has nothing to scale yet.
type NotUp struct{ Agent string }

func (e *NotUp) Error() string { return e.Agent + " is not up, so there is nothing to scale" }

// Try is what to do about it.
func (e *NotUp) Try() string { return "karmactl up" }

func (b *ScaleOverride) Diff(have, want ScaleOverrideSpec) []engine.Change {
	var bounds []engine.Change
	if !want.KeepCounts {
		bounds = changes(essential(field("min", have.Min, want.Min)), essential(field("max", have.Max, want.Max)))
	}
	return changes(bounds, essential(field("owner", have.Owner, want.Owner)))
}

// Create is never called: Find fails when there is nothing.
func (b *ScaleOverride) Create(context.Context, ScaleOverrideSpec, string) (string, error) {
	return "", errors.New("bounds belong to a scalable target, which karmactl up makes")
}

// Update says whose the bounds are before it moves them away from the
// configuration, and after it moves them back: stopped between the two, a plan
// leaves them alone.
func (b *ScaleOverride) Update(ctx context.Context, _ string, have, want ScaleOverrideSpec) error {
	move := func() error {
		if want.KeepCounts || have.Min == want.Min && have.Max == want.Max {
			return nil
		}
		return b.target().register(ctx, ScalableTargetSpec{Min: want.Min, Max: want.Max}, nil)
	}
	if want.Owner == "" {
		return errors.Join(move(), b.own(ctx, have.Owner, want.Owner))
	}
	if err := b.own(ctx, have.Owner, want.Owner); err != nil {
		return err
	}
	return move()
}

func (b *ScaleOverride) own(ctx context.Context, have, want string) error {
	if have == want {
		return nil
	}
	_, arn, err := b.read(ctx, time.Time{})
	if err != nil {
		return err
	}
	if want == "" {
		return b.scalableTargetTags().unset(ctx, &arn, []string{TagScale})
	}
	return b.scalableTargetTags().set(ctx, &arn, cloud.Tags{TagScale: want})
}

// Delete does nothing: the target is the stack's.
func (b *ScaleOverride) Delete(context.Context, string) error { return nil }
