package fleet

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	elbtypes "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"
	"github.com/aws/aws-sdk-go-v2/service/scheduler"
	schedulertypes "github.com/aws/aws-sdk-go-v2/service/scheduler/types"
	"github.com/aws/aws-sdk-go-v2/service/sfn"
	"golang.org/x/sync/errgroup"

	"github.com/karmacadabra/karmactl/internal/agents"
	"github.com/karmacadabra/karmactl/internal/cloud"
	"github.com/karmacadabra/karmactl/internal/document"
	"github.com/karmacadabra/karmactl/internal/engine"
	"github.com/karmacadabra/karmactl/internal/provision"
	"github.com/karmacadabra/karmactl/internal/tasks"
)

// AgentStatus is how one agent is.
type AgentStatus = document.AgentStatus

// LastEvent is what ECS said last of a service.
type LastEvent = document.LastEvent

// Attention is something to look at; About is one of the constants.
type Attention = document.Attention

// Status is how the fleet is.
type Status struct {
	At        time.Time
	Agents    []AgentStatus
	Jobs      []JobStatus
	Attention []Attention
	// Ruled are the agents whose bounds are not those of agents.yaml, and whose they are.
	Ruled []provision.Ruled
	// Running are the sizes of the tasks that run or are being started, those of the cluster's runs among them.
	Running []tasks.Size
	// Notes are what could not be read, and why.
	Notes []error
}

// Watcher reads how the agents are: nine calls to AWS, and one more for each
// agent's targets, however many tasks run up to a hundred. Jobs take two more, and one
// for each that has not run within the hour; what an image is called takes one for each revision.
type Watcher struct {
	ECS       *ecs.Client
	Targets   *elb.Client
	Metrics   *cloudwatch.Client
	Schedules SchedulesAPI
	Cluster   string
	Agents    []agents.Agent
	// Jobs are the ones to look at, with Scheduler and Streams; without any neither is asked.
	Jobs      []agents.Job
	Scheduler *scheduler.Client
	Streams   *cloudwatchlogs.Client
	// Executions are those of the state machines that lead jobs; nil does not ask.
	Executions *sfn.Client
	// Tags asks what people call the agents' images, too.
	Tags  bool
	Clock engine.Clock
	// Waits says what agents without a service wait for; nil does not ask.
	Waits func(context.Context, []agents.Agent) (map[string]Waiting, error)

	measured map[string]measures
	at       time.Time
	starts   droppedStarts
	// tags are what people call images, by task definition; those do not change.
	tags map[string]string
}

// Look reads once. Only the services have to be readable; what else is not, is noted.
func (w *Watcher) Look(ctx context.Context) (*Status, error) {
	st := &Status{At: w.Clock.Now()}
	names := make([]string, len(w.Agents))
	for i, a := range w.Agents {
		names[i] = a.Name
	}
	services, err := w.names().Services(ctx, w.ECS, w.Cluster, names)
	if err != nil && !cloud.Is(err, "ClusterNotFoundException") {
		return nil, fmt.Errorf("read the services of %s: %w", w.Cluster, err)
	}
	without := map[string]Attention{}
	if err == nil { // the cluster is there
		without = w.without(ctx, st, services)
	}
	if len(services) == 0 {
		w.nothingUp(st, names, without)
		return st, nil
	}
	r := w.read(ctx, services)
	st.Notes, st.Running = append(st.Notes, r.notes...), tasks.Sizes(r.tasks)
	st.Attention = append(st.Attention, w.runs(r.tasks)...)
	for _, a := range w.Agents {
		i := slices.IndexFunc(services, func(s types.Service) bool { return aws.ToString(s.ServiceName) == a.Name })
		if i < 0 {
			st.Agents = append(st.Agents, AgentStatus{Name: a.Name})
			st.Attention = append(st.Attention, without[a.Name])
			continue
		}
		s := agentStatus(a.Name, services[i], r)
		s.Tag = w.tags[aws.ToString(services[i].TaskDefinition)]
		st.Agents = append(st.Agents, s)
		wrong := attention(a, s, services[i], r)
		if a.Scale.Min == 0 && w.hasJobs(a.Name) { // it is there for its jobs
			wrong = slices.DeleteFunc(wrong, func(x Attention) bool { return x.About == AboutScale })
		}
		st.Attention = append(st.Attention, wrong...)
		scaledTo0 := slices.ContainsFunc(wrong, func(x Attention) bool { return x.About == AboutScale }) // which says it
		if ruled, is := r.scaling.ruled[a.Name]; is && !scaledTo0 {
			st.Ruled = append(st.Ruled, ruled)
		}
	}
	w.jobs(ctx, st, r)
	return st, nil
}

