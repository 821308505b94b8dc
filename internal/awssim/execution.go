package awssim

import (
	"fmt"
	"maps"
	"slices"
	"sort"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	ecstypes "github.com/aws/aws-sdk-go-v2/service/ecs/types"
	"github.com/aws/aws-sdk-go-v2/service/sfn"
	"github.com/aws/aws-sdk-go-v2/service/sfn/types"
)

// Execution is a simulated execution of a state machine.
type Execution struct {
	ARN     string
	Name    string
	Machine string
	Asked   string // its input
	// Definition is what it began with: an update does not change it.
	Definition string
	Status     types.ExecutionStatus
	Started    time.Time
	Stopped    time.Time
	// State is the one that it is in, since Entered, with Input. Task is the ARN of the task of ECS that it waits for.
	State   string
	Entered time.Time
	Input   any
	Task    string
	// Variables are what its states have assigned, by $name.
	Variables map[string]any `json:",omitempty"`
	// Error and Cause are why it failed.
	Error, Cause string
	// Told: EventBridge knows that it has ended.
	Told bool
}

// executionKept is for how long one that has ended is known:
// https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html
const executionKept = 90 * 24 * time.Hour

func (s *Sim) executionNoun() noun {
	return noun{
		ops: []operation{
			on("SFN.ListExecutions", s.listExecutions, "StateMachineArn", "StatusFilter", "MaxResults").pages("Executions", 100, 1000),
			on("SFN.StopExecution", s.stopExecution, "ExecutionArn"),
		},
		settle: s.settleExecutions,
		each: func(tell func(thing)) {
			for _, x := range s.world.Executions {
				tell(thing{kind: "execution", name: x.Name, gone: x.Status != types.ExecutionStatusRunning})
			}
		},
	}
}

// runningExecutions are those of a state machine that have not ended, the oldest first.
func (s *Sim) runningExecutions(machine string) []*Execution {
	var all []*Execution
	for _, arn := range s.world.RunningExecutions {
		if x := s.world.Executions[arn]; x.Machine == machine {
			all = append(all, x)
		}
	}
	return all
}

// startExecution gives the same one back to who starts it again by its name and with its input while it runs.
// https://docs.aws.amazon.com/step-functions/latest/apireference/API_StartExecution.html
func (s *Sim) startExecution(machine, name, input string) error {
	m, err := s.stateMachine(&machine)
	switch {
	case err != nil:
		return err
	case !m.Deleting.IsZero():
		return fail("StateMachineDeleting", "State Machine is being deleted: '%s'", m.ARN)
	case !stateMachineName.MatchString(name):
		return fail("InvalidName", "Invalid Name: '%s'", name)
	}
	arn := s.world.arn("states", "execution:"+m.Name+":"+name)
	if x := s.world.Executions[arn]; x != nil {
		if x.Status == types.ExecutionStatusRunning && x.Asked == input {
			return nil
		}
		return fail("ExecutionAlreadyExists", "Execution Already Exists: '%s'", arn)
	}
	d, _ := parseMachine(m.Definition)
	x := &Execution{ARN: arn, Name: name, Machine: m.ARN, Asked: input, Definition: m.Definition, Status: types.ExecutionStatusRunning, Started: s.now()}
	s.world.Executions[arn] = x
	s.world.RunningExecutions = append(s.world.RunningExecutions, arn)
	s.enter(x, d.StartAt, nil)
	s.goOn(x)
	return nil
}

// settleExecutions has each continue as far as it can, and forgets the executions that ended long ago.
func (s *Sim) settleExecutions() {
	for _, arn := range slices.Clone(s.world.RunningExecutions) {
		s.goOn(s.world.Executions[arn])
	}
	for arn, x := range s.world.Executions {
		if x.Status != types.ExecutionStatusRunning && s.now().Sub(x.Stopped) > executionKept {
			delete(s.world.Executions, arn)
		}
	}
}

// enter moves to another state. One of a state machine that is being deleted ends here.
func (s *Sim) enter(x *Execution, state string, input any) {
	m := s.world.StateMachines[x.Machine]
	if m == nil || !m.Deleting.IsZero() {
		s.end(x, types.ExecutionStatusAborted, "", "")
		return
	}
	m.Entered++
	x.State, x.Entered, x.Input, x.Task = state, s.now(), input, ""
}

func (s *Sim) end(x *Execution, status types.ExecutionStatus, code, cause string) {
	x.Status, x.Stopped, x.Error, x.Cause = status, s.now(), code, cause
	s.world.RunningExecutions = slices.DeleteFunc(s.world.RunningExecutions, func(arn string) bool { return arn == x.ARN })
}

// goOn does what each state says, until one waits or the execution has ended.
func (s *Sim) goOn(x *Execution) {
	d, _ := parseMachine(x.Definition)
	for x.Status == types.ExecutionStatusRunning {
		state := d.States[x.State]
		switch state.Type {
		case "Wait":
			if s.now().Before(x.Entered.Add(time.Duration(state.Seconds) * time.Second)) {
				return
			}
			s.follows(x, state, x.Input)
		case "Choice":
			s.choose(x, state)
		case "Succeed":
			s.end(x, types.ExecutionStatusSucceeded, "", "")
		case "Fail":
			s.end(x, types.ExecutionStatusFailed, state.Error, state.Cause)
		case "Task":
			if !s.carry(x, state) {
				return
			}
		}
	}
}

