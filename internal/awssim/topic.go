package awssim

import (
	"net/mail"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/aws-sdk-go-v2/service/sns/types"

	"github.com/karmacadabra/karmactl/internal/cloud"
	"github.com/karmacadabra/karmactl/internal/lazyregexp"
)

// Topic is a simulated SNS topic with its subscriptions.
type Topic struct {
	Name          string
	ARN           string
	Policy        string
	Tags          cloud.Tags
	Subscriptions map[string]*Subscription // by protocol:endpoint
	// Messages are what EventBridge and alarms have said there.
	Messages []string `json:",omitempty"`
	// Key encrypts what is said there; "" is none.
	Key string `json:",omitempty"`
}

// Subscription is one address of a topic.
type Subscription struct {
	ID        string
	Protocol  string
	Endpoint  string
	Confirmed bool
	// Ended is when its reader unsubscribed; AWS lists it as Deleted for some days.
	Ended time.Time
}

// endedListed is how long a subscription that was ended is listed: three days, says
// https://docs.aws.amazon.com/sns/latest/dg/sns-delete-subscription-topic.html
const endedListed = 72 * time.Hour

func (s *Sim) topicNoun() noun {
	return noun{
		ops: []operation{
			on("SNS.CreateTopic", s.createTopic, "Name", "Attributes", "Tags"),
			on("SNS.GetTopicAttributes", s.getTopicAttributes, "TopicArn"),
			on("SNS.SetTopicAttributes", s.setTopicAttributes, "TopicArn", "AttributeName", "AttributeValue"),
			on("SNS.DeleteTopic", s.deleteTopic, "TopicArn"),
			on("SNS.ListTagsForResource", s.listTopicTags, "ResourceArn"),
			on("SNS.TagResource", s.tagTopic, "ResourceArn", "Tags"),
			on("SNS.UntagResource", s.untagTopic, "ResourceArn", "TagKeys"),
			on("SNS.Subscribe", s.subscribe, "TopicArn", "Protocol", "Endpoint", "ReturnSubscriptionArn"),
			on("SNS.ListSubscriptionsByTopic", s.listSubscriptionsByTopic, "TopicArn").pages("Subscriptions", 100, 100),
			on("SNS.Unsubscribe", s.unsubscribe, "SubscriptionArn"),
		},
		each: func(tell func(thing)) {
			for _, t := range s.world.Topics {
				tell(thing{kind: "topic", name: t.ARN, tags: t.Tags, arn: t.ARN})
			}
		},
	}
}

var topicName = lazyregexp.New(`^[A-Za-z0-9_-]{1,256}$`)

func (s *Sim) topic(arn string) (*Topic, error) {
	for _, t := range s.world.Topics {
		if t.ARN == arn {
			return t, nil
		}
	}
	return nil, fail("NotFound", "Topic does not exist")
}

// topicTagged is the same with the code of the tag operations.
func (s *Sim) topicTagged(arn string) (*Topic, error) {
	t, err := s.topic(arn)
	if err != nil {
		return nil, fail("ResourceNotFound", "Resource does not exist")
	}
	return t, nil
}

func (s *Sim) createTopic(in *sns.CreateTopicInput) (*sns.CreateTopicOutput, error) {
	name, tags := aws.ToString(in.Name), fromSNSTags(in.Tags)
	if !topicName.MatchString(name) {
		return nil, fail("InvalidParameter", "Invalid parameter: Topic Name")
	}
	if err := validTags(tags, "InvalidParameter"); err != nil {
		return nil, err
	}
	for k := range in.Attributes {
		if k != "Policy" {
			return nil, fail("InvalidParameter", "Invalid parameter: Attributes Reason: %s is not simulated", k)
		}
	}
	if t := s.world.Topics[name]; t != nil {
		if len(in.Tags) > 0 && !t.Tags.Equal(tags) {
			return nil, fail("InvalidParameter", "Invalid parameter: Tags Reason: Topic already exists with different tags")
		}
		return &sns.CreateTopicOutput{TopicArn: &t.ARN}, nil
	}
	t := &Topic{Name: name, ARN: s.world.arn("sns", name), Policy: in.Attributes["Policy"], Tags: tags, Subscriptions: map[string]*Subscription{}}
	s.world.Topics[name] = t
	return &sns.CreateTopicOutput{TopicArn: &t.ARN}, nil
}

func (s *Sim) getTopicAttributes(in *sns.GetTopicAttributesInput) (*sns.GetTopicAttributesOutput, error) {
	t, err := s.topic(aws.ToString(in.TopicArn))
	if err != nil {
		return nil, err
	}
	out := map[string]string{"TopicArn": t.ARN, "Policy": t.Policy, "Owner": s.world.Account}
	if t.Key != "" { // AWS leaves it out where there is none
		out["KmsMasterKeyId"] = t.Key
	}
	return &sns.GetTopicAttributesOutput{Attributes: out}, nil
}

