package provision

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/karmacadabra/karmactl/internal/agents"
	"github.com/karmacadabra/karmactl/internal/cloud"
	"github.com/karmacadabra/karmactl/internal/engine"
	"github.com/karmacadabra/karmactl/internal/tasks"
)

// judge says how far a service is. Steady is not enough: after the circuit
// breaker has rolled back a service is steady too, on the revision before.
func (s *Service) judge(ctx context.Context, x types.Service, found *engine.Found[ServiceSpec]) error {
	err := s.judged(ctx, x, found)
	if s.fails = ""; s.Looks && errors.As(found.Err, new(*DeploymentFailed)) {
		s.fails, found.Phase, found.Err = found.Why, engine.Pending, nil
	}
	return err
}

func (s *Service) judged(ctx context.Context, x types.Service, found *engine.Found[ServiceSpec]) error {
	if aws.ToString(x.Status) == "DRAINING" {
		found.Phase, found.Usable, found.Why = engine.Leaving, false, fmt.Sprintf("draining, %d tasks left", x.RunningCount+x.PendingCount)
		return nil
	}
	var primary types.Deployment
	if d := tasks.Primary(x); d != nil {
		primary = *d
	}
	if id := aws.ToString(primary.Id); primary.RolloutState == types.DeploymentRolloutStateFailed && id != s.retried {
		found.Spec.Failed = id
	}
	if s.NoWait {
		return nil
	}
	failed := ""
	switch {
	case primary.RolloutState == types.DeploymentRolloutStateFailed && found.Spec.Failed == "":
		found.Phase, found.Why = engine.Pending, "a new deployment begins"
		return nil
	case primary.RolloutState == types.DeploymentRolloutStateFailed:
		failed = aws.ToString(primary.RolloutStateReason)
	case primary.RolloutState == types.DeploymentRolloutStateCompleted:
		return nil
	case strings.Contains(aws.ToString(primary.RolloutStateReason), "rolling back"):
		failed = strings.TrimSpace(failedBefore(x) + " The deployment failed and is being rolled back:")
	default:
		return s.starting(ctx, x, primary, found)
	}
	why, fix, err := s.lastEnd(ctx)
	failed = strings.TrimSpace(failed + " " + why)
	found.Phase, found.Why, found.Err = engine.Broken, failed, &DeploymentFailed{Agent: s.Agent.Name, Why: failed, Fix: fix}
	return err
}

// failedDeployment is the change that begins a failed deployment again.
func failedDeployment(have, want string) []engine.Change {
	if have == want {
		return nil
	}
	return []engine.Change{{Field: "deployment", Was: "failed", Now: "begun again"}}
}

// begins is the change that gives a service that was made empty its tasks.
func begins(have, want ServiceSpec) []engine.Change {
	if !have.Empty {
		return nil
	}
	return []engine.Change{{Field: "tasks", Was: "0", Now: strconv.Itoa(want.Tasks)}}
}

// failedBefore is AWS's reason of a deployment that failed and is no longer the primary one.
func failedBefore(x types.Service) string {
	reason := ""
	for _, d := range x.Deployments {
		if aws.ToString(d.Status) != "PRIMARY" && d.RolloutState == types.DeploymentRolloutStateFailed {
			reason = aws.ToString(d.RolloutStateReason)
		}
	}
	return reason
}

// resolves are the callees that were there, by a name, before the deployment that is under way. The
// Service Connect names of a deployment are fixed when it begins, so one that came
// later takes one more roll:
// https://docs.aws.amazon.com/AmazonECS/latest/developerguide/service-connect-concepts-deploy.html
func (s *Service) resolves(x types.Service, all []types.Service) Set {
	var began time.Time
	if d := tasks.Primary(x); d != nil {
		began = aws.ToTime(d.CreatedAt)
	}
	return s.callees(func(c *Service) bool {
		return slices.ContainsFunc(all, func(other types.Service) bool {
			return aws.ToString(other.ServiceName) == c.ServiceName(c.Agent.Name) && aws.ToString(other.Status) == "ACTIVE" &&
				readService(other).Connect.Name != "" && aws.ToTime(other.CreatedAt).Before(began)
		})
	})
}

