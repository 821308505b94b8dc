// Package fleet is the daily work on agents that run: what they say, how they
// are, a shell in one of them. It reads agents.yaml and AWS, never the state, so
// it works beside an `up` that holds the lock.
package fleet

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/karmacadabra/karmactl/internal/engine"
	"github.com/karmacadabra/karmactl/internal/fleet/logs"
	"github.com/karmacadabra/karmactl/internal/tasks"
)

// eventsPoll is how often ECS is asked while logs are followed.
const eventsPoll = 5 * time.Second

// Events are what ECS has to say of the agents' tasks, to be woven into their
// logs. ECS keeps a hundred events of a service, and a stopped task for an hour.
type Events struct {
	API     *ecs.Client
	Cluster string
	Agents  []string
	// Names are those of the agents' services.
	Names tasks.Names
	Clock engine.Clock
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

// fresh are the events that were not told yet, oldest first.
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
	services, err := e.Names.Services(ctx, e.API, e.Cluster, e.Agents)
	if err != nil {
		return nil, err
	}
	for _, s := range services {
		agent := aws.ToString(s.ServiceName)
		for _, x := range s.Events {
			all = append(all, e.event(agent, "", aws.ToString(x.Id), aws.ToTime(x.CreatedAt), tasks.PlainEvent(aws.ToString(x.Message))))
		}
	}
	listed, err := tasks.Of(ctx, e.API, e.Cluster, "", types.DesiredStatusRunning, types.DesiredStatusStopped)
	if err != nil {
		return nil, err
	}
	for _, t := range e.Names.ByAgent(listed) {
		if agent := tasks.Agent(t); slices.Contains(e.Agents, agent) {
			all = append(all, e.taskEvents(agent, t)...)
			if e.Task != nil && t.StoppedAt == nil {
				e.Task(agent, tasks.ID(aws.ToString(t.TaskArn)))
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
	id := tasks.ID(aws.ToString(t.TaskArn))
	var out []logs.Event
	if t.StartedAt != nil {
		where := strings.ToLower(strings.ReplaceAll(aws.ToString(t.CapacityProviderName), "_", " "))
		out = append(out, e.event(agent, id, id+"-started", *t.StartedAt,
			fmt.Sprintf("task %s started: revision %d on %s", tasks.Short(id), tasks.Revision(aws.ToString(t.TaskDefinitionArn)), where)))
	}
	if t.StopCode == types.TaskStopCodeSpotInterruption && t.StoppingAt != nil {
		out = append(out, e.event(agent, id, id+"-spot", *t.StoppingAt, fmt.Sprintf("task %s: AWS takes its Spot capacity back: it has been told to stop, and two minutes later it is", tasks.Short(id))))
	}
	if t.StoppedAt != nil {
		out = append(out, e.event(agent, id, id+"-stopped", *t.StoppedAt, fmt.Sprintf("task %s stopped: %s", tasks.Short(id), tasks.Ended(t, agent))))
	}
	return out
}

// LogStream is the log stream of an agent's task: the awslogs driver's prefix/container/task-id, where prefix and
// container are the agent's name.
func LogStream(agent, task string) string { return agent + "/" + agent + "/" + task }
