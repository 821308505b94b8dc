package awssim

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// The tasks that are simulated.
const (
	runsTask   = "arn:aws:states:::ecs:runTask.sync"
	listsTasks = "arn:aws:states:::aws-sdk:ecs:listTasks"
)

// machineDefinition is what a state machine is defined by, as far as it is simulated: in JSONata, whose states have
// Arguments in place of paths.
// https://docs.aws.amazon.com/step-functions/latest/dg/transforming-data.html
type machineDefinition struct {
	Comment       string
	QueryLanguage string
	StartAt       string
	States        map[string]machineState
}

// machineState is a state of the Amazon States Language.
// https://docs.aws.amazon.com/step-functions/latest/dg/statemachine-structure.html
type machineState struct {
	Type     string
	Comment  string
	Next     string
	End      bool
	Resource string
	// Arguments are those of a task.
	Arguments json.RawMessage
	Catch     []catcher
	Choices   []choice
	Default   string
	Seconds   int
	Error     string
	Cause     string
	// Assign are the variables that are set when the state has ended.
	// https://docs.aws.amazon.com/step-functions/latest/dg/workflow-variables.html
	Assign map[string]string
}

type catcher struct {
	ErrorEquals []string
	Next        string
}

type choice struct {
	Condition string
	Next      string
}

// waitsForTasks tells whether a task's end has to come back.
func (d machineDefinition) waitsForTasks() bool {
	for _, x := range d.States {
		if x.Resource == runsTask {
			return true
		}
	}
	return false
}

// parseMachine reads a definition, or says what is wrong with it.
func parseMachine(text string) (d machineDefinition, why string) {
	decoder := json.NewDecoder(strings.NewReader(text))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&d); err != nil {
		return d, err.Error()
	}
	if d.QueryLanguage != "JSONata" {
		return d, "awssim simulates the query language JSONata"
	}
	if _, there := d.States[d.StartAt]; !there {
		return d, fmt.Sprintf("MISSING_TRANSITION_TARGET: Missing 'Next' target: %s at /StartAt", d.StartAt)
	}
	reached := map[string]bool{d.StartAt: true}
	for name, x := range d.States {
		if len(name) > 80 {
			return d, fmt.Sprintf("The name of a state has at most 80 characters at /States/%s", name)
		}
		if why := x.wrong(); why != "" {
			return d, why + " at /States/" + name
		}
		for _, next := range x.targets() {
			if _, there := d.States[next]; !there {
				return d, fmt.Sprintf("MISSING_TRANSITION_TARGET: Missing 'Next' target: %s at /States/%s", next, name)
			}
			reached[next] = true
		}
	}
	for name := range d.States {
		if !reached[name] {
			return d, fmt.Sprintf("MISSING_TRANSITION_TARGET: State \"%s\" is not reachable. at /States/%s", name, name)
		}
	}
	return d, ""
}

// targets are the states that may come after.
func (x machineState) targets() []string {
	all := []string{x.Next, x.Default}
	for _, c := range x.Catch {
		all = append(all, c.Next)
	}
	for _, c := range x.Choices {
		all = append(all, c.Next)
	}
	return slices.DeleteFunc(all, func(s string) bool { return s == "" })
}

// wrong is what a state of its type has too much or too little; "" is nothing.
func (x machineState) wrong() string {
	if len(x.Assign) > 0 && (x.Type == "Succeed" || x.Type == "Fail") {
		return "a " + x.Type + " has no Assign"
	}
	for _, e := range x.Assign {
		if _, err := parseJSONata(e); err != nil {
			return err.Error()
		}
	}
	task := x.Resource != "" || x.Arguments != nil || len(x.Catch) > 0
	ends := x.Next != "" || x.End
	switch x.Type {
	case "Task":
		switch {
		case (x.Next != "") == x.End || len(x.Choices) > 0 || x.Seconds > 0:
			return "a Task has either Next or End"
		case x.Resource != runsTask && x.Resource != listsTasks:
			return "The resource provided " + x.Resource + " is not recognized."
		}
		return wrongArguments(x.Resource, x.Arguments)
	case "Choice":
		if task || ends || x.Default == "" || len(x.Choices) == 0 {
			return "a Choice has Choices and Default"
		}
		for _, c := range x.Choices {
			if _, err := parseJSONata(c.Condition); err != nil {
				return err.Error()
			}
		}
	case "Wait":
		if task || (x.Next != "") == x.End || x.Seconds <= 0 {
			return "a Wait has Seconds and Next or End"
		}
	case "Succeed":
		if task || ends || x.Error != "" {
			return "a Succeed has nothing"
		}
	case "Fail":
		if task || ends {
			return "a Fail has Error and Cause"
		}
	default:
		return "awssim simulates no state of the type " + x.Type
	}
	return ""
}

// argumentsOf are the fields that each task takes here. runTask.sync has no StartedBy, no tags and no managed
// tags: https://docs.aws.amazon.com/step-functions/latest/dg/connect-ecs.html
var argumentsOf = map[string][]string{
	runsTask:   {"Cluster", "LaunchType", "NetworkConfiguration", "Overrides", "PropagateTags", "TaskDefinition"},
	listsTasks: {"Cluster", "DesiredStatus", "Family"},
}

func wrongArguments(resource string, text json.RawMessage) string {
	fields := map[string]json.RawMessage{}
	if err := json.Unmarshal(text, &fields); err != nil {
		return "Arguments: " + err.Error()
	}
	for name := range fields {
		if !slices.Contains(argumentsOf[resource], name) {
			return "The field \"" + name + "\" is not supported by Step Functions"
		}
	}
	if len(fields["Cluster"]) == 0 {
		return "The field \"Cluster\" is required but was missing"
	}
	return ""
}
