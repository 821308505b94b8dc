package awssim

import (
	"math"
	"slices"
	"sort"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/applicationautoscaling/types"
)

// validSteps are AWS's rules for the adjustments of a step policy.
// https://docs.aws.amazon.com/autoscaling/application/APIReference/API_StepAdjustment.html
func validSteps(c *types.StepScalingPolicyConfiguration) error {
	switch c.AdjustmentType {
	case types.AdjustmentTypeChangeInCapacity, types.AdjustmentTypeExactCapacity, types.AdjustmentTypePercentChangeInCapacity:
	default:
		return fail("ValidationException", "AdjustmentType must be ChangeInCapacity, ExactCapacity or PercentChangeInCapacity")
	}
	if c.MinAdjustmentMagnitude != nil && c.AdjustmentType != types.AdjustmentTypePercentChangeInCapacity {
		return fail("ValidationException", "MinAdjustmentMagnitude is only valid for PercentChangeInCapacity")
	}
	if len(c.StepAdjustments) == 0 || aws.ToInt32(c.Cooldown) < 0 {
		return fail("ValidationException", "At least one step adjustment must be specified, and Cooldown must not be negative")
	}
	if len(c.StepAdjustments) > 20 {
		return fail("LimitExceededException", "There can be at most 20 step adjustments per scaling policy.")
	}
	steps := slices.Clone(c.StepAdjustments)
	sort.Slice(steps, func(i, j int) bool { return stepFrom(steps[i]) < stepFrom(steps[j]) })
	for i, x := range steps {
		low, high := stepFrom(x), stepTo(x)
		switch {
		case x.ScalingAdjustment == nil || c.AdjustmentType == types.AdjustmentTypeExactCapacity && *x.ScalingAdjustment < 0:
			return fail("ValidationException", "ScalingAdjustment must be specified, and must not be negative for ExactCapacity")
		case high <= low || math.IsInf(low, -1) && math.IsInf(high, 1):
			return fail("ValidationException", "The upper bound of a step adjustment must be greater than its lower bound, and both cannot be null")
		case i > 0 && stepTo(steps[i-1]) > low:
			return fail("ValidationException", "StepAdjustment intervals can't overlap")
		case i > 0 && stepTo(steps[i-1]) < low:
			return fail("ValidationException", "StepAdjustment intervals can't have gaps between them")
		case i == 0 && low < 0 && !math.IsInf(low, -1):
			return fail("ValidationException", "There must be a StepAdjustment with an unspecified lower bound (i.e., lower bound is null) when one StepAdjustment has a negative lower bound")
		case i == len(steps)-1 && high > 0 && !math.IsInf(high, 1):
			return fail("ValidationException", "There must be a StepAdjustment with an unspecified upper bound (i.e., upper bound is null) when one StepAdjustment has a positive upper bound")
		}
	}
	return nil
}

func stepFrom(x types.StepAdjustment) float64 {
	if x.MetricIntervalLowerBound == nil {
		return math.Inf(-1)
	}
	return *x.MetricIntervalLowerBound
}

func stepTo(x types.StepAdjustment) float64 {
	if x.MetricIntervalUpperBound == nil {
		return math.Inf(1)
	}
	return *x.MetricIntervalUpperBound
}

// alarmsOn are the alarms whose action is a policy: for a step policy its owner makes them.
func (s *Sim) alarmsOn(p *ScalingPolicy) []string {
	var names []string
	for _, a := range sorted(s.world.Alarms) {
		if slices.Contains(a.Alarm.AlarmActions, p.ARN) {
			names = append(names, *a.Alarm.AlarmName)
		}
	}
	return names
}

// forgetSteps takes a step policy out of the actions of its alarms: "Deleting a step scaling policy deletes the
// underlying alarm action, but does not delete the CloudWatch alarm."
// https://docs.aws.amazon.com/autoscaling/application/APIReference/API_DeleteScalingPolicy.html
func (s *Sim) forgetSteps(p *ScalingPolicy) {
	for _, name := range s.alarmsOn(p) {
		a := s.world.Alarms[name]
		a.Alarm.AlarmActions = slices.DeleteFunc(slices.Clone(a.Alarm.AlarmActions), func(arn string) bool { return arn == p.ARN })
	}
}

// settleSteps has each alarm of a step policy invoke it: "the alarm continues to invoke the action once per minute
// that the alarm remains in the new state".
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/AlarmThatSendsEmail.html
func (s *Sim) settleSteps(t *ScalableTarget, p *ScalingPolicy) {
	for _, name := range s.alarmsOn(p) {
		if alarms, newest := s.look(name); alarms && !newest.missing {
			s.step(t, p, newest.v-aws.ToFloat64(s.world.Alarms[name].Alarm.Threshold))
		}
	}
}

// step moves the service by the adjustment for how far the metric is beyond the threshold. Within the cooldown of a
// scale-out what that added counts as part of the next one.
// https://docs.aws.amazon.com/autoscaling/application/userguide/step-scaling-policy-overview.html#step-scaling-cooldown
func (s *Sim) step(t *ScalableTarget, p *ScalingPolicy, beyond float64) {
	cluster, service := t.service()
	n, there := s.desired(cluster, service)
	at := slices.IndexFunc(p.Step.StepAdjustments, func(x types.StepAdjustment) bool { return beyond >= stepFrom(x) && beyond < stepTo(x) })
	if !there || at < 0 {
		return
	}
	change := adjustment(p.Step, int(aws.ToInt32(p.Step.StepAdjustments[at].ScalingAdjustment)), n)
	cooldown := 300 * time.Second
	if p.Step.Cooldown != nil {
		cooldown = time.Duration(*p.Step.Cooldown) * time.Second
	}
	within := func(since time.Time) bool { return s.now().Sub(since) < cooldown }
	if change > 0 && within(p.ScaledOut) {
		change = max(0, change-p.Added)
	}
	to := min(max(n+change, t.Min), t.Max)
	switch {
	case to > n && !aws.ToBool(t.Suspended.DynamicScalingOutSuspended):
		if p.Added += to - n; !within(p.ScaledOut) {
			p.Added = to - n
		}
		p.ScaledOut = s.now()
		s.setDesired(cluster, service, to)
	case to < n && !aws.ToBool(t.Suspended.DynamicScalingInSuspended) && !within(p.ScaledIn):
		p.ScaledIn = s.now()
		s.setDesired(cluster, service, to)
	}
}

// adjustment is by how many tasks a step changes n: "Values greater than 1 are rounded down. … Values between 0 and 1
// are rounded to 1."
func adjustment(c *types.StepScalingPolicyConfiguration, by, n int) int {
	switch c.AdjustmentType {
	case types.AdjustmentTypeExactCapacity:
		return by - n
	case types.AdjustmentTypeChangeInCapacity:
		return by
	}
	share := float64(n*by) / 100
	if share != 0 && math.Abs(share) < 1 {
		share = math.Copysign(1, share)
	}
	change := int(share)
	if least := int(aws.ToInt32(c.MinAdjustmentMagnitude)); least > 0 && by > 0 {
		change = max(change, least)
	} else if least > 0 && by < 0 {
		change = min(change, -least)
	}
	return change
}
