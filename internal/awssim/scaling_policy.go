package awssim

import (
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	aas "github.com/aws/aws-sdk-go-v2/service/applicationautoscaling"
	"github.com/aws/aws-sdk-go-v2/service/applicationautoscaling/types"
	cwtypes "github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"

	"github.com/karmacadabra/karmactl/internal/cloud"
)

// ScalingPolicy is a simulated target-tracking policy.
type ScalingPolicy struct {
	Name    string
	ARN     string
	Config  types.TargetTrackingScalingPolicyConfiguration
	Alarms  []string // names of the two that AWS made
	Created time.Time
}

func (s *Sim) scalingPolicyNoun() noun {
	return noun{
		ops: []operation{
			on(autoScaling+"PutScalingPolicy", s.putScalingPolicy, "PolicyName", "PolicyType", "ServiceNamespace", "ResourceId", "ScalableDimension", "TargetTrackingScalingPolicyConfiguration"),
			on(autoScaling+"DescribeScalingPolicies", s.describeScalingPolicies, "ServiceNamespace", "ResourceId", "ScalableDimension", "PolicyNames").pages("ScalingPolicies", 10, 50),
			on(autoScaling+"DeleteScalingPolicy", s.deleteScalingPolicy, "PolicyName", "ServiceNamespace", "ResourceId", "ScalableDimension"),
		},
	}
}

func (s *Sim) putScalingPolicy(in *aas.PutScalingPolicyInput) (*aas.PutScalingPolicyOutput, error) {
	t, err := s.scalable(in.ServiceNamespace, in.ScalableDimension, in.ResourceId)
	if err != nil {
		return nil, fail("ObjectNotFoundException", "No scalable target registered for service namespace: ecs, resource ID: %s, scalable dimension: ecs:service:DesiredCount", aws.ToString(in.ResourceId))
	}
	c := in.TargetTrackingScalingPolicyConfiguration
	if in.PolicyType != types.PolicyTypeTargetTrackingScaling || c == nil || c.PredefinedMetricSpecification == nil {
		return nil, fail("ValidationException", "only target tracking with a predefined metric is simulated")
	}
	metric := c.PredefinedMetricSpecification.PredefinedMetricType
	if metric != types.MetricTypeECSServiceAverageCPUUtilization && metric != types.MetricTypeECSServiceAverageMemoryUtilization {
		return nil, fail("ValidationException", "PredefinedMetricType %s is not supported for ecs", metric)
	}
	if v := aws.ToFloat64(c.TargetValue); v <= 0 {
		return nil, fail("ValidationException", "Target value must be greater than 0")
	}
	name := aws.ToString(in.PolicyName)
	for other, p := range t.Policies {
		if other != name && p.Config.PredefinedMetricSpecification.PredefinedMetricType == metric {
			return nil, fail("ValidationException", "Only one TargetTrackingScaling policy for a given metric specification is allowed.")
		}
	}
	p := t.Policies[name]
	if p == nil {
		p = &ScalingPolicy{Name: name, Created: s.now()}
		p.ARN = s.world.arn("autoscaling", "scalingPolicy:"+s.world.id("sp")+":resource/ecs/"+t.ID+":policyName/"+name)
		t.Policies[name] = p
	}
	s.dropPolicyAlarms(p)
	p.Config = *c
	s.makePolicyAlarms(t, p)
	return &aas.PutScalingPolicyOutput{PolicyARN: &p.ARN, Alarms: s.policyAlarms(p)}, nil
}

