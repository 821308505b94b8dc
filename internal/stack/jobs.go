package stack

import (
	"slices"

	"github.com/karmacadabra/karmactl/internal/agents"
	"github.com/karmacadabra/karmactl/internal/engine"
	"github.com/karmacadabra/karmactl/internal/provision"
)

// jobs are what an agent's jobs need: for each a log group, a revision and a schedule, and
// one role that starts them all.
func (s *Stack) jobs(service *provision.Service, n *networkPart, p *platformPart) {
	h, own, jobs := s.Env, service.TaskDefinition, s.Config.JobsOf(service.Agent.Name)
	if len(jobs) == 0 {
		return
	}
	var families []string
	for _, j := range jobs {
		families = append(families, h.Family(j.Name))
	}
	starter := add(s, groupAgents, &provision.Role{
		Env: h, Kind: provision.SchedulerRole, Agent: own.Agent.Name, Path: s.Config.RolePath, Boundary: s.Config.Boundary,
		Policy: h.SchedulerPolicy(families, own.Execution, own.Task),
	})
	for _, j := range jobs {
		logs := add(s, groupPlatform, &provision.LogGroup{Env: h, Agent: j.Name, JobOf: own.Agent.Name, RetentionDays: s.Config.Observability.LogRetentionDays})
		definition := add(s, groupAgents, &provision.TaskDefinition{
			Env: h, Agent: j.AsAgent(own.Agent), JobOf: own, Execution: own.Execution, Task: own.Task, Repository: own.Repository, Group: logs,
			Secret: own.Secret, Parameters: own.Parameters, Registries: own.Registries, Mounts: own.Mounts,
		})
		add(s, groupAgents, &provision.JobSchedule{
			Env: h, Job: j, ScheduleGroup: p.schedules, Cluster: p.cluster, TaskDefinition: definition, Role: starter,
			Group: n.agentsGroup, Subnets: n.tasks, PublicIP: !n.nat, Order: append(slices.Clone(n.ways), engine.Node(service)),
		})
		s.tellOfFailure(j, p)
	}
}

// tellOfFailure has a failed run of a job come to the alarms' addresses, when there are any.
func (s *Stack) tellOfFailure(j agents.Job, p *platformPart) {
	if p.topic != nil {
		add(s, groupAgents, &provision.EventRule{Env: s.Env, Job: j, Topic: p.topic})
	}
}

// ownJob is a job with an image of its own: what an agent has, without a repository and a service.
func (s *Stack) ownJob(j agents.Job, n *networkPart, p *platformPart) {
	h, cfg, a := s.Env, s.Config, j.Own
	logs := add(s, groupPlatform, &provision.LogGroup{Env: h, Agent: j.Name, RetentionDays: cfg.Observability.LogRetentionDays})
	secrets := s.secrets(a)
	execution, task := s.roles(a, secrets, nil)
	starter := add(s, groupAgents, &provision.Role{
		Env: h, Kind: provision.SchedulerRole, Agent: j.Name, Path: cfg.RolePath, Boundary: cfg.Boundary, Policy: h.SchedulerPolicy([]string{h.Family(j.Name)}, execution, task),
	})
	definition := add(s, groupAgents, &provision.TaskDefinition{
		Env: h, Agent: j.AsAgent(a), Execution: execution, Task: task, Group: logs, Secret: secrets.secret, Parameters: secrets.parameters, Registries: cfg.Registries,
	})
	add(s, groupAgents, &provision.JobSchedule{
		Env: h, Job: j, ScheduleGroup: p.schedules, Cluster: p.cluster, TaskDefinition: definition, Role: starter,
		Group: n.agentsGroup, Subnets: n.tasks, PublicIP: !n.nat, Order: n.ways,
	})
	s.tellOfFailure(j, p)
}
