package rollout

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/karmacadabra/karmactl/internal/tasks"
)

// How often a followed deployment is asked for. Where it can fail or end, what it
// became is known at most `every` later than AWS knows it. While its newest task waits
// for its network interface or its image, which takes 20 to 40 s each, less is enough.
const (
	every  = 400 * time.Millisecond
	slowly = 2 * time.Second
	// ending is for the time in which only tasks of the old revision are waited for.
	ending = 300 * time.Millisecond
	// slowlyEvery is how often the deployment itself is asked for meanwhile: a task
	// that has stopped shows among the tasks.
	slowlyEvery = 3 * slowly
	// eventsEvery is how often the service itself is asked for what it has to say where
	// it can fail; elsewhere half as often.
	eventsEvery = 5 * time.Second
)

// FollowOptions say when following ends before the deployment does.
type FollowOptions struct {
	// Limit ends it after so long, while the deployment continues; 0 is no limit.
	Limit time.Duration
	// FailFast ends it as soon as AWS calls the deployment failed, while AWS rolls back.
	FailFast bool
	// Fallback ends it with ErrDry when Spot has no capacity for so long; 0 is never.
	Fallback time.Duration
}

// ErrDry says that Spot has no capacity for a deployment, so that it is to continue on demand.
var ErrDry = errors.New("there is no Spot capacity")

// watch is one deployment being followed.
type watch struct {
	*Agent
	doc *Deployment
	arn string
	// taskDefinition and previous are ARNs.
	taskDefinition, previous string
	began                    time.Time
	told                     map[string]bool // tasks and events
	row, lastEvent           string
	asked, dry               time.Time
	failures                 int32
	desired                  int32
	reads                    *Reads
	// tick is when this round was due, and read when the deployment was read last.
	tick, read time.Time
	tasks      taskWatch
}

// Follow follows one deployment to its own end. That the service is steady is not
// success: after AWS has rolled back it is steady too.
func (a *Agent) Follow(ctx context.Context, arn, taskDefinition, previous string, o FollowOptions) (*Deployment, error) {
	w := &watch{
		Agent: a, arn: arn, taskDefinition: taskDefinition, previous: previous, began: a.Clock.Now(), told: map[string]bool{}, reads: a.Reads,
		doc: &Deployment{Agent: a.Name, Revision: tasks.Revision(taskDefinition), Previous: tasks.Revision(previous), Log: []string{}},
	}
	if taskDefinition == previous {
		w.previous = ""
	}
	if w.reads == nil {
		w.reads = NewReads(a.ECS, a.Clock, a.Cluster)
		w.reads.only = a.Service
	}
	w.tick = w.began
	w.tasks = newTaskWatch(w.began)
	w.reads.follow(arn, a.Service)
	defer w.reads.unfollow(arn, a.Service)
	var d *types.ServiceDeployment
	for pace := every; ; pace = w.pace(d) {
		if d == nil || pace < slowly || w.tick.Sub(w.read) >= slowlyEvery {
			var err error
			if d, err = w.reads.deployment(ctx, arn, w.tick); err != nil {
				return w.doc, err
			}
			w.read = w.tick
		}
		done, err := w.round(ctx, d, o)
		if err != nil || done {
			return w.doc, err
		}
		w.tick = w.reads.nextTick(w.pace(d))
		if err := a.Clock.Wait(ctx, w.tick.Sub(a.Clock.Now())); err != nil {
			return w.doc, err
		}
	}
}

// round tells what is new, and whether following ends.
func (w *watch) round(ctx context.Context, d *types.ServiceDeployment, o FollowOptions) (done bool, err error) {
	ended := d.FinishedAt != nil || over(d.Status)
	if !ended {
		w.look(ctx, d)
	}
	w.showRow(d)
	if err := w.listen(ctx, d, ended); err != nil {
		return true, err
	}
	switch {
	case ended:
		return true, w.end(ctx, d)
	case o.FailFast && rollsBack(d):
		return true, w.failed(ctx)
	case o.Fallback > 0 && !w.dry.IsZero() && w.Clock.Now().Sub(w.dry) >= o.Fallback:
		return true, ErrDry
	case o.Limit > 0 && w.Clock.Now().Sub(w.began) >= o.Limit:
		w.timedOut(o.Limit)
		return true, nil
	}
	return false, nil
}

