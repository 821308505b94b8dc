package awssim

import (
	"encoding/json"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge/types"

	"github.com/karmacadabra/karmactl/internal/cloud"
	"github.com/karmacadabra/karmactl/internal/lazyregexp"
)

// EventRule is a simulated rule of EventBridge on the default bus.
type EventRule struct {
	Name    string
	ARN     string
	Pattern string
	State   types.RuleState
	Targets []types.Target
	Tags    cloud.Tags
}

// eventRuleName is what a rule may be called.
// https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutRule.html
var eventRuleName = lazyregexp.New(`^[.\-_A-Za-z0-9]{1,64}$`)

func (s *Sim) eventRuleNoun() noun {
	return noun{
		ops: []operation{
			on("EventBridge.PutRule", s.putEventRule, "Name", "EventPattern", "State", "Tags"),
			on("EventBridge.DescribeRule", s.describeEventRule, "Name"),
			on("EventBridge.DeleteRule", s.deleteEventRule, "Name"),
			on("EventBridge.PutTargets", s.putTargets, "Rule", "Targets"),
			on("EventBridge.ListTargetsByRule", s.listTargetsByRule, "Rule").pages("Targets", 100, 100),
			on("EventBridge.RemoveTargets", s.removeTargets, "Rule", "Ids"),
			on("EventBridge.ListTagsForResource", s.listEventRuleTags, "ResourceARN"),
			on("EventBridge.TagResource", s.tagEventRule, "ResourceARN", "Tags"),
			on("EventBridge.UntagResource", s.untagEventRule, "ResourceARN", "TagKeys"),
		},
		settle: s.settleEvents,
		each: func(tell func(thing)) {
			for _, r := range s.world.EventRules {
				tell(thing{kind: "event-rule", name: r.Name, tags: r.Tags, arn: r.ARN})
			}
		},
	}
}

func (s *Sim) eventRule(name *string) (*EventRule, error) {
	if r := s.world.EventRules[aws.ToString(name)]; r != nil {
		return r, nil
	}
	return nil, fail("ResourceNotFoundException", "Rule %s does not exist on EventBus default.", aws.ToString(name))
}

// putEventRule makes a rule or replaces what it says. Tags of a rule that is there are left alone.
// https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutRule.html
func (s *Sim) putEventRule(in *eventbridge.PutRuleInput) (*eventbridge.PutRuleOutput, error) {
	name, tags := aws.ToString(in.Name), fromEventTags(in.Tags)
	if !eventRuleName.MatchString(name) {
		return nil, fail("ValidationException", "1 validation error detected: Value '%s' at 'name' failed to satisfy constraint: Member must satisfy regular expression pattern: [\\.\\-_A-Za-z0-9]+", name)
	}
	pattern := map[string]any{}
	if err := json.Unmarshal([]byte(aws.ToString(in.EventPattern)), &pattern); err != nil {
		return nil, fail("InvalidEventPatternException", "Event pattern is not valid. Reason: %s", err)
	}
	if err := checkPattern(pattern); err != nil {
		return nil, err
	}
	if err := validTags(tags, "ValidationException"); err != nil {
		return nil, err
	}
	r := s.world.EventRules[name]
	if r == nil {
		r = &EventRule{Name: name, ARN: s.world.arn("events", "rule/"+name), Tags: tags}
		s.world.EventRules[name] = r
	}
	r.Pattern, r.State = aws.ToString(in.EventPattern), in.State
	if r.State == "" {
		r.State = types.RuleStateEnabled
	}
	return &eventbridge.PutRuleOutput{RuleArn: &r.ARN}, nil
}

func (s *Sim) describeEventRule(in *eventbridge.DescribeRuleInput) (*eventbridge.DescribeRuleOutput, error) {
	r, err := s.eventRule(in.Name)
	if err != nil {
		return nil, err
	}
	return &eventbridge.DescribeRuleOutput{Name: &r.Name, Arn: &r.ARN, EventPattern: &r.Pattern, State: r.State, EventBusName: aws.String("default")}, nil
}

// deleteEventRule: one that is not there is no error, and one with targets is not deleted.
// https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_DeleteRule.html
func (s *Sim) deleteEventRule(in *eventbridge.DeleteRuleInput) (*eventbridge.DeleteRuleOutput, error) {
	if r := s.world.EventRules[aws.ToString(in.Name)]; r != nil && len(r.Targets) > 0 {
		return nil, fail("ValidationException", "Rule can't be deleted since it has targets.")
	}
	delete(s.world.EventRules, aws.ToString(in.Name))
	return &eventbridge.DeleteRuleOutput{}, nil
}

