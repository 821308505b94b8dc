package awssim

import (
	"cmp"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/scheduler"
	"github.com/aws/aws-sdk-go-v2/service/scheduler/types"
)

// JobSchedule is a simulated schedule of EventBridge Scheduler, whose target is a task of ECS.
type JobSchedule struct {
	Name       string
	Group      string
	ARN        string
	Token      string
	Expression string
	Zone       string
	State      types.ScheduleState
	Target     *types.Target
	Created    time.Time
	Modified   time.Time
	// Looked is up to when its times were looked at.
	Looked time.Time
	// Waiting are invocations that ECS refused and that are tried again.
	Waiting []Invocation
	// Started and Dropped are how many invocations started a task, and how many were given up.
	Started, Dropped int
}

// Invocation is one time at which a schedule was due. One that is sent Again is so much later than Due, and has an ID
// of its own or that of the first.
type Invocation struct {
	Due      time.Time
	Attempts int
	Again    time.Duration `json:",omitempty"`
	ID       string        `json:",omitempty"`
}

func (s *Sim) jobScheduleNoun() noun {
	fields := []string{"Name", "GroupName", "ClientToken", "ScheduleExpression", "ScheduleExpressionTimezone", "FlexibleTimeWindow", "State", "Target", "Description"}
	return noun{
		ops: []operation{
			on("Scheduler.CreateSchedule", s.createJobSchedule, fields...),
			on("Scheduler.UpdateSchedule", s.updateJobSchedule, fields...),
			on("Scheduler.GetSchedule", s.getJobSchedule, "Name", "GroupName"),
			on("Scheduler.ListSchedules", s.listJobSchedules, "GroupName", "NamePrefix", "State").pages("Schedules", 100, 100),
			on("Scheduler.DeleteSchedule", s.deleteJobSchedule, "Name", "GroupName", "ClientToken"),
		},
		settle: s.settleJobSchedules,
		each: func(tell func(thing)) {
			for _, x := range s.world.JobSchedules {
				tell(thing{kind: "schedule", name: x.Name})
			}
		},
	}
}

// jobSchedule finds a schedule in a group.
func (s *Sim) jobSchedule(group, name *string) (*JobSchedule, error) {
	x := s.world.JobSchedules[cmp.Or(aws.ToString(group), "default")+"/"+aws.ToString(name)]
	if x == nil || !s.visible(x.Created) {
		return nil, schedulerMissing("Schedule", aws.ToString(name))
	}
	return x, nil
}

func (s *Sim) createJobSchedule(in *scheduler.CreateScheduleInput) (*scheduler.CreateScheduleOutput, error) {
	name, group := aws.ToString(in.Name), cmp.Or(aws.ToString(in.GroupName), "default")
	if err := badScheduleName(name); err != nil {
		return nil, err
	}
	if group != "default" {
		g, err := s.scheduleGroup(group)
		switch {
		case err != nil:
			return nil, err
		case !g.Deleting.IsZero():
			return nil, schedulerConflict("Schedule group " + group + " is being deleted.")
		}
	}
	if x := s.world.JobSchedules[group+"/"+name]; x != nil {
		if x.Token == aws.ToString(in.ClientToken) {
			return &scheduler.CreateScheduleOutput{ScheduleArn: &x.ARN}, nil
		}
		return nil, schedulerConflict("Schedule " + name + " already exists.")
	}
	x := &JobSchedule{Name: name, Group: group, ARN: s.world.arn("scheduler", "schedule/"+group+"/"+name), Token: aws.ToString(in.ClientToken), Created: s.now(), Looked: s.now()}
	if err := s.setJobSchedule(x, in.ScheduleExpression, in.ScheduleExpressionTimezone, in.State, in.FlexibleTimeWindow, in.Target); err != nil {
		return nil, err
	}
	s.world.JobSchedules[group+"/"+name] = x
	return &scheduler.CreateScheduleOutput{ScheduleArn: &x.ARN}, nil
}

// updateJobSchedule replaces all of a schedule: what is left out gets AWS's default.
// https://docs.aws.amazon.com/scheduler/latest/APIReference/API_UpdateSchedule.html
func (s *Sim) updateJobSchedule(in *scheduler.UpdateScheduleInput) (*scheduler.UpdateScheduleOutput, error) {
	x, err := s.jobSchedule(in.GroupName, in.Name)
	if err != nil {
		return nil, err
	}
	if err := s.setJobSchedule(x, in.ScheduleExpression, in.ScheduleExpressionTimezone, in.State, in.FlexibleTimeWindow, in.Target); err != nil {
		return nil, err
	}
	x.Looked = s.now()
	return &scheduler.UpdateScheduleOutput{ScheduleArn: &x.ARN}, nil
}

