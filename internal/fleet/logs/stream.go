package logs

import (
	"context"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"

	"github.com/karmacadabra/karmactl/internal/cloud"
)

// StreamReader reads one log stream from its beginning, each event once: the whole log of one task.
type StreamReader struct {
	API    StreamAPI
	Agent  string
	Stream Stream

	token string
}

// Next gives the events that can be read by now and were not given before. A stream that does not exist yet, because
// its task has not started, has none. AWS gives empty pages with more behind them; at the end the same token comes back:
// https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_GetLogEvents.html
func (r *StreamReader) Next(ctx context.Context) ([]Event, error) {
	var all []Event
	for {
		in := &cloudwatchlogs.GetLogEventsInput{LogGroupName: &r.Stream.Group, LogStreamName: &r.Stream.Name, StartFromHead: aws.Bool(true)}
		if r.token != "" {
			in.NextToken = &r.token
		}
		out, err := r.API.GetLogEvents(ctx, in)
		if cloud.Is(err, "ResourceNotFoundException") {
			return all, nil
		}
		if err != nil {
			return all, err
		}
		for _, e := range out.Events {
			all = append(all, Event{
				Time: time.UnixMilli(aws.ToInt64(e.Timestamp)).UTC(), Ingested: time.UnixMilli(aws.ToInt64(e.IngestionTime)).UTC(),
				Agent: r.Agent, Group: r.Stream.Group, Stream: r.Stream.Name, Task: taskOf(r.Stream.Name), Container: containerOf(r.Stream.Name), Message: aws.ToString(e.Message),
			})
		}
		token := aws.ToString(out.NextForwardToken)
		if token == r.token || token == "" {
			return all, nil
		}
		r.token = token
	}
}
