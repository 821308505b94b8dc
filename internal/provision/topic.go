package provision

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sns"

	"github.com/karmacadabra/karmactl/internal/cloud"
	"github.com/karmacadabra/karmactl/internal/engine"
)

// TopicSpec is what we own of a topic.
type TopicSpec struct {
	// Policy is who may publish, in canonical form.
	Policy string
	Tags   cloud.Tags
}

// Topic is where alarms and budgets speak. Its id is its ARN.
type Topic struct {
	engine.Ref
	*Env
	// Events lets rules of EventBridge speak there, too.
	Events bool
}

func (h *Env) topicName() string { return h.Stack + "-alarms" }
func (h *Env) topicARN() string  { return h.Account.ARN("sns", h.topicName()) }

func (t *Topic) Key() engine.Key      { return "topic" }
func (t *Topic) Needs() []engine.Node { return nil }

// Want is a topic that CloudWatch and Budgets of this account may publish to, and EventBridge when there are jobs.
// A policy of our own replaces AWS's default, which does not let Budgets in.
func (t *Topic) Want() TopicSpec {
	publish := statement{
		Sid: "Publish", Effect: "Allow", Action: []string{"sns:Publish"}, Resource: []string{t.topicARN()},
		Condition: map[string]map[string]any{"StringEquals": {"aws:SourceAccount": t.Account.ID}},
	}
	alarms, budgets := publish, publish
	alarms.Sid, alarms.Principal = "Alarms", map[string]string{"Service": "cloudwatch.amazonaws.com"}
	budgets.Sid, budgets.Principal = "Budgets", map[string]string{"Service": "budgets.amazonaws.com"}
	who := []statement{alarms, budgets}
	if t.Events {
		// AWS: "You can't use Condition blocks in Amazon SNS topic policies for EventBridge".
		// https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-use-resource-based.html#eb-sns-permissions
		events := publish
		events.Sid, events.Principal, events.Condition = "Events", map[string]string{"Service": "events.amazonaws.com"}, nil
		who = append(who, events)
	}
	return TopicSpec{Policy: document(policy(who...)), Tags: t.TagsOf(t.Key())}
}

func (t *Topic) Find(ctx context.Context, look engine.Look) (engine.Found[TopicSpec], error) {
	arn := aws.String(t.topicARN())
	out, err := t.Clients.SNS.GetTopicAttributes(ctx, &sns.GetTopicAttributesInput{TopicArn: arn})
	if err != nil {
		return engine.Found[TopicSpec]{}, cloud.IgnoreNotFound(err)
	}
	tags, err := t.ownTags(ctx, look, t.Key(), "SNS topic "+t.topicName(), *arn, t.topicTags().read)
	if tags == nil || err != nil {
		return engine.Found[TopicSpec]{}, err
	}
	return engine.Found[TopicSpec]{Phase: engine.Ready, ID: *arn, Spec: TopicSpec{Policy: document(out.Attributes["Policy"]), Tags: tags}}, nil
}

func (t *Topic) Diff(have, want TopicSpec) []engine.Change {
	return changes(
		essential(differs("policy", have.Policy, want.Policy)),
		cloud.DiffTags(have.Tags, want.Tags),
	)
}

// Create makes the topic; the same name with the same tags gives it back.
func (t *Topic) Create(ctx context.Context, want TopicSpec, _ string) (string, error) {
	out, err := t.Clients.SNS.CreateTopic(ctx, &sns.CreateTopicInput{
		Name: aws.String(t.topicName()), Attributes: map[string]string{"Policy": want.Policy}, Tags: toSNSTags(want.Tags),
	})
	if err != nil {
		return "", err
	}
	return aws.ToString(out.TopicArn), nil
}

func (t *Topic) Update(ctx context.Context, id string, have, want TopicSpec) error {
	if have.Policy != want.Policy {
		if _, err := t.Clients.SNS.SetTopicAttributes(ctx, &sns.SetTopicAttributesInput{TopicArn: &id, AttributeName: aws.String("Policy"), AttributeValue: &want.Policy}); err != nil {
			return err
		}
	}
	return t.topicTags().update(ctx, id, have.Tags, want.Tags)
}

// Delete deletes the topic and its subscriptions.
func (t *Topic) Delete(ctx context.Context, id string) error {
	return failure(t.Clients.SNS.DeleteTopic(ctx, &sns.DeleteTopicInput{TopicArn: &id}))
}