// setJobSchedule checks what a schedule is to be, and sets it.
func (s *Sim) setJobSchedule(x *JobSchedule, expression, zone *string, state types.ScheduleState, window *types.FlexibleTimeWindow, target *types.Target) error {
	at := cmp.Or(aws.ToString(zone), "UTC")
	if _, err := parseJobSchedule(aws.ToString(expression), at); err != nil {
		return err
	}
	if window == nil || window.Mode != types.FlexibleTimeWindowModeOff || window.MaximumWindowInMinutes != nil {
		return fail("ValidationException", "awssim simulates schedules whose flexible time window is OFF")
	}
	if err := s.checkJobTarget(target); err != nil {
		return err
	}
	x.Expression, x.Zone, x.State, x.Target, x.Modified = aws.ToString(expression), at, cmp.Or(state, types.ScheduleStateEnabled), target, s.now()
	if x.Target.RetryPolicy == nil {
		x.Target.RetryPolicy = &types.RetryPolicy{MaximumEventAgeInSeconds: aws.Int32(86400), MaximumRetryAttempts: aws.Int32(185)} // AWS's defaults
	}
	return nil
}

// checkJobTarget holds AWS's rules for a target that is a task of ECS, or the start of an execution.
// https://docs.aws.amazon.com/scheduler/latest/UserGuide/managing-targets-templated.html
func (s *Sim) checkJobTarget(t *types.Target) error {
	switch {
	case aws.ToString(t.Arn) == startsExecution:
		if err := s.checkExecutionTarget(t); err != nil {
			return err
		}
	case !strings.HasPrefix(aws.ToString(t.Arn), s.world.arn("ecs", "cluster/")):
		return fail("ValidationException", "Provided Arn is not in correct format.")
	case t.EcsParameters == nil || aws.ToString(t.EcsParameters.TaskDefinitionArn) == "":
		return fail("ValidationException", "EcsParameters must be specified for the target %s.", aws.ToString(t.Arn))
	case t.EcsParameters.LaunchType != "" && len(t.EcsParameters.CapacityProviderStrategy) > 0:
		return fail("ValidationException", "LaunchType and CapacityProviderStrategy cannot be specified together.")
	case t.Input != nil || t.DeadLetterConfig != nil || aws.ToInt32(t.EcsParameters.TaskCount) > 1 || len(t.EcsParameters.Tags) > 0:
		return fail("ValidationException", "awssim simulates a target that is one task, without input, tags of its own and a dead-letter queue")
	case !s.assumableBy(aws.ToString(t.RoleArn), "scheduler.amazonaws.com"):
		return notAssumedByScheduler()
	}
	if p := t.RetryPolicy; p != nil {
		if age := aws.ToInt32(p.MaximumEventAgeInSeconds); age < 60 || age > 86400 {
			return fail("ValidationException", "1 validation error detected: Value '%d' at 'target.retryPolicy.maximumEventAgeInSeconds' failed to satisfy constraint: Member must have value between 60 and 86400", age)
		}
		if n := aws.ToInt32(p.MaximumRetryAttempts); n < 0 || n > 185 {
			return fail("ValidationException", "1 validation error detected: Value '%d' at 'target.retryPolicy.maximumRetryAttempts' failed to satisfy constraint: Member must have value between 0 and 185", n)
		}
	}
	return nil
}

func (s *Sim) getJobSchedule(in *scheduler.GetScheduleInput) (*scheduler.GetScheduleOutput, error) {
	x, err := s.jobSchedule(in.GroupName, in.Name)
	if err != nil {
		return nil, err
	}
	return &scheduler.GetScheduleOutput{
		Arn: &x.ARN, Name: &x.Name, GroupName: &x.Group, ScheduleExpression: &x.Expression, ScheduleExpressionTimezone: &x.Zone, State: x.State,
		FlexibleTimeWindow: &types.FlexibleTimeWindow{Mode: types.FlexibleTimeWindowModeOff}, ActionAfterCompletion: types.ActionAfterCompletionNone,
		Target: x.Target, CreationDate: &x.Created, LastModificationDate: &x.Modified,
	}, nil
}

func (s *Sim) listJobSchedules(in *scheduler.ListSchedulesInput) (*scheduler.ListSchedulesOutput, error) {
	if in.GroupName != nil && *in.GroupName != "default" {
		if _, err := s.scheduleGroup(*in.GroupName); err != nil {
			return nil, err
		}
	}
	out := &scheduler.ListSchedulesOutput{}
	for _, x := range sorted(s.world.JobSchedules) {
		if !s.visible(x.Created) || in.GroupName != nil && *in.GroupName != x.Group || in.State != "" && in.State != x.State || !strings.HasPrefix(x.Name, aws.ToString(in.NamePrefix)) {
			continue
		}
		out.Schedules = append(out.Schedules, types.ScheduleSummary{
			Arn: &x.ARN, Name: &x.Name, GroupName: &x.Group, State: x.State, CreationDate: &x.Created, LastModificationDate: &x.Modified, Target: &types.TargetSummary{Arn: x.Target.Arn},
		})
	}
	return out, nil
}

func (s *Sim) deleteJobSchedule(in *scheduler.DeleteScheduleInput) (*scheduler.DeleteScheduleOutput, error) {
	x, err := s.jobSchedule(in.GroupName, in.Name)
	if err != nil {
		return nil, err
	}
	delete(s.world.JobSchedules, x.Group+"/"+x.Name)
	return &scheduler.DeleteScheduleOutput{}, nil
}
