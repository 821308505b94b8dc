//go:build wire

package wire

import (
	"context"
	"maps"

	"github.com/aws/aws-sdk-go-v2/aws"
	scaling "github.com/aws/aws-sdk-go-v2/service/applicationautoscaling"
	"github.com/aws/aws-sdk-go-v2/service/budgets"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	elbtypes "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"

	"github.com/karmacadabra/karmactl/internal/cloud"
)

// moto is https://github.com/getmoto/moto in server mode.
func moto() emulator {
	return emulator{name: "moto", variable: "WIRE_MOTO", reset: "/moto-api/reset", gaps: motoGaps, accepts: motoAccepts(), without: []lack{{
		kinds: []string{"alarm", "dashboard"},
		why:   "CloudWatch is 404 over CBOR, the only protocol that the SDK for Go speaks with it",
		probe: func(ctx context.Context, a *account) error {
			_, err := cloud.NewClients(a.plain).CloudWatch.DescribeAlarms(ctx, &cloudwatch.DescribeAlarmsInput{})
			return err
		},
	}, {
		kinds: []string{"budget"},
		why:   "the tags of a budget cannot be listed: a 500",
		probe: func(ctx context.Context, a *account) error {
			_, err := cloud.NewClients(a.plain).Budgets.ListTagsForResource(ctx, &budgets.ListTagsForResourceInput{
				ResourceARN: aws.String(a.GlobalARN("budgets", "budget/karmacadabra-prod")),
			})
			return err
		},
	}, {
		kinds: []string{"task"},
		why:   "a task whose size is the task definition's, and not each container's, is a 500",
		probe: func(ctx context.Context, a *account) (err error) {
			defer func() {
				if s, ok := recover().(stop); ok {
					err = s.error
				}
			}()
			r := &rig{Clients: cloud.NewClients(a.plain), ctx: ctx}
			in := r.service()
			_, err = r.ECS.RunTask(ctx, &ecs.RunTaskInput{
				Cluster: in.Cluster, TaskDefinition: in.TaskDefinition, CapacityProviderStrategy: in.CapacityProviderStrategy, NetworkConfiguration: in.NetworkConfiguration,
			})
			return err
		},
	}, noSampling()}}
}

func motoGaps() []*gap {
	var targets notes[string]
	var tags notes[map[string]string]
	var transforms notes[[]elbtypes.RuleTransform]
	return []*gap{
		newGap("a gateway endpoint is said to have private DNS; AWS says that of interfaces only",
			amend("EC2.DescribeVpcEndpoints", func(_ *ec2.DescribeVpcEndpointsInput, out *ec2.DescribeVpcEndpointsOutput) (met bool) {
				for i, e := range out.VpcEndpoints {
					if e.VpcEndpointType == types.VpcEndpointTypeGateway && aws.ToBool(e.PrivateDnsEnabled) {
						out.VpcEndpoints[i].PrivateDnsEnabled, met = aws.Bool(false), true
					}
				}
				return met
			})),
		newGap("a listener without TLS has a TLS policy; AWS's has none",
			amend("Elastic Load Balancing v2.DescribeListeners", func(_ *elb.DescribeListenersInput, out *elb.DescribeListenersOutput) (met bool) {
				for i, l := range out.Listeners {
					if l.Protocol == elbtypes.ProtocolEnumHttp && l.SslPolicy != nil {
						out.Listeners[i].SslPolicy, met = nil, true
					}
				}
				return met
			})),
		newGap("a rule's transforms are dropped",
			heed("Elastic Load Balancing v2.CreateRule", func(in *elb.CreateRuleInput, out *elb.CreateRuleOutput) {
				transforms.put(aws.ToString(out.Rules[0].RuleArn), in.Transforms)
			}),
			amend("Elastic Load Balancing v2.DescribeRules", func(_ *elb.DescribeRulesInput, out *elb.DescribeRulesOutput) (met bool) {
				for i, r := range out.Rules {
					if made, ok := transforms.get(aws.ToString(r.RuleArn)); ok && len(r.Transforms) != len(made) {
						out.Rules[i].Transforms, met = made, true
					}
				}
				return met
			})),
		serviceLinkedNames(),
		connectLost(),
		newGap("the tags of scalable targets are kept nowhere and cannot be listed or changed: a 500",
			heed("Application Auto Scaling.RegisterScalableTarget", func(in *scaling.RegisterScalableTargetInput, _ *scaling.RegisterScalableTargetOutput) {
				if len(in.Tags) > 0 {
					tags.put(aws.ToString(in.ResourceId), in.Tags)
				}
			}),
			heed("Application Auto Scaling.DescribeScalableTargets", func(_ *scaling.DescribeScalableTargetsInput, out *scaling.DescribeScalableTargetsOutput) {
				for _, target := range out.ScalableTargets {
					targets.put(aws.ToString(target.ScalableTargetARN), aws.ToString(target.ResourceId))
				}
			}),
			at("Application Auto Scaling.ListTagsForResource", func(in *scaling.ListTagsForResourceInput, out *scaling.ListTagsForResourceOutput, err error) (bool, error) {
				id, _ := targets.get(aws.ToString(in.ResourceARN))
				made, ok := tags.get(id)
				out.Tags = made
				return err != nil && ok, nil
			}),
			at("Application Auto Scaling.TagResource", func(in *scaling.TagResourceInput, _ *scaling.TagResourceOutput, err error) (bool, error) {
				id, _ := targets.get(aws.ToString(in.ResourceARN))
				made, ok := tags.get(id)
				next := maps.Clone(made)
				maps.Copy(next, in.Tags)
				tags.put(id, next)
				return err != nil && ok, nil
			}),
			at("Application Auto Scaling.UntagResource", func(in *scaling.UntagResourceInput, _ *scaling.UntagResourceOutput, err error) (bool, error) {
				id, _ := targets.get(aws.ToString(in.ResourceARN))
				made, ok := tags.get(id)
				next := maps.Clone(made)
				for _, k := range in.TagKeys {
					delete(next, k)
				}
				tags.put(id, next)
				return err != nil && ok, nil
			})),
	}
}

// motoAccepts are the refusals of AWS that moto does not share.
func motoAccepts() map[string]string {
	return map[string]string{
		"deleting a group that another lets in": "accepts it",
		"deleting a VPC with a gateway":         "accepts it",
		"deleting a VPC with a group":           "accepts it",
		"deleting a subnet under a NAT gateway": "accepts it",
		"a role whose trust is no policy":       "accepts it",
		"keeping logs for 8 days":               "accepts it",
		"another listener of the same port":     "accepts it",
		"a task of a size that Fargate has not": "accepts it",
		"a service of the same name":            "accepts it",
		"deleting a cluster with a service":     "accepts it",
		"a schedule that is no cron":            "accepts it",
		"a schedule in no timezone":             "accepts it",
		"a schedule without a target":           "accepts it",
	}
}
