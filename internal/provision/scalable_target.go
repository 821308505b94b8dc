package provision

import (
	"cmp"
	"context"
	"maps"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	aas "github.com/aws/aws-sdk-go-v2/service/applicationautoscaling"
	"github.com/aws/aws-sdk-go-v2/service/applicationautoscaling/types"

	"github.com/karmacadabra/karmactl/internal/cloud"
	"github.com/karmacadabra/karmactl/internal/engine"
)

// TagScale on a scalable target says who owns its bounds: ScaleManual is set by
// karmactl scale and hibernate, and taken away when the configuration is to rule again.
const (
	TagScale    = "karmactl:scale"
	ScaleManual = "manual"
)

// ScalableTargetSpec is what we own of a scalable target.
type ScalableTargetSpec struct {
	Min  int
	Max  int
	Tags cloud.Tags
	// Elsewhere is found where a schedule or karmactl scale rules the bounds: a
	// difference in them is then no change.
	Elsewhere *Ruled
}

// ScalableTarget is how far Application Auto Scaling may move the number of an
// agent's tasks. The bounds are the configuration's, unless another program moves
// them: a schedule (there are scheduled actions) or karmactl scale (the tag
// karmactl:scale=manual). Then a plan leaves them as they are.
//
// Its id is service/cluster/service. A change of bounds moves the number of tasks
// into them at once.
type ScalableTarget struct {
	engine.Ref
	*Env
	Service     engine.Node
	Agent       string
	Min         int
	Max         int
	ServiceRole *ServiceLinkedRole
}

// scalableID is how Application Auto Scaling names an agent's service.
func (h *Env) scalableID(agent string) string {
	return "service/" + h.ClusterName() + "/" + h.ServiceName(agent)
}

func (t *ScalableTarget) Key() engine.Key { return engine.Key("scalable-target/" + t.Agent) }
func (t *ScalableTarget) OfAgent() string { return t.Agent }

// Needs the service: one that is not there cannot be registered.
func (t *ScalableTarget) Needs() []engine.Node { return nodes(t.Service) }

func (t *ScalableTarget) After() []engine.Node { return nodes(t.ServiceRole) }

// Want is the configuration's bounds.
func (t *ScalableTarget) Want() ScalableTargetSpec {
	return ScalableTargetSpec{Min: t.Min, Max: t.Max, Tags: t.TagsOf(t.Key())}
}

func (t *ScalableTarget) Find(ctx context.Context, look engine.Look) (engine.Found[ScalableTargetSpec], error) {
	none := engine.Found[ScalableTargetSpec]{}
	all, err := cloud.List(ctx, t.Inventory, "scalable-target", look.NotOlder, t.list)
	if err != nil {
		return none, err
	}
	id := cmp.Or(look.ID, t.scalableID(t.Agent))
	for _, st := range all {
		if aws.ToString(st.ResourceId) != id || st.ScalableDimension != types.ScalableDimensionECSServiceDesiredCount {
			continue
		}
		arn := aws.ToString(st.ScalableTargetARN)
		tags, err := t.ownTags(ctx, look, t.Key(), "scalable target "+id, arn, t.scalableTargetTags().read)
		if tags == nil || err != nil {
			return none, err
		}
		have := ScalableTargetSpec{Min: int(aws.ToInt32(st.MinCapacity)), Max: int(aws.ToInt32(st.MaxCapacity)), Tags: tags}
		if have, err = t.owned(ctx, look.NotOlder, have); err != nil {
			return none, err
		}
		return engine.Found[ScalableTargetSpec]{Phase: engine.Ready, ID: id, Spec: have, Outputs: map[string]string{"arn": arn}}, nil
	}
	return none, nil
}

