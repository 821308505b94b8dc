package awssim

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge/types"
)

// settleEvents tells of each task that has stopped, and each execution that has ended, to the rules that there are at that moment. An
// event is sent once: a rule that is made or enabled later does not have it ("EventBridge
// evaluates rules against events as they arrive").
// https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rules.html
func (s *Sim) settleEvents() {
	var stopped []*Task
	for _, t := range s.world.Tasks {
		if t.Status == "STOPPED" && !t.Told {
			t.Told = true
			stopped = append(stopped, t)
		}
	}
	slices.SortFunc(stopped, func(a, b *Task) int { return cmp.Or(a.StoppedAt.Compare(b.StoppedAt), strings.Compare(a.ARN, b.ARN)) })
	for _, t := range stopped {
		s.tellRules(s.taskStateChange(t))
	}
	for _, x := range sorted(s.world.Executions) {
		if !x.Stopped.IsZero() && !x.Told {
			x.Told = true
			s.tellRules(s.executionChange(x))
		}
	}
}

// tellRules hands an event to the targets of the rules that take it.
func (s *Sim) tellRules(event map[string]any) {
	for _, r := range sorted(s.world.EventRules) {
		var pattern map[string]any
		if r.State != types.RuleStateEnabled || json.Unmarshal([]byte(r.Pattern), &pattern) != nil || !matches(pattern, event) {
			continue
		}
		for _, target := range r.Targets {
			s.publish(fromEvents, aws.ToString(target.Arn), transformed(target.InputTransformer, event))
		}
	}
}

// taskStateChange is what ECS tells EventBridge of a task that has stopped, as far as rules ask.
// https://docs.aws.amazon.com/AmazonECS/latest/developerguide/ecs_task_events.html
func (s *Sim) taskStateChange(t *Task) map[string]any {
	task := s.describeTask(t, true)
	containers := []any{}
	for _, c := range task.Containers {
		x := map[string]any{"name": aws.ToString(c.Name), "lastStatus": aws.ToString(c.LastStatus)}
		if c.ExitCode != nil {
			x["exitCode"] = float64(*c.ExitCode)
		}
		if c.Reason != nil {
			x["reason"] = *c.Reason
		}
		containers = append(containers, x)
	}
	slices.Reverse(containers) // AWS promises no order
	return map[string]any{
		"source": "aws.ecs", "detail-type": "ECS Task State Change", "account": s.world.Account, "region": s.world.Region,
		"detail": map[string]any{
			"clusterArn": s.world.arn("ecs", "cluster/"+t.Cluster), "taskArn": t.ARN, "group": taskGroup(t), "lastStatus": t.Status, "desiredStatus": t.Wanted,
			"startedBy": t.StartedBy, "stopCode": string(t.StopCode), "stoppedReason": t.Reason, "containers": containers, "createdAt": t.Created.UTC().Format("2006-01-02T15:04:05.000Z"),
		},
	}
}

// executionChange is what Step Functions tells EventBridge of an execution that has ended.
// https://docs.aws.amazon.com/step-functions/latest/dg/eventbridge-integration.html
func (s *Sim) executionChange(x *Execution) map[string]any {
	return map[string]any{
		"source": "aws.states", "detail-type": "Step Functions Execution Status Change", "account": s.world.Account, "region": s.world.Region,
		"time": x.Stopped.UTC().Format(time.RFC3339),
		"detail": map[string]any{
			"executionArn": x.ARN, "stateMachineArn": x.Machine, "name": x.Name, "status": string(x.Status),
			"startDate": float64(x.Started.UnixMilli()), "stopDate": float64(x.Stopped.UnixMilli()), "input": x.Asked,
		},
	}
}

// checkPattern holds a pattern to the operators that are simulated: a text or a number, anything-but
// and $or.
// https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern-operators.html
func checkPattern(pattern map[string]any) error {
	for k, v := range pattern {
		switch v := v.(type) {
		case map[string]any:
			if err := checkPattern(v); err != nil {
				return err
			}
		case []any:
			if len(v) == 0 {
				return fail("InvalidEventPatternException", "Event pattern is not valid. Reason: Empty arrays are not allowed")
			}
			for _, one := range v {
				m, is := one.(map[string]any)
				_, but := m["anything-but"].([]any)
				switch {
				case k == "$or" && is:
					if err := checkPattern(m); err != nil {
						return err
					}
				case is && (!but || len(m) > 1):
					return fail("InvalidEventPatternException", "Event pattern is not valid. Reason: awssim simulates no operator but anything-but")
				}
			}
		default:
			return fail("InvalidEventPatternException", "Event pattern is not valid. Reason: %q must be an object or an array", k)
		}
	}
	return nil
}

// matches tells whether an event has what a pattern says. Of a list of objects one has to meet
// all that the pattern says of them; a field that is not there matches nothing.
func matches(pattern map[string]any, event any) bool {
	if list, is := event.([]any); is {
		return slices.ContainsFunc(list, func(one any) bool { return matches(pattern, one) })
	}
	object, is := event.(map[string]any)
	if !is {
		return false
	}
	for k, want := range pattern {
		have, there := object[k]
		switch want := want.(type) {
		case map[string]any:
			if !there || !matches(want, have) {
				return false
			}
		case []any:
			if k == "$or" {
				if !slices.ContainsFunc(want, func(one any) bool { return matches(one.(map[string]any), event) }) {
					return false
				}
				continue
			}
			if !there || !slices.ContainsFunc(want, func(one any) bool { return meets(one, have) }) {
				return false
			}
		}
	}
	return true
}

// meets tells whether a value is the one of a pattern, or no value that it excludes.
func meets(want, have any) bool {
	if m, is := want.(map[string]any); is {
		not, _ := m["anything-but"].([]any)
		return !slices.Contains(not, have)
	}
	return want == have
}

// transformed is a template with the values of an event. A path that is not there leaves nothing.
func transformed(x *types.InputTransformer, event map[string]any) string {
	text := aws.ToString(x.InputTemplate)
	for name, path := range x.InputPathsMap {
		var at any = event
		for part := range strings.SplitSeq(strings.TrimPrefix(path, "$."), ".") {
			object, _ := at.(map[string]any)
			at = object[part]
		}
		value := ""
		if at != nil {
			value = fmt.Sprint(at)
		}
		text = strings.ReplaceAll(text, "<"+name+">", value)
	}
	return text
}

// fromEvents is EventBridge, where a topic's policy says who may speak.
const fromEvents = "events.amazonaws.com"

// publish hands a service's message to a topic, if the topic's policy lets it; AWS's own policy, where there is no
// other, lets alarms of the account. For EventBridge, "you can't use Condition blocks in Amazon SNS topic policies".
// https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-use-resource-based.html#eb-sns-permissions
func (s *Sim) publish(service, arn, message string) {
	t, err := s.topic(arn)
	if err != nil {
		return
	}
	var policy struct {
		Statement []struct {
			Effect    string
			Principal map[string]any
			Condition map[string]map[string]string
		}
	}
	if t.Policy != "" && json.Unmarshal([]byte(t.Policy), &policy) != nil {
		return
	}
	allowed := t.Policy == "" && service != fromEvents
	for _, p := range policy.Statement {
		if p.Effect == "Allow" && p.Principal["Service"] == service && (len(p.Condition) == 0 || service != fromEvents && p.Condition["StringEquals"]["aws:SourceAccount"] == s.world.Account) {
			allowed = true
		}
	}
	if allowed {
		t.Messages = append(t.Messages, message)
	}
}
