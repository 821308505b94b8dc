package provision

import (
	"context"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
	"github.com/aws/aws-sdk-go-v2/service/scheduler"
	"github.com/aws/aws-sdk-go-v2/service/sfn"

	"github.com/karmacadabra/karmactl/internal/agents"
	"github.com/karmacadabra/karmactl/internal/cloud"
	"github.com/karmacadabra/karmactl/internal/tasks"
)

// startedBySchedule is what EventBridge Scheduler writes into startedBy before its schedule's name, and
// startedByMachine what Step Functions does.
const (
	startedBySchedule = "chronos-schedule/"
	startedByMachine  = "AWS Step Functions"
)

// JobRuns are the revision and the network with which a job's schedule, or its state machine, starts it; "" is
// that there is none.
func (h *Env) JobRuns(ctx context.Context, j agents.Job) (revision string, network *types.NetworkConfiguration, err error) {
	if j.ByStateMachine() {
		out, err := h.Clients.SFN.DescribeStateMachine(ctx, &sfn.DescribeStateMachineInput{StateMachineArn: aws.String(h.StateMachineARN(j.Name))})
		if err == nil {
			revision, network = attempted(aws.ToString(out.Definition))
		}
		return revision, network, cloud.IgnoreNotFound(err)
	}
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

// jobRuns are the tasks in the stack's cluster that schedules and state machines started and that have not ended.
func (h *Env) jobRuns(ctx context.Context) ([]types.Task, error) {
	all, err := tasks.Of(ctx, h.Clients.ECS, h.ClusterName(), "", types.DesiredStatusRunning)
	if cloud.Is(err, "ClusterNotFoundException") {
		return nil, nil
	}
	return slices.DeleteFunc(all, func(t types.Task) bool { return !startedForJob(aws.ToString(t.StartedBy)) }), err
}

func startedForJob(by string) bool {
	return strings.HasPrefix(by, startedBySchedule) || by == startedByMachine
}
