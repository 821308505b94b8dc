package awssim

import (
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
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
	if all := s.containersOf(t); len(all) > 0 {
		s.speakAs(t, all[0], at, message)
	}
}

// speakAs writes a line of one of the task's containers to its log.
func (s *Sim) speakAs(t *Task, c types.ContainerDefinition, at time.Time, message string) {
	if l := c.LogConfiguration; l != nil && l.Options["awslogs-group"] != "" {
		s.emitLog(l.Options["awslogs-group"], l.Options["awslogs-stream-prefix"]+"/"+aws.ToString(c.Name)+"/"+t.ID, message, at)
	}
}