// follows is the next state, or the end. What the state assigns is known from then on.
func (s *Sim) follows(x *Execution, state machineState, output any) {
	values := maps.Clone(x.Variables)
	for name, text := range state.Assign {
		e, _ := parseJSONata(text)
		v, err := e(x.states())
		if err != nil {
			s.end(x, types.ExecutionStatusFailed, "States.QueryEvaluationError", err.Error())
			return
		}
		if values == nil {
			values = map[string]any{}
		}
		values["$"+name] = v
	}
	x.Variables = values
	if state.End {
		s.end(x, types.ExecutionStatusSucceeded, "", "")
		return
	}
	s.enter(x, state.Next, output)
}

// states is $states, and the variables beside it.
func (x *Execution) states() map[string]any {
	stamp := func(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }
	out := map[string]any{
		"input":   x.Input,
		"context": map[string]any{"Execution": map[string]any{"StartTime": stamp(x.Started), "Name": x.Name}, "State": map[string]any{"EnteredTime": stamp(x.Entered), "Name": x.State}},
	}
	maps.Copy(out, x.Variables)
	return out
}

// choose takes the first choice whose condition is true. One that is neither true nor false fails the execution:
// https://docs.aws.amazon.com/step-functions/latest/dg/transforming-data.html
func (s *Sim) choose(x *Execution, state machineState) {
	states := x.states()
	for _, c := range state.Choices {
		condition, _ := parseJSONata(c.Condition)
		is, err := condition(states)
		if _, boolean := is.(bool); err != nil || !boolean {
			s.end(x, types.ExecutionStatusFailed, "States.QueryEvaluationError", fmt.Sprintf("The JSONata expression '%s' specified for the field 'Choices' returned %v, %v", c.Condition, is, err))
			return
		}
		if is == true {
			s.enter(x, c.Next, x.Input)
			return
		}
	}
	s.enter(x, state.Default, x.Input)
}

// carry does a task's call, or looks whether its task of ECS has ended; false is that it waits.
func (s *Sim) carry(x *Execution, state machineState) bool {
	var output any
	var code, cause string
	switch {
	case state.Resource == listsTasks:
		output, code, cause = s.listForExecution(x, state.Arguments)
	case x.Task == "":
		if code, cause = s.runForExecution(x, state.Arguments); code == "" {
			return false
		}
	default:
		t := s.world.Tasks[x.Task]
		if t != nil && t.Status != "STOPPED" {
			return false
		}
		output, code, cause = s.endOfTask(t)
	}
	if code == "" {
		s.follows(x, state, output)
		return true
	}
	for _, c := range state.Catch {
		// Both are wildcards, and neither catches what the execution cannot continue after:
		// https://docs.aws.amazon.com/step-functions/latest/dg/concepts-error-handling.html
		wild := (slices.Contains(c.ErrorEquals, "States.ALL") || slices.Contains(c.ErrorEquals, "States.TaskFailed")) && code != "States.Runtime"
		if wild || slices.Contains(c.ErrorEquals, code) {
			s.enter(x, c.Next, map[string]any{"Error": code, "Cause": cause})
			return true
		}
	}
	s.end(x, types.ExecutionStatusFailed, code, cause)
	return true
}

// listExecutions are the newest first.
func (s *Sim) listExecutions(in *sfn.ListExecutionsInput) (*sfn.ListExecutionsOutput, error) {
	m, err := s.stateMachine(in.StateMachineArn)
	if err != nil {
		return nil, err
	}
	out := &sfn.ListExecutionsOutput{Executions: []types.ExecutionListItem{}}
	for _, x := range sorted(s.world.Executions) {
		if x.Machine != m.ARN || in.StatusFilter != "" && in.StatusFilter != x.Status || !s.visible(x.Started) {
			continue
		}
		item := types.ExecutionListItem{ExecutionArn: &x.ARN, Name: &x.Name, StateMachineArn: &m.ARN, Status: x.Status, StartDate: &x.Started}
		if !x.Stopped.IsZero() {
			item.StopDate = &x.Stopped
		}
		out.Executions = append(out.Executions, item)
	}
	sort.SliceStable(out.Executions, func(i, j int) bool { return out.Executions[i].StartDate.After(*out.Executions[j].StartDate) })
	return out, nil
}

// stopExecution stops the task that it waits for, as far as the role may.
// https://docs.aws.amazon.com/step-functions/latest/dg/connect-to-resource.html#connect-sync
func (s *Sim) stopExecution(in *sfn.StopExecutionInput) (*sfn.StopExecutionOutput, error) {
	x := s.world.Executions[aws.ToString(in.ExecutionArn)]
	if x == nil {
		return nil, fail("ExecutionDoesNotExist", "Execution Does Not Exist: '%s'", aws.ToString(in.ExecutionArn))
	}
	if x.Status != types.ExecutionStatusRunning {
		return &sfn.StopExecutionOutput{StopDate: &x.Stopped}, nil
	}
	if t := s.world.Tasks[x.Task]; t != nil {
		if s.allows(x, need{action: "ecs:StopTask", resource: t.ARN}) == nil {
			s.stop(t, ecstypes.TaskStopCodeUserInitiated, "Task stopped by a call to StopTask of AWS Step Functions", s.now())
		}
	}
	s.end(x, types.ExecutionStatusAborted, "", "")
	return &sfn.StopExecutionOutput{StopDate: &x.Stopped}, nil
}
