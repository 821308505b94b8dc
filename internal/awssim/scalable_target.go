package awssim

import (
	"fmt"
	"maps"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	aas "github.com/aws/aws-sdk-go-v2/service/applicationautoscaling"
	"github.com/aws/aws-sdk-go-v2/service/applicationautoscaling/types"

	"github.com/karmacadabra/karmactl/internal/cloud"
)

// ScalableTarget is a simulated scalable target of an ECS service.
type ScalableTarget struct {
	ID        string // service/cluster/service
	ARN       string
	Min       int
	Max       int
	Suspended types.SuspendedState
	Tags      cloud.Tags
	Created   time.Time
	Policies  map[string]*ScalingPolicy
	Schedule  map[string]*ScheduledAction
	// Changed is when it, a policy or a scheduled action of it was last changed.
	Changed time.Time
}

const autoScaling = "Application Auto Scaling."

func (s *Sim) scalableTargetNoun() noun {
	return noun{
		ops: []operation{
			on(autoScaling+"RegisterScalableTarget", s.registerScalableTarget, "ServiceNamespace", "ResourceId", "ScalableDimension", "MinCapacity", "MaxCapacity", "SuspendedState", "Tags"),
			on(autoScaling+"DescribeScalableTargets", s.describeScalableTargets, "ServiceNamespace", "ResourceIds", "ScalableDimension").pages("ScalableTargets", 50, 50),
			on(autoScaling+"DeregisterScalableTarget", s.deregisterScalableTarget, "ServiceNamespace", "ResourceId", "ScalableDimension"),
			on(autoScaling+"ListTagsForResource", s.listScalableTags, "ResourceARN"),
			on(autoScaling+"TagResource", s.tagScalable, "ResourceARN", "Tags"),
			on(autoScaling+"UntagResource", s.untagScalable, "ResourceARN", "TagKeys"),
		},
		each: func(tell func(thing)) {
			for _, t := range s.world.ScalableTargets {
				tell(thing{kind: "scalable-target", name: t.ID, tags: t.Tags, arn: t.ARN})
			}
		},
	}
}

func scalesECS(ns types.ServiceNamespace, dim types.ScalableDimension) error {
	if ns != types.ServiceNamespaceEcs || dim != "" && dim != types.ScalableDimensionECSServiceDesiredCount {
		return fail("ValidationException", "Unsupported service namespace, resource type or scalable dimension")
	}
	return nil
}

// scalable is a registered target that is about to be changed.
func (s *Sim) scalable(ns types.ServiceNamespace, dim types.ScalableDimension, id *string) (*ScalableTarget, error) {
	if err := scalesECS(ns, dim); err != nil {
		return nil, err
	}
	t := s.world.ScalableTargets[aws.ToString(id)]
	if t == nil {
		return nil, fail("ObjectNotFoundException", "No scalable target found for service namespace: ecs, resource ID: %s, scalable dimension: ecs:service:DesiredCount", aws.ToString(id))
	}
	return t, s.change(t)
}

// change refuses a change of a target that comes while another one is under way: "if you request an update to an
// Application Auto Scaling resource that already has a pending update" (SDK ConcurrentUpdateException). So fails
// who puts the policies of one target all at once: https://github.com/hashicorp/terraform-provider-aws/issues/17915
func (s *Sim) change(t *ScalableTarget) error {
	if s.now().Sub(t.Changed) < s.opts.Latency {
		return fail("ConcurrentUpdateException", "You already have a pending update to an Auto Scaling resource.")
	}
	t.Changed = s.now()
	return nil
}

// service splits service/cluster/service.
func (t *ScalableTarget) service() (cluster, service string) {
	parts := strings.Split(t.ID, "/")
	return parts[1], parts[2]
}

// clamp moves the service into the bounds, as AWS does when bounds change.
func (s *Sim) clamp(t *ScalableTarget) {
	cluster, service := t.service()
	if n, ok := s.desired(cluster, service); ok {
		if to := min(max(n, t.Min), t.Max); to != n {
			s.setDesired(cluster, service, to)
		}
	}
}

