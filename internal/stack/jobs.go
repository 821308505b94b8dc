package stack

import (
	"slices"

	"github.com/karmacadabra/karmactl/internal/agents"
	"github.com/karmacadabra/karmactl/internal/engine"
	"github.com/karmacadabra/karmactl/internal/provision"
)

// jobs are what an agent's jobs need: for each a log group, a revision and a schedule, and
// one role that starts them all, and one with which their state machines run.
func (s *Stack) jobs(service *provision.Service, n *networkPart, p *platformPart) {
	h, own, jobs := s.Env, service.TaskDefinition, s.Config.JobsOf(service.Agent.Name)
	if len(jobs) == 0 {
		return
	}
	roles := s.jobRoles(own.Agent.Name, jobs, own.Execution, own.Task)
	for _, j := range jobs {
		logs := add(s, groupPlatform, &provision.LogGroup{Env: h, Agent: j.Name, JobOf: own.Agent.Name, RetentionDays: s.Config.Observability.LogRetentionDays})
		definition := add(s, groupAgents, &provision.TaskDefinition{
			Env: h, Agent: j.AsAgent(own.Agent), JobOf: own, Execution: own.Execution, Task: own.Task, Repository: own.Repository, Group: logs,
			Secret: own.Secret, Parameters: own.Parameters, Registries: own.Registries, Mounts: own.Mounts,
		})
		s.schedule(j, definition, roles, n, p, service)
	}
}

// jobRoles are the roles by which jobs are started: EventBridge Scheduler's, and Step Functions', nil where no
// state machine leads any of them.
type jobRoles struct{ starter, leader *provision.Role }

// jobRoles of an agent's jobs, or of a job with an image of its own.
func (s *Stack) jobRoles(owner string, jobs []agents.Job, execution, task *provision.Role) jobRoles {
	var families, led, machines []string
	for _, j := range jobs {
		if j.ByStateMachine() {
			led, machines = append(led, s.Family(j.Name)), append(machines, s.StateMachineARN(j.Name))
		} else {
			families = append(families, s.Family(j.Name))
		}
	}
	role := func(kind string, policy provision.Policy) *provision.Role {
		return add(s, groupAgents, &provision.Role{Env: s.Env, Kind: kind, Agent: owner, Path: s.Config.RolePath, Boundary: s.Config.Boundary, Policy: policy})
	}
	roles := jobRoles{starter: role(provision.SchedulerRole, s.SchedulerPolicy(families, machines, execution, task))}
	if len(led) > 0 {
		roles.leader = role(provision.StatesRole, s.StatesPolicy(led, execution, task))
	}
	return roles
}

// schedule starts a job when it is time, once the network and what else it comes after are
// there, and has a failed run come to the alarms' addresses, when there are any.
func (s *Stack) schedule(j agents.Job, definition *provision.TaskDefinition, roles jobRoles, n *networkPart, p *platformPart, after ...engine.Node) {
	var machine *provision.StateMachine
	if j.ByStateMachine() {
		machine = add(s, groupAgents, &provision.StateMachine{
			Env: s.Env, Job: j, Cluster: p.cluster, TaskDefinition: definition, Role: roles.leader, Group: n.agentsGroup, Subnets: n.tasks, PublicIP: !n.nat,
		})
	}
	add(s, groupAgents, &provision.JobSchedule{
		Env: s.Env, Job: j, ScheduleGroup: p.schedules, Cluster: p.cluster, TaskDefinition: definition, Role: roles.starter,
		Group: n.agentsGroup, Subnets: n.tasks, PublicIP: !n.nat, Machine: machine, Order: slices.Concat(n.ways, after),
	})
	if p.topic != nil {
		add(s, groupAgents, &provision.EventRule{Env: s.Env, Job: j, Topic: p.topic})
	}
}

// ownJob is a job with an image of its own: what an agent has, without a repository and a service.
func (s *Stack) ownJob(j agents.Job, n *networkPart, p *platformPart) {
	h, cfg, a := s.Env, s.Config, j.Own
	logs := add(s, groupPlatform, &provision.LogGroup{Env: h, Agent: j.Name, RetentionDays: cfg.Observability.LogRetentionDays})
	secrets := s.secrets(a)
	mounts := s.mounts(a)
	execution, task := s.roles(a, secrets, mounts)
	roles := s.jobRoles(j.Name, []agents.Job{j}, execution, task)
	definition := add(s, groupAgents, &provision.TaskDefinition{
		Env: h, Agent: j.AsAgent(a), OwnJob: true, Execution: execution, Task: task, Group: logs, Secret: secrets.secret, Parameters: secrets.parameters, Registries: cfg.Registries, Mounts: mounts,
	})
	var files []engine.Node
	if len(a.OwnVolumes()) > 0 {
		for _, t := range n.targets {
			files = append(files, t)
		}
	}
	s.schedule(j, definition, roles, n, p, files...)
}
