package awssim

import (
	"math"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/applicationautoscaling/types"
	cwtypes "github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"

	"github.com/karmacadabra/karmactl/internal/cloud"
)

// Queue is a queue of SQS as CloudWatch counts it. A test puts it in.
type Queue struct {
	// Visible messages wait; those in flight were taken and not yet deleted.
	Visible, InFlight int
}

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

// validMetricMath: each query is an expression or a metric, and one alone is returned.
// https://docs.aws.amazon.com/autoscaling/application/APIReference/API_TargetTrackingMetricDataQuery.html
func validMetricMath(c *types.CustomizedMetricSpecification) error {
	if len(c.Metrics) == 0 {
		return fail("ValidationException", "awssim: only customized metrics by metric math are simulated")
	}
	ids := map[string]bool{}
	returned := 0
	for _, q := range c.Metrics {
		id := aws.ToString(q.Id)
		if id == "" || id[0] < 'a' || id[0] > 'z' || ids[id] || (q.Expression == nil) == (q.MetricStat == nil) {
			return fail("ValidationException", "The metric data query %q must have an Id of its own that begins with a lowercase letter, and an Expression or a MetricStat.", id)
		}
		if m := q.MetricStat; m != nil && (m.Metric == nil || aws.ToString(m.Metric.Namespace) == "" || aws.ToString(m.Metric.MetricName) == "" || aws.ToString(m.Stat) == "") {
			return fail("ValidationException", "MetricStat of %q must have a Metric and a Stat.", id)
		}
		ids[id] = true
		if q.ReturnData == nil || *q.ReturnData {
			returned++
		}
	}
	if returned != 1 {
		return fail("ValidationException", "Exactly one metric data query must have ReturnData set to true.")
	}
	for _, q := range c.Metrics {
		if q.Expression == nil {
			continue
		}
		if _, err := evaluate(*q.Expression, func(id string) (mathValue, bool) { return mathValue{v: 1}, ids[id] }); err != nil {
			return err
		}
	}
	return nil
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

// watch has an alarm of a policy watch the policy's metric.
func watch(a *cwtypes.MetricAlarm, t *ScalableTarget, c types.TargetTrackingScalingPolicyConfiguration) {
	if c.CustomizedMetricSpecification != nil {
		for _, q := range c.CustomizedMetricSpecification.Metrics {
			out := cwtypes.MetricDataQuery{Id: q.Id, Expression: q.Expression, ReturnData: q.ReturnData}
			if m := q.MetricStat; m != nil {
				out.MetricStat = &cwtypes.MetricStat{Period: aws.Int32(60), Stat: m.Stat, Metric: &cwtypes.Metric{Namespace: m.Metric.Namespace, MetricName: m.Metric.MetricName}}
				for _, d := range m.Metric.Dimensions {
					out.MetricStat.Metric.Dimensions = append(out.MetricStat.Metric.Dimensions, cwtypes.Dimension{Name: d.Name, Value: d.Value})
				}
			}
			a.Metrics = append(a.Metrics, out)
		}
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

// followsQueue tells whether any policy follows metrics that are simulated by the minute.
func (s *Sim) followsQueue() bool {
	for _, t := range s.world.ScalableTargets {
		for _, p := range t.Policies {
			if p.Config.CustomizedMetricSpecification != nil {
				return true
			}
		}
	}
	return false
}

// settleScalingPolicies looks at the metric of each policy that follows metric math, once
// a minute, and moves the service. Policies on use and on requests move nothing: the load
// of the simulated agents stays low.
func (s *Sim) settleScalingPolicies() {
	minute := s.now().Truncate(time.Minute)
	for _, t := range sorted(s.world.ScalableTargets) {
		for _, p := range sorted(t.Policies) {
			if p.Config.CustomizedMetricSpecification == nil || !minute.After(p.Looked) {
				continue
			}
			p.Looked = minute
			s.track(t, p)
		}
	}
}

func (s *Sim) track(t *ScalableTarget, p *ScalingPolicy) {
	cluster, service := t.service()
	n, there := s.desired(cluster, service)
	value := s.customized(p.Config.CustomizedMetricSpecification)
	if !there || value.missing {
		p.High, p.Low = 0, 0
		return
	}
	target := aws.ToFloat64(p.Config.TargetValue)
	count := func(minutes int, holds bool) int {
		if !holds {
			return 0
		}
		return minutes + 1
	}
	p.High, p.Low = count(p.High, value.v > target), count(p.Low, value.v < target*lowerThan)
	to := int(math.Ceil(float64(n)*value.v/target - 1e-9))
	if n == 0 && p.High > 0 { // "it scales out by the minimum possible amount as a starting point"
		to = 1
	}
	to = min(max(to, t.Min), t.Max)
	waited := func(since time.Time, cooldown *int32) bool {
		return s.now().Sub(since) >= time.Duration(aws.ToInt32(cooldown))*time.Second
	}
	switch {
	case p.High >= minutesHigh && to > n && !aws.ToBool(t.Suspended.DynamicScalingOutSuspended) && waited(p.ScaledOut, p.Config.ScaleOutCooldown):
		p.ScaledOut = s.now()
		s.setDesired(cluster, service, to)
	case p.Low >= minutesLow && to < n && !aws.ToBool(p.Config.DisableScaleIn) && !aws.ToBool(t.Suspended.DynamicScalingInSuspended) && waited(p.ScaledIn, p.Config.ScaleInCooldown):
		p.ScaledIn = s.now()
		s.setDesired(cluster, service, to)
	}
}

// customized is what metric math comes to in this minute.
func (s *Sim) customized(c *types.CustomizedMetricSpecification) mathValue {
	var of func(id string) (mathValue, bool)
	of = func(id string) (mathValue, bool) {
		at := slices.IndexFunc(c.Metrics, func(q types.TargetTrackingMetricDataQuery) bool { return aws.ToString(q.Id) == id })
		if at < 0 {
			return mathValue{missing: true}, false
		}
		if m := c.Metrics[at].MetricStat; m != nil {
			return s.statistic(m), true
		}
		v, _ := evaluate(*c.Metrics[at].Expression, of)
		return v, true
	}
	for _, q := range c.Metrics {
		if q.ReturnData == nil || *q.ReturnData {
			v, _ := of(aws.ToString(q.Id))
			return v
		}
	}
	return mathValue{missing: true}
}

// statistic is a metric in this minute. ECS reports one sample of CPUUtilization a minute for each
// task that runs, and none without one, so its sample count is how many run:
// https://docs.aws.amazon.com/AmazonECS/latest/developerguide/available-metrics.html
func (s *Sim) statistic(m *types.TargetTrackingMetricStat) mathValue {
	dims := map[string]string{}
	for _, d := range m.Metric.Dimensions {
		dims[aws.ToString(d.Name)] = aws.ToString(d.Value)
	}
	q, known := s.world.Queues[dims["QueueName"]]
	switch *m.Metric.Namespace + " " + *m.Metric.MetricName + " " + *m.Stat {
	case "AWS/SQS ApproximateNumberOfMessagesVisible Maximum":
		return mathValue{v: float64(q.Visible), missing: !known}
	case "AWS/SQS ApproximateNumberOfMessagesNotVisible Maximum":
		return mathValue{v: float64(q.InFlight), missing: !known}
	case "AWS/ECS CPUUtilization SampleCount":
		n := 0
		for _, t := range s.world.Tasks {
			if t.Cluster == dims["ClusterName"] && strings.HasSuffix(t.Service, "/"+dims["ServiceName"]) && t.Status == "RUNNING" {
				n++
			}
		}
		return mathValue{v: float64(n), missing: n == 0}
	}
	return mathValue{missing: true}
}
