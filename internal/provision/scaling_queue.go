package provision

import (
	"maps"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/applicationautoscaling/types"

	"github.com/karmacadabra/karmactl/internal/cloud"
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
