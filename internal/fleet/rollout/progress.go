package rollout

import (
	"context"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	elbtypes "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"

	"github.com/karmacadabra/karmactl/internal/tasks"
)

// tasksEvery is how often each task is asked for. AWS gives 20 such calls a second
// to the whole account, and several agents may be deployed at once.
const tasksEvery = 2 * time.Second

// Progress is how far a rollout is.
type Progress struct {
	Revisions []RevisionRow
	Tasks     []TaskRow
}

// RevisionRow is one revision: what is deployed, or what it takes the place of.
type RevisionRow struct {
	Revision int
	// State is AWS's word for the deployment; what ran before is serving, or replaced.
	State   string
	Desired int
	Running int
	// Healthy counts the tasks that answer the load balancer.
	Healthy int
	Failed  int
}

// TaskRow is one task and what it is at.
type TaskRow struct {
	ID       string
	Revision int
	Phase    string
}

// Phases of a task. Before it runs they are Fargate's, after that the load balancer's.
const (
	Provisioning = "gets its network interface"
	Pending      = "waits to start"
	Pulling      = "pulls its image"
	Starting     = "starts"
	Checked      = "runs, its health is being checked"
	Healthy      = "is healthy"
	Unhealthy    = "is unhealthy"
	Running      = "runs"
	Stopping     = "stops"
)

// phaseOf is what a task is at; health is its target's state, "" when there is none.
func phaseOf(t types.Task, targets bool, health elbtypes.TargetHealthStateEnum) string {
	switch aws.ToString(t.LastStatus) {
	case "PROVISIONING":
		return Provisioning
	case "RUNNING":
		switch {
		case !targets:
			return Running
		case health == elbtypes.TargetHealthStateEnumHealthy:
			return Healthy
		case health == elbtypes.TargetHealthStateEnumUnhealthy:
			return Unhealthy
		}
		return Checked
	}
	switch {
	case t.StoppingAt != nil:
		return Stopping
	case t.PullStartedAt == nil:
		return Pending
	case t.PullStoppedAt == nil:
		return Pulling
	}
	return Starting
}

// progress is how far the deployment is now: the deployment's numbers, and the tasks as they
// were seen last.
func (w *watch) progress(d *types.ServiceDeployment) *Progress {
	p := &Progress{Tasks: w.tasks}
	now := RevisionRow{Revision: w.doc.Revision, State: words(d.Status)}
	if t := d.TargetServiceRevision; t != nil {
		now.Desired, now.Running = int(t.RequestedTaskCount), int(t.RunningTaskCount)
	}
	if b := d.DeploymentCircuitBreaker; b != nil {
		now.Failed = int(b.FailureCount)
	}
	p.Revisions = append(p.Revisions, now)
	if w.previous != "" {
		was := RevisionRow{Revision: w.doc.Previous, State: "serving"}
		for _, s := range d.SourceServiceRevisions {
			was.Desired, was.Running = was.Desired+int(s.RequestedTaskCount), was.Running+int(s.RunningTaskCount)
		}
		if was.Running == 0 {
			was.State = "replaced"
		}
		p.Revisions = append(p.Revisions, was)
	}
	for _, t := range w.tasks {
		for i := range p.Revisions {
			if p.Revisions[i].Revision == t.Revision && t.Phase == Healthy {
				p.Revisions[i].Healthy++
			}
		}
	}
	return p
}

// look reads what each task is at, and tells what has changed. A deployment is
// followed without that, too: who may not read it is told so once.
func (w *watch) look(ctx context.Context, d *types.ServiceDeployment) {
	now := w.Clock.Now()
	if !w.looked.IsZero() && now.Sub(w.looked) < tasksEvery {
		return
	}
	w.looked = now
	if err := w.describe(ctx); err != nil {
		if !w.blind && ctx.Err() == nil {
			w.tell(Line{About: "phase", Text: "what each task is at is not known", Err: err})
		}
		w.blind, w.tasks = true, nil
		return
	}
	progress := w.progress(d)
	for _, t := range w.tasks {
		if w.phases[t.ID] != t.Phase {
			w.phases[t.ID] = t.Phase
			w.tell(Line{About: "phase", Text: fmt.Sprintf("task %s (rev %d) %s", t.ID, t.Revision, t.Phase), Progress: progress})
		}
	}
}

// describe reads the tasks, and how healthy the load balancer finds them.
func (w *watch) describe(ctx context.Context) error {
	running, err := w.listed(ctx, types.DesiredStatusRunning)
	if err != nil {
		return err
	}
	targets := w.group != "" && w.Targets != nil
	health := map[string]elbtypes.TargetHealthStateEnum{}
	if targets && len(running) > 0 {
		out, err := w.Targets.DescribeTargetHealth(ctx, &elb.DescribeTargetHealthInput{TargetGroupArn: &w.group})
		if err != nil {
			return err
		}
		for _, t := range out.TargetHealthDescriptions {
			health[aws.ToString(t.Target.Id)] = t.TargetHealth.State
		}
	}
	w.tasks = nil
	for _, t := range running {
		w.tasks = append(w.tasks, TaskRow{
			ID: tasks.Short(aws.ToString(t.TaskArn)), Revision: tasks.Revision(aws.ToString(t.TaskDefinitionArn)), Phase: phaseOf(t, targets, health[tasks.Address(t)]),
		})
	}
	return nil
}
