package provision

import (
	"cmp"
	"context"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/aws-sdk-go-v2/service/sns/types"

	"github.com/karmacadabra/karmactl/internal/cloud"
	"github.com/karmacadabra/karmactl/internal/engine"
)

// SubscriptionSpec is nothing but that there is one.
type SubscriptionSpec struct{}

// Subscription sends what the topic hears to one address. It does so only after
// the link in AWS's mail was followed; until then it has no ARN and cannot be
// deleted: it ends with the topic, or by itself after two days.
type Subscription struct {
	engine.Ref
	*Env
	Topic *Topic
	Email string
	// Hash stands for the address in keys and ids; it is made from Email when empty.
	Hash string

	pending bool // AWS waits for the link to be followed
	dropped bool // we have given up one that could not be deleted
}

func (s *Subscription) hash() string  { return cmp.Or(s.Hash, addressHash(s.Email)) }
func addressHash(email string) string { return digestOf(strings.ToLower(email)) }

func (s *Subscription) Key() engine.Key        { return engine.Key("subscription/" + s.hash()) }
func (s *Subscription) Needs() []engine.Node   { return nodes(s.Topic) }
func (s *Subscription) Want() SubscriptionSpec { return SubscriptionSpec{} }

// Notes tell of a mail that waits to be answered; one that goes has no address any more.
func (s *Subscription) Notes() []string {
	if !s.pending || s.Email == "" {
		return nil
	}
	return []string{"alarm mail is not confirmed yet: follow the link in AWS's mail to " + s.Email}
}

func (s *Subscription) Find(ctx context.Context, look engine.Look) (engine.Found[SubscriptionSpec], error) {
	sub, err := s.mine(ctx, look.NotOlder, s.hash())
	if err != nil || sub == nil {
		return engine.Found[SubscriptionSpec]{}, err
	}
	s.pending = unconfirmed(sub)
	if s.pending && s.dropped {
		return engine.Found[SubscriptionSpec]{}, nil
	}
	found := engine.Found[SubscriptionSpec]{Phase: engine.Ready, ID: s.hash()}
	if s.pending {
		found.Why = "waits for its mail to be confirmed"
	}
	return found, nil
}

func unconfirmed(sub *types.Subscription) bool {
	return !strings.HasPrefix(aws.ToString(sub.SubscriptionArn), "arn:")
}

func (s *Subscription) mine(ctx context.Context, notOlder time.Time, hash string) (*types.Subscription, error) {
	all, err := cloud.List(ctx, s.Inventory, "subscription", notOlder, func(ctx context.Context) ([]types.Subscription, error) {
		return unlessGone(cloud.Pages(ctx, sns.NewListSubscriptionsByTopicPaginator(s.Clients.SNS, &sns.ListSubscriptionsByTopicInput{TopicArn: aws.String(s.topicARN())}),
			func(out *sns.ListSubscriptionsByTopicOutput) []types.Subscription { return out.Subscriptions }))
	})
	if err != nil {
		return nil, err
	}
	for _, sub := range all {
		// One that its reader has ended is listed as Deleted for some days: it gets
		// no mail, and cannot be confirmed.
		if aws.ToString(sub.SubscriptionArn) != "Deleted" && aws.ToString(sub.Protocol) == "email" && addressHash(aws.ToString(sub.Endpoint)) == hash {
			return &sub, nil
		}
	}
	return nil, nil
}

func (s *Subscription) Diff(_, _ SubscriptionSpec) []engine.Change { return nil }

// Create has AWS send the mail. A repeated call sends it again.
func (s *Subscription) Create(ctx context.Context, _ SubscriptionSpec, _ string) (string, error) {
	_, err := s.Clients.SNS.Subscribe(ctx, &sns.SubscribeInput{TopicArn: aws.String(s.topicARN()), Protocol: aws.String("email"), Endpoint: &s.Email})
	if err != nil {
		return "", err
	}
	s.dropped = false
	return s.hash(), nil
}

func (s *Subscription) Update(context.Context, string, SubscriptionSpec, SubscriptionSpec) error {
	return nil
}

// Delete ends the subscription; one that was never confirmed is left to end by itself.
func (s *Subscription) Delete(ctx context.Context, id string) error {
	sub, err := s.mine(ctx, time.Time{}, id)
	if err != nil || sub == nil {
		return err
	}
	if unconfirmed(sub) {
		s.dropped = true
		return nil
	}
	return failure(s.Clients.SNS.Unsubscribe(ctx, &sns.UnsubscribeInput{SubscriptionArn: sub.SubscriptionArn}))
}
