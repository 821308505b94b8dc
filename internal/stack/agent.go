package stack

import (
	"slices"

	"github.com/karmacadabra/karmactl/internal/agents"
	"github.com/karmacadabra/karmactl/internal/provision"
)

// agent is one agent from its repository to its autoscaling.
func (s *Stack) agent(a agents.Agent, n *networkPart, p *platformPart, e *edgePart) *provision.Service {
	h, cfg := s.Env, s.Config
	repository := add(s, groupPlatform, &provision.Repository{Env: h, Agent: a.Name})
	logs := add(s, groupPlatform, &provision.LogGroup{Env: h, Agent: a.Name, RetentionDays: cfg.Observability.LogRetentionDays})
	if cfg.Observability.ErrorMetric {
		add(s, groupPlatform, &provision.MetricFilter{Env: h, Group: logs})
	}
	secrets := s.secrets(a)
	mounts := s.mounts(a)

	execution, task := s.roles(a, secrets, mounts)
	definition := add(s, groupAgents, &provision.TaskDefinition{
		Env: h, Agent: a, Execution: execution, Task: task, Repository: repository, Group: logs,
		Secret: secrets.secret, Parameters: secrets.parameters, Registries: cfg.Registries, Mounts: mounts,
	})
	service := &provision.Service{
		Env: h, Agent: a, Cluster: p.cluster, TaskDefinition: definition, Group: n.agentsGroup,
		Subnets: n.tasks, PublicIP: !n.nat, Blocks: n.blocks, Order: n.ways,
	}
	if len(a.OwnVolumes()) > 0 {
		service.MountTargets = n.targets
	}
	if a.Public {
		service.TargetGroup = add(s, groupEdge, &provision.TargetGroup{Env: h, VPC: n.vpc, LoadBalancer: e.alb, Agent: a.Name, Port: a.Port, Health: a.Health, Drain: a.Drain, Stickiness: a.Stickiness})
		e.groups[a.Name] = service.TargetGroup
		service.Order = slices.Concat(n.ways, s.rules(a, e, service.TargetGroup))
	}
	if cfg.Connected(a) {
		service.Namespace = p.namespace
	}
	add(s, groupAgents, service)
	s.jobs(service, n, p)

	bounds := add(s, groupAgents, &provision.ScalableTarget{Env: h, Service: service, Agent: a.Name, Min: a.Scale.Min, Max: a.Scale.Max, ServiceRole: p.scaling})
	s.policies(a, e, bounds)
	return service
}

// roles are what ECS starts the tasks of an agent or of a job with, and what they may do.
func (s *Stack) roles(a agents.Agent, secrets agentSecrets, mounts []provision.Mount) (execution, task *provision.Role) {
	h, cfg := s.Env, s.Config
	execution = add(s, groupAgents, &provision.Role{
		Env: h, Kind: provision.ExecutionRole, Agent: a.Name, Path: cfg.RolePath, Boundary: cfg.Boundary, Policy: s.executionPolicy(a, secrets),
	})
	task = add(s, groupAgents, &provision.Role{
		Env: h, Kind: provision.TaskRole, Agent: a.Name, Path: cfg.RolePath, Boundary: cfg.Boundary, Policy: provision.TaskPolicy(a.Exec, cfg.Observability.XRay), Mounts: mounts,
		Permissions: provision.PermissionsPolicy(a.Permissions), Managed: provision.ManagedPolicies(a.Permissions),
	})
	return execution, task
}

// policies are what moves an agent's number of tasks between its bounds.
func (s *Stack) policies(a agents.Agent, e *edgePart, bounds *provision.ScalableTarget) {
	all := []*provision.ScalingPolicy{
		{Metric: provision.ScaleByCPU, Hold: float64(a.Scale.CPUPercent)},
		{Metric: provision.ScaleByMemory, Hold: float64(a.Scale.MemoryPercent)},
		{Metric: provision.ScaleByQueue, Hold: float64(a.Scale.Queue.PerTask), Queue: a.Scale.Queue.Name},
	}
	if a.Public {
		all = append(all, &provision.ScalingPolicy{Metric: provision.ScaleByRequests, Hold: float64(a.Scale.Requests), LoadBalancer: e.alb, TargetGroup: e.groups[a.Name]})
	}
	for _, p := range all {
		if p.Hold > 0 {
			p.Env, p.Target = s.Env, bounds
			add(s, groupAgents, p)
		}
	}
	if a.Scale.Queue.Name != "" && a.Scale.Min == 0 {
		first := add(s, groupAgents, &provision.ScalingPolicy{Env: s.Env, Target: bounds, Metric: provision.ScaleByWake, Hold: float64(a.Scale.Queue.PerTask), Most: a.Scale.Max, Queue: a.Scale.Queue.Name})
		add(s, groupAgents, wake(s.Env, first))
	}
}
