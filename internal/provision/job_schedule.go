package provision

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/scheduler"
	"github.com/aws/aws-sdk-go-v2/service/scheduler/types"

	"github.com/karmacadabra/karmactl/internal/agents"
	"github.com/karmacadabra/karmactl/internal/cloud"
	"github.com/karmacadabra/karmactl/internal/engine"
)

// JobScheduleSpec is what we own of a schedule. All of it is sent with each update: AWS sets
// what is left out to its own default.
type JobScheduleSpec struct {
	// Expression is cron(...) or rate(...), Timezone the IANA zone that it is read in.
	Expression, Timezone string
	// State is ENABLED or DISABLED.
	State string
	// Execution is what StartExecution is given, in canonical form, where it starts one of a state machine; "" where
	// it starts a task of ECS; what that is started with is the state machine's then.
	Execution string
	// Cluster, TaskDefinition and Role are ARNs.
	Cluster, TaskDefinition, Role string
	Network                       Network
	// Launch is FARGATE: a job is on demand, as nothing starts it again when Spot takes it away.
	Launch string
	// Tags is where a task's tags come from.
	Tags  string
	Retry Retry
	// Window is OFF: the job starts within the minute.
	Window string
}

// Retry is how long AWS tries again to start a task that ECS did not start, and how often. It
// is about the start alone: a command that fails is not run again.
type Retry struct{ Seconds, Attempts int }

func (r Retry) String() string { return fmt.Sprintf("for %d s, %d times", r.Seconds, r.Attempts) }

// JobTriedFor is for how long a start that is refused is tried again, as often as AWS does by default.
// AWS's own day would start many old runs at once after a long failure.
// https://docs.aws.amazon.com/scheduler/latest/APIReference/API_RetryPolicy.html
const JobTriedFor = time.Hour

var jobRetry = Retry{Seconds: int(JobTriedFor / time.Second), Attempts: 185}

// JobSchedule starts a job's task at its times. The first 14 million invocations a month are
// free. Its id is GROUP/NAME. It has no tags: its group has them.
type JobSchedule struct {
	engine.Ref
	*Env
	Job            agents.Job
	ScheduleGroup  *ScheduleGroup
	Cluster        *Cluster
	TaskDefinition *TaskDefinition
	Role           *Role
	Group          *SecurityGroup
	Subnets        []*Subnet
	PublicIP       bool
	// Machine leads its runs; nil is that the schedule starts the task itself.
	Machine *StateMachine
	// Order is what has to be there first without being held on to: the way to the registry,
	// and the agent's service, so that a job gets no image that the agent could not start with.
	Order []engine.Node
}

func (s *JobSchedule) Key() engine.Key { return engine.Key("schedule/" + s.Job.Name) }
func (s *JobSchedule) OfAgent() string { return s.Job.Agent }

func (s *JobSchedule) Needs() []engine.Node {
	return slices.Concat(nodes(s.ScheduleGroup), nodes(s.Cluster), nodes(s.TaskDefinition), nodes(s.Role), nodes(s.Group), nodes(s.Subnets...), nodes(s.Machine))
}

func (s *JobSchedule) After() []engine.Node { return s.Order }

func (s *JobSchedule) Want() JobScheduleSpec {
	w := JobScheduleSpec{
		Expression: s.Job.Expression, Timezone: s.Job.Timezone, State: string(types.ScheduleStateEnabled),
		Retry: jobRetry, Window: string(types.FlexibleTimeWindowModeOff),
	}
	if s.Role != nil {
		w.Role = s.Role.ARN()
	}
	if s.Machine != nil {
		w.Execution = document(marshal(map[string]string{"StateMachineArn": s.Machine.arn(), "Name": "<aws.scheduler.execution-id>", "Input": "{}"}))
		return w
	}
	w.Cluster, w.Launch, w.Tags = s.Account.ARN("ecs", "cluster/"+s.ClusterName()), string(types.LaunchTypeFargate), string(types.PropagateTagsTaskDefinition)
	w.Network = Network{Subnets: idsOf(s.Subnets...), PublicIP: s.PublicIP}
	if s.TaskDefinition != nil {
		w.TaskDefinition = s.TaskDefinition.ID()
	}
	if s.Group != nil {
		w.Network.Groups = Set{s.Group.ID()}
	}
	return w
}

// startExecution is the universal target that starts an execution: it can name it, which the templated one cannot. A
// start that is sent twice is one, as Step Functions knows an execution that runs by its name.
// https://docs.aws.amazon.com/scheduler/latest/UserGuide/managing-targets-universal.html
// https://docs.aws.amazon.com/scheduler/latest/UserGuide/managing-schedule-context-attributes.html
// https://docs.aws.amazon.com/step-functions/latest/apireference/API_StartExecution.html
func (s *JobSchedule) startExecution() string {
	return "arn:" + s.Account.Partition + ":scheduler:::aws-sdk:sfn:startExecution"
}

func (s *JobSchedule) Find(ctx context.Context, _ engine.Look) (engine.Found[JobScheduleSpec], error) {
	var found engine.Found[JobScheduleSpec]
	out, err := s.Clients.Scheduler.GetSchedule(ctx, &scheduler.GetScheduleInput{GroupName: aws.String(s.scheduleGroup()), Name: &s.Job.Name})
	if err != nil {
		return found, cloud.IgnoreNotFound(err)
	}
	return engine.Found[JobScheduleSpec]{Phase: engine.Ready, ID: s.scheduleGroup() + "/" + s.Job.Name, Spec: readJobSchedule(out)}, nil
}