func (s *Sim) registerScalableTarget(in *aas.RegisterScalableTargetInput) (*aas.RegisterScalableTargetOutput, error) {
	if err := scalesECS(in.ServiceNamespace, in.ScalableDimension); err != nil {
		return nil, err
	}
	id := aws.ToString(in.ResourceId)
	if parts := strings.Split(id, "/"); len(parts) != 3 || parts[0] != "service" {
		return nil, fail("ValidationException", "Unsupported resource type: %s", id)
	}
	old := s.world.ScalableTargets[id]
	t := &ScalableTarget{ID: id, Tags: cloud.Tags{}, Created: s.now(), Policies: map[string]*ScalingPolicy{}, Schedule: map[string]*ScheduledAction{}}
	if old != nil {
		if err := s.change(old); err != nil {
			return nil, err
		}
		t = new(*old)
	} else if in.MinCapacity == nil || in.MaxCapacity == nil {
		return nil, fail("ValidationException", "MinCapacity and MaxCapacity are required when registering a new scalable target")
	}
	if cluster, service := t.service(); old == nil {
		if _, ok := s.desired(cluster, service); !ok {
			return nil, fail("ValidationException", "ECS service doesn't exist: %s", id)
		}
	}
	if in.MinCapacity != nil {
		t.Min = int(*in.MinCapacity)
	}
	if in.MaxCapacity != nil {
		t.Max = int(*in.MaxCapacity)
	}
	if t.Min < 0 || t.Max < t.Min {
		return nil, fail("ValidationException", "Maximum capacity cannot be less than minimum capacity")
	}
	if in.SuspendedState != nil {
		t.Suspended = *in.SuspendedState
	}
	if old == nil {
		if err := validTags(in.Tags, "ValidationException"); err != nil {
			return nil, err
		}
		maps.Copy(t.Tags, in.Tags)
		t.ARN = s.world.arn("application-autoscaling", "scalable-target/"+strings.TrimPrefix(s.world.id("st"), "st-"))
		s.linkRole("ecs.application-autoscaling")
	} else if len(in.Tags) > 0 && !cloud.Tags(in.Tags).Equal(old.Tags) {
		return nil, fail("ValidationException", "Tags cannot be changed by registering again: use TagResource")
	}
	s.world.ScalableTargets[id] = t
	s.clamp(t)
	return &aas.RegisterScalableTargetOutput{ScalableTargetARN: &t.ARN}, nil
}

func (s *Sim) describeScalableTargets(in *aas.DescribeScalableTargetsInput) (*aas.DescribeScalableTargetsOutput, error) {
	if err := scalesECS(in.ServiceNamespace, in.ScalableDimension); err != nil {
		return nil, err
	}
	var all []types.ScalableTarget
	for _, t := range sorted(s.world.ScalableTargets) {
		if wanted(in.ResourceIds, t.ID) && s.visible(t.Created) {
			all = append(all, types.ScalableTarget{
				ResourceId: &t.ID, ScalableTargetARN: &t.ARN, MinCapacity: aws.Int32(int32(t.Min)), MaxCapacity: aws.Int32(int32(t.Max)), CreationTime: &t.Created,
				ServiceNamespace: types.ServiceNamespaceEcs, ScalableDimension: types.ScalableDimensionECSServiceDesiredCount, SuspendedState: suspended(t.Suspended),
				RoleARN: aws.String("arn:aws:iam::" + s.world.Account + ":role/aws-service-role/ecs.application-autoscaling.amazonaws.com/AWSServiceRoleForApplicationAutoScaling_ECSService"),
			})
		}
	}
	out := &aas.DescribeScalableTargetsOutput{}
	out.ScalableTargets = all
	return out, nil
}

// deregisterScalableTarget takes policies, their alarms and the schedule with it.
func (s *Sim) deregisterScalableTarget(in *aas.DeregisterScalableTargetInput) (*aas.DeregisterScalableTargetOutput, error) {
	t, err := s.scalable(in.ServiceNamespace, in.ScalableDimension, in.ResourceId)
	if err != nil {
		return nil, err
	}
	for _, p := range t.Policies {
		s.dropPolicyAlarms(p)
		s.forgetSteps(p)
	}
	delete(s.world.ScalableTargets, t.ID)
	return &aas.DeregisterScalableTargetOutput{}, nil
}

func (s *Sim) scalableAt(arn string) (*ScalableTarget, error) {
	for _, t := range s.world.ScalableTargets {
		if t.ARN == arn {
			return t, nil
		}
	}
	return nil, fail("ResourceNotFoundException", "The specified resource doesn't exist: %s", arn)
}

func (s *Sim) listScalableTags(in *aas.ListTagsForResourceInput) (*aas.ListTagsForResourceOutput, error) {
	t, err := s.scalableAt(aws.ToString(in.ResourceARN))
	if err != nil {
		return nil, err
	}
	return &aas.ListTagsForResourceOutput{Tags: maps.Clone(t.Tags)}, nil
}

func (s *Sim) tagScalable(in *aas.TagResourceInput) (*aas.TagResourceOutput, error) {
	t, err := s.scalableAt(aws.ToString(in.ResourceARN))
	if err != nil {
		return nil, err
	}
	return &aas.TagResourceOutput{}, retag(t.Tags, in.Tags, nil, "ValidationException")
}

func (s *Sim) untagScalable(in *aas.UntagResourceInput) (*aas.UntagResourceOutput, error) {
	t, err := s.scalableAt(aws.ToString(in.ResourceARN))
	if err != nil {
		return nil, err
	}
	return &aas.UntagResourceOutput{}, retag(t.Tags, nil, in.TagKeys, "ValidationException")
}

// policyAlarm is the name of one of the alarms that target tracking makes.
func policyAlarm(target, side string, serial int) string {
	return fmt.Sprintf("TargetTracking-%s-Alarm%s-%012x", target, side, serial)
}

// suspended has all three values, as AWS tells them whatever was sent.
func suspended(have types.SuspendedState) *types.SuspendedState {
	told := func(b *bool) *bool { return aws.Bool(aws.ToBool(b)) }
	return &types.SuspendedState{
		DynamicScalingInSuspended: told(have.DynamicScalingInSuspended), DynamicScalingOutSuspended: told(have.DynamicScalingOutSuspended),
		ScheduledScalingSuspended: told(have.ScheduledScalingSuspended),
	}
}
