package stack

import (
	"slices"

	"github.com/karmacadabra/karmactl/internal/agents"
	"github.com/karmacadabra/karmactl/internal/provision"
)

// platformPart is what the agents share beside the network.
type platformPart struct {
	ecs, elb, scaling *provision.ServiceLinkedRole
	namespace         *provision.Namespace
	cluster           *provision.Cluster
	topic             *provision.Topic
	schedules         *provision.ScheduleGroup // nil without jobs
}

func (s *Stack) platform() *platformPart {
	h, cfg := s.Env, s.Config
	p := &platformPart{
		ecs:     add(s, groupPlatform, &provision.ServiceLinkedRole{Env: h, Service: "ecs"}),
		scaling: add(s, groupPlatform, &provision.ServiceLinkedRole{Env: h, Service: "ecs.application-autoscaling"}),
	}
	if len(cfg.Public()) > 0 {
		p.elb = add(s, groupPlatform, &provision.ServiceLinkedRole{Env: h, Service: "elasticloadbalancing"})
	}
	if slices.ContainsFunc(cfg.Agents, cfg.Connected) {
		p.namespace = add(s, groupPlatform, &provision.Namespace{Env: h, Name: cfg.Network.Namespace})
	}
	p.cluster = add(s, groupPlatform, &provision.Cluster{Env: h, Insights: insightsSetting(cfg.Observability.ContainerInsights), Namespace: p.namespace, ServiceRole: p.ecs})
	if len(cfg.Jobs) > 0 {
		p.schedules = add(s, groupPlatform, &provision.ScheduleGroup{Env: h})
	}
	if emails := cfg.Observability.Alarms.Emails; len(emails) > 0 {
		p.topic = add(s, groupPlatform, &provision.Topic{Env: h, Events: len(cfg.Jobs) > 0})
		for _, e := range emails {
			add(s, groupPlatform, &provision.Subscription{Env: h, Topic: p.topic, Email: e})
		}
	}
	if cfg.Observability.XRay {
		add(s, groupPlatform, &provision.SamplingRule{Env: h})
	}
	if b := cfg.Budget; b.MonthlyUSD != "" && len(b.Emails) > 0 {
		add(s, groupPlatform, &provision.Budget{Env: h, MonthlyUSD: b.MonthlyUSD, Emails: b.Emails})
	}
	return p
}

// insightsSetting is the cluster setting in AWS's words.
func insightsSetting(i agents.Insights) string {
	switch i {
	case agents.InsightsOn:
		return "enabled"
	case agents.InsightsEnhanced:
		return "enhanced"
	default:
		return "disabled"
	}
}
