package stack

import (
	"slices"
	"time"

	"github.com/karmacadabra/karmactl/internal/agents"
	"github.com/karmacadabra/karmactl/internal/engine"
	"github.com/karmacadabra/karmactl/internal/provision"
)

// highUse is an alarm on a service's CPU or memory, in percent of what it
// reserves, over ten of fifteen minutes. No data is a service at zero, no alarm.
// It sends mail: scaling has alarms of its own.
func highUse(h *provision.Env, agent, what, metric string, percent float64, cluster *provision.Cluster, topic *provision.Topic) *provision.Alarm {
	return &provision.Alarm{Env: h, Name: agent + "/" + what, Topic: topic, Refs: []engine.Node{cluster}, Rule: provision.AlarmRule{
		Metric: "AWS/ECS/" + metric, Statistic: "Average", Comparison: "GreaterThanThreshold", Threshold: percent,
		Period: 5 * time.Minute, Periods: 3, Datapoints: 2, Missing: "notBreaching",
		Dimensions: func() map[string]string {
			return map[string]string{"ClusterName": h.ClusterName(), "ServiceName": h.ServiceName(agent)}
		},
	}}
}

// highCPU goes off when an agent uses most of its CPU.
func highCPU(h *provision.Env, agent string, percent float64, cluster *provision.Cluster, topic *provision.Topic) *provision.Alarm {
	return highUse(h, agent, agents.AlarmHighCPU, "CPUUtilization", percent, cluster, topic)
}

// highMemory goes off when an agent uses most of its memory.
func highMemory(h *provision.Env, agent string, percent float64, cluster *provision.Cluster, topic *provision.Topic) *provision.Alarm {
	return highUse(h, agent, agents.AlarmHighMemory, "MemoryUtilization", percent, cluster, topic)
}

// fewHealthy goes off when fewer than least tasks of an agent answer. The number of running
// tasks itself is a paid metric; no data means no healthy task either, so it
// breaches, and hibernate has to mute this alarm.
func fewHealthy(h *provision.Env, agent string, least float64, loadBalancer, targetGroup engine.Node, topic *provision.Topic) *provision.Alarm {
	return &provision.Alarm{Env: h, Name: agent + "/" + agents.AlarmFewHealthy, Topic: topic, Refs: []engine.Node{loadBalancer, targetGroup}, Rule: provision.AlarmRule{
		Metric: "AWS/ApplicationELB/HealthyHostCount", Statistic: "Minimum", Comparison: "LessThanThreshold", Threshold: least,
		Period: time.Minute, Periods: 5, Datapoints: 5, Missing: "breaching", Dimensions: provision.TargetDimensions(loadBalancer, targetGroup),
	}}
}

// unhealthy goes off when a task of an agent is there and does not answer.
func unhealthy(h *provision.Env, agent string, loadBalancer, targetGroup engine.Node, topic *provision.Topic) *provision.Alarm {
	return &provision.Alarm{Env: h, Name: agent + "/" + agents.AlarmUnhealthy, Topic: topic, Refs: []engine.Node{loadBalancer, targetGroup}, Rule: provision.AlarmRule{
		Metric: "AWS/ApplicationELB/UnHealthyHostCount", Statistic: "Maximum", Comparison: "GreaterThanThreshold", Threshold: 0,
		Period: time.Minute, Periods: 5, Datapoints: 3, Missing: "notBreaching", Dimensions: provision.TargetDimensions(loadBalancer, targetGroup),
	}}
}

// wake invokes the policy that starts the first task of an agent that a queue scales from none.
// It is part of how the agent scales, not of what is watched, and sends no mail: observability.alarms
// neither makes nor stops it. Hibernation takes it away with the others.
func wake(h *provision.Env, policy *provision.ScalingPolicy) *provision.Alarm {
	return &provision.Alarm{Env: h, Name: policy.OfAgent() + "/" + provision.ScaleByWake, Policy: policy, Rule: provision.AlarmRule{
		Metric: policy.WakeMetric(), Comparison: "GreaterThanOrEqualToThreshold", Threshold: 1,
		Period: time.Minute, Periods: provision.WakePeriods, Datapoints: 1, Missing: "notBreaching",
	}}
}

// droppedStarts goes off when EventBridge Scheduler has given up starting a job, of which no task tells: after
// ECS has refused for as long as the schedule tries again. The metric is the group's, so that it does not say which job.
// https://docs.aws.amazon.com/scheduler/latest/UserGuide/monitoring-cloudwatch.html
func droppedStarts(h *provision.Env, group *provision.ScheduleGroup, topic *provision.Topic, others []string) *provision.Alarm {
	return &provision.Alarm{Env: h, Name: "dropped-starts", Topic: topic, Others: others, Refs: []engine.Node{group}, Rule: provision.AlarmRule{
		Metric: "AWS/Scheduler/InvocationDroppedCount", Statistic: "Sum", Comparison: "GreaterThanOrEqualToThreshold", Threshold: 1,
		Period: 5 * time.Minute, Periods: 1, Datapoints: 1, Missing: "notBreaching", Once: true,
		Says: "a job of " + h.Stack + " was not started: ECS refused for as long as EventBridge Scheduler tries again. karmactl status says which job, karmactl run JOB starts it, or says why it does not start",
		Dimensions: func() map[string]string {
			return map[string]string{"ScheduleGroup": provision.ScheduleGroupName(h.Stack)}
		},
	}}
}

// alarms of an agent, from metrics that cost nothing. Only a load balancer tells for
// nothing whether tasks answer.
func (s *Stack) alarms(a agents.Agent, p *platformPart, e *edgePart) []*provision.Alarm {
	cfg := s.Config.Observability.Alarms
	group := e.groups[a.Name]
	var out []*provision.Alarm
	for _, kind := range agents.AlarmKinds() {
		switch {
		case !slices.Contains(cfg.Kinds, kind):
		case kind == agents.AlarmHighCPU:
			out = append(out, highCPU(s.Env, a.Name, float64(cfg.CPUPercent), p.cluster, p.topic))
		case kind == agents.AlarmHighMemory:
			out = append(out, highMemory(s.Env, a.Name, float64(cfg.MemoryPercent), p.cluster, p.topic))
		case group == nil:
		case kind == agents.AlarmFewHealthy:
			out = append(out, fewHealthy(s.Env, a.Name, float64(cfg.MinHealthy), e.alb, group, p.topic))
		case kind == agents.AlarmUnhealthy:
			out = append(out, unhealthy(s.Env, a.Name, e.alb, group, p.topic))
		}
	}
	for _, alarm := range out {
		alarm.Others = cfg.Topics
	}
	return out
}
