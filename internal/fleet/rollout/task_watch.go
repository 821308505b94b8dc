package rollout

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	elbtypes "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"

	"github.com/karmacadabra/karmactl/internal/tasks"
)

const (
	// tasksEvery is how often the tasks are read: AWS gives 20 such calls a second to
	// the whole account.
	tasksEvery = 2 * time.Second
	// listEvery is how often the tasks are listed although no count has changed, and
	// how often they are read when each of them is healthy.
	listEvery = 10 * time.Second
	// healthRate is how often in a second the health of targets is asked for, over all
	// followed services: one call has one target group.
	healthRate = 5
)

// taskWatch is what is known of a service's tasks.
type taskWatch struct {
	// group is the ARN of the target group, "" until it is known.
	group string
	// read, listed and asked are when the tasks, their list and their health have to be
	// newer than, or were last.
	read, listed, asked time.Time
	health              map[string]elbtypes.TargetHealthStateEnum // by address
	running             []types.Task                              // the oldest first
	rows                []TaskRow
	last                types.Task        // the newest
	phases              map[string]string // by task
	started             bool              // the deployment has started a task
	blind               bool              // it was said that tasks cannot be looked at
}

func newTaskWatch(now time.Time) taskWatch {
	return taskWatch{listed: now, health: map[string]elbtypes.TargetHealthStateEnum{}, phases: map[string]string{}}
}

// newest is what the newest task that this deployment, or its rollback, has started is
// at; "" when there is none.
func (t *taskWatch) newest(d *types.ServiceDeployment) string {
	if len(t.rows) == 0 || aws.ToTime(t.last.CreatedAt).Before(aws.ToTime(d.CreatedAt)) {
		return ""
	}
	t.started = true
	return t.rows[len(t.rows)-1].Phase
}

// settled tells whether there is nothing to wait for in a task.
func (t *taskWatch) settled() bool {
	for _, r := range t.rows {
		if r.Phase != Healthy && r.Phase != Draining && r.Phase != tasks.Running && r.Phase != tasks.Stopping {
			return false
		}
	}
	return true
}

// look reads what each task is at, and tells what has changed. A deployment is
// followed without that, too: a user who may not read it is told so once.
func (w *watch) look(ctx context.Context, d *types.ServiceDeployment) {
	t := &w.tasks
	tasksDue, healthDue := w.tasksDue(), w.healthDue()
	if !tasksDue && !healthDue {
		return
	}
	if err := w.readTasks(ctx, tasksDue, healthDue); err != nil {
		if !t.blind && ctx.Err() == nil {
			w.tell(Line{About: "phase", Text: "what each task is at is not known", Err: err})
		}
		t.blind, t.rows = true, nil
		return
	}
	progress := w.progress(d)
	for _, r := range t.rows {
		if t.phases[r.ID] != r.Phase {
			t.phases[r.ID] = r.Phase
			w.tell(Line{About: "phase", Text: fmt.Sprintf("task %s (rev %d) %s", r.ID, r.Revision, r.Phase), Progress: progress})
		}
	}
}

// tasksDue tells whether the tasks are to be read. When all of them run, the counts of
// the deployment tell of a change.
func (w *watch) tasksDue() bool {
	t := &w.tasks
	pause := listEvery
	for _, x := range t.running {
		if aws.ToString(x.LastStatus) != "RUNNING" {
			pause = tasksEvery
		}
	}
	if len(t.running) == 0 {
		pause = tasksEvery
	}
	return w.tick.Sub(t.read) >= pause || !t.listed.Before(w.tick)
}

// healthDue tells whether the health of the targets is to be asked for: while a task
// that runs is not known to be healthy.
func (w *watch) healthDue() bool {
	t := &w.tasks
	if t.group == "" || w.Targets == nil || t.blind {
		return false
	}
	open := slices.ContainsFunc(t.running, func(x types.Task) bool {
		health := t.health[tasks.Address(x)]
		return aws.ToString(x.LastStatus) == "RUNNING" && health != elbtypes.TargetHealthStateEnumHealthy && health != elbtypes.TargetHealthStateEnumDraining
	})
	return open && w.tick.Sub(t.asked) >= tasksEvery && w.reads.mayAskHealth(w.tick)
}

// readTasks reads the tasks, or takes them as they were, and asks how healthy the load
// balancer finds them.
func (w *watch) readTasks(ctx context.Context, tasksDue, healthDue bool) error {
	t := &w.tasks
	if tasksDue {
		t.read = w.tick
		if w.tick.Sub(t.listed) >= listEvery {
			t.listed = w.tick
		}
		var err error
		if t.running, err = w.reads.running(ctx, w.Service, t.listed, w.tick); err != nil {
			return err
		}
	}
	if healthDue {
		t.asked = w.tick
		out, err := w.Targets.DescribeTargetHealth(ctx, &elb.DescribeTargetHealthInput{TargetGroupArn: &t.group})
		if err != nil {
			return err
		}
		for _, x := range out.TargetHealthDescriptions {
			t.health[aws.ToString(x.Target.Id)] = x.TargetHealth.State
		}
	}
	t.rows = nil
	for _, x := range t.running {
		t.last = x
		t.rows = append(t.rows, TaskRow{
			ID: tasks.Short(aws.ToString(x.TaskArn)), Revision: tasks.Revision(aws.ToString(x.TaskDefinitionArn)),
			Phase: phaseOf(x, t.group != "" && w.Targets != nil, t.health[tasks.Address(x)]),
		})
	}
	return nil
}
