package awssim

import (
	"math"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/applicationautoscaling/types"
	cwtypes "github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"

	"github.com/karmacadabra/karmactl/internal/cloud"
)

// predefined is the predefined metric that a policy follows, or "".
func predefined(c types.TargetTrackingScalingPolicyConfiguration) types.MetricType {
	if c.PredefinedMetricSpecification == nil {
		return ""
	}
	return c.PredefinedMetricSpecification.PredefinedMetricType
}

// validMetric refuses what Application Auto Scaling refuses of the metric of a policy on a service.
func (s *Sim) validMetric(t *ScalableTarget, c *types.TargetTrackingScalingPolicyConfiguration) error {
	if (c.PredefinedMetricSpecification == nil) == (c.CustomizedMetricSpecification == nil) {
		return fail("ValidationException", "Exactly one of PredefinedMetricSpecification and CustomizedMetricSpecification must be specified.")
	}
	if c.CustomizedMetricSpecification != nil {
		return validMetricMath(c.CustomizedMetricSpecification)
	}
	label := aws.ToString(c.PredefinedMetricSpecification.ResourceLabel)
	switch metric := predefined(*c); metric {
	case types.MetricTypeECSServiceAverageCPUUtilization, types.MetricTypeECSServiceAverageMemoryUtilization:
		if label != "" {
			return fail("ValidationException", "ResourceLabel is not supported for %s", metric)
		}
	case types.MetricTypeALBRequestCountPerTarget:
		return s.validResourceLabel(t, label)
	default:
		return fail("ValidationException", "PredefinedMetricType %s is not supported for ecs", metric)
	}
	return nil
}

// validResourceLabel: app/name/id/targetgroup/name/id, of a target group that the service is in.
// https://docs.aws.amazon.com/autoscaling/application/APIReference/API_PredefinedMetricSpecification.html
func (s *Sim) validResourceLabel(t *ScalableTarget, label string) error {
	cut := strings.Index(label, "/targetgroup/")
	if !strings.HasPrefix(label, "app/") || cut < 0 {
		return fail("ValidationException", "The resource label %q must have the form app/<load-balancer-name>/<load-balancer-id>/targetgroup/<target-group-name>/<target-group-id>", label)
	}
	cluster, service := t.service()
	if x := s.world.Services[s.serviceARN(cluster, service)]; x != nil {
		for _, lb := range x.Config.LoadBalancers {
			group := s.world.TargetGroups[aws.ToString(lb.TargetGroupArn)]
			if group != nil && strings.HasSuffix(aws.ToString(lb.TargetGroupArn), label[cut:][1:]) {
				return nil
			}
		}
	}
	return fail("ValidationException", "The target group of the resource label %q is not attached to the service.", label)
}

// validMetricMath: https://docs.aws.amazon.com/autoscaling/application/APIReference/API_TargetTrackingMetricDataQuery.html
func validMetricMath(c *types.CustomizedMetricSpecification) error {
	if len(c.Metrics) == 0 {
		return fail("ValidationException", "awssim: only customized metrics by metric math are simulated")
	}
	for _, q := range c.Metrics {
		if q.MetricStat != nil && q.MetricStat.Metric == nil {
			return fail("ValidationException", "MetricStat of %q must have a Metric and a Stat.", aws.ToString(q.Id))
		}
	}
	return validQueries("ValidationException", trackedQueries(c))
}

// makePolicyAlarms makes the two alarms that target tracking lives on. They are
// billed like any other, by metric, and go with the policy.
func (s *Sim) makePolicyAlarms(t *ScalableTarget, p *ScalingPolicy) {
	for _, side := range []struct {
		name    string
		op      cwtypes.ComparisonOperator
		times   float64
		periods int32
	}{
		{"High", cwtypes.ComparisonOperatorGreaterThanThreshold, 1, minutesHigh},
		{"Low", cwtypes.ComparisonOperatorLessThanThreshold, lowerThan, minutesLow},
	} {
		s.world.Serial++
		name := policyAlarm(t.ID, side.name, s.world.Serial)
		a := cwtypes.MetricAlarm{
			AlarmName: &name, AlarmArn: aws.String(s.world.arn("cloudwatch", "alarm:"+name)), ComparisonOperator: side.op,
			Threshold: aws.Float64(aws.ToFloat64(p.Config.TargetValue) * side.times), EvaluationPeriods: aws.Int32(side.periods), AlarmActions: []string{p.ARN},
			ActionsEnabled: aws.Bool(true), AlarmConfigurationUpdatedTimestamp: aws.Time(s.now()),
			StateValue: cwtypes.StateValueInsufficientData, StateReason: aws.String(unchecked), StateUpdatedTimestamp: aws.Time(s.now()),
		}
		watch(&a, t, p.Config)
		s.world.Alarms[name] = &Alarm{Policy: p.ARN, Tags: cloud.Tags{}, Alarm: a}
		p.Alarms = append(p.Alarms, name)
	}
}

// trackedQueries is a customized metric as the alarms of its policy have it, by the minute.
func trackedQueries(c *types.CustomizedMetricSpecification) []cwtypes.MetricDataQuery {
	var all []cwtypes.MetricDataQuery
	for _, q := range c.Metrics {
		out := cwtypes.MetricDataQuery{Id: q.Id, Expression: q.Expression, ReturnData: q.ReturnData}
		if m := q.MetricStat; m != nil {
			out.MetricStat = &cwtypes.MetricStat{Period: aws.Int32(60), Stat: m.Stat, Metric: &cwtypes.Metric{Namespace: m.Metric.Namespace, MetricName: m.Metric.MetricName}}
			for _, d := range m.Metric.Dimensions {
				out.MetricStat.Metric.Dimensions = append(out.MetricStat.Metric.Dimensions, cwtypes.Dimension{Name: d.Name, Value: d.Value})
			}
		}
		all = append(all, out)
	}
	return all
}

