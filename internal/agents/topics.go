package agents

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/karmacadabra/karmactl/internal/lazyregexp"
)

// maxTopics: an alarm has at most five actions, one of which is the stack's own topic.
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html
const maxTopics = 4

var topicRule = textRule{
	pattern: lazyregexp.New(`^arn:aws[a-z-]*:sns:[a-z0-9-]+:[0-9]{12}:[A-Za-z0-9_-]{1,256}$`),
	allowed: "the ARN of a standard topic such as arn:aws:sns:us-east-1:123456789012:on-call",
}

// TopicPlace is the region and the account of a topic.
func TopicPlace(arn string) (region, account string) {
	parts := strings.Split(arn, ":")
	if len(parts) != 6 {
		return "", ""
	}
	return parts[3], parts[4]
}

// checkTopics: an alarm speaks in its own region alone, and not to the stack's own topic twice.
func checkTopics(r *reader, c *Config) {
	const list = "observability/alarms/topics"
	if !r.sound(list, "region") {
		return
	}
	for i, arn := range c.Observability.Alarms.Topics {
		where := r.at(list, strconv.Itoa(i))
		if region, _ := TopicPlace(arn); region != "" && region != c.Region {
			r.problem(where, fmt.Sprintf("the topic is in %s, and the fleet in %s", region, c.Region), "a topic of the fleet's region: an alarm tells no other")
		}
		if strings.HasSuffix(arn, ":"+c.Stack()+"-alarms") {
			r.problem(where, "this is the stack's own topic", "emails: karmactl makes that topic for them")
		}
	}
}
