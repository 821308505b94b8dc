package rollout

import (
	"context"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/karmacadabra/karmactl/internal/tasks"
)

// stops is the state of a service that is being deleted: its tasks go.
const stops = "stops"

// Observe tells every two seconds how far the agent's service is, until ctx ends. What
// makes, changes or deletes it is another's work, and so is what becomes of that: what
// cannot be read is not told. Reads has to be there.
func (a *Agent) Observe(ctx context.Context, tell func(*Progress)) {
	now := a.Clock.Now()
	w := &watch{Agent: a, doc: &Deployment{Agent: a.Name}, reads: a.Reads, tick: now, tasks: newTaskWatch(now)}
	a.Reads.follow("", a.Service)
	defer a.Reads.unfollow("", a.Service)
	for {
		svc, err := w.reads.described(ctx, a.Service, w.tick)
		if err == nil && svc != nil {
			w.tasks.group = tasks.TargetGroup(*svc)
			w.tasks.listed = w.tick // those of a service that has just been made are new each time
			if w.readTasks(ctx, w.tasksDue(), w.healthDue()) != nil {
				w.tasks.rows = nil
			}
			tell(observed(*svc, w.tasks.rows))
		}
		w.tick = w.reads.nextTick(slowly)
		if a.Clock.Wait(ctx, w.tick.Sub(a.Clock.Now())) != nil {
			return
		}
	}
}

// observed is how far a service is, by its deployments and its tasks.
func observed(s types.Service, rows []TaskRow) *Progress {
	p := &Progress{Tasks: rows, Revisions: []RevisionRow{{}}}
	for _, d := range s.Deployments {
		r := RevisionRow{Revision: tasks.Revision(aws.ToString(d.TaskDefinition)), State: "serving", Desired: int(d.DesiredCount), Running: int(d.RunningCount), Failed: int(d.FailedTasks)}
		switch {
		case aws.ToString(d.Status) != "PRIMARY" && d.RunningCount > 0:
			p.Revisions = append(p.Revisions, r)
		case aws.ToString(d.Status) == "PRIMARY":
			p.Revisions[0] = r
			p.Revisions[0].State = words(types.ServiceDeploymentStatus(d.RolloutState))
			if d.RolloutState == types.DeploymentRolloutStateCompleted {
				p.Revisions[0].State = words(types.ServiceDeploymentStatusSuccessful)
			}
		}
	}
	if aws.ToString(s.Status) == "DRAINING" {
		p.Revisions = p.Revisions[:1]
		p.Revisions[0].State, p.Revisions[0].Desired, p.Revisions[0].Running = stops, 0, int(s.RunningCount)
	}
	countHealthy(p)
	return p
}

// LastWords are the last lines of the agent's first task that failed of the revision that
// failed last: a log may be a few seconds late, and AWS tells of a task for an hour. There
// are none where it wrote nothing, or nothing can be read.
func (a *Agent) LastWords(ctx context.Context) []string {
	w := &watch{Agent: a, doc: &Deployment{Agent: a.Name}}
	failed, err := w.listed(ctx, types.DesiredStatusStopped)
	if err != nil {
		return nil
	}
	failed = slices.DeleteFunc(failed, func(t types.Task) bool { return tasks.Ended(t, a.Name).Stopped })
	if len(failed) == 0 {
		return nil
	}
	revision := aws.ToString(failed[len(failed)-1].TaskDefinitionArn)
	first := failed[slices.IndexFunc(failed, func(t types.Task) bool { return aws.ToString(t.TaskDefinitionArn) == revision })]
	if w.tailOf(ctx, first, tasks.ID(aws.ToString(first.TaskArn))) != nil {
		return nil
	}
	return w.doc.Log
}
