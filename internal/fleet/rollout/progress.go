package rollout

import (
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
	elbtypes "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"

	"github.com/karmacadabra/karmactl/internal/document"
	"github.com/karmacadabra/karmactl/internal/tasks"
)

// Progress is how far a rollout is.
type Progress = document.Rollout

// RevisionRow is one revision: what is deployed, or what it takes the place of.
type RevisionRow = document.RolloutRevision

// TaskRow is one task and what it is at.
type TaskRow = document.RolloutTask

// Phases of a task that runs, as its load balancer sees it. The others are Fargate's: tasks.Phase.
const (
	Checked   = "runs, its health is being checked"
	Healthy   = "is healthy"
	Unhealthy = "is unhealthy"
	Draining  = "finishes its requests"
)

// phaseOf is what a task is at; health is its target's state, "" when there is none.
// Without targets its containers' own check tells, where there is one.
func phaseOf(t types.Task, targets bool, health elbtypes.TargetHealthStateEnum) string {
	phase := tasks.Phase(t)
	switch {
	case phase != tasks.Running:
		return phase
	case !targets && t.HealthStatus == types.HealthStatusHealthy:
		return Healthy
	case !targets && t.HealthStatus == types.HealthStatusUnhealthy:
		return Unhealthy
	case !targets:
		return phase
	case health == elbtypes.TargetHealthStateEnumHealthy:
		return Healthy
	case health == elbtypes.TargetHealthStateEnumUnhealthy:
		return Unhealthy
	case health == elbtypes.TargetHealthStateEnumDraining:
		return Draining
	}
	return Checked
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
