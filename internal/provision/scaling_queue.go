package provision

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	aas "github.com/aws/aws-sdk-go-v2/service/applicationautoscaling"
	"github.com/aws/aws-sdk-go-v2/service/applicationautoscaling/types"
	cwtypes "github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"

	"github.com/karmacadabra/karmactl/internal/cloud"
	"github.com/karmacadabra/karmactl/internal/engine"
)

// messagesPerTask is how a plan calls the metric of a queue.
const messagesPerTask = "messages per task"

// perTask is the metric that target tracking holds for a queue: its messages by the number of
// tasks, as AWS has it in "Create a target tracking scaling policy using metric math". Three
// things differ. Messages that are being worked on count, or the task that works on the last
// one would be taken away. The number of tasks is the sample count of a metric that ECS reports
// for nothing, once a minute for each task, where AWS's example pays for Container Insights. And
// there is a data point only where that is reported: a minute whose count is late, or a service
// whose tasks are on their way, is no service without a task ("Missing values in a time series are
// treated as 0 … divide by zero, the data point is dropped"), so nothing moves by it. The first
// task is the wake policy's.
// https://docs.aws.amazon.com/autoscaling/application/userguide/application-auto-scaling-target-tracking-metric-math.html
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/using-metric-math.html
const perTask = "(FILL(FILL(waiting, REPEAT), 0) + FILL(working, 0)) / tasks"

// queueMetric is the metric of a queue, by the minute.
func (p *ScalingPolicy) queueMetric(queue string) *types.CustomizedMetricSpecification {
	stat := func(id, namespace, name, stat string, dims map[string]string) types.TargetTrackingMetricDataQuery {
		m := &types.TargetTrackingMetric{Namespace: &namespace, MetricName: &name}
		for _, k := range slices.Sorted(maps.Keys(dims)) {
			m.Dimensions = append(m.Dimensions, types.TargetTrackingMetricDimension{Name: aws.String(k), Value: aws.String(dims[k])})
		}
		return types.TargetTrackingMetricDataQuery{Id: &id, MetricStat: &types.TargetTrackingMetricStat{Metric: m, Stat: &stat}, ReturnData: aws.Bool(false)}
	}
	ofQueue := map[string]string{"QueueName": queue}
	ofService := map[string]string{"ClusterName": p.ClusterName(), "ServiceName": p.ServiceName(p.Target.Agent)}
	return &types.CustomizedMetricSpecification{Metrics: []types.TargetTrackingMetricDataQuery{
		stat("waiting", "AWS/SQS", "ApproximateNumberOfMessagesVisible", "Maximum", ofQueue),
		stat("working", "AWS/SQS", "ApproximateNumberOfMessagesNotVisible", "Maximum", ofQueue),
		stat("tasks", "AWS/ECS", "CPUUtilization", "SampleCount", ofService),
		{Id: aws.String("per_task"), Expression: aws.String(perTask), ReturnData: aws.Bool(true)},
	}}
}

// queueOf reads a metric back: messages per task and the queue when it is what queueMetric
// asks for, else what it is, in AWS's words.
func (p *ScalingPolicy) queueOf(have *types.CustomizedMetricSpecification) (metric, of string) {
	for _, q := range have.Metrics {
		if q.MetricStat != nil && q.MetricStat.Metric != nil && aws.ToString(q.MetricStat.Metric.Namespace) == "AWS/SQS" {
			for _, d := range q.MetricStat.Metric.Dimensions {
				of = aws.ToString(d.Value)
			}
			break
		}
	}
	if text := metricText(have); text != metricText(p.queueMetric(of)) {
		return text, of
	}
	return messagesPerTask, of
}

// metricText is a customized metric in one line.
func metricText(c *types.CustomizedMetricSpecification) string {
	if len(c.Metrics) == 0 {
		return aws.ToString(c.Namespace) + "/" + aws.ToString(c.MetricName)
	}
	var parts []string
	for _, q := range c.Metrics {
		part := aws.ToString(q.Id) + " = " + aws.ToString(q.Expression)
		if m := q.MetricStat; m != nil && m.Metric != nil {
			part += statText(m.Stat, m.Metric.Namespace, m.Metric.MetricName, cloud.FromSDK(m.Metric.Dimensions, func(d types.TargetTrackingMetricDimension) (string, string) {
				return aws.ToString(d.Name), aws.ToString(d.Value)
			}))
		}
		parts = append(parts, part)
	}
	return strings.Join(parts, "; ")
}

