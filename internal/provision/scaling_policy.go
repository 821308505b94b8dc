package provision

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	aas "github.com/aws/aws-sdk-go-v2/service/applicationautoscaling"
	"github.com/aws/aws-sdk-go-v2/service/applicationautoscaling/types"

	"github.com/karmacadabra/karmactl/internal/cloud"
	"github.com/karmacadabra/karmactl/internal/engine"
)

// What a policy may follow, as its key says it.
const (
	ScaleByCPU      = "cpu"
	ScaleByMemory   = "memory"
	ScaleByRequests = "requests"
	ScaleByQueue    = "queue"
	// ScaleByWake starts the first tasks when messages wait for none.
	ScaleByWake = "wake"
)

// ScalingPolicySpec is what we own of a scaling policy.
type ScalingPolicySpec struct {
	// Metric is the predefined metric that it follows, or that of a queue.
	Metric string
	// Of is whose metric it is when the service alone does not say so: the load balancer and
	// target group, or the queue. It is "" for use of CPU and memory, and how many tasks at most
	// for a wake policy.
	Of string
	// Target is percent, requests a minute for each task, or messages for each task.
	Target float64
	// Seconds between two steps.
	InCooldown  int
	OutCooldown int
	// ScaleIn lets it take tasks away, too.
	ScaleIn bool
}

// ScalingPolicy keeps a metric of an agent near a target. AWS makes two alarms for it,
// billed like any other, and deletes them with it. Without a task there is no use and
// there are no requests, so only a queue wakes an agent that is at 0: with a step policy,
// which a wake alarm of the stack's own invokes. Its id is service/cluster/service#name; it
// has no tags and belongs to its target.
type ScalingPolicy struct {
	engine.Ref
	*Env
	Target *ScalableTarget
	// Metric is one of ScaleByCPU, ScaleByMemory, ScaleByRequests, ScaleByQueue and ScaleByWake.
	Metric string
	// Hold is what is held: percent, requests a minute for each task, or messages for each task.
	Hold float64
	// Queue is the name of the queue, of this account and region; "" except for ScaleByQueue and ScaleByWake.
	Queue string
	// Most is how many tasks ScaleByWake adds at most.
	Most int
	// LoadBalancer and TargetGroup are where the requests come from; nil except for ScaleByRequests.
	LoadBalancer, TargetGroup engine.Node
}

func (p *ScalingPolicy) name() string     { return p.Stack + "-" + p.Target.Agent + "-" + p.Metric }
func (p *ScalingPolicy) policyID() string { return p.scalableID(p.Target.Agent) + "#" + p.name() }

func (p *ScalingPolicy) Key() engine.Key {
	return engine.Key("scaling-policy/" + p.Target.Agent + "/" + p.Metric)
}

func (p *ScalingPolicy) OfAgent() string { return p.Target.Agent }

func (p *ScalingPolicy) Needs() []engine.Node {
	return slices.Concat(nodes(p.Target), nodes(p.LoadBalancer, p.TargetGroup))
}

// queueCooldown is how long a queue's policy waits between two steps out, in seconds: a new task
// takes a minute to run and up to three to be counted, and until then the messages seem to be too
// many for the tasks that were there before.
const queueCooldown = 300

// Want steps out after a minute and in after five.
func (p *ScalingPolicy) Want() ScalingPolicySpec {
	if p.Metric == ScaleByWake {
		return wakeSpec(p.Hold, p.Most)
	}
	want := ScalingPolicySpec{Target: p.Hold, InCooldown: 300, OutCooldown: 60, ScaleIn: true}
	switch p.Metric {
	case ScaleByMemory:
		want.Metric = string(types.MetricTypeECSServiceAverageMemoryUtilization)
	case ScaleByRequests:
		want.Metric = string(types.MetricTypeALBRequestCountPerTarget)
		want.Of = metricSuffix(p.LoadBalancer.ID()) + "/" + metricSuffix(p.TargetGroup.ID())
	case ScaleByQueue:
		want.Metric, want.Of, want.OutCooldown = messagesPerTask, p.Queue, queueCooldown
	default:
		want.Metric = string(types.MetricTypeECSServiceAverageCPUUtilization)
	}
	return want
}

