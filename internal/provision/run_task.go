package provision

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
	"github.com/aws/aws-sdk-go-v2/service/scheduler"
	"github.com/aws/aws-sdk-go-v2/service/sfn"

	"github.com/karmacadabra/karmactl/internal/agents"
	"github.com/karmacadabra/karmactl/internal/cloud"
	"github.com/karmacadabra/karmactl/internal/tasks"
)

// StartedByRun is the startedBy of each task that `karmactl run` starts. ECS lists tasks by it.
const StartedByRun = "karmactl-run"

// TagRun is the tag of a task that runs once; its value is the agent.
const TagRun = "karmactl:run"

// RunSpec is a task that runs once and belongs to no service.
type RunSpec struct {
	Cluster string
	// TaskDefinition is the ARN of the revision whose image, rights and secrets it has.
	TaskDefinition string
	// Container is the one whose command is replaced.
	Container string
	// Command is what it runs; nil is the task definition's own.
	Command []string
	// CPU in units and Memory in MiB; 0 is the task definition's.
	CPU, Memory int
	Network     *types.NetworkConfiguration
	// Spot takes the cheaper capacity, which AWS may take back.
	Spot bool
	// Exec allows sessions in the task.
	Exec bool
	Tags cloud.Tags
	// Token lets AWS recognize a start that is sent again. It has at most 64 characters.
	Token string
}

// NotPlaced is a task that ECS did not start, for lack of capacity.
type NotPlaced struct{ Reason string }

func (e *NotPlaced) Error() string { return "ECS starts no task: " + e.Reason }

// RunTask starts it. The same token gives the same task again.
// https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_RunTask.html
func RunTask(ctx context.Context, api *ecs.Client, r RunSpec) (types.Task, error) {
	provider := "FARGATE"
	if r.Spot {
		provider = "FARGATE_SPOT"
	}
	in := &ecs.RunTaskInput{
		Cluster: &r.Cluster, TaskDefinition: &r.TaskDefinition, ClientToken: &r.Token, StartedBy: aws.String(StartedByRun), NetworkConfiguration: r.Network,
		CapacityProviderStrategy: []types.CapacityProviderStrategyItem{{CapacityProvider: &provider, Weight: 1}},
		EnableExecuteCommand:     r.Exec, EnableECSManagedTags: true, Tags: toECSTags(r.Tags),
		Overrides: &types.TaskOverride{ContainerOverrides: []types.ContainerOverride{{Name: &r.Container, Command: r.Command}}},
	}
	if r.CPU > 0 {
		in.Overrides.Cpu, in.Overrides.Memory = aws.String(strconv.Itoa(r.CPU)), aws.String(strconv.Itoa(r.Memory))
	}
	out, err := api.RunTask(ctx, in)
	if err != nil {
		return types.Task{}, err
	}
	if len(out.Tasks) == 0 {
		var reasons []string
		for _, f := range out.Failures {
			reasons = append(reasons, strings.TrimSpace(aws.ToString(f.Reason)+" "+aws.ToString(f.Detail)))
		}
		return types.Task{}, &NotPlaced{strings.Join(reasons, "; ")}
	}
	return out.Tasks[0], nil
}

// RunTags are the tags of an agent's task that runs once. The stack's tag among them is how
// karmactl knows it for its own: `down` stops it.
func (h *Env) RunTags(agent string) cloud.Tags {
	t := cloud.TagsFor(h.Stack, "", h.Tags)
	delete(t, cloud.TagKey)
	t[TagRun] = agent
	return t
}

// StopRuns stops the stack's tasks that run once, the tasks of its jobs among them, so that its
// cluster can go.
func (h *Env) StopRuns(ctx context.Context) error {
	runs, err := Runs(ctx, h.Clients.ECS, h.ClusterName(), h.Stack)
	if err != nil {
		return err
	}
	jobs, err := h.jobRuns(ctx)
	if err != nil {
		return err
	}
	for _, t := range append(runs, jobs...) {
		if _, err := h.Clients.ECS.StopTask(ctx, &ecs.StopTaskInput{Cluster: aws.String(h.ClusterName()), Task: t.TaskArn, Reason: aws.String("karmactl down")}); err != nil {
			return fmt.Errorf("stop task %s: %w", aws.ToString(t.TaskArn), err)
		}
	}
	return nil
}

// Runs are a stack's tasks that were started to run once and have not ended.
func Runs(ctx context.Context, api *ecs.Client, cluster, stack string) ([]types.Task, error) {
	arns, err := cloud.Pages(ctx, ecs.NewListTasksPaginator(api, &ecs.ListTasksInput{Cluster: &cluster, StartedBy: aws.String(StartedByRun)}),
		func(out *ecs.ListTasksOutput) []string { return out.TaskArns })
	if cloud.Is(err, "ClusterNotFoundException") || err == nil && len(arns) == 0 {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	all, err := tasks.Describe(ctx, api, cluster, arns, types.TaskFieldTags)
	return slices.DeleteFunc(all, func(t types.Task) bool { return fromECSTags(t.Tags)[cloud.TagStack] != stack || RunAgent(t) == "" }), err
}

// RunAgent is the agent that a task runs once for, by the container whose command RunTask replaced;
// "" is a task of a service, or one that has ended.
func RunAgent(t types.Task) string {
	if aws.ToString(t.StartedBy) != StartedByRun || aws.ToString(t.LastStatus) == "STOPPED" || t.Overrides == nil || len(t.Overrides.ContainerOverrides) == 0 {
		return ""
	}
	return aws.ToString(t.Overrides.ContainerOverrides[0].Name)
}

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
