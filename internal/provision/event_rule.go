package provision

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge/types"

	"github.com/karmacadabra/karmactl/internal/agents"
	"github.com/karmacadabra/karmactl/internal/cloud"
	"github.com/karmacadabra/karmactl/internal/engine"
)

// EventRuleSpec is what we own of a rule.
type EventRuleSpec struct {
	// Pattern is the events that it takes, in canonical form.
	Pattern string
	// State is ENABLED or DISABLED.
	State string
	// Target is the ARN of the topic that is told, and Message what it is told, in canonical form.
	Target, Message string
	Tags            cloud.Tags
}

// EventRule has a failed run of a job come to the alarms' addresses. ECS tells EventBridge of each
// task that stops, which is free for events of AWS's own; it may tell of one more than once.
// Its id is its name.
// https://docs.aws.amazon.com/AmazonECS/latest/developerguide/ecs_task_events.html
type EventRule struct {
	engine.Ref
	*Env
	Job   agents.Job
	Topic *Topic
}

// maxEventRule is the length of a rule's name:
// https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutRule.html
const maxEventRule = 64

// eventTarget is the id of the rule's one target.
const eventTarget = "alarms"

func (r *EventRule) name() string         { return cloud.Name(maxEventRule, r.Stack+"-"+r.Job.Name) }
func (r *EventRule) arn() string          { return r.Account.ARN("events", "rule/"+r.name()) }
func (r *EventRule) Key() engine.Key      { return engine.Key("event-rule/" + r.Job.Name) }
func (r *EventRule) OfAgent() string      { return r.Job.Agent }
func (r *EventRule) Needs() []engine.Node { return nodes(r.Topic) }

// Want is a rule for the runs that failed.
func (r *EventRule) Want() EventRuleSpec {
	w := EventRuleSpec{Pattern: document(marshal(r.pattern())), State: string(types.RuleStateEnabled), Message: document(marshal(r.message())), Tags: r.TagsOf(r.Key())}
	if r.Topic != nil {
		w.Target = r.Topic.ID()
	}
	return w
}

// pattern is the tasks of the job that could not start, whose command did not end with 0, or whose
// time was over. One that a person stopped has not failed, and a run of `karmactl run` says itself
// how it ended. Conditions on the fields of a container have to be met by one and the same.
// Of a job that a state machine leads, it is the executions that failed: once, after the last attempt.
// https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern-operators.html
// https://docs.aws.amazon.com/step-functions/latest/dg/eventbridge-integration.html
func (r *EventRule) pattern() map[string]any {
	if r.Job.ByStateMachine() {
		return map[string]any{
			"source": []any{"aws.states"}, "detail-type": []any{"Step Functions Execution Status Change"},
			"detail": map[string]any{"stateMachineArn": []any{r.StateMachineARN(r.Job.Name)}, "status": []any{"FAILED", "TIMED_OUT"}},
		}
	}
	failed := []any{
		map[string]any{"stopCode": []any{"TaskFailedToStart"}},
		map[string]any{
			"stopCode":   []any{"EssentialContainerExited"},
			"containers": map[string]any{"name": []any{r.Job.Name}, "exitCode": []any{map[string]any{"anything-but": []any{0}}}},
		},
	}
	if r.Job.Timeout > 0 {
		failed = append(failed, map[string]any{"containers": map[string]any{"name": []any{agents.TimerContainer}, "exitCode": []any{agents.TimerExitCode}}})
	}
	return map[string]any{
		"source": []any{"aws.ecs"}, "detail-type": []any{"ECS Task State Change"},
		"detail": map[string]any{
			"clusterArn": []any{r.Account.ARN("ecs", "cluster/"+r.ClusterName())}, "group": []any{"family:" + r.Family(r.Job.Name)},
			"lastStatus": []any{"STOPPED"}, "startedBy": []any{map[string]any{"anything-but": []any{StartedByRun}}}, "$or": failed,
		},
	}
}

// eventMessage is what of an event goes into a text, and the text.
type eventMessage struct {
	Paths    map[string]string `json:"paths"`
	Template string            `json:"template"`
}

// message is the mail: each line is a text of its own, in whose quotes it also comes. The exit code
// is not in it, as the order of a task's containers in an event is not promised.
// https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-transform-target-input.html
func (r *EventRule) message() eventMessage {
	paths := map[string]string{"reason": "$.detail.stoppedReason", "task": "$.detail.taskArn", "time": "$.detail.createdAt"}
	first := []string{fmt.Sprintf("The job %s of %s has failed: <reason>.", r.Job.Name, r.Stack), "Its run of <time> is the task <task>."}
	if r.Job.ByStateMachine() {
		paths = map[string]string{"execution": "$.detail.executionArn", "time": "$.time"}
		first = []string{fmt.Sprintf("The job %s of %s has failed%s.", r.Job.Name, r.Stack, r.Job.AttemptsText()), "Its run ended at <time> and is the execution <execution>."}
	}
	lines := ""
	for _, line := range append(first, fmt.Sprintf("What it said: karmactl logs %s --since 1h", r.Job.Name), "Its exit code, for an hour: karmactl status") {
		lines += `"` + line + `"` + "\n"
	}
	return eventMessage{Paths: paths, Template: lines}
}

