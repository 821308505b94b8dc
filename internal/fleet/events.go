// Package fleet is the daily work on agents that run: what they say, how they
// are, a shell in one of them. It reads agents.yaml and AWS, never the state, so
// it works beside an `up` that holds the lock.
package fleet

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/karmacadabra/karmactl/internal/cloud"
	"github.com/karmacadabra/karmactl/internal/engine"
	"github.com/karmacadabra/karmactl/internal/fleet/logs"
)

type servicesAPI interface {
	DescribeServices(context.Context, *ecs.DescribeServicesInput, ...func(*ecs.Options)) (*ecs.DescribeServicesOutput, error)
}

// TasksAPI is what reading tasks needs of *ecs.Client.
type TasksAPI interface {
	ListTasks(context.Context, *ecs.ListTasksInput, ...func(*ecs.Options)) (*ecs.ListTasksOutput, error)
	DescribeTasks(context.Context, *ecs.DescribeTasksInput, ...func(*ecs.Options)) (*ecs.DescribeTasksOutput, error)
}

// EventsAPI is what reading events needs of *ecs.Client.
type EventsAPI interface {
	servicesAPI
	TasksAPI
}

// eventsPoll is how often ECS is asked while logs are followed.
const eventsPoll = 5 * time.Second

// Events are what ECS has to say of the agents' tasks, to be woven into their
// logs. ECS keeps a hundred events of a service, and a stopped task for an hour.
type Events struct {
	API     EventsAPI
	Cluster string
	Agents  []string
	Clock   engine.Clock
	// Task is told at every look of each task that has not stopped. It may be nil.
	Task func(agent, id string)

	seen map[string]bool
}

// Past are the events between two moments. They count as told.
func (e *Events) Past(ctx context.Context, since, until time.Time) ([]logs.Event, error) {
	all, err := e.look(ctx)
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(e.fresh(all), func(x logs.Event) bool { return x.Time.Before(since) || x.Time.After(until) }), nil
}

// Follow sends what happens from now on, until ctx ends; nothing when out is nil. A failed look
// is made up for by the next one; say is told of it, which may be often.
func (e *Events) Follow(ctx context.Context, out chan<- logs.Event, say func(error)) {
	for e.Clock.Wait(ctx, eventsPoll) == nil {
		all, err := e.look(ctx)
		if err != nil {
			if ctx.Err() == nil {
				say(fmt.Errorf("ECS events are missing from here on: %w", err))
			}
			continue
		}
		if out == nil {
			continue
		}
		for _, x := range e.fresh(all) {
			select {
			case out <- x:
			case <-ctx.Done():
				return
			}
		}
	}
}

// fresh are those that were not told yet, oldest first.
func (e *Events) fresh(all []logs.Event) []logs.Event {
	now := make(map[string]bool, len(all))
	var out []logs.Event
	for _, x := range all {
		if !e.seen[x.ID] && !now[x.ID] {
			out = append(out, x)
		}
		now[x.ID] = true
	}
	// What AWS no longer lists does not come back, so it can be forgotten.
	e.seen = now
	slices.SortStableFunc(out, func(a, b logs.Event) int { return a.Time.Compare(b.Time) })
	return out
}

// look reads all that AWS still knows.
func (e *Events) look(ctx context.Context) ([]logs.Event, error) {
	var all []logs.Event
	services, err := describeServices(ctx, e.API, e.Cluster, e.Agents)
	if err != nil {
		return nil, err
	}
	for _, s := range services {
		agent := aws.ToString(s.ServiceName)
		for _, x := range s.Events {
			all = append(all, e.event(agent, "", aws.ToString(x.Id), aws.ToTime(x.CreatedAt), PlainEvent(agent, aws.ToString(x.Message))))
		}
	}
	tasks, err := DescribeTasks(ctx, e.API, &ecs.ListTasksInput{Cluster: &e.Cluster}, types.DesiredStatusRunning, types.DesiredStatusStopped)
	if err != nil {
		return nil, err
	}
	for _, t := range tasks {
		if agent := agentOf(t); slices.Contains(e.Agents, agent) {
			all = append(all, e.taskEvents(agent, t)...)
			if e.Task != nil && t.StoppedAt == nil {
				e.Task(agent, taskID(t))
			}
		}
	}
	return all, nil
}

func (e *Events) event(agent, task, id string, at time.Time, message string) logs.Event {
	return logs.Event{Time: at, Ingested: at, Agent: agent, Task: task, ID: "ecs-" + id, Message: message, Source: "ecs"}
}