// starting says what a deployment in progress waits for.
func (s *Service) starting(ctx context.Context, x types.Service, primary types.Deployment, found *engine.Found[ServiceSpec]) error {
	found.Phase = engine.Pending
	found.Why = fmt.Sprintf("%d of %d tasks running, %d starting", primary.RunningCount, primary.DesiredCount, primary.PendingCount)
	if primary.FailedTasks > 0 {
		why, fix, err := s.lastEnd(ctx)
		found.Why = "a task failed: " + why
		if primary.FailedTasks > 1 {
			found.Why = fmt.Sprintf("%d tasks failed: %s", primary.FailedTasks, why)
		}
		if fix != "" {
			found.Why += ": " + fix
		}
		return err
	}
	if len(x.Events) > 0 && primary.RunningCount+primary.PendingCount < primary.DesiredCount {
		found.Why = tasks.PlainEvent(aws.ToString(x.Events[0].Message))
		s.judgeQuota(x.Events[0], primary, found)
	}
	return nil
}

// quotaPatience is how long a deployment may wait for the account's quota: the old tasks of
// another agent that rolls out may make room. ECS itself keeps trying.
const quotaPatience = time.Minute

// judgeQuota ends the wait for a task that a quota of the account keeps from being placed.
func (s *Service) judgeQuota(last types.ServiceEvent, primary types.Deployment, found *engine.Found[ServiceSpec]) {
	c, known := tasks.CauseOf(s.Agent.Name, aws.ToString(last.Message))
	if !known || c.Kind != tasks.KindQuota || aws.ToTime(last.CreatedAt).Before(aws.ToTime(primary.CreatedAt)) {
		s.noRoom = time.Time{}
		return
	}
	now := s.Clock.Now()
	if s.noRoom.IsZero() {
		s.noRoom = now
	}
	if now.Sub(s.noRoom) < quotaPatience {
		return
	}
	found.Phase, found.Why = engine.Broken, fmt.Sprintf("%s: %s; ECS keeps trying", found.Why, c.Why)
	found.Err = &DeploymentFailed{Agent: s.Agent.Name, Why: found.Why, Fix: c.Fix()}
}

// lastEnd is how the agent's last task that failed ended and what that means, and what
// mends it. ECS tells of a stopped task for an hour.
func (s *Service) lastEnd(ctx context.Context) (why, fix string, err error) {
	stopped, err := tasks.Of(ctx, s.Clients.ECS, s.ClusterName(), s.ServiceName(s.Agent.Name), types.DesiredStatusStopped)
	if err != nil {
		return "", "", err
	}
	last := tasks.LastEnd(tasks.Names(s.Services).ByAgent(stopped), s.Agent.Name, "")
	if last == nil {
		return "", "", nil
	}
	end := tasks.Ended(*last, s.Agent.Name)
	why = tasks.PlainEvent(end.String())
	if c, known := tasks.CauseOf(s.Agent.Name, end.Reason); known {
		c = c.WithMemory(agents.NextFargateMemory(s.Agent.CPU, s.Agent.Memory))
		return why + ": " + c.Why, c.Fix(), nil
	}
	return why, "", nil
}

// Desired is how many tasks ECS wants of the service; there is false without one.
func (s *Service) Desired(ctx context.Context) (tasks int, there bool, err error) {
	all, err := cloud.List(ctx, s.Inventory, "service", time.Time{}, s.list)
	for _, x := range all {
		if aws.ToString(x.ServiceName) == s.ServiceName(s.Agent.Name) && aws.ToString(x.Status) == "ACTIVE" {
			return int(x.DesiredCount), true, err
		}
	}
	return 0, false, err
}

// DeploymentFailed is an agent whose service was made and whose tasks do not stay up, as ECS itself decided.
type DeploymentFailed struct {
	Agent string
	// Why is ECS's reason, with how the last task stopped.
	Why string
	// Fix is what mends it, where the reason tells; "" where it does not.
	Fix string
	// Release: it was the release command, before any task was rolled out. Why has its last lines.
	Release bool
}

func (e *DeploymentFailed) Error() string { return e.Why }

// Try is what to do about it.
func (e *DeploymentFailed) Try() string { return e.Fix }