// watch has an alarm of a policy watch the policy's metric.
func watch(a *cwtypes.MetricAlarm, t *ScalableTarget, c types.TargetTrackingScalingPolicyConfiguration) {
	if c.CustomizedMetricSpecification != nil {
		a.Metrics = trackedQueries(c.CustomizedMetricSpecification)
		return
	}
	a.Period, a.Statistic = aws.Int32(60), cwtypes.StatisticAverage
	dimension := func(name, value string) cwtypes.Dimension { return cwtypes.Dimension{Name: &name, Value: &value} }
	cluster, service := t.service()
	a.Namespace, a.Dimensions = aws.String("AWS/ECS"), []cwtypes.Dimension{dimension("ClusterName", cluster), dimension("ServiceName", service)}
	switch predefined(c) {
	case types.MetricTypeECSServiceAverageCPUUtilization:
		a.MetricName = aws.String("CPUUtilization")
	case types.MetricTypeECSServiceAverageMemoryUtilization:
		a.MetricName = aws.String("MemoryUtilization")
	default:
		balancer, group, _ := strings.Cut(aws.ToString(c.PredefinedMetricSpecification.ResourceLabel), "/targetgroup/")
		a.Namespace, a.MetricName, a.Statistic = aws.String("AWS/ApplicationELB"), aws.String("RequestCountPerTarget"), cwtypes.StatisticSum
		a.Dimensions = []cwtypes.Dimension{dimension("LoadBalancer", balancer), dimension("TargetGroup", "targetgroup/"+group)}
	}
}

// When target tracking moves a service: above the target for three minutes, or below 90 % of it
// for fifteen, as the alarms say that Application Auto Scaling makes.
// https://docs.aws.amazon.com/AmazonECS/latest/developerguide/service-autoscaling-targettracking.html
const (
	minutesHigh = 3
	minutesLow  = 15
	lowerThan   = 0.9
)

// followsMetrics tells whether any alarm looks at metrics that are simulated by the minute.
func (s *Sim) followsMetrics() bool {
	for _, a := range s.world.Alarms {
		if len(a.Alarm.Metrics) > 0 {
			return true
		}
	}
	return false
}

// settleScalingPolicies looks at the metric of each policy that follows metric math, and at the alarms
// of each step policy, once a minute, and moves the service. Policies on use and on requests move
// nothing: the load of the simulated agents stays low.
func (s *Sim) settleScalingPolicies() {
	minute := s.now().Truncate(time.Minute)
	s.settleMetrics()
	for _, t := range sorted(s.world.ScalableTargets) {
		for _, p := range sorted(t.Policies) {
			if !minute.After(p.Looked) {
				continue
			}
			p.Looked = minute
			switch {
			case p.Step != nil:
				s.settleSteps(t, p)
			case p.Config.CustomizedMetricSpecification != nil:
				s.track(t, p)
			}
		}
	}
}

// track moves a service by what the two alarms of its policy see.
func (s *Sim) track(t *ScalableTarget, p *ScalingPolicy) {
	cluster, service := t.service()
	n, there := s.desired(cluster, service)
	if !there || len(p.Alarms) < 2 {
		return
	}
	high, value := s.look(p.Alarms[0])
	low, _ := s.look(p.Alarms[1])
	if value.missing {
		return
	}
	to := int(math.Ceil(float64(n)*value.v/aws.ToFloat64(p.Config.TargetValue) - 1e-9))
	if n == 0 && high { // "it scales out by the minimum possible amount as a starting point"
		to = 1
	}
	to = min(max(to, t.Min), t.Max)
	waited := func(since time.Time, cooldown *int32) bool {
		return s.now().Sub(since) >= time.Duration(aws.ToInt32(cooldown))*time.Second
	}
	switch {
	case high && to > n && !aws.ToBool(t.Suspended.DynamicScalingOutSuspended) && waited(p.ScaledOut, p.Config.ScaleOutCooldown):
		p.ScaledOut = s.now()
		s.setDesired(cluster, service, to)
	case low && to < n && !aws.ToBool(p.Config.DisableScaleIn) && !aws.ToBool(t.Suspended.DynamicScalingInSuspended) && waited(p.ScaledIn, p.Config.ScaleInCooldown):
		p.ScaledIn = s.now()
		s.setDesired(cluster, service, to)
	}
}

// look brings an alarm on metric math to its state of this minute: whether it is ALARM with its actions on, and
// its newest data point.
func (s *Sim) look(name string) (alarms bool, newest mathValue) {
	a := s.world.Alarms[name]
	if a == nil || len(a.Alarm.Metrics) == 0 {
		return false, mathValue{missing: true}
	}
	points := s.mathPoints(a.Alarm.Metrics, int(aws.ToInt32(a.Alarm.EvaluationPeriods))+beyond)
	s.judge(&a.Alarm, points)
	newest = mathValue{missing: true}
	for _, p := range points {
		if !p.missing {
			newest = p
		}
	}
	return a.Alarm.StateValue == cwtypes.StateValueAlarm && aws.ToBool(a.Alarm.ActionsEnabled), newest
}