// nothingUp is the status of a stack without a service: what each agent and job waits for.
func (w *Watcher) nothingUp(st *Status, names []string, without map[string]Attention) {
	for _, n := range names {
		st.Agents = append(st.Agents, AgentStatus{Name: n})
		if x, waits := without[n]; waits && x.Problem != hasNoService {
			st.Attention = append(st.Attention, x)
		}
	}
	for _, j := range ownOf(w.Jobs) {
		if x, waits := without[j.Name]; waits {
			st.Attention = append(st.Attention, x)
		}
	}
	if len(st.Attention) == 0 {
		st.Attention = append(st.Attention, Attention{About: AboutTasks, Problem: "nothing is up", Command: "karmactl up"})
	}
}

// names are those of the agents' services.
func (w *Watcher) names() tasks.Names {
	names := tasks.Names{}
	for _, a := range w.Agents {
		names[a.Name] = a.ServiceName()
	}
	return names
}

// readings are what was read beside the services.
type readings struct {
	tasks    []types.Task
	health   map[string][]elbtypes.TargetHealthDescription // by target group
	measured map[string]measures                           // by agent
	scaling  scaling
	jobs     map[string]schedulertypes.ScheduleSummary // by job; nil is not known
	dropped  []time.Time                               // when starts of jobs were given up, newest first
	notes    []error
}

// read asks for all that does not depend on each other at once.
func (w *Watcher) read(ctx context.Context, services []types.Service) readings {
	r := readings{health: map[string][]elbtypes.TargetHealthDescription{}}
	groups := targetGroups(services)
	var g errgroup.Group
	reads := []func() (unknown string, err error){
		func() (_ string, err error) { r.tasks, err = w.tasks(ctx); return "images and Spot are not known", err },
		func() (string, error) { return "target health is not known", w.readHealth(ctx, groups, r.health) },
		func() (unknown string, err error) { r.scaling, unknown, err = w.readScaling(ctx); return unknown, err },
		func() (_ string, err error) {
			r.measured, err = w.measure(ctx, services, groups)
			return "CPU, memory and 5xx are not known", err
		},
		func() (_ string, err error) {
			r.jobs, err = w.readJobs(ctx)
			return "the jobs' schedules are not known", err
		},
		func() (_ string, err error) {
			r.dropped, err = w.readDropped(ctx)
			return "whether a job was not started is not known", err
		},
		func() (string, error) { return "what the images are called is not known", w.readTags(ctx, services) },
	}
	notes := make([]error, len(reads))
	for i, read := range reads {
		g.Go(func() error {
			if unknown, err := read(); err != nil {
				notes[i] = fmt.Errorf("%s: %w", unknown, err)
			}
			return nil
		})
	}
	_ = g.Wait() // what failed is in the notes
	r.notes = slices.DeleteFunc(notes, func(err error) bool { return err == nil })
	return r
}

// readHealth reads the health of each target group into all.
func (w *Watcher) readHealth(ctx context.Context, groups map[string]string, all map[string][]elbtypes.TargetHealthDescription) error {
	for _, arn := range groups {
		out, err := w.Targets.DescribeTargetHealth(ctx, &elb.DescribeTargetHealthInput{TargetGroupArn: &arn})
		if err != nil {
			return err
		}
		all[arn] = out.TargetHealthDescriptions
	}
	return nil
}

// readTags reads what people call the images of the services' revisions, where that is not known.
func (w *Watcher) readTags(ctx context.Context, services []types.Service) error {
	if !w.Tags {
		return nil
	}
	before := w.tags
	w.tags = map[string]string{}
	var mu sync.Mutex
	var g errgroup.Group
	for _, s := range services {
		arn := aws.ToString(s.TaskDefinition)
		g.Go(func() error {
			tag, known := before[arn]
			if !known {
				out, err := w.ECS.DescribeTaskDefinition(ctx, &ecs.DescribeTaskDefinitionInput{TaskDefinition: &arn})
				if err != nil {
					return err
				}
				for _, c := range out.TaskDefinition.ContainerDefinitions {
					tag = cmp.Or(tag, c.DockerLabels[provision.LabelTag]) // the agent's own alone has it
				}
			}
			mu.Lock()
			defer mu.Unlock()
			w.tags[arn] = tag
			return nil
		})
	}
	return g.Wait()
}