// owned says whether a schedule or karmactl scale rules the bounds. The schedule is only asked for when
// the bounds differ.
func (t *ScalableTarget) owned(ctx context.Context, notOlder time.Time, have ScalableTargetSpec) (ScalableTargetSpec, error) {
	owner := have.Tags[TagScale]
	if _, ok := have.Tags[TagScale]; ok {
		have.Tags = maps.Clone(have.Tags)
		delete(have.Tags, TagScale)
	}
	is, says := Bounds{have.Min, have.Max}, Bounds{t.Min, t.Max}
	if is == says {
		return have, nil
	}
	var actions []types.ScheduledAction
	if owner != ScaleManual {
		var err error
		if actions, err = t.scheduledActions(ctx, notOlder); err != nil {
			return have, err
		}
	}
	have.Elsewhere = RuledBy(t.Agent, t.scalableID(t.Agent), owner, is, says, actions)
	return have, nil
}

func (t *ScalableTarget) list(ctx context.Context) ([]types.ScalableTarget, error) {
	return ListScalableTargets(ctx, t.Clients.AutoScaling)
}

// ListScalableTargets are all of ECS in the account's region.
func ListScalableTargets(ctx context.Context, api aas.DescribeScalableTargetsAPIClient) ([]types.ScalableTarget, error) {
	return cloud.Pages(ctx, aas.NewDescribeScalableTargetsPaginator(api, &aas.DescribeScalableTargetsInput{ServiceNamespace: types.ServiceNamespaceEcs}),
		func(out *aas.DescribeScalableTargetsOutput) []types.ScalableTarget { return out.ScalableTargets })
}

func (t *ScalableTarget) Diff(have, want ScalableTargetSpec) []engine.Change {
	if have.Elsewhere != nil {
		return cloud.DiffTags(have.Tags, want.Tags)
	}
	return changes(
		field("min", have.Min, want.Min),
		field("max", have.Max, want.Max),
		cloud.DiffTags(have.Tags, want.Tags),
	)
}

// Create registers the service; registering again changes the bounds.
func (t *ScalableTarget) Create(ctx context.Context, want ScalableTargetSpec, _ string) (string, error) {
	if err := t.register(ctx, want, want.Tags); err != nil {
		return "", err
	}
	return t.scalableID(t.Agent), nil
}

func (t *ScalableTarget) register(ctx context.Context, want ScalableTargetSpec, tags cloud.Tags) error {
	return failure(t.Clients.AutoScaling.RegisterScalableTarget(ctx, &aas.RegisterScalableTargetInput{
		ServiceNamespace: types.ServiceNamespaceEcs, ScalableDimension: types.ScalableDimensionECSServiceDesiredCount,
		ResourceId: aws.String(t.scalableID(t.Agent)), MinCapacity: aws.Int32(int32(want.Min)), MaxCapacity: aws.Int32(int32(want.Max)), Tags: tags,
	}))
}

func (t *ScalableTarget) Update(ctx context.Context, _ string, have, want ScalableTargetSpec) error {
	if have.Elsewhere == nil && (have.Min != want.Min || have.Max != want.Max) {
		if err := t.register(ctx, want, nil); err != nil {
			return err
		}
	}
	if have.Tags.Equal(want.Tags) {
		return nil
	}
	arn, err := t.arn(ctx)
	if err != nil || arn == "" {
		return err
	}
	return t.scalableTargetTags().update(ctx, arn, have.Tags, want.Tags)
}

// arn is AWS's own name of the target, which cannot be derived.
func (t *ScalableTarget) arn(ctx context.Context) (string, error) {
	all, err := cloud.List(ctx, t.Inventory, "scalable-target", time.Time{}, t.list)
	for _, st := range all {
		if aws.ToString(st.ResourceId) == t.scalableID(t.Agent) {
			return aws.ToString(st.ScalableTargetARN), err
		}
	}
	return "", err
}

// Delete deregisters the service. Its policies, their alarms and its scheduled
// actions go with it.
func (t *ScalableTarget) Delete(ctx context.Context, id string) error {
	return failure(t.Clients.AutoScaling.DeregisterScalableTarget(ctx, &aas.DeregisterScalableTargetInput{
		ServiceNamespace: types.ServiceNamespaceEcs, ScalableDimension: types.ScalableDimensionECSServiceDesiredCount, ResourceId: &id,
	}))
}
