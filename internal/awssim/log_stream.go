package awssim

import (
	"slices"
	"sort"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	logs "github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs/types"
)

// LogStream is one writer of a log group: one container of one task.
type LogStream struct {
	Name    string
	ARN     string
	Created time.Time
}

// lastEventLag is how far behind DescribeLogStreams is with a stream's last event.
const lastEventLag = time.Minute

func (s *Sim) logStreamNoun() noun {
	return noun{
		ops: []operation{
			on("CloudWatch Logs.CreateLogStream", s.createLogStream, "LogGroupName", "LogStreamName"),
			on("CloudWatch Logs.DescribeLogStreams", s.describeLogStreams, "LogGroupName", "LogGroupIdentifier", "LogStreamNamePrefix", "OrderBy", "Descending").pages("LogStreams", 50, 50),
		},
	}
}

func (s *Sim) createLogStream(in *logs.CreateLogStreamInput) (*logs.CreateLogStreamOutput, error) {
	g, err := s.logGroup(aws.ToString(in.LogGroupName))
	if err != nil {
		return nil, err
	}
	name := aws.ToString(in.LogStreamName)
	if name == "" || len(name) > 512 || strings.ContainsAny(name, ":*") {
		return nil, fail("InvalidParameterException", "1 validation error detected: Value '%s' at 'logStreamName' failed to satisfy constraint", name)
	}
	if g.Streams[name] != nil {
		return nil, fail("ResourceAlreadyExistsException", "The specified log stream already exists")
	}
	s.stream(g, name)
	return &logs.CreateLogStreamOutput{}, nil
}

// stream is a stream of a group, made when it is missing.
func (s *Sim) stream(g *LogGroup, name string) *LogStream {
	if g.Streams[name] == nil {
		g.Streams[name] = &LogStream{Name: name, ARN: g.ARN + ":log-stream:" + name, Created: s.now()}
	}
	return g.Streams[name]
}

func (s *Sim) describeLogStreams(in *logs.DescribeLogStreamsInput) (*logs.DescribeLogStreamsOutput, error) {
	g, err := s.groupOf(in.LogGroupName, in.LogGroupIdentifier)
	if err != nil {
		return nil, err
	}
	if in.OrderBy == types.OrderByLastEventTime && in.LogStreamNamePrefix != nil {
		return nil, fail("InvalidParameterException", "Cannot order by LastEventTime with a logStreamNamePrefix.")
	}
	first, last, ingested := map[string]int64{}, map[string]int64{}, map[string]int64{}
	known := s.now().Add(-lastEventLag).UnixMilli()
	for _, e := range s.events(g) {
		if _, ok := first[e.Stream]; !ok {
			first[e.Stream] = e.Timestamp
		}
		if e.Ingested <= known {
			last[e.Stream], ingested[e.Stream] = e.Timestamp, max(ingested[e.Stream], e.Ingested)
		}
	}
	var all []types.LogStream
	for _, st := range sorted(g.Streams) {
		if !s.visible(st.Created) || !strings.HasPrefix(st.Name, aws.ToString(in.LogStreamNamePrefix)) {
			continue
		}
		d := types.LogStream{LogStreamName: &st.Name, Arn: &st.ARN, CreationTime: aws.Int64(st.Created.UnixMilli())}
		d.StoredBytes = aws.Int64(0) //nolint:staticcheck // AWS sends it still, and as 0
		if at, ok := first[st.Name]; ok {
			d.FirstEventTimestamp = &at
		}
		if at, ok := last[st.Name]; ok {
			d.LastEventTimestamp, d.LastIngestionTime = &at, aws.Int64(ingested[st.Name])
		}
		all = append(all, d)
	}
	if in.OrderBy == types.OrderByLastEventTime {
		sort.SliceStable(all, func(i, j int) bool {
			return aws.ToInt64(all[i].LastEventTimestamp) < aws.ToInt64(all[j].LastEventTimestamp)
		})
	}
	if aws.ToBool(in.Descending) {
		slices.Reverse(all)
	}
	out := &logs.DescribeLogStreamsOutput{}
	out.LogStreams = all
	return out, nil
}
