package awssim

import (
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	aas "github.com/aws/aws-sdk-go-v2/service/applicationautoscaling"
	"github.com/aws/aws-sdk-go-v2/service/applicationautoscaling/types"

	"github.com/karmacadabra/karmactl/internal/cloud"
)

// ScalingPolicy is a simulated target-tracking or step policy.
type ScalingPolicy struct {
	Name    string
	ARN     string
	Config  types.TargetTrackingScalingPolicyConfiguration
	Alarms  []string // names of the two that AWS made
	Created time.Time
	// Step is set in place of Config for a step policy, and Added is what its last scale-out added.
	Step  *types.StepScalingPolicyConfiguration `json:",omitempty"`
	Added int                                   `json:",omitempty"`
	// Looked is up to which minute its metric was looked at, ScaledOut and ScaledIn are
	// when it last moved the service.
	Looked, ScaledOut, ScaledIn time.Time
}

func (s *Sim) scalingPolicyNoun() noun {
	return noun{
		ops: []operation{
			on(autoScaling+"PutScalingPolicy", s.putScalingPolicy, "PolicyName", "PolicyType", "ServiceNamespace", "ResourceId", "ScalableDimension", "TargetTrackingScalingPolicyConfiguration", "StepScalingPolicyConfiguration"),
			on(autoScaling+"DescribeScalingPolicies", s.describeScalingPolicies, "ServiceNamespace", "ResourceId", "ScalableDimension", "PolicyNames").pages("ScalingPolicies", 10, 50),
			on(autoScaling+"DeleteScalingPolicy", s.deleteScalingPolicy, "PolicyName", "ServiceNamespace", "ResourceId", "ScalableDimension"),
		},
		settle: s.settleScalingPolicies,
	}
}

func (s *Sim) putScalingPolicy(in *aas.PutScalingPolicyInput) (*aas.PutScalingPolicyOutput, error) {
	t, err := s.scalable(in.ServiceNamespace, in.ScalableDimension, in.ResourceId)
	if cloud.Is(err, "ObjectNotFoundException") {
		err = fail("ObjectNotFoundException", "No scalable target registered for service namespace: ecs, resource ID: %s, scalable dimension: ecs:service:DesiredCount", aws.ToString(in.ResourceId))
	}
	if err != nil {
		return nil, err
	}
	c, step := in.TargetTrackingScalingPolicyConfiguration, in.StepScalingPolicyConfiguration
	switch {
	case in.PolicyType == types.PolicyTypeTargetTrackingScaling && c != nil && step == nil:
		err = s.validTracking(t, aws.ToString(in.PolicyName), c)
	case in.PolicyType == types.PolicyTypeStepScaling && c == nil && step != nil:
		err = validSteps(step)
	default:
		err = fail("ValidationException", "PolicyType must be TargetTrackingScaling or StepScaling, with the configuration of that type and no other")
	}
	if err != nil {
		return nil, err
	}
	name := aws.ToString(in.PolicyName)
	p := t.Policies[name]
	if p == nil {
		p = &ScalingPolicy{Name: name, Created: s.now()}
		p.ARN = s.world.arn("autoscaling", "scalingPolicy:"+s.world.id("sp")+":resource/ecs/"+t.ID+":policyName/"+name)
		t.Policies[name] = p
	}
	s.dropPolicyAlarms(p)
	if p.Step, p.Looked = step, s.now(); step != nil {
		p.Config = types.TargetTrackingScalingPolicyConfiguration{}
		return &aas.PutScalingPolicyOutput{PolicyARN: &p.ARN}, nil
	}
	p.Config = *c
	s.makePolicyAlarms(t, p)
	return &aas.PutScalingPolicyOutput{PolicyARN: &p.ARN, Alarms: s.policyAlarms(p)}, nil
}

// validTracking are AWS's rules for a target-tracking policy.
func (s *Sim) validTracking(t *ScalableTarget, name string, c *types.TargetTrackingScalingPolicyConfiguration) error {
	if v := aws.ToFloat64(c.TargetValue); v <= 0 {
		return fail("ValidationException", "Target value must be greater than 0")
	}
	if err := s.validMetric(t, c); err != nil {
		return err
	}
	for other, p := range t.Policies {
		if other != name && predefined(p.Config) != "" && predefined(p.Config) == predefined(*c) {
			return fail("ValidationException", "Only one TargetTrackingScaling policy for a given metric specification is allowed.")
		}
	}
	return nil
}

func (s *Sim) dropPolicyAlarms(p *ScalingPolicy) {
	for _, name := range p.Alarms {
		delete(s.world.Alarms, name)
	}
	p.Alarms = nil
}

func (s *Sim) policyAlarms(p *ScalingPolicy) []types.Alarm {
	var all []types.Alarm
	names := p.Alarms
	if p.Step != nil {
		names = s.alarmsOn(p)
	}
	for _, name := range names {
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
				all = append(all, s.described(t, p))
			}
		}
	}
	out := &aas.DescribeScalingPoliciesOutput{}
	out.ScalingPolicies = all
	return out, nil
}

func (s *Sim) described(t *ScalableTarget, p *ScalingPolicy) types.ScalingPolicy {
	out := types.ScalingPolicy{
		PolicyName: &p.Name, PolicyARN: &p.ARN, PolicyType: types.PolicyTypeStepScaling, ResourceId: &t.ID, CreationTime: &p.Created,
		ServiceNamespace: types.ServiceNamespaceEcs, ScalableDimension: types.ScalableDimensionECSServiceDesiredCount,
		StepScalingPolicyConfiguration: p.Step, Alarms: s.policyAlarms(p),
	}
	if p.Step == nil {
		out.PolicyType, out.TargetTrackingScalingPolicyConfiguration = types.PolicyTypeTargetTrackingScaling, &p.Config
	}
	return out
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
	s.forgetSteps(p)
	delete(t.Policies, p.Name)
	return &aas.DeleteScalingPolicyOutput{}, nil
}