// makePolicyAlarms makes the two alarms that target tracking lives on. They are
// billed like any other and go with the policy.
func (s *Sim) makePolicyAlarms(t *ScalableTarget, p *ScalingPolicy) {
	cluster, service := t.service()
	metric := "CPUUtilization"
	if p.Config.PredefinedMetricSpecification.PredefinedMetricType == types.MetricTypeECSServiceAverageMemoryUtilization {
		metric = "MemoryUtilization"
	}
	for _, side := range []struct {
		name    string
		op      cwtypes.ComparisonOperator
		times   float64
		periods int32
	}{
		{"High", cwtypes.ComparisonOperatorGreaterThanThreshold, 1, 3},
		{"Low", cwtypes.ComparisonOperatorLessThanThreshold, 0.9, 15},
	} {
		s.world.Serial++
		name := policyAlarm(t.ID, side.name, s.world.Serial)
		s.world.Alarms[name] = &Alarm{Policy: p.ARN, Tags: cloud.Tags{}, Alarm: cwtypes.MetricAlarm{
			AlarmName: &name, AlarmArn: aws.String(s.world.arn("cloudwatch", "alarm:"+name)), Namespace: aws.String("AWS/ECS"), MetricName: &metric,
			Dimensions: []cwtypes.Dimension{{Name: aws.String("ClusterName"), Value: &cluster}, {Name: aws.String("ServiceName"), Value: &service}},
			Statistic:  cwtypes.StatisticAverage, ComparisonOperator: side.op, Threshold: aws.Float64(aws.ToFloat64(p.Config.TargetValue) * side.times),
			Period: aws.Int32(60), EvaluationPeriods: aws.Int32(side.periods), AlarmActions: []string{p.ARN}, ActionsEnabled: aws.Bool(true),
			AlarmConfigurationUpdatedTimestamp: aws.Time(s.now()),
			StateValue:                         cwtypes.StateValueInsufficientData, StateReason: aws.String(unchecked), StateUpdatedTimestamp: aws.Time(s.now()),
		}}
		p.Alarms = append(p.Alarms, name)
	}
}

func (s *Sim) dropPolicyAlarms(p *ScalingPolicy) {
	for _, name := range p.Alarms {
		delete(s.world.Alarms, name)
	}
	p.Alarms = nil
}

func (s *Sim) policyAlarms(p *ScalingPolicy) []types.Alarm {
	var all []types.Alarm
	for _, name := range p.Alarms {
		all = append(all, types.Alarm{AlarmName: &name, AlarmARN: aws.String(s.world.arn("cloudwatch", "alarm:"+name))})
	}
	return all
}

func (s *Sim) describeScalingPolicies(in *aas.DescribeScalingPoliciesInput) (*aas.DescribeScalingPoliciesOutput, error) {
	if err := scalesECS(in.ServiceNamespace, in.ScalableDimension); err != nil {
		return nil, err
	}
	var all []types.ScalingPolicy
	for _, t := range sorted(s.world.ScalableTargets) {
		if in.ResourceId != nil && *in.ResourceId != t.ID {
			continue
		}
		for _, p := range sorted(t.Policies) {
			if wanted(in.PolicyNames, p.Name) && s.visible(p.Created) {
				all = append(all, types.ScalingPolicy{
					PolicyName: &p.Name, PolicyARN: &p.ARN, PolicyType: types.PolicyTypeTargetTrackingScaling, ResourceId: &t.ID, CreationTime: &p.Created,
					ServiceNamespace: types.ServiceNamespaceEcs, ScalableDimension: types.ScalableDimensionECSServiceDesiredCount,
					TargetTrackingScalingPolicyConfiguration: &p.Config, Alarms: s.policyAlarms(p),
				})
			}
		}
	}
	out := &aas.DescribeScalingPoliciesOutput{}
	out.ScalingPolicies = all
	return out, nil
}

func (s *Sim) deleteScalingPolicy(in *aas.DeleteScalingPolicyInput) (*aas.DeleteScalingPolicyOutput, error) {
	t, err := s.scalable(in.ServiceNamespace, in.ScalableDimension, in.ResourceId)
	if err != nil {
		return nil, err
	}
	p := t.Policies[aws.ToString(in.PolicyName)]
	if p == nil {
		return nil, fail("ObjectNotFoundException", "No scaling policy found for service namespace: ecs, resource ID: %s, policy name: %s", t.ID, aws.ToString(in.PolicyName))
	}
	s.dropPolicyAlarms(p)
	delete(t.Policies, p.Name)
	return &aas.DeleteScalingPolicyOutput{}, nil
}
