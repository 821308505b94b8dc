package provision

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sns"

	"github.com/karmacadabra/karmactl/internal/awssim"
	"github.com/karmacadabra/karmactl/internal/engine"
)

func TestAMailThatItsReaderEndedIsSubscribedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, awssim.Options{Visible: 2 * time.Second, Latency: 50 * time.Millisecond})
		topic := &Topic{Env: b.home}
		steps := []engine.Step{engine.Manage(topic), engine.Manage(&Subscription{Env: b.home, Topic: topic, Email: "ops@example.com"})}
		b.up(steps...)
		arn := ""
		b.edit(func(w *awssim.World) {
			for _, x := range w.Topics {
				for _, sub := range x.Subscriptions {
					sub.Confirmed, arn = true, x.ARN+":"+sub.ID
				}
			}
		})
		if _, err := b.home.Clients.SNS.Unsubscribe(t.Context(), &sns.UnsubscribeInput{SubscriptionArn: &arn}); err != nil {
			t.Fatal(err)
		}
		out, err := b.home.Clients.SNS.ListSubscriptionsByTopic(t.Context(), &sns.ListSubscriptionsByTopicInput{TopicArn: aws.String(topic.topicARN())})
		if err != nil || len(out.Subscriptions) != 1 || aws.ToString(out.Subscriptions[0].SubscriptionArn) != "Deleted" {
			t.Fatalf("AWS lists what was ended as Deleted: %+v, %v", out, err)
		}
		b.edit(func(*awssim.World) {})
		if n := b.plan(steps...).Count(engine.Create); n != 1 {
			t.Errorf("a plan makes %d, and not the subscription that was ended", n)
		}
		b.up(steps...)
		if res := b.plan(steps...); res.Changes() {
			t.Errorf("the plan after up: %s", verbs(res))
		}
	})
}

// TestAMailThatIsNotWantedAnyMoreIsNotAskedFor: what goes is known by its key alone, which has no address.
func TestAMailThatIsNotWantedAnyMoreIsNotAskedFor(t *testing.T) {
	for email, want := range map[string]int{"ops@example.com": 1, "": 0} {
		s := &Subscription{Email: email, Hash: "7b97e2", pending: true}
		if notes := s.Notes(); len(notes) != want {
			t.Errorf("%q: %q", email, notes)
		}
	}
}