func (p *ScalingPolicy) Find(ctx context.Context, look engine.Look) (engine.Found[ScalingPolicySpec], error) {
	all, err := cloud.List(ctx, p.Inventory, "scaling-policy", look.NotOlder, p.list)
	if err != nil {
		return engine.Found[ScalingPolicySpec]{}, err
	}
	want := cmp.Or(look.ID, p.policyID())
	for _, sp := range all {
		if id := aws.ToString(sp.ResourceId) + "#" + aws.ToString(sp.PolicyName); id != want {
			continue
		}
		found := engine.Found[ScalingPolicySpec]{Phase: engine.Ready, ID: want, Outputs: map[string]string{"arn": aws.ToString(sp.PolicyARN)}}
		if c := sp.StepScalingPolicyConfiguration; c != nil {
			found.Spec = stepSpec(c)
		}
		if c := sp.TargetTrackingScalingPolicyConfiguration; c != nil {
			found.Spec = ScalingPolicySpec{
				Target: aws.ToFloat64(c.TargetValue), InCooldown: int(aws.ToInt32(c.ScaleInCooldown)), OutCooldown: int(aws.ToInt32(c.ScaleOutCooldown)),
				ScaleIn: !aws.ToBool(c.DisableScaleIn),
			}
			switch m := c.PredefinedMetricSpecification; {
			case m != nil:
				found.Spec.Metric, found.Spec.Of = string(m.PredefinedMetricType), aws.ToString(m.ResourceLabel)
			case c.CustomizedMetricSpecification != nil:
				found.Spec.Metric, found.Spec.Of = p.queueOf(c.CustomizedMetricSpecification)
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

func (p *ScalingPolicy) Diff(have, want ScalingPolicySpec) []engine.Change {
	return changes(
		field("metric", have.Metric, want.Metric),
		field("of", have.Of, want.Of),
		field("target", have.Target, want.Target),
		field("in_cooldown", have.InCooldown, want.InCooldown),
		field("out_cooldown", have.OutCooldown, want.OutCooldown),
		field("scale_in", have.ScaleIn, want.ScaleIn),
	)
}

func (p *ScalingPolicy) Create(ctx context.Context, want ScalingPolicySpec, _ string) (string, error) {
	if err := p.put(ctx, p.policyID(), want); err != nil {
		return "", err
	}
	return p.policyID(), nil
}

func (p *ScalingPolicy) put(ctx context.Context, id string, want ScalingPolicySpec) error {
	resource, name, _ := strings.Cut(id, "#")
	in := &aas.PutScalingPolicyInput{
		PolicyName: &name, ResourceId: &resource, ServiceNamespace: types.ServiceNamespaceEcs, ScalableDimension: types.ScalableDimensionECSServiceDesiredCount,
	}
	p.configure(in, want)
	return failure(p.Clients.AutoScaling.PutScalingPolicy(ctx, in))
}

// Update puts it again, which replaces it.
func (p *ScalingPolicy) Update(ctx context.Context, id string, _, want ScalingPolicySpec) error {
	return p.put(ctx, id, want)
}

// Delete deletes the policy and the alarms that AWS made for it.
func (p *ScalingPolicy) Delete(ctx context.Context, id string) error {
	resource, name, _ := strings.Cut(id, "#")
	return failure(p.Clients.AutoScaling.DeleteScalingPolicy(ctx, &aas.DeleteScalingPolicyInput{
		PolicyName: &name, ResourceId: &resource, ServiceNamespace: types.ServiceNamespaceEcs, ScalableDimension: types.ScalableDimensionECSServiceDesiredCount,
	}))
}

// ScalingPolicyOf makes a policy from what follows its kind in a key: validator/cpu.
func ScalingPolicyOf(h *Env, name string) *ScalingPolicy {
	agent, metric, _ := strings.Cut(name, "/")
	return &ScalingPolicy{Env: h, Target: &ScalableTarget{Env: h, Agent: agent}, Metric: metric}
}