// statText is a statistic of a metric in one line, with its dimensions in an order of its own: AWS's says nothing.
func statText(stat, namespace, name *string, dimensions map[string]string) string {
	return strings.TrimSpace(aws.ToString(stat) + ofMetric + aws.ToString(namespace) + "/" + aws.ToString(name) + " " + joinDimensions(dimensions))
}

// waitingForNone is how a plan calls what a wake policy goes by: messages that wait while no task runs.
const waitingForNone = "messages that wait for a first task"

// upToTasks is how it calls how many tasks that may add.
const upToTasks = "at most %d tasks"

// wakeCooldown is for how long a wake policy adds no more than the messages ask for in all, in
// seconds. Its alarm invokes it once a minute until the first task is counted, and a service that
// has slept again cannot be there sooner: target tracking takes the last task away after fifteen
// minutes with little to do. A service whose tasks cannot start gets as many again each time, up
// to its max.
const wakeCooldown = 900

// mostSteps is how many step adjustments a policy may have.
// https://docs.aws.amazon.com/autoscaling/application/userguide/application-auto-scaling-quotas.html
const mostSteps = 20

// WakePeriods is how many minutes a wake alarm looks at. One with a message is enough; the others,
// and the minutes that CloudWatch reads beyond them, tell a service without tasks from one whose
// count is late.
const WakePeriods = 3

// tasksRunning is how many tasks of a service run, as they were last counted; none when nothing
// was counted in all that an alarm reads. A count that is late is no count of none: FILL with 0
// alone would take the newest minute, which ECS has not reported yet, for a service without a
// task. https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/using-metric-math.html
// What FILL makes of a metric that has no data point at all is not said there (Q26), and neither is what
// becomes of a sum with one. The part of the sum that is always 0 is for an AWS that does not fill it.
const tasksRunning = "FILL(FILL(tasks, REPEAT), 0) + 0 * waiting"

// wakes is how many messages wait in each minute in which no task runs, and else 0. It has no data
// point where the queue has none: a queue that CloudWatch has no metrics of is no reason to wake.
const wakes = "IF(running > 0, 0, waiting)"

// wakeSpec is what a wake policy does: a task for each so many messages, up to most. It only ever adds.
// An exact capacity would take tasks away from a service that was scaled by hand, and whose tasks are
// on their way.
func wakeSpec(perTask float64, most int) ScalingPolicySpec {
	if most = min(most, mostSteps); most == 1 {
		perTask = 0 // one step is for any number
	}
	return ScalingPolicySpec{Metric: waitingForNone, Of: fmt.Sprintf(upToTasks, most), Target: perTask, OutCooldown: wakeCooldown}
}

// stepSpec reads a step policy back: what a wake policy does, or what it is in AWS's words.
func stepSpec(c *types.StepScalingPolicyConfiguration) ScalingPolicySpec {
	cooldown, n, perTask := int(aws.ToInt32(c.Cooldown)), len(c.StepAdjustments), 0.0
	if n > 1 {
		perTask = aws.ToFloat64(c.StepAdjustments[n-1].MetricIntervalLowerBound) / float64(n-1)
	}
	text := stepText(c)
	if stepText(stepsOf(perTask, n, cooldown)) == text {
		text = waitingForNone
	}
	return ScalingPolicySpec{Metric: text, Of: fmt.Sprintf(upToTasks, n), Target: perTask, OutCooldown: cooldown}
}

// stepText is a step policy in one line, without its cooldown.
func stepText(c *types.StepScalingPolicyConfiguration) string {
	out := string(c.AdjustmentType)
	if c.MinAdjustmentMagnitude != nil {
		out += fmt.Sprintf(" of at least %d", *c.MinAdjustmentMagnitude)
	}
	bound := func(v *float64) string {
		if v == nil {
			return "…"
		}
		return fmt.Sprint(*v)
	}
	for _, x := range c.StepAdjustments {
		out += fmt.Sprintf(", %d from %s to %s", aws.ToInt32(x.ScalingAdjustment), bound(x.MetricIntervalLowerBound), bound(x.MetricIntervalUpperBound))
	}
	return out
}

// stepsOf are the adjustments, by how many messages there are beyond the first.
func stepsOf(perTask float64, most, cooldown int) *types.StepScalingPolicyConfiguration {
	c := &types.StepScalingPolicyConfiguration{
		AdjustmentType: types.AdjustmentTypeChangeInCapacity, MetricAggregationType: types.MetricAggregationTypeMaximum, Cooldown: aws.Int32(int32(cooldown)),
	}
	for n := range most {
		step := types.StepAdjustment{ScalingAdjustment: aws.Int32(int32(n + 1)), MetricIntervalLowerBound: aws.Float64(float64(n) * perTask)}
		if n+1 < most {
			step.MetricIntervalUpperBound = aws.Float64(float64(n+1) * perTask)
		}
		c.StepAdjustments = append(c.StepAdjustments, step)
	}
	return c
}

