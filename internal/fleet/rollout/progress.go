package rollout

import (
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
	elbtypes "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"

	"github.com/karmacadabra/karmactl/internal/document"
)

// Progress is how far a rollout is.
type Progress = document.Rollout

// RevisionRow is one revision: what is deployed, or what it takes the place of.
type RevisionRow = document.RolloutRevision

// TaskRow is one task and what it is at.
type TaskRow = document.RolloutTask

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
	p := &Progress{Tasks: w.tasks.rows}
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
	for _, t := range w.tasks.rows {
		for i := range p.Revisions {
			if p.Revisions[i].Revision == t.Revision && t.Phase == Healthy {
				p.Revisions[i].Healthy++
			}
		}
	}
	return p
}
