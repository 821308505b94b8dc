package rollout

import (
	"slices"

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
	p := &Progress{Tasks: append([]TaskRow{}, w.tasks.rows...)} // in JSON no tasks are an empty list
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
	countHealthy(p)
	return p
}

// countHealthy counts the healthy tasks of each revision.
func countHealthy(p *Progress) {
	for _, t := range p.Tasks {
		for i := range p.Revisions {
			if p.Revisions[i].Revision == t.Revision && t.Phase == Healthy {
				p.Revisions[i].Healthy++
			}
		}
	}
}

// steps are how far a task is in each phase, of 6.
var steps = map[string]int{tasks.Provisioning: 1, tasks.Pending: 1, tasks.Pulling: 2, tasks.Starting: 3, tasks.Running: 4, Checked: 4, Unhealthy: 4, Healthy: 5}

// Share is how much of a rollout is done, 0 to 1: each of its tasks goes through six steps, the last of which is that
// the rollout ends.
func Share(p *Progress) float64 {
	now := p.Revisions[0]
	switch {
	case now.State == words(types.ServiceDeploymentStatusSuccessful):
		return 1
	case now.State == stops && now.Running > 0:
		return 1.0 / 3
	case now.State == stops:
		return 2.0 / 3
	}
	var best []int
	for _, t := range p.Tasks {
		if t.Revision == now.Revision {
			best = append(best, steps[t.Phase])
		}
	}
	slices.Sort(best)
	sum := 0
	for _, s := range best[max(0, len(best)-now.Desired):] {
		sum += s
	}
	return float64(sum) / float64(6*max(now.Desired, 1))
}

// Doing is what a rollout is at, in a few words: of its tasks the one that is least far.
func Doing(p *Progress) string {
	now := p.Revisions[0]
	switch now.State {
	case words(types.ServiceDeploymentStatusPending), words(types.ServiceDeploymentStatusInProgress):
	default:
		return now.State
	}
	least := ""
	for _, t := range p.Tasks {
		if step, known := steps[t.Phase]; known && t.Revision == now.Revision && (least == "" || step < steps[least]) {
			least = t.Phase
		}
	}
	switch {
	case least == "" && now.Failed > 0:
		return "starts another"
	case least == "":
		return "waits for a task"
	case least == tasks.Provisioning:
		return "gets its network"
	case least == Checked:
		return "checking health"
	case least == Healthy && len(p.Revisions) > 1 && p.Revisions[1].Running > 0:
		return "old tasks leave"
	}
	return least
}

// Ended tells whether a rollout is over, well or not.
func Ended(p *Progress) bool {
	return slices.ContainsFunc(ends, func(s types.ServiceDeploymentStatus) bool { return p.Revisions[0].State == words(s) })
}
