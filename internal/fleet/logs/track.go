package logs

import (
	"math"
	"time"
)

const (
	// guess is how exact a rhythm is taken to be.
	guess = 100 * time.Millisecond
	// A stream whose rhythm is not known is taken to flush guessedSize events guessedEvery.
	guessedSize  = 8.0
	guessedEvery = time.Second
)

// netReads are FilterLogEvents' reads of a group: when its last call that was answered began, and how far they are apart.
type netReads struct{ at, every int64 }

// next is when the next one is to be expected.
func (n *netReads) next(now int64) int64 {
	if n == nil {
		return now + guessedEvery.Milliseconds()
	}
	return max(n.at+n.every, now+streamLeast.Milliseconds()/2)
}

// track is the reading of one stream.
type track struct {
	from  *stream
	start int64
	token string
	// read is when the last call that was answered began, this lane's or FilterLogEvents' for the whole group; asked is
	// when the last call began, and spoke when the stream last had something new, or became known.
	read, asked, spoke int64
	// calling is true while a call is under way, more when it is known to have more, absent before it exists, and lost
	// when AWS does not take its token: to begin again would bring events twice.
	calling, more, absent, lost bool
	rhythm                      rhythm
}

// urgency says which of the streams that are due is asked first when the quota is too small for all: the one whose events
// gain most by a call now over FilterLogEvents' next read, when a wait counts by its square. A call right after a flush
// brings the most.
func (tr *track) urgency(now, behind, net int64) float64 {
	waits := now - tr.unseen(behind)
	switch {
	case tr.more:
		return math.Inf(1)
	case waits < 0: // nothing is expected
		return float64(waits)
	}
	every, size := tr.rhythm.every, tr.rhythm.size
	if every == 0 {
		every, size = guessedEvery.Milliseconds(), guessedSize
	}
	flushes := 1 + waits/every
	waited := flushes*waits - every*flushes*(flushes-1)/2
	sooner := net - now
	return max(1, size) * float64(sooner) * float64(2*waited+flushes*sooner)
}

// unseen is when the first flush that is not read yet could be read, if the writer keeps its rhythm.
func (tr *track) unseen(behind int64) int64 {
	if at := tr.rhythm.after(tr.read - behind - guess.Milliseconds()); at != 0 {
		return at + behind
	}
	if tr.absent {
		return tr.read + absentLeast.Milliseconds()
	}
	return tr.read + guessedEvery.Milliseconds()
}

// due is when to ask again: when there should be a flush, and else the later the longer the stream has been silent.
func (tr *track) due(now, behind int64, absentEvery time.Duration) int64 {
	last := max(tr.read, tr.asked)
	silence := max(streamLeast, min(streamMost, time.Duration(now-tr.spoke)*time.Millisecond/4)).Milliseconds()
	switch {
	case tr.absent:
		return tr.asked + absentEvery.Milliseconds()
	case tr.more:
		return now
	case tr.rhythm.every == 0 || tr.rhythm.last == 0:
		return last + silence
	}
	flush := tr.rhythm.latest(now-behind) + behind
	switch {
	case flush > last && now-tr.spoke < 3*tr.rhythm.every:
		return now // it should be there
	case tr.rhythm.last+behind+guess.Milliseconds() >= flush && tr.rhythm.steady():
		return flush + tr.rhythm.every // nothing is expected before
	}
	return last + max(silence, tr.rhythm.every/4, 2*streamLeast.Milliseconds())
}