// configure puts what a policy does into the request.
func (p *ScalingPolicy) configure(in *aas.PutScalingPolicyInput, want ScalingPolicySpec) {
	if want.Metric == waitingForNone {
		var most int
		_, _ = fmt.Sscanf(want.Of, upToTasks, &most)
		in.PolicyType, in.StepScalingPolicyConfiguration = types.PolicyTypeStepScaling, stepsOf(want.Target, most, want.OutCooldown)
		return
	}
	config := &types.TargetTrackingScalingPolicyConfiguration{
		TargetValue: &want.Target, ScaleInCooldown: aws.Int32(int32(want.InCooldown)), ScaleOutCooldown: aws.Int32(int32(want.OutCooldown)),
		DisableScaleIn: aws.Bool(!want.ScaleIn),
	}
	if want.Metric == messagesPerTask {
		config.CustomizedMetricSpecification = p.queueMetric(want.Of)
	} else {
		config.PredefinedMetricSpecification = &types.PredefinedMetricSpecification{PredefinedMetricType: types.MetricType(want.Metric)}
		if want.Of != "" {
			config.PredefinedMetricSpecification.ResourceLabel = &want.Of
		}
	}
	in.PolicyType, in.TargetTrackingScalingPolicyConfiguration = types.PolicyTypeTargetTrackingScaling, config
}

// arn is AWS's own name of the policy, by which an alarm invokes it; a plan knows no name of one
// that is still to be made.
func (p *ScalingPolicy) arn() string {
	if arn := p.Output("arn"); arn != "" {
		return arn
	}
	return engine.Unknown(p.Key())
}

// WakeMetric is what a wake alarm looks at, in one line.
func (p *ScalingPolicy) WakeMetric() string {
	return strings.Join([]string{
		"waiting = Maximum of AWS/SQS/ApproximateNumberOfMessagesVisible QueueName=" + p.Queue,
		"tasks = SampleCount of AWS/ECS/CPUUtilization ClusterName=" + p.ClusterName() + " ServiceName=" + p.ServiceName(p.Target.Agent),
		"running = " + tasksRunning,
		"wakes = " + wakes,
	}, "; ")
}

// mathText is metric math in one line: each metric and each expression after its id, the last one watched.
func mathText(queries []cwtypes.MetricDataQuery) string {
	var parts []string
	for _, q := range queries {
		part := aws.ToString(q.Id) + " = " + aws.ToString(q.Expression)
		if m := q.MetricStat; m != nil && m.Metric != nil {
			part += statText(m.Stat, m.Metric.Namespace, m.Metric.MetricName, alarmDimensions(m.Metric.Dimensions))
		}
		parts = append(parts, part)
	}
	return strings.Join(parts, "; ")
}

const ofMetric = " of "

// mathOf is the metric math that such a line says, with data points of so many seconds; nil for a metric's name.
func mathOf(text string, period int32) []cwtypes.MetricDataQuery {
	if !strings.Contains(text, " = ") {
		return nil
	}
	var all []cwtypes.MetricDataQuery
	for part := range strings.SplitSeq(text, "; ") {
		id, what, _ := strings.Cut(part, " = ")
		q := cwtypes.MetricDataQuery{Id: &id, ReturnData: aws.Bool(false)}
		stat, metric, ok := strings.Cut(what, ofMetric)
		if !ok {
			q.Expression = &what
			all = append(all, q)
			continue
		}
		words := strings.Fields(metric)
		cut := strings.LastIndexByte(words[0], '/')
		m := &cwtypes.Metric{Namespace: aws.String(words[0][:cut]), MetricName: aws.String(words[0][cut+1:])}
		for _, d := range words[1:] {
			name, value, _ := strings.Cut(d, "=")
			m.Dimensions = append(m.Dimensions, cwtypes.Dimension{Name: &name, Value: &value})
		}
		q.MetricStat = &cwtypes.MetricStat{Metric: m, Stat: &stat, Period: &period}
		all = append(all, q)
	}
	all[len(all)-1].ReturnData = aws.Bool(true)
	return all
}

// mathPeriod is how many seconds a data point of metric math is for.
func mathPeriod(queries []cwtypes.MetricDataQuery) int32 {
	for _, q := range queries {
		if q.MetricStat != nil {
			return aws.ToInt32(q.MetricStat.Period)
		}
	}
	return 0
}