func (r *EventRule) Find(ctx context.Context, look engine.Look) (engine.Found[EventRuleSpec], error) {
	var found engine.Found[EventRuleSpec]
	name := r.name()
	out, err := r.Clients.Events.DescribeRule(ctx, &eventbridge.DescribeRuleInput{Name: &name})
	if err != nil {
		return found, cloud.IgnoreNotFound(err)
	}
	tags, err := r.ownTags(ctx, look, r.Key(), "event rule "+name, r.arn(), r.eventRuleTags().read)
	if tags == nil || err != nil {
		return found, err
	}
	spec := EventRuleSpec{Pattern: document(aws.ToString(out.EventPattern)), State: string(out.State), Tags: tags}
	targets, err := r.Clients.Events.ListTargetsByRule(ctx, &eventbridge.ListTargetsByRuleInput{Rule: &name})
	if err != nil {
		return found, err
	}
	for _, t := range targets.Targets {
		if aws.ToString(t.Id) != eventTarget {
			continue // another program's
		}
		spec.Target = aws.ToString(t.Arn)
		if x := t.InputTransformer; x != nil {
			spec.Message = document(marshal(eventMessage{Paths: x.InputPathsMap, Template: aws.ToString(x.InputTemplate)}))
		}
	}
	return engine.Found[EventRuleSpec]{Phase: engine.Ready, ID: name, Spec: spec}, nil
}

func (r *EventRule) Diff(have, want EventRuleSpec) []engine.Change {
	return changes(
		essential(differs("pattern", have.Pattern, want.Pattern)),
		essential(field("state", have.State, want.State)),
		essential(field("target", have.Target, want.Target)),
		differs("message", have.Message, want.Message),
		cloud.DiffTags(have.Tags, want.Tags),
	)
}

// Create makes the rule with its tags, and then its target.
func (r *EventRule) Create(ctx context.Context, want EventRuleSpec, _ string) (string, error) {
	name := r.name()
	if err := r.put(ctx, name, want, toEventTags(want.Tags)); err != nil {
		return "", err
	}
	return name, r.tell(ctx, name, want)
}

func (r *EventRule) put(ctx context.Context, name string, want EventRuleSpec, tags []types.Tag) error {
	return failure(r.Clients.Events.PutRule(ctx, &eventbridge.PutRuleInput{Name: &name, EventPattern: &want.Pattern, State: types.RuleState(want.State), Tags: tags}))
}

// tell has the rule tell the topic.
func (r *EventRule) tell(ctx context.Context, name string, want EventRuleSpec) error {
	message := eventMessage{}
	if err := json.Unmarshal([]byte(want.Message), &message); err != nil {
		return fmt.Errorf("the message of the rule: %w", err)
	}
	out, err := r.Clients.Events.PutTargets(ctx, &eventbridge.PutTargetsInput{Rule: &name, Targets: []types.Target{{
		Id: aws.String(eventTarget), Arn: &want.Target, InputTransformer: &types.InputTransformer{InputPathsMap: message.Paths, InputTemplate: &message.Template},
	}}})
	if err == nil && len(out.FailedEntries) > 0 {
		err = fmt.Errorf("EventBridge does not take the topic as a target: %s: %s", aws.ToString(out.FailedEntries[0].ErrorCode), aws.ToString(out.FailedEntries[0].ErrorMessage))
	}
	return err
}

// Update puts what has changed; tags of a rule that is there are set apart.
func (r *EventRule) Update(ctx context.Context, id string, have, want EventRuleSpec) error {
	if have.Pattern != want.Pattern || have.State != want.State {
		if err := r.put(ctx, id, want, nil); err != nil {
			return err
		}
	}
	if have.Target != want.Target || have.Message != want.Message {
		if err := r.tell(ctx, id, want); err != nil {
			return err
		}
	}
	return r.eventRuleTags().update(ctx, r.arn(), have.Tags, want.Tags)
}

// Delete takes its targets away, with which AWS does not delete a rule, and then the rule.
func (r *EventRule) Delete(ctx context.Context, id string) error {
	out, err := r.Clients.Events.ListTargetsByRule(ctx, &eventbridge.ListTargetsByRuleInput{Rule: &id})
	if err != nil {
		return cloud.IgnoreNotFound(err)
	}
	var targets []string
	for _, t := range out.Targets {
		targets = append(targets, aws.ToString(t.Id))
	}
	if len(targets) > 0 {
		if _, err := r.Clients.Events.RemoveTargets(ctx, &eventbridge.RemoveTargetsInput{Rule: &id, Ids: targets}); err != nil {
			return err
		}
	}
	return failure(r.Clients.Events.DeleteRule(ctx, &eventbridge.DeleteRuleInput{Name: &id}))
}
