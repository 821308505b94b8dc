package provision

import (
	"context"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	aas "github.com/aws/aws-sdk-go-v2/service/applicationautoscaling"
	"github.com/aws/aws-sdk-go-v2/service/applicationautoscaling/types"

	"github.com/karmacadabra/karmactl/internal/cloud"
	"github.com/karmacadabra/karmactl/internal/engine"
)

// What a policy may follow.
const (
	ScaleByCPU    = "cpu"
	ScaleByMemory = "memory"
)

// ScalingPolicySpec is what we own of a scaling policy.
type ScalingPolicySpec struct {
	Metric  string
	Percent float64
	// Seconds between two steps.
	InCooldown  int
	OutCooldown int
	// ScaleIn lets it take tasks away, too.
	ScaleIn bool
}

// ScalingPolicy keeps an agent's average use near a percentage. AWS makes two
// alarms for it, at $0.10 a month each, and deletes them with it. It is blind
// while there is no task. Its id is service/cluster/service#name; it has no tags
// and belongs to its target.
type ScalingPolicy struct {
	engine.Ref
	*Env
	Target *ScalableTarget
	// Metric is ScaleByCPU or ScaleByMemory.
	Metric  string
	Percent float64
}

func (p *ScalingPolicy) name() string { return p.Stack + "-" + p.Target.Agent + "-" + p.Metric }

func (p *ScalingPolicy) policyID() string { return p.scalableID(p.Target.Agent) + "#" + p.name() }

// Key is scaling-policy/agent/metric.
func (p *ScalingPolicy) Key() engine.Key {
	return engine.Key("scaling-policy/" + p.Target.Agent + "/" + p.Metric)
}

// OfAgent is the agent that it belongs to.
func (p *ScalingPolicy) OfAgent() string { return p.Target.Agent }

// Needs the target.
func (p *ScalingPolicy) Needs() []engine.Node { return []engine.Node{p.Target} }

// Want steps out after a minute and in after five.
func (p *ScalingPolicy) Want() ScalingPolicySpec {
	metric := types.MetricTypeECSServiceAverageCPUUtilization
	if p.Metric == ScaleByMemory {
		metric = types.MetricTypeECSServiceAverageMemoryUtilization
	}
	return ScalingPolicySpec{Metric: string(metric), Percent: p.Percent, InCooldown: 300, OutCooldown: 60, ScaleIn: true}
}

// Find looks among the account's scaling policies of ECS.
func (p *ScalingPolicy) Find(ctx context.Context, look engine.Look) (engine.Found[ScalingPolicySpec], error) {
	all, err := cloud.List(ctx, p.Inventory, "scaling-policy", look.NotOlder, p.list)
	if err != nil {
		return engine.Found[ScalingPolicySpec]{}, err
	}
	for _, sp := range all {
		if aws.ToString(sp.ResourceId) != p.scalableID(p.Target.Agent) || aws.ToString(sp.PolicyName) != p.name() {
			continue
		}
		found := engine.Found[ScalingPolicySpec]{Phase: engine.Ready, ID: p.policyID()}
		if c := sp.TargetTrackingScalingPolicyConfiguration; c != nil {
			found.Spec = ScalingPolicySpec{
				Percent: aws.ToFloat64(c.TargetValue), InCooldown: int(aws.ToInt32(c.ScaleInCooldown)), OutCooldown: int(aws.ToInt32(c.ScaleOutCooldown)),
				ScaleIn: !aws.ToBool(c.DisableScaleIn),
			}
			if c.PredefinedMetricSpecification != nil {
				found.Spec.Metric = string(c.PredefinedMetricSpecification.PredefinedMetricType)
			}
		}
		return found, nil
	}
	return engine.Found[ScalingPolicySpec]{}, nil
}

func (p *ScalingPolicy) list(ctx context.Context) ([]types.ScalingPolicy, error) {
	return cloud.Pages(ctx, aas.NewDescribeScalingPoliciesPaginator(p.Clients.AutoScaling, &aas.DescribeScalingPoliciesInput{ServiceNamespace: types.ServiceNamespaceEcs}),
		func(out *aas.DescribeScalingPoliciesOutput) []types.ScalingPolicy { return out.ScalingPolicies })
}

// Diff compares.
func (p *ScalingPolicy) Diff(have, want ScalingPolicySpec) []engine.Change {
	return changes(
		field("metric", have.Metric, want.Metric),
		field("percent", have.Percent, want.Percent),
		field("in_cooldown", have.InCooldown, want.InCooldown),
		field("out_cooldown", have.OutCooldown, want.OutCooldown),
		field("scale_in", have.ScaleIn, want.ScaleIn),
	)
}

// Create puts the policy.
func (p *ScalingPolicy) Create(ctx context.Context, want ScalingPolicySpec, _ string) (string, error) {
	_, err := p.Clients.AutoScaling.PutScalingPolicy(ctx, &aas.PutScalingPolicyInput{
		PolicyName: aws.String(p.name()), PolicyType: types.PolicyTypeTargetTrackingScaling, ResourceId: aws.String(p.scalableID(p.Target.Agent)),
		ServiceNamespace: types.ServiceNamespaceEcs, ScalableDimension: types.ScalableDimensionECSServiceDesiredCount,
		TargetTrackingScalingPolicyConfiguration: &types.TargetTrackingScalingPolicyConfiguration{
			TargetValue: &want.Percent, ScaleInCooldown: aws.Int32(int32(want.InCooldown)), ScaleOutCooldown: aws.Int32(int32(want.OutCooldown)),
			DisableScaleIn:                aws.Bool(!want.ScaleIn),
			PredefinedMetricSpecification: &types.PredefinedMetricSpecification{PredefinedMetricType: types.MetricType(want.Metric)},
		},
	})
	if err != nil {
		return "", err
	}
	return p.policyID(), nil
}

// Update puts it again, which replaces it.
func (p *ScalingPolicy) Update(ctx context.Context, _ string, _, want ScalingPolicySpec) error {
	_, err := p.Create(ctx, want, "")
	return err
}

// Delete deletes the policy and its alarms.
func (p *ScalingPolicy) Delete(ctx context.Context, id string) error {
	resource, name, _ := strings.Cut(id, "#")
	_, err := p.Clients.AutoScaling.DeleteScalingPolicy(ctx, &aas.DeleteScalingPolicyInput{
		PolicyName: &name, ResourceId: &resource, ServiceNamespace: types.ServiceNamespaceEcs, ScalableDimension: types.ScalableDimensionECSServiceDesiredCount,
	})
	return err
}

// ScalingPolicyOf makes a policy from what follows its kind in a key: validator/cpu.
func ScalingPolicyOf(h *Env, name string) *ScalingPolicy {
	agent, metric, _ := strings.Cut(name, "/")
	return &ScalingPolicy{Env: h, Target: &ScalableTarget{Env: h, Agent: agent}, Metric: metric}
}
