package rollout

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/karmacadabra/karmactl/internal/tasks"
)

// end names the outcome.
func (w *watch) end(ctx context.Context, d *types.ServiceDeployment) error {
	doc := w.doc
	reason := aws.ToString(d.StatusReason)
	switch d.Status {
	case types.ServiceDeploymentStatusSuccessful:
		doc.Outcome, doc.Verified = Succeeded, w.desired > 0
		if !doc.Verified {
			doc.Reason = fmt.Sprintf("%s is scaled to 0: no task of revision %d has run, so nothing was verified", w.Name, doc.Revision)
		}
		return nil
	case types.ServiceDeploymentStatusRollbackSuccessful:
		doc.Outcome = RolledBack
		if doc.Reason = "rolled back"; w.previous != "" {
			doc.Reason = rolledBackTo(doc.Previous)
		}
		if d.Rollback != nil {
			if td, err := w.deployed(ctx, aws.ToString(d.Rollback.ServiceRevisionArn)); err == nil && td != "" {
				doc.Reason = rolledBackTo(tasks.Revision(td))
			}
		}
		if stoppedByUser(d) {
			doc.Reason += " because a StopServiceDeployment call asked for it, before AWS saw it fail"
		}
	case types.ServiceDeploymentStatusStopped:
		newer, err := w.newer(ctx)
		if err != nil {
			return err
		}
		if newer {
			doc.Outcome, doc.Reason = Superseded, "a newer deployment of "+w.Name+" has taken its place"
			doc.Fix = "karmactl deploy " + w.Name + " --resume"
			return nil
		}
		doc.Outcome, doc.Reason = Failed, reason
		if stoppedByUser(d) {
			doc.Reason = strings.TrimSpace(reason + " " + w.stillRunning(d) + " Who stopped it is in CloudTrail, at StopServiceDeployment.")
			doc.Fix = "karmactl deploy " + w.Name + " --restart, which begins it again"
			if w.previous != "" {
				doc.Fix += "; karmactl rollback " + w.Name + " goes back"
			}
		}
	default:
		doc.Outcome, doc.Reason = Failed, reason
	}
	if doc.Outcome == Failed && w.previous == "" {
		doc.Reason += " There is no earlier revision to go back to."
		doc.Reason = strings.TrimSpace(doc.Reason)
	}
	return w.explain(ctx)
}

// failed ends the following of a deployment that AWS has called failed, while AWS
// rolls back.
func (w *watch) failed(ctx context.Context) error {
	w.doc.Outcome, w.doc.Reason = Failed, "AWS calls the deployment failed, and rolls back"
	if w.previous != "" {
		w.doc.Reason += fmt.Sprintf(" to revision %d", w.doc.Previous)
	}
	w.doc.Reason += ": the rollback continues and is not waited for"
	w.doc.Follow = "karmactl deploy " + w.Name + " --resume"
	return w.explain(ctx)
}

// stoppedByUser tells a deployment that a user or a program stopped from one that AWS
// stopped. It goes by what else could have stopped it: AWS's words are nowhere promised.
func stoppedByUser(d *types.ServiceDeployment) bool {
	triggered := types.ServiceDeploymentRollbackMonitorsStatusTriggered
	return (d.DeploymentCircuitBreaker == nil || d.DeploymentCircuitBreaker.Status != triggered) && (d.Alarms == nil || d.Alarms.Status != triggered)
}

// stillRunning is what runs after a deployment was stopped half-way.
func (w *watch) stillRunning(d *types.ServiceDeployment) string {
	var parts []string
	for _, r := range w.progress(d).Revisions {
		parts = append(parts, fmt.Sprintf("%d of revision %d", r.Running, r.Revision))
	}
	return "Tasks that run: " + strings.Join(parts, ", ") + "."
}

// newer tells whether another deployment was begun after this one.
func (w *watch) newer(ctx context.Context) (bool, error) {
	lines, err := w.deployments(ctx)
	if err != nil {
		return false, err
	}
	return len(lines) > 0 && aws.ToString(lines[0].ServiceDeploymentArn) != w.arn, nil
}

// timedOut is no failure: the deployment continues.
func (w *watch) timedOut(limit time.Duration) {
	w.doc.Outcome = TimedOut
	w.doc.Reason = fmt.Sprintf("still rolling after %s", limit)
	w.doc.Fix = "karmactl deploy " + w.Name + " --resume"
	if w.lastEvent != "" {
		w.doc.Reason += "; the last that AWS said: " + w.lastEvent
	}
}
