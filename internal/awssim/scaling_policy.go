package awssim

import (
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	aas "github.com/aws/aws-sdk-go-v2/service/applicationautoscaling"
	"github.com/aws/aws-sdk-go-v2/service/applicationautoscaling/types"
)

// ScalingPolicy is a simulated target-tracking policy.
type ScalingPolicy struct {
	Name    string
	ARN     string
	Config  types.TargetTrackingScalingPolicyConfiguration
	Alarms  []string // names of the two that AWS made
	Created time.Time
	// High and Low are for how many minutes in a row the metric was above the target,
	// and below 90 % of it.
	High, Low int
	// Looked is up to which minute its metric was looked at, ScaledOut and ScaledIn are
	// when it last moved the service.
	Looked, ScaledOut, ScaledIn time.Time
}

func (s *Sim) scalingPolicyNoun() noun {
	return noun{
		ops: []operation{
			on(autoScaling+"PutScalingPolicy", s.putScalingPolicy, "PolicyName", "PolicyType", "ServiceNamespace", "ResourceId", "ScalableDimension", "TargetTrackingScalingPolicyConfiguration"),
			on(autoScaling+"DescribeScalingPolicies", s.describeScalingPolicies, "ServiceNamespace", "ResourceId", "ScalableDimension", "PolicyNames").pages("ScalingPolicies", 10, 50),
			on(autoScaling+"DeleteScalingPolicy", s.deleteScalingPolicy, "PolicyName", "ServiceNamespace", "ResourceId", "ScalableDimension"),
		},
		settle: s.settleScalingPolicies,
	}
}

func (s *Sim) putScalingPolicy(in *aas.PutScalingPolicyInput) (*aas.PutScalingPolicyOutput, error) {
	t, err := s.scalable(in.ServiceNamespace, in.ScalableDimension, in.ResourceId)
	if err != nil {
		return nil, fail("ObjectNotFoundException", "No scalable target registered for service namespace: ecs, resource ID: %s, scalable dimension: ecs:service:DesiredCount", aws.ToString(in.ResourceId))
	}
	c := in.TargetTrackingScalingPolicyConfiguration
	if in.PolicyType != types.PolicyTypeTargetTrackingScaling || c == nil {
		return nil, fail("ValidationException", "only target tracking is simulated")
	}
	if v := aws.ToFloat64(c.TargetValue); v <= 0 {
		return nil, fail("ValidationException", "Target value must be greater than 0")
	}
	if err := s.validMetric(t, c); err != nil {
		return nil, err
	}
	name := aws.ToString(in.PolicyName)
	for other, p := range t.Policies {
		if other != name && predefined(p.Config) != "" && predefined(p.Config) == predefined(*c) {
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
	p.Config, p.High, p.Low, p.Looked = *c, 0, 0, s.now()
	s.makePolicyAlarms(t, p)
	return &aas.PutScalingPolicyOutput{PolicyARN: &p.ARN, Alarms: s.policyAlarms(p)}, nil
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