// taskEvents are the turns in the life of one task.
func (e *Events) taskEvents(agent string, t types.Task) []logs.Event {
	id := taskID(t)
	var out []logs.Event
	if t.StartedAt != nil {
		where := strings.ToLower(strings.ReplaceAll(aws.ToString(t.CapacityProviderName), "_", " "))
		out = append(out, e.event(agent, id, id+"-started", *t.StartedAt,
			fmt.Sprintf("task %s started: revision %d on %s", ShortTask(id), revisionOf(aws.ToString(t.TaskDefinitionArn)), where)))
	}
	if t.StopCode == types.TaskStopCodeSpotInterruption && t.StoppingAt != nil {
		out = append(out, e.event(agent, id, id+"-spot", *t.StoppingAt, fmt.Sprintf("task %s: AWS takes its Spot capacity back: it has been told to stop, and two minutes later it is", ShortTask(id))))
	}
	if t.StoppedAt != nil {
		out = append(out, e.event(agent, id, id+"-stopped", *t.StoppedAt, fmt.Sprintf("task %s stopped: %s", ShortTask(id), whyStopped(t))))
	}
	return out
}

// whyStopped is the whole of what ECS tells of a task's end.
func whyStopped(t types.Task) string {
	why := []string{aws.ToString(t.StoppedReason)}
	for _, c := range t.Containers {
		if c.ExitCode != nil {
			why = append(why, fmt.Sprintf("%s exit code %d", aws.ToString(c.Name), *c.ExitCode))
		}
		if r := aws.ToString(c.Reason); r != "" && r != why[0] {
			why = append(why, r)
		}
	}
	return strings.Join(slices.DeleteFunc(why, func(s string) bool { return s == "" }), " · ")
}

// targetGroupARN is a target group as events name it; its own name is enough for
// people. Of a task's id the beginning is, as in the log.
var (
	targetGroupARN = regexp.MustCompile(`arn:[\w-]+:elasticloadbalancing:[^ ]*:targetgroup/([^/ ]+)/[0-9a-f]+`)
	wholeTaskID    = regexp.MustCompile(`\(task ([0-9a-f]{8})[0-9a-f]{24}\)`)
)

// PlainEvent leaves out the name that every event of a service begins with, and what is long and says nothing.
func PlainEvent(agent, message string) string {
	s := targetGroupARN.ReplaceAllString(strings.TrimPrefix(message, "(service "+agent+") "), "$1")
	return wholeTaskID.ReplaceAllString(s, "(task $1)")
}

// LogStream is the log stream of an agent's task: the awslogs driver's prefix/container/task-id, where prefix and
// container are the agent's name.
func LogStream(agent, task string) string { return agent + "/" + agent + "/" + task }

// agentOf is whose task it is: services are named after their agents.
func agentOf(t types.Task) string { return strings.TrimPrefix(aws.ToString(t.Group), "service:") }

func taskID(t types.Task) string {
	arn := aws.ToString(t.TaskArn)
	return arn[strings.LastIndexByte(arn, '/')+1:]
}

// ShortTask is as much of a task's id, or of its ARN, as tells it from others: the
// log shows as much.
func ShortTask(task string) string {
	id := task[strings.LastIndexByte(task, '/')+1:]
	return id[:min(len(id), 8)]
}

// revisionOf reads the revision of a task definition's ARN; 0 when it has none.
func revisionOf(arn string) int {
	n := 0
	_, _ = fmt.Sscanf(arn[strings.LastIndexByte(arn, ':')+1:], "%d", &n)
	return n
}

// describeServices reads the agents' services, ten a call. One that is not there is left out.
func describeServices(ctx context.Context, api servicesAPI, cluster string, agents []string) ([]types.Service, error) {
	var all []types.Service
	for part := range slices.Chunk(agents, 10) {
		out, err := api.DescribeServices(ctx, &ecs.DescribeServicesInput{Cluster: &cluster, Services: part})
		if err != nil {
			return nil, err
		}
		for _, s := range out.Services {
			if aws.ToString(s.Status) != "INACTIVE" {
				all = append(all, s)
			}
		}
	}
	return all, nil
}

// DescribeTasks reads the tasks that in lists, of each of the statuses wanted.
func DescribeTasks(ctx context.Context, api TasksAPI, in *ecs.ListTasksInput, wanted ...types.DesiredStatus) ([]types.Task, error) {
	var arns []string
	for _, w := range wanted {
		some, err := listTasks(ctx, api, in, w)
		if err != nil {
			return nil, err
		}
		arns = append(arns, some...)
	}
	return tasksOf(ctx, api, in.Cluster, arns)
}

func listTasks(ctx context.Context, api TasksAPI, in *ecs.ListTasksInput, wanted types.DesiredStatus) ([]string, error) {
	return cloud.Pages(ctx, ecs.NewListTasksPaginator(api, &ecs.ListTasksInput{Cluster: in.Cluster, ServiceName: in.ServiceName, DesiredStatus: wanted}),
		func(out *ecs.ListTasksOutput) []string { return out.TaskArns })
}

// maxDescribed is how many tasks one call describes:
// https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DescribeTasks.html
const maxDescribed = 100

func tasksOf(ctx context.Context, api TasksAPI, cluster *string, arns []string) ([]types.Task, error) {
	var all []types.Task
	for part := range slices.Chunk(arns, maxDescribed) {
		out, err := api.DescribeTasks(ctx, &ecs.DescribeTasksInput{Cluster: cluster, Tasks: part})
		if err != nil {
			return nil, err
		}
		all = append(all, out.Tasks...)
	}
	return all, nil
}
