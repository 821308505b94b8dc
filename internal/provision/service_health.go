package provision

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/karmacadabra/karmactl/internal/cloud"
	"github.com/karmacadabra/karmactl/internal/engine"
)

// judge says how far a service is. Steady is not enough: after the circuit
// breaker has rolled back a service is steady too, on the revision before.
func (s *Service) judge(ctx context.Context, x types.Service, found *engine.Found[ServiceSpec]) error {
	if aws.ToString(x.Status) == "DRAINING" {
		found.Phase, found.Usable, found.Why = engine.Leaving, false, fmt.Sprintf("draining, %d tasks left", x.RunningCount+x.PendingCount)
		return nil
	}
	if s.Detached {
		return nil
	}
	var primary types.Deployment
	failed := ""
	for _, d := range x.Deployments {
		if aws.ToString(d.Status) == "PRIMARY" {
			primary = d
		} else if d.RolloutState == types.DeploymentRolloutStateFailed {
			failed = aws.ToString(d.RolloutStateReason)
		}
	}
	switch {
	case primary.RolloutState == types.DeploymentRolloutStateFailed:
		failed = aws.ToString(primary.RolloutStateReason)
	case primary.RolloutState == types.DeploymentRolloutStateCompleted:
		return nil
	case strings.Contains(aws.ToString(primary.RolloutStateReason), "rolling back"):
		failed = strings.TrimSpace(failed + " The deployment failed and is being rolled back:")
	default:
		found.Phase = engine.Pending
		found.Why = fmt.Sprintf("%d of %d tasks running, %d starting", primary.RunningCount, primary.DesiredCount, primary.PendingCount)
		if primary.FailedTasks > 0 {
			why, err := s.lastStop(ctx)
			found.Why = fmt.Sprintf("%d tasks failed: %s", primary.FailedTasks, why)
			return err
		}
		if len(x.Events) > 0 && primary.RunningCount+primary.PendingCount < primary.DesiredCount {
			found.Why = aws.ToString(x.Events[0].Message)
		}
		return nil
	}
	why, err := s.lastStop(ctx)
	if why != "" {
		failed += " " + why
	}
	found.Phase, found.Why, found.Err = engine.Broken, failed, &DeploymentFailed{Agent: s.Agent.Name, Why: failed}
	return err
}

// lastStop is why the last task stopped: the whole reason, and how its container
// ended. A task that never started has no logs, so this is all there is.
func (s *Service) lastStop(ctx context.Context) (string, error) {
	cluster, name := s.clusterName(), s.serviceName(s.Agent.Name)
	arns, err := cloud.Pages(ctx, ecs.NewListTasksPaginator(s.Clients.ECS, &ecs.ListTasksInput{Cluster: &cluster, ServiceName: &name, DesiredStatus: types.DesiredStatusStopped}),
		func(out *ecs.ListTasksOutput) []string { return out.TaskArns })
	if err != nil || len(arns) == 0 {
		return "", err
	}
	var stopped []types.Task
	for batch := range slices.Chunk(arns, 100) { // the most that DescribeTasks takes
		out, err := s.Clients.ECS.DescribeTasks(ctx, &ecs.DescribeTasksInput{Cluster: &cluster, Tasks: batch})
		if err != nil {
			return "", err
		}
		stopped = append(stopped, out.Tasks...)
	}
	var last types.Task
	for _, t := range stopped {
		if last.StoppingAt == nil || t.StoppingAt != nil && t.StoppingAt.After(*last.StoppingAt) {
			if t.StopCode != types.TaskStopCodeServiceSchedulerInitiated || strings.Contains(aws.ToString(t.StoppedReason), "failed") {
				last = t
			}
		}
	}
	why := aws.ToString(last.StoppedReason)
	for _, c := range last.Containers {
		if aws.ToString(c.Name) == s.Agent.Name && c.ExitCode != nil {
			why += fmt.Sprintf(" (exit code %d)", *c.ExitCode)
		}
		if r := aws.ToString(c.Reason); r != "" && r != aws.ToString(last.StoppedReason) {
			why += ": " + r
		}
	}
	return why, nil
}
