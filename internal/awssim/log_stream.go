package awssim

import (
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	logs "github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
)

// LogStream is one writer of a log group: one container of one task.
type LogStream struct {
	Name    string
	ARN     string
	Created time.Time
}

func (s *Sim) logStreamOperations() []operation {
	return []operation{
		on("CloudWatch Logs.CreateLogStream", s.createLogStream, "LogGroupName", "LogStreamName"),
	}
}

func (s *Sim) createLogStream(in *logs.CreateLogStreamInput) (*logs.CreateLogStreamOutput, error) {
	g, err := s.logGroup(aws.ToString(in.LogGroupName))
	if err != nil {
		return nil, err
	}
	name := aws.ToString(in.LogStreamName)
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
