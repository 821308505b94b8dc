package awssim

import (
	"encoding/json"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/scheduler/types"

	"github.com/karmacadabra/karmactl/internal/awssim/iam"
)

// startsExecution is the universal target by which Scheduler starts an execution of a state machine.
// https://docs.aws.amazon.com/scheduler/latest/UserGuide/managing-targets-universal.html
const startsExecution = "arn:aws:scheduler:::aws-sdk:sfn:startExecution"

// executionInput is what such a target gives to StartExecution.
type executionInput struct{ StateMachineArn, Name, Input string }

func notAssumedByScheduler() error {
	return fail("ValidationException", "The execution role you provide must allow AWS EventBridge Scheduler to assume the role.")
}

// checkExecutionTarget: a universal target has an input, and no parameters of another one.
func (s *Sim) checkExecutionTarget(t *types.Target) error {
	in := executionInput{}
	decoder := json.NewDecoder(strings.NewReader(aws.ToString(t.Input)))
	decoder.DisallowUnknownFields()
	switch err := decoder.Decode(&in); {
	case err != nil || in.StateMachineArn == "":
		return fail("ValidationException", "Invalid RequestJson provided. Reason: it is not the input of StartExecution.")
	case t.EcsParameters != nil || t.DeadLetterConfig != nil:
		return fail("ValidationException", "Parameters EcsParameters are not valid for the target %s.", aws.ToString(t.Arn))
	case !s.assumableBy(aws.ToString(t.RoleArn), "scheduler.amazonaws.com"):
		return notAssumedByScheduler()
	}
	return nil
}

// startJobExecution starts an execution with the rights of the target's role. The id is one that Scheduler "assigns for
// each attempted invocation of a target", whose attempts are counted by another keyword. Whether a start that is sent
// again has the same one is not said: here it has, or not, as the world says.
// https://docs.aws.amazon.com/scheduler/latest/UserGuide/managing-schedule-context-attributes.html
func (s *Sim) startJobExecution(x *JobSchedule, i Invocation) error {
	text := strings.NewReplacer(
		"<aws.scheduler.execution-id>", strings.ReplaceAll(uuid(x.ARN, i.Due.String()+i.ID), "-", "")[:16],
		"<aws.scheduler.scheduled-time>", i.Due.UTC().Format(time.RFC3339),
	).Replace(aws.ToString(x.Target.Input))
	in := executionInput{}
	if err := json.Unmarshal([]byte(text), &in); err != nil {
		return fail("ValidationException", "%s", err)
	}
	role, r := s.taskPrincipal(aws.ToString(x.Target.RoleArn), "scheduler"), iam.Request{Action: "states:StartExecution", Resource: in.StateMachineArn}
	if d := iam.Decide(role, r); !d.Allowed {
		return denied("SFN", d.Denial(role, r))
	}
	return s.startExecution(in.StateMachineArn, in.Name, in.Input)
}
