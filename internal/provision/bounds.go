package provision

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	aas "github.com/aws/aws-sdk-go-v2/service/applicationautoscaling"

	"github.com/karmacadabra/karmactl/internal/cloud"
	"github.com/karmacadabra/karmactl/internal/engine"
)

// BoundsSpec is what scale owns of a scalable target.
type BoundsSpec struct {
	Min int
	Max int
	// Owner is ScaleManual, or "" when the configuration or a schedule rules.
	Owner string
}

// Bounds are the bounds of an agent's scalable target in the hands of karmactl
// scale. ScalableTarget is the same thing in the hands of up, which leaves alone
// what is somebody else's. AWS moves the number of tasks into new bounds at once,
// so that a number set here is not undone by scaling in.
type Bounds struct {
	engine.Ref
	*Env
	Agent string
	BoundsSpec
	// Stay leaves the numbers as they are and changes the owner only.
	Stay bool
}

func (b *Bounds) target() *ScalableTarget { return &ScalableTarget{Env: b.Env, Agent: b.Agent} }

// Key is bounds/agent.
func (b *Bounds) Key() engine.Key { return engine.Key("bounds/" + b.Agent) }

// OfAgent is the agent that it belongs to.
func (b *Bounds) OfAgent() string { return b.Agent }

// Needs nothing: the target is there or there is nothing to scale.
func (b *Bounds) Needs() []engine.Node { return nil }

// Want is what was asked for.
func (b *Bounds) Want() BoundsSpec { return b.BoundsSpec }

// Find reads the target.
func (b *Bounds) Find(ctx context.Context, look engine.Look) (engine.Found[BoundsSpec], error) {
	none := engine.Found[BoundsSpec]{}
	have, _, err := b.read(ctx, look.NotOlder)
	if err != nil {
		return none, err
	}
	if b.Stay {
		b.Min, b.Max = have.Min, have.Max
	}
	return engine.Found[BoundsSpec]{Phase: engine.Ready, ID: b.scalableID(b.Agent), Spec: have}, nil
}

// ReadBounds are an agent's bounds as they are now; NotUp when it has none.
func (h *Env) ReadBounds(ctx context.Context, agent string) (BoundsSpec, error) {
	have, _, err := (&Bounds{Env: h, Agent: agent}).read(ctx, time.Time{})
	return have, err
}

func (b *Bounds) read(ctx context.Context, notOlder time.Time) (BoundsSpec, string, error) {
	t := b.target()
	all, err := cloud.List(ctx, b.Inventory, "scalable-target", notOlder, t.list)
	if err != nil {
		return BoundsSpec{}, "", err
	}
	for _, st := range all {
		if aws.ToString(st.ResourceId) != b.scalableID(b.Agent) {
			continue
		}
		arn := aws.ToString(st.ScalableTargetARN)
		// The index of tags runs behind: it is believed only when it says that nobody
		// has changed anything, which is not enough here.
		out, err := t.Clients.AutoScaling.ListTagsForResource(ctx, &aas.ListTagsForResourceInput{ResourceARN: &arn})
		if err != nil {
			return BoundsSpec{}, "", err
		}
		tags := cloud.Tags(out.Tags)
		if !tags.Ours(b.Stack, t.Key()) {
			return BoundsSpec{}, "", b.foreign(t.Key(), "scalable target "+b.scalableID(b.Agent), arn)
		}
		return BoundsSpec{Min: int(aws.ToInt32(st.MinCapacity)), Max: int(aws.ToInt32(st.MaxCapacity)), Owner: tags[TagScale]}, arn, nil
	}
	return BoundsSpec{}, "", &NotUp{Agent: b.Agent}
}

// NotUp is an agent that has nothing to scale yet.
type NotUp struct{ Agent string }

func (e *NotUp) Error() string {
	return fmt.Sprintf("%s is not up, so there is nothing to scale: run karmactl up first", e.Agent)
}

// Diff compares.
func (b *Bounds) Diff(have, want BoundsSpec) []engine.Change {
	var bounds []engine.Change
	if !b.Stay {
		bounds = changes(essential(field("min", have.Min, want.Min)), essential(field("max", have.Max, want.Max)))
	}
	return changes(bounds, essential(field("owner", have.Owner, want.Owner)))
}

// Create is never called: Find fails when there is nothing.
func (b *Bounds) Create(context.Context, BoundsSpec, string) (string, error) {
	return "", errors.New("bounds belong to a scalable target, which karmactl up makes")
}

// Update says whose the bounds are before it moves them away from the
// configuration, and after it moves them back: stopped between the two, a plan
// leaves them alone.
func (b *Bounds) Update(ctx context.Context, _ string, have, want BoundsSpec) error {
	move := func() error {
		if b.Stay || have.Min == want.Min && have.Max == want.Max {
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

func (b *Bounds) own(ctx context.Context, have, want string) error {
	if have == want {
		return nil
	}
	_, arn, err := b.read(ctx, time.Time{})
	if err != nil {
		return err
	}
	if want == "" {
		_, err = b.Clients.AutoScaling.UntagResource(ctx, &aas.UntagResourceInput{ResourceARN: &arn, TagKeys: []string{TagScale}})
		return err
	}
	_, err = b.Clients.AutoScaling.TagResource(ctx, &aas.TagResourceInput{ResourceARN: &arn, Tags: map[string]string{TagScale: want}})
	return err
}

// Delete does nothing: the target is the stack's.
func (b *Bounds) Delete(context.Context, string) error { return nil }
