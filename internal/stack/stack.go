// Package stack is the model: which resources a stack has, how they refer to each
// other, and what holds for them together (the groups of a plan, what sleeps, what
// down keeps, which quotas they need). Start with stack.go; network.go, platform.go,
// edge.go and agent.go then read like the architecture drawing. How each resource is
// made is in internal/provision.
package stack

import (
	"github.com/karmacadabra/karmactl/internal/agents"
	"github.com/karmacadabra/karmactl/internal/engine"
	"github.com/karmacadabra/karmactl/internal/provision"
)

// Stack is every resource of one environment.
type Stack struct {
	*provision.Env
	Config *agents.Config
	Lookup Lookup

	steps     []engine.Step
	resources []engine.Node
	byKey     map[engine.Key]engine.Node
	groups    map[engine.Key]string
	alb       *provision.LoadBalancer           // nil when no agent is public
	files     *provision.FileSystem             // nil without volumes of the stack's own, now or before
	points    map[string]*provision.AccessPoint // by AGENT/VOLUME
	notes     []string
}

// New is the stack of a configuration. Nothing is called.
func New(cfg *agents.Config, home *provision.Env, facts Lookup) *Stack {
	s := &Stack{Env: home, Config: cfg, Lookup: facts, byKey: map[engine.Key]engine.Node{}, groups: map[engine.Key]string{}, points: map[string]*provision.AccessPoint{}}
	net := s.network()
	net.targets = s.volumes(net)
	platform := s.platform()
	edge := s.edge(net, platform)
	deployed := map[string]*provision.Service{}
	for _, group := range cfg.CallGroups() {
		for _, agent := range group {
			deployed[agent.Name] = s.agent(agent, net, platform, edge)
		}
		connect(group, deployed)
	}
	for _, name := range cfg.JobNames() {
		if job := cfg.Jobs[name]; job.HasImage() {
			s.ownJob(job, net, platform)
		}
	}
	s.watching(platform, edge)
	return s
}

// add puts a resource into the stack.
func add[S any, R engine.Resource[S]](s *Stack, group string, r R) R {
	s.steps = append(s.steps, engine.Manage[S](r))
	s.resources = append(s.resources, r)
	s.byKey[r.Key()] = r
	s.groups[r.Key()] = group
	return r
}

// Steps is the graph, in reading order.
func (s *Stack) Steps() []engine.Step { return s.steps }

// Resources are the typed resources behind the steps, in the same order.
func (s *Stack) Resources() []engine.Node { return s.resources }

// watching is the alarms of every agent, the one of jobs, and the dashboard.
func (s *Stack) watching(p *platformPart, e *edgePart) {
	cfg := s.Config.Observability
	if cfg.Alarms.Enabled {
		for _, a := range s.Config.Agents {
			for _, alarm := range s.alarms(a, p, e) {
				add(s, groupAgents, alarm)
			}
		}
		if others := cfg.Alarms.Topics; p.schedules != nil && (p.topic != nil || len(others) > 0) {
			add(s, groupPlatform, droppedStarts(s.Env, p.schedules, p.topic, others))
		}
	}
	if cfg.Dashboard {
		var watched []provision.Watched
		for _, a := range s.Config.Agents {
			w := provision.Watched{Agent: a.Name}
			if group := e.groups[a.Name]; group != nil {
				w.TargetGroup = group
			}
			watched = append(watched, w)
		}
		board := &provision.Dashboard{Env: s.Env, Agents: watched}
		if e.alb != nil {
			board.LoadBalancer = e.alb
		}
		add(s, groupPlatform, board)
	}
}
