package awssim

import (
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
)

// emitLog puts a message into a stream of a log group, which has to be there:
// the driver of a task makes streams and no groups.
func (s *Sim) emitLog(group, stream, message string, at time.Time) {
	g := s.world.LogGroups[group]
	if g == nil {
		return
	}
	s.writeLog(g, stream, at.UnixMilli(), message)
}

// speak writes a line of the task's first container to its log.
func (s *Sim) speak(t *Task, at time.Time, message string) {
	d := s.world.TaskDefinitions[t.Definition]
	if d == nil {
		return
	}
	c := d.Definition.ContainerDefinitions[0]
	if l := c.LogConfiguration; l != nil && l.Options["awslogs-group"] != "" {
		s.emitLog(l.Options["awslogs-group"], l.Options["awslogs-stream-prefix"]+"/"+aws.ToString(c.Name)+"/"+t.ID, message, at)
	}
}