// pace is how soon to ask again. A task may fail from the moment on that it has its
// image, and while it gets the image: after a first failure that is looked at closely.
// A task that is gone may be a failure.
func (w *watch) pace(d *types.ServiceDeployment) time.Duration {
	phase := w.tasks.newest(d)
	switch {
	case w.tasks.blind:
		return every
	case phase == "" && !w.tasks.started, phase == tasks.Provisioning, phase == tasks.Pending, phase == tasks.Pulling && w.failures == 0:
		return slowly
	case w.tasks.settled() && w.failures == 0:
		return ending
	}
	return every
}

// rollsBack tells whether AWS has called the deployment failed and rolls it back.
func rollsBack(d *types.ServiceDeployment) bool {
	begun := d.Status == types.ServiceDeploymentStatusRollbackRequested || d.Status == types.ServiceDeploymentStatusRollbackInProgress
	return begun && !stoppedByUser(d)
}

// ends are the states in which a deployment is over.
var ends = []types.ServiceDeploymentStatus{
	types.ServiceDeploymentStatusSuccessful, types.ServiceDeploymentStatusStopped, types.ServiceDeploymentStatusRollbackSuccessful, types.ServiceDeploymentStatusRollbackFailed,
}

func over(s types.ServiceDeploymentStatus) bool { return slices.Contains(ends, s) }

// showRow tells how far each revision is, when that has changed.
func (w *watch) showRow(d *types.ServiceDeployment) {
	p, row := w.progress(d), ""
	if t, now := d.TargetServiceRevision, p.Revisions[0]; t != nil {
		w.desired = max(w.desired, t.RequestedTaskCount)
		row = fmt.Sprintf("rev %d %s · desired %d · running %d · pending %d · failed %d", now.Revision, now.State, now.Desired, now.Running, t.PendingTaskCount, now.Failed)
	}
	for _, was := range p.Revisions[1:] {
		row += fmt.Sprintf(" | rev %d · running %d", was.Revision, was.Running)
	}
	if row != w.row && row != "" {
		w.row, w.tasks.listed = row, w.tick
		w.tell(Line{About: "rollout", Text: row, Progress: p})
	}
}

func words(s types.ServiceDeploymentStatus) string {
	return strings.ToLower(strings.ReplaceAll(string(s), "_", " "))
}

// listen tells the service's events, and looks at tasks that have failed.
func (w *watch) listen(ctx context.Context, d *types.ServiceDeployment, ended bool) error {
	failed := false
	if b := d.DeploymentCircuitBreaker; b != nil && b.FailureCount > w.failures {
		w.failures, failed = b.FailureCount, true
	}
	if ended && d.Status != types.ServiceDeploymentStatusSuccessful || failed {
		if err := w.failedTasks(ctx, d); err != nil {
			return err
		}
	}
	pause := eventsEvery
	if w.pace(d) != every {
		pause *= 2
	}
	if !ended && !w.asked.IsZero() && w.tick.Sub(w.asked) < pause {
		return nil
	}
	w.asked = w.tick
	svc, err := w.reads.service(ctx, w.Service, w.tick)
	if err != nil || svc == nil {
		return err
	}
	w.tasks.group, w.dry = tasks.TargetGroup(*svc), tasks.DrySince(*svc)
	for _, e := range slices.Backward(svc.Events) {
		id, text := aws.ToString(e.Id), tasks.PlainEvent(aws.ToString(e.Message))
		if w.told[id] || e.CreatedAt != nil && d.CreatedAt != nil && e.CreatedAt.Before(*d.CreatedAt) {
			continue
		}
		w.told[id], w.lastEvent = true, text
		w.say("event", text)
	}
	return nil
}