// tasks are the running tasks, and of the tasks that stopped within the last hour as
// many as the same call takes.
func (w *Watcher) tasks(ctx context.Context) ([]types.Task, error) {
	arns, err := tasks.List(ctx, w.ECS, w.Cluster, "", types.DesiredStatusRunning)
	if err != nil {
		return nil, err
	}
	stopped, err := tasks.List(ctx, w.ECS, w.Cluster, "", types.DesiredStatusStopped)
	if err != nil {
		return nil, err
	}
	room := max(0, tasks.MaxDescribed-len(arns))
	all, err := tasks.Describe(ctx, w.ECS, w.Cluster, append(arns, stopped[:min(room, len(stopped))]...))
	return w.names().ByAgent(all), err
}

// targetGroups are the ARNs by agent.
func targetGroups(services []types.Service) map[string]string {
	out := map[string]string{}
	for _, s := range services {
		if arn := tasks.TargetGroup(s); arn != "" {
			out[aws.ToString(s.ServiceName)] = arn
		}
	}
	return out
}

func agentStatus(name string, s types.Service, r readings) AgentStatus {
	a := AgentStatus{
		Name: name, Desired: int(s.DesiredCount), Running: int(s.RunningCount), Pending: int(s.PendingCount),
		Revision: tasks.Revision(aws.ToString(s.TaskDefinition)),
	}
	r.scaling.setScaling(&a)
	if d := tasks.Primary(s); d != nil {
		a.Rollout = strings.ToLower(string(d.RolloutState))
	}
	for _, t := range r.tasks {
		if tasks.Agent(t) != name || aws.ToString(t.LastStatus) != "RUNNING" {
			continue
		}
		if aws.ToString(t.CapacityProviderName) == "FARGATE_SPOT" {
			a.Spot++
		} else {
			a.OnDemand++
		}
		if t.StartedAt != nil && (a.Since == nil || t.StartedAt.Before(*a.Since)) {
			a.Since = t.StartedAt
		}
		if c, has := tasks.Container(t, name); has && aws.ToString(t.TaskDefinitionArn) == aws.ToString(s.TaskDefinition) {
			a.Image = aws.ToString(c.ImageDigest)
		}
	}
	if len(s.LoadBalancers) == 0 {
		a.Healthy, a.Unhealthy = checkedInside(name, s, r.tasks)
	}
	for _, lb := range s.LoadBalancers {
		for _, h := range r.health[aws.ToString(lb.TargetGroupArn)] {
			switch h.TargetHealth.State {
			case elbtypes.TargetHealthStateEnumHealthy:
				a.Healthy++
			case elbtypes.TargetHealthStateEnumUnhealthy:
				a.Unhealthy++
			}
		}
	}
	if m, ok := r.measured[name]; ok {
		a.CPU, a.Memory, a.Errors5xx = m.cpu, m.memory, m.errors
	}
	if len(s.Events) > 0 {
		a.LastEvent = &LastEvent{At: aws.ToTime(s.Events[0].CreatedAt), Message: tasks.PlainEvent(aws.ToString(s.Events[0].Message))}
	}
	return a
}

// checkedInside counts the running tasks of an agent without targets by their
// containers' own check. Without one ECS says UNKNOWN, and nothing is counted.
func checkedInside(name string, s types.Service, all []types.Task) (healthy, unhealthy int) {
	for _, t := range all {
		if tasks.Agent(t) != name || aws.ToString(t.LastStatus) != "RUNNING" || aws.ToString(t.TaskDefinitionArn) != aws.ToString(s.TaskDefinition) {
			continue
		}
		switch t.HealthStatus {
		case types.HealthStatusHealthy:
			healthy++
		case types.HealthStatusUnhealthy:
			unhealthy++
		}
	}
	return healthy, unhealthy
}
