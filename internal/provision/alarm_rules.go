package provision

import (
	"strings"
	"time"

	"github.com/karmacadabra/karmactl/internal/engine"
)

// AlarmRule is when an alarm goes off.
type AlarmRule struct {
	Metric     string
	Statistic  string
	Comparison string
	Threshold  float64
	Period     time.Duration
	Periods    int
	Datapoints int
	Missing    string
	// Dimensions are asked for when what the alarm watches is known.
	Dimensions func() map[string]string
}

// highUse is an alarm on a service's CPU or memory, in percent of what it
// reserves, over ten of fifteen minutes. No data is a service at zero, no alarm.
// It tells somebody: scaling has alarms of its own.
func (h *Home) highUse(agent, what, metric string, percent float64, cluster *Cluster, topic *Topic) *Alarm {
	return &Alarm{Home: h, Name: agent + "/" + what, Topic: topic, Refs: []engine.Node{cluster}, Rule: AlarmRule{
		Metric: "AWS/ECS/" + metric, Statistic: "Average", Comparison: "GreaterThanThreshold", Threshold: percent,
		Period: 5 * time.Minute, Periods: 3, Datapoints: 2, Missing: "notBreaching",
		Dimensions: func() map[string]string {
			return map[string]string{"ClusterName": h.clusterName(), "ServiceName": agent}
		},
	}}
}

// HighCPU goes off when an agent uses most of its CPU.
func (h *Home) HighCPU(agent string, percent float64, cluster *Cluster, topic *Topic) *Alarm {
	return h.highUse(agent, "high-cpu", "CPUUtilization", percent, cluster, topic)
}

// HighMemory goes off when an agent uses most of its memory.
func (h *Home) HighMemory(agent string, percent float64, cluster *Cluster, topic *Topic) *Alarm {
	return h.highUse(agent, "high-memory", "MemoryUtilization", percent, cluster, topic)
}

// FewHealthy goes off when fewer than least tasks of an agent answer. The number of running
// tasks itself is a paid metric; no data means no healthy task either, so it
// breaches, and hibernate has to mute this alarm.
func (h *Home) FewHealthy(agent string, least float64, loadBalancer, targetGroup engine.Node, topic *Topic) *Alarm {
	return &Alarm{Home: h, Name: agent + "/few-healthy", Topic: topic, Refs: []engine.Node{loadBalancer, targetGroup}, Rule: AlarmRule{
		Metric: "AWS/ApplicationELB/HealthyHostCount", Statistic: "Minimum", Comparison: "LessThanThreshold", Threshold: least,
		Period: time.Minute, Periods: 5, Datapoints: 5, Missing: "breaching", Dimensions: targetDimensions(loadBalancer, targetGroup),
	}}
}

// Unhealthy goes off when a task of an agent is there and does not answer.
func (h *Home) Unhealthy(agent string, loadBalancer, targetGroup engine.Node, topic *Topic) *Alarm {
	return &Alarm{Home: h, Name: agent + "/unhealthy", Topic: topic, Refs: []engine.Node{loadBalancer, targetGroup}, Rule: AlarmRule{
		Metric: "AWS/ApplicationELB/UnHealthyHostCount", Statistic: "Maximum", Comparison: "GreaterThanThreshold", Threshold: 0,
		Period: time.Minute, Periods: 5, Datapoints: 3, Missing: "notBreaching", Dimensions: targetDimensions(loadBalancer, targetGroup),
	}}
}

func targetDimensions(loadBalancer, targetGroup engine.Node) func() map[string]string {
	return func() map[string]string {
		return map[string]string{"LoadBalancer": metricSuffix(loadBalancer.ID()), "TargetGroup": metricSuffix(targetGroup.ID())}
	}
}

// metricSuffix is how CloudWatch names a load balancer or a target group: the
// end of its ARN, app/name/hash or targetgroup/name/hash. A placeholder stays.
func metricSuffix(arn string) string {
	if i := strings.LastIndexByte(arn, ':'); i >= 0 && !engine.IsUnknown(arn) {
		arn = arn[i+1:]
	}
	return strings.TrimPrefix(arn, "loadbalancer/")
}