// putTargets adds targets, or replaces those with the same id.
func (s *Sim) putTargets(in *eventbridge.PutTargetsInput) (*eventbridge.PutTargetsOutput, error) {
	r, err := s.eventRule(in.Rule)
	if err != nil {
		return nil, err
	}
	for _, t := range in.Targets {
		switch x := t.InputTransformer; {
		case !strings.HasPrefix(aws.ToString(t.Arn), s.world.arn("sns", "")):
			return nil, fail("ValidationException", "awssim simulates targets that are topics of SNS")
		case t.RoleArn != nil:
			return nil, fail("ValidationException", "RoleArn is not supported for target %s.", aws.ToString(t.Arn))
		case x == nil || aws.ToString(x.InputTemplate) == "":
			return nil, fail("ValidationException", "awssim simulates targets with an input transformer")
		case !quotedLines(aws.ToString(x.InputTemplate)):
			return nil, fail("ValidationException", "Invalid InputTemplate for target %s : it is neither JSON nor lines of text in quotes.", aws.ToString(t.Id))
		}
		r.drop(aws.ToString(t.Id))
		r.Targets = append(r.Targets, t)
	}
	return &eventbridge.PutTargetsOutput{}, nil
}

// drop takes the targets with those ids away.
func (r *EventRule) drop(ids ...string) {
	r.Targets = slices.DeleteFunc(slices.Clone(r.Targets), func(t types.Target) bool { return slices.Contains(ids, aws.ToString(t.Id)) })
}

// quotedLines tells whether each line of a template is a text in quotes, as AWS wants it.
// https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-transform-target-input.html
func quotedLines(template string) bool {
	for line := range strings.Lines(template) {
		if line = strings.TrimSpace(line); line != "" && (len(line) < 2 || line[0] != '"' || line[len(line)-1] != '"') {
			return false
		}
	}
	return true
}

func (s *Sim) listTargetsByRule(in *eventbridge.ListTargetsByRuleInput) (*eventbridge.ListTargetsByRuleOutput, error) {
	r, err := s.eventRule(in.Rule)
	if err != nil {
		return nil, err
	}
	return &eventbridge.ListTargetsByRuleOutput{Targets: r.Targets}, nil
}

func (s *Sim) removeTargets(in *eventbridge.RemoveTargetsInput) (*eventbridge.RemoveTargetsOutput, error) {
	r, err := s.eventRule(in.Rule)
	if err != nil {
		return nil, err
	}
	r.drop(in.Ids...)
	return &eventbridge.RemoveTargetsOutput{}, nil
}

func (s *Sim) eventRuleOf(arn *string) (*EventRule, error) {
	name := strings.TrimPrefix(aws.ToString(arn), s.world.arn("events", "rule/"))
	return s.eventRule(&name)
}

func (s *Sim) listEventRuleTags(in *eventbridge.ListTagsForResourceInput) (*eventbridge.ListTagsForResourceOutput, error) {
	r, err := s.eventRuleOf(in.ResourceARN)
	if err != nil {
		return nil, err
	}
	return &eventbridge.ListTagsForResourceOutput{Tags: cloud.ToSDK(r.Tags, func(k, v string) types.Tag { return types.Tag{Key: &k, Value: &v} })}, nil
}

func (s *Sim) tagEventRule(in *eventbridge.TagResourceInput) (*eventbridge.TagResourceOutput, error) {
	r, err := s.eventRuleOf(in.ResourceARN)
	if err != nil {
		return nil, err
	}
	return &eventbridge.TagResourceOutput{}, retag(r.Tags, fromEventTags(in.Tags), nil, "ValidationException")
}

func (s *Sim) untagEventRule(in *eventbridge.UntagResourceInput) (*eventbridge.UntagResourceOutput, error) {
	r, err := s.eventRuleOf(in.ResourceARN)
	if err != nil {
		return nil, err
	}
	return &eventbridge.UntagResourceOutput{}, retag(r.Tags, nil, in.TagKeys, "ValidationException")
}

func fromEventTags(tags []types.Tag) cloud.Tags {
	return cloud.FromSDK(tags, func(t types.Tag) (string, string) { return aws.ToString(t.Key), aws.ToString(t.Value) })
}
