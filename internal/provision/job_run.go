package provision

import (
	"context"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
	"github.com/aws/aws-sdk-go-v2/service/scheduler"

	"github.com/karmacadabra/karmactl/internal/agents"
	"github.com/karmacadabra/karmactl/internal/cloud"
	"github.com/karmacadabra/karmactl/internal/tasks"
)

// startedBySchedule is what EventBridge Scheduler writes into startedBy before its schedule's name.
const startedBySchedule = "chronos-schedule/"

// JobRuns are the revision and the network with which a job's schedule starts it; "" is that
// there is no schedule.
func (h *Env) JobRuns(ctx context.Context, j agents.Job) (revision string, network *types.NetworkConfiguration, err error) {
	out, err := h.Clients.Scheduler.GetSchedule(ctx, &scheduler.GetScheduleInput{GroupName: aws.String(h.scheduleGroup()), Name: &j.Name})
	if err != nil {
		return "", nil, cloud.IgnoreNotFound(err)
	}
	if out.Target == nil || out.Target.EcsParameters == nil {
		return "", nil, nil
	}
	spec := readJobSchedule(out)
	return spec.TaskDefinition, spec.Network.input(), nil
}

// jobRuns are the tasks in the stack's cluster that schedules started and that have not ended.
func (h *Env) jobRuns(ctx context.Context) ([]types.Task, error) {
	all, err := tasks.Of(ctx, h.Clients.ECS, h.ClusterName(), "", types.DesiredStatusRunning)
	if cloud.Is(err, "ClusterNotFoundException") {
		return nil, nil
	}
	return slices.DeleteFunc(all, func(t types.Task) bool { return !strings.HasPrefix(aws.ToString(t.StartedBy), startedBySchedule) }), err
}