func readJobSchedule(x *scheduler.GetScheduleOutput) JobScheduleSpec {
	s := JobScheduleSpec{Expression: aws.ToString(x.ScheduleExpression), Timezone: aws.ToString(x.ScheduleExpressionTimezone), State: string(x.State)}
	if x.FlexibleTimeWindow != nil {
		s.Window = string(x.FlexibleTimeWindow.Mode)
	}
	t := x.Target
	if t == nil {
		return s
	}
	s.Role, s.Execution = aws.ToString(t.RoleArn), document(aws.ToString(t.Input))
	if r := t.RetryPolicy; r != nil {
		s.Retry = Retry{int(aws.ToInt32(r.MaximumEventAgeInSeconds)), int(aws.ToInt32(r.MaximumRetryAttempts))}
	}
	p := t.EcsParameters
	if p == nil {
		return s
	}
	s.Cluster = aws.ToString(t.Arn)
	s.TaskDefinition, s.Launch, s.Tags = aws.ToString(p.TaskDefinitionArn), string(p.LaunchType), string(p.PropagateTags)
	if n := p.NetworkConfiguration; n != nil && n.AwsvpcConfiguration != nil {
		s.Network = Network{
			Subnets: setOf(n.AwsvpcConfiguration.Subnets), Groups: setOf(n.AwsvpcConfiguration.SecurityGroups),
			PublicIP: n.AwsvpcConfiguration.AssignPublicIp == types.AssignPublicIpEnabled,
		}
	}
	return s
}

func (s *JobSchedule) Diff(have, want JobScheduleSpec) []engine.Change {
	return changes(
		essential(differs("execution", have.Execution, want.Execution)),
		essential(field("schedule", have.Expression, want.Expression)),
		essential(field("timezone", have.Timezone, want.Timezone)),
		essential(field("state", have.State, want.State)),
		essential(field("cluster", have.Cluster, want.Cluster)),
		essential(field("task_definition", have.TaskDefinition, want.TaskDefinition)),
		essential(field("role", have.Role, want.Role)),
		essential(same("subnets", have.Network.Subnets, want.Network.Subnets)),
		essential(same("security_groups", have.Network.Groups, want.Network.Groups)),
		essential(field("public_ip", have.Network.PublicIP, want.Network.PublicIP)),
		field("launch_type", have.Launch, want.Launch),
		field("propagate_tags", have.Tags, want.Tags),
		field("retry", have.Retry, want.Retry),
		field("time_window", have.Window, want.Window),
	)
}

// target is what the schedule starts.
func (s *JobSchedule) target(want JobScheduleSpec) *types.Target {
	t := &types.Target{
		RoleArn: aws.String(want.Role), RetryPolicy: &types.RetryPolicy{MaximumEventAgeInSeconds: aws.Int32(int32(want.Retry.Seconds)), MaximumRetryAttempts: aws.Int32(int32(want.Retry.Attempts))},
	}
	if want.Execution != "" {
		t.Arn, t.Input = aws.String(s.startExecution()), &want.Execution
		return t
	}
	t.Arn, t.EcsParameters = aws.String(want.Cluster), want.task()
	return t
}

// task is the task that a schedule starts itself.
func (s JobScheduleSpec) task() *types.EcsParameters {
	vpc := &types.AwsVpcConfiguration{Subnets: s.Network.Subnets, SecurityGroups: s.Network.Groups, AssignPublicIp: types.AssignPublicIpDisabled}
	if s.Network.PublicIP {
		vpc.AssignPublicIp = types.AssignPublicIpEnabled
	}
	return &types.EcsParameters{
		TaskDefinitionArn: aws.String(s.TaskDefinition), LaunchType: types.LaunchType(s.Launch), PropagateTags: types.PropagateTags(s.Tags), EnableECSManagedTags: aws.Bool(true),
		NetworkConfiguration: &types.NetworkConfiguration{AwsvpcConfiguration: vpc},
	}
}

// Create makes the schedule; a repeated call with the token gives the same one.
func (s *JobSchedule) Create(ctx context.Context, want JobScheduleSpec, token string) (string, error) {
	_, err := s.Clients.Scheduler.CreateSchedule(ctx, &scheduler.CreateScheduleInput{
		GroupName: aws.String(s.scheduleGroup()), Name: &s.Job.Name, ClientToken: &token, ScheduleExpression: &want.Expression, ScheduleExpressionTimezone: &want.Timezone,
		State: types.ScheduleState(want.State), FlexibleTimeWindow: &types.FlexibleTimeWindow{Mode: types.FlexibleTimeWindowMode(want.Window)}, Target: s.target(want),
	})
	return made(s.scheduleGroup()+"/"+s.Job.Name, err)
}

// Update sends all of it.
func (s *JobSchedule) Update(ctx context.Context, id string, _, want JobScheduleSpec) error {
	group, name, _ := strings.Cut(id, "/")
	return failure(s.Clients.Scheduler.UpdateSchedule(ctx, &scheduler.UpdateScheduleInput{
		GroupName: &group, Name: &name, ScheduleExpression: &want.Expression, ScheduleExpressionTimezone: &want.Timezone,
		State: types.ScheduleState(want.State), FlexibleTimeWindow: &types.FlexibleTimeWindow{Mode: types.FlexibleTimeWindowMode(want.Window)}, Target: s.target(want),
	}))
}

// Delete deletes the schedule. A task that it has started runs on to its end.
func (s *JobSchedule) Delete(ctx context.Context, id string) error {
	group, name, _ := strings.Cut(id, "/")
	return failure(s.Clients.Scheduler.DeleteSchedule(ctx, &scheduler.DeleteScheduleInput{GroupName: &group, Name: &name}))
}
