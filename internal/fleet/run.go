package fleet

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/karmacadabra/karmactl/internal/agents"
	"github.com/karmacadabra/karmactl/internal/engine"
	"github.com/karmacadabra/karmactl/internal/fleet/logs"
	"github.com/karmacadabra/karmactl/internal/provision"
	"github.com/karmacadabra/karmactl/internal/tasks"
)

const (
	// startEvery is how often a task is looked at until it runs, which takes half a minute
	// or more, and runEvery how often it and its log are read from then on.
	startEvery, runEvery = 2 * time.Second, time.Second
	// logSettles is the silence after which the log of a task that has ended is whole: its
	// log driver writes what it holds as the container ends, and CloudWatch shows it within
	// seconds.
	logSettles = 10 * time.Second
	// stopWithin is how long a task that was told to stop is waited for: 30 s from SIGTERM
	// to SIGKILL, as ECS has it, and some more.
	stopWithin = 90 * time.Second
)

// runs are the tasks that `karmactl run` started and that have not ended. They cost money, and the
// karmactl that started them may be gone.
func (w *Watcher) runs(all []types.Task) []Attention {
	var out []Attention
	for _, t := range all {
		if x := UnfinishedRun(t, w.Clock.Now()); slices.ContainsFunc(w.Agents, func(a agents.Agent) bool { return a.Name == x.Agent }) || slices.ContainsFunc(w.Jobs, func(j agents.Job) bool { return j.Name == x.Agent }) {
			out = append(out, x)
		}
	}
	return out
}

// UnfinishedRun says of a task that `karmactl run` started that it has not ended, and how to follow it.
func UnfinishedRun(t types.Task, now time.Time) Attention {
	agent, id := provision.RunAgent(t), tasks.Short(aws.ToString(t.TaskArn))
	return Attention{
		Agent: agent, About: AboutTasks, Problem: fmt.Sprintf("task %s, started %s ago to run once, has not ended", id, now.Sub(aws.ToTime(t.CreatedAt)).Round(time.Second)),
		Command: "karmactl run " + agent + " --attach " + id,
	}
}

// Run follows a task that runs once to its end.
type Run struct {
	ECS     *ecs.Client
	Cluster string
	Agent   string
	Log     *logs.StreamReader
	Clock   engine.Clock
	// Stop is closed when the task is to be stopped.
	Stop <-chan struct{}
	// Emit is handed each line of the log, in order; Say what the task is at.
	Emit func(logs.Event) error
	Say  func(string)
}

// RunEnd is how a task that ran once ended.
type RunEnd struct {
	Task types.Task
	End  tasks.End
	// Lines is how many lines its log had.
	Lines int
	// Stopped: it was told to stop by this process.
	Stopped bool
}

// Follow hands on the task's log as it comes and ends when the task has ended and its log is
// whole. When Stop is closed it stops the task and waits for its end. When ctx ends it stops
// the task, too, and returns the cause; the task ends by itself from then on.
func (r *Run) Follow(ctx context.Context, arn string) (RunEnd, error) {
	end, phase := RunEnd{}, ""
	var stopBy time.Time
	for {
		t, err := r.task(ctx, arn)
		if err != nil {
			return end, r.leave(ctx, arn, err)
		}
		end.Task = t
		if now := tasks.Phase(t); now != phase && aws.ToString(t.LastStatus) != "STOPPED" {
			phase = now
			r.Say(fmt.Sprintf("task %s %s", tasks.Short(arn), phase))
		}
		if err := r.read(ctx, &end); err != nil {
			return end, r.leave(ctx, arn, err)
		}
		if aws.ToString(t.LastStatus) == "STOPPED" {
			end.End = tasks.Ended(t, r.Agent)
			return end, r.drain(ctx, &end)
		}
		if !stopBy.IsZero() && r.Clock.Now().After(stopBy) {
			return end, fmt.Errorf("task %s was told to stop and has not ended after %s", tasks.Short(arn), stopWithin)
		}
		select {
		case <-r.Stop:
			if stopBy.IsZero() {
				stopBy, end.Stopped = r.Clock.Now().Add(stopWithin), true
				if err := r.stop(ctx, arn); err != nil {
					return end, err
				}
			}
		default:
		}
		wait := runEvery
		if t.StartedAt == nil {
			wait = startEvery
		}
		if err := r.wait(ctx, wait, stopBy.IsZero()); err != nil {
			return end, r.leave(ctx, arn, err)
		}
	}
}

// wait waits, and less long when Stop is closed meanwhile and that is to be seen at once.
func (r *Run) wait(ctx context.Context, d time.Duration, wakeable bool) error {
	if !wakeable {
		return r.Clock.Wait(ctx, d)
	}
	within, cancel := context.WithCancel(ctx)
	defer cancel()
	go func() {
		select {
		case <-r.Stop:
			cancel()
		case <-within.Done():
		}
	}()
	if err := r.Clock.Wait(within, d); err != nil && ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return nil
}

// task reads the task. One that ECS does not list yet, right after its start, is asked for again.
func (r *Run) task(ctx context.Context, arn string) (types.Task, error) {
	for tries := 0; ; tries++ {
		out, err := r.ECS.DescribeTasks(ctx, &ecs.DescribeTasksInput{Cluster: &r.Cluster, Tasks: []string{arn}})
		if err != nil {
			return types.Task{}, err
		}
		if len(out.Tasks) > 0 {
			return out.Tasks[0], nil
		}
		if tries == 15 {
			return types.Task{}, fmt.Errorf("ECS does not know task %s", tasks.Short(arn))
		}
		if err := r.Clock.Wait(ctx, startEvery); err != nil {
			return types.Task{}, err
		}
	}
}

// read hands on what the log has by now.
func (r *Run) read(ctx context.Context, end *RunEnd) error {
	events, err := r.Log.Next(ctx)
	for _, e := range events {
		end.Lines++
		if err := r.Emit(e); err != nil {
			return err
		}
	}
	return err
}

// drain reads the rest of the log of a task that has ended. A task that never started has none.
func (r *Run) drain(ctx context.Context, end *RunEnd) error {
	if end.Task.StartedAt == nil {
		return nil
	}
	for quiet := r.Clock.Now(); r.Clock.Now().Sub(quiet) < logSettles; {
		if err := r.Clock.Wait(ctx, runEvery); err != nil {
			return err
		}
		before := end.Lines
		if err := r.read(ctx, end); err != nil {
			return err
		}
		if end.Lines > before {
			quiet = r.Clock.Now()
		}
	}
	return nil
}

// leave stops the task when this process will not see its end.
func (r *Run) leave(ctx context.Context, arn string, err error) error {
	return errors.Join(err, r.stop(context.WithoutCancel(ctx), arn))
}

func (r *Run) stop(ctx context.Context, arn string) error {
	_, err := r.ECS.StopTask(ctx, &ecs.StopTaskInput{Cluster: &r.Cluster, Task: &arn, Reason: aws.String("karmactl run was ended")})
	if err != nil {
		return fmt.Errorf("stop task %s: %w", tasks.Short(arn), err)
	}
	return nil
}
