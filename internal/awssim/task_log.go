package awssim

import (
	"fmt"
	"time"
)

// emitLog puts a message into a stream of a log group, which has to be there:
// the driver of a task makes streams and no groups.
func (s *Sim) emitLog(group, stream, message string, at time.Time) {
	g := s.world.LogGroups[group]
	if g == nil {
		return
	}
	s.stream(g, stream)
	s.world.Serial++
	g.Events = append(g.Events, LogEvent{
		ID: fmt.Sprintf("%056d", s.world.Serial), Stream: stream, Timestamp: at.UnixMilli(), Ingested: s.now().UnixMilli(), Message: message,
	})
}
