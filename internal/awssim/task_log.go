package awssim

import "time"

// emitLog puts a message into a stream of a log group, which has to be there:
// the driver of a task makes streams and no groups.
func (s *Sim) emitLog(group, stream, message string, at time.Time) {
	g := s.world.LogGroups[group]
	if g == nil {
		return
	}
	s.writeLog(g, stream, at.UnixMilli(), message)
}
