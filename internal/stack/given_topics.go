package stack

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/sns"

	"github.com/karmacadabra/karmactl/internal/agents"
	"github.com/karmacadabra/karmactl/internal/cloud"
	"github.com/karmacadabra/karmactl/internal/provision"
)

// checkTopics refuses topics of observability.alarms.topics to which no alarm could speak, with
// all reasons at once: CloudWatch takes any ARN, and says nothing when it cannot speak there. A topic
// of another account may not be read, and is believed. It only reads.
func checkTopics(ctx context.Context, h *provision.Env, cfg *agents.Config) error {
	var problems []string
	for _, arn := range cfg.Observability.Alarms.Topics {
		region, account := agents.TopicPlace(arn)
		if region != h.Account.Region {
			problems = append(problems, fmt.Sprintf("%s is in another region than the alarms, %s", arn, h.Account.Region))
			continue
		}
		if account != h.Account.ID {
			continue
		}
		out, err := h.Clients.SNS.GetTopicAttributes(ctx, &sns.GetTopicAttributesInput{TopicArn: &arn})
		switch {
		case cloud.IsNotFound(err):
			problems = append(problems, "there is no "+arn)
		case err != nil:
			return fmt.Errorf("read the topic %s: %w", arn, err)
		case out.Attributes["KmsMasterKeyId"] == "alias/aws/sns":
			// https://repost.aws/knowledge-center/cloudwatch-configure-alarm-sns
			problems = append(problems, arn+" is encrypted with AWS's own key alias/aws/sns, which CloudWatch may not use: it needs a key of your own that lets cloudwatch.amazonaws.com in, or none")
		}
	}
	if len(problems) > 0 {
		return errors.New("observability.alarms.topics cannot be used; nothing was changed:\n  - " + strings.Join(problems, "\n  - "))
	}
	return nil
}