func (s *Sim) setTopicAttributes(in *sns.SetTopicAttributesInput) (*sns.SetTopicAttributesOutput, error) {
	t, err := s.topic(aws.ToString(in.TopicArn))
	if err != nil {
		return nil, err
	}
	if aws.ToString(in.AttributeName) != "Policy" {
		return nil, fail("InvalidParameter", "Invalid parameter: AttributeName: %s is not simulated", aws.ToString(in.AttributeName))
	}
	t.Policy = aws.ToString(in.AttributeValue)
	return &sns.SetTopicAttributesOutput{}, nil
}

// deleteTopic takes the subscriptions with it; a topic that is not there is no error.
func (s *Sim) deleteTopic(in *sns.DeleteTopicInput) (*sns.DeleteTopicOutput, error) {
	if t, err := s.topic(aws.ToString(in.TopicArn)); err == nil {
		delete(s.world.Topics, t.Name)
	}
	return &sns.DeleteTopicOutput{}, nil
}

func (s *Sim) listTopicTags(in *sns.ListTagsForResourceInput) (*sns.ListTagsForResourceOutput, error) {
	t, err := s.topicTagged(aws.ToString(in.ResourceArn))
	if err != nil {
		return nil, err
	}
	return &sns.ListTagsForResourceOutput{Tags: cloud.ToSDK(t.Tags, func(k, v string) types.Tag { return types.Tag{Key: &k, Value: &v} })}, nil
}

func (s *Sim) tagTopic(in *sns.TagResourceInput) (*sns.TagResourceOutput, error) {
	t, err := s.topicTagged(aws.ToString(in.ResourceArn))
	if err != nil {
		return nil, err
	}
	return &sns.TagResourceOutput{}, retag(t.Tags, fromSNSTags(in.Tags), nil, "InvalidParameter")
}

func (s *Sim) untagTopic(in *sns.UntagResourceInput) (*sns.UntagResourceOutput, error) {
	t, err := s.topicTagged(aws.ToString(in.ResourceArn))
	if err != nil {
		return nil, err
	}
	return &sns.UntagResourceOutput{}, retag(t.Tags, nil, in.TagKeys, "InvalidParameter")
}

// subscribe waits for the address to confirm; asking again sends the mail again.
func (s *Sim) subscribe(in *sns.SubscribeInput) (*sns.SubscribeOutput, error) {
	t, err := s.topic(aws.ToString(in.TopicArn))
	if err != nil {
		return nil, err
	}
	protocol, endpoint := aws.ToString(in.Protocol), aws.ToString(in.Endpoint)
	if _, err := mail.ParseAddress(endpoint); protocol != "email" || err != nil {
		return nil, fail("InvalidParameter", "Invalid parameter: Email address")
	}
	key := protocol + ":" + endpoint
	if t.Subscriptions[key] == nil {
		t.Subscriptions[key] = &Subscription{ID: s.world.id("sub"), Protocol: protocol, Endpoint: endpoint}
	}
	sub := t.Subscriptions[key]
	arn := "pending confirmation"
	if sub.Confirmed || in.ReturnSubscriptionArn {
		arn = t.ARN + ":" + sub.ID
	}
	return &sns.SubscribeOutput{SubscriptionArn: &arn}, nil
}

func (s *Sim) listSubscriptionsByTopic(in *sns.ListSubscriptionsByTopicInput) (*sns.ListSubscriptionsByTopicOutput, error) {
	t, err := s.topic(aws.ToString(in.TopicArn))
	if err != nil {
		return nil, err
	}
	var all []types.Subscription
	for _, sub := range sorted(t.Subscriptions) {
		arn := "PendingConfirmation"
		switch {
		case !sub.Ended.IsZero() && s.now().After(sub.Ended.Add(endedListed)):
			continue
		case !sub.Ended.IsZero():
			arn = "Deleted"
		case sub.Confirmed:
			arn = t.ARN + ":" + sub.ID
		}
		all = append(all, types.Subscription{SubscriptionArn: &arn, TopicArn: &t.ARN, Protocol: &sub.Protocol, Endpoint: &sub.Endpoint, Owner: &s.world.Account})
	}
	out := &sns.ListSubscriptionsByTopicOutput{}
	out.Subscriptions = all
	return out, nil
}

func (s *Sim) unsubscribe(in *sns.UnsubscribeInput) (*sns.UnsubscribeOutput, error) {
	arn := aws.ToString(in.SubscriptionArn)
	if !strings.HasPrefix(arn, "arn:") {
		return nil, fail("InvalidParameter", "Invalid parameter: SubscriptionArn Reason: An ARN must have at least 6 elements, not 1")
	}
	for _, t := range s.world.Topics {
		for key, sub := range t.Subscriptions {
			if sub.Ended.IsZero() && t.ARN+":"+sub.ID == arn {
				if delete(t.Subscriptions, key); sub.Confirmed {
					sub.Ended = s.now()
					t.Subscriptions[key+" "+sub.ID] = sub
				}
				return &sns.UnsubscribeOutput{}, nil
			}
		}
	}
	return nil, fail("NotFound", "Subscription does not exist")
}

func fromSNSTags(tags []types.Tag) cloud.Tags {
	return cloud.FromSDK(tags, func(t types.Tag) (string, string) { return aws.ToString(t.Key), aws.ToString(t.Value) })
}
