package logs

// rhythm is what is known of when a writer flushes: the awslogs driver does it every 5 s while its task speaks. Times are
// in milliseconds.
type rhythm struct {
	// last is the newest flush that was seen, every how far apart they are and size how many events they have; 0 is not
	// known.
	last, every int64
	size        float64
	// kept counts the flushes in a row that came when they were expected.
	kept int
	// next is a newer ingestion time and seen how many events have it.
	next int64
	seen int
}

const (
	// flushApart is the least distance between two flushes.
	flushApart = 50
	// keptLeast is how many flushes in a row make a rhythm that nothing is asked for in between.
	keptLeast = 2
	// flushLeast is how many events make a flush: one alone may be a late one, which has a time of its own.
	flushLeast = 2
)

// saw notes the ingestion time of an event, which all events of a flush share. They come in the order of flushes.
func (r *rhythm) saw(ingested int64) {
	if ingested-r.next > oneFlush || r.next-ingested > oneFlush {
		r.next, r.seen = ingested, 0
	}
	r.seen++
	kept := 0
	switch apart := r.next - r.last; {
	case r.seen > flushLeast && r.next == r.last:
		r.size = max(r.size, float64(r.seen))
		return
	case r.seen != flushLeast || apart < flushApart:
		return
	case r.last == 0:
	case r.every > 0 && abs(apart-r.every) <= r.every/8:
		r.every += (apart - r.every) / 4
		kept = r.kept + 1
	case r.every == 0 || apart*4 < r.every*3:
		r.every = apart
	case apart*2 < r.every*3:
		r.every += (apart - r.every) / 4
	default: // a flush or more had nothing to write, or the rhythm has become slower
		r.every += r.every / 8
	}
	r.last, r.kept = r.next, kept
	r.size *= 0.75
}

// steady tells whether the writer keeps its rhythm.
func (r *rhythm) steady() bool { return r.kept >= keptLeast }

func abs(n int64) int64 { return max(n, -n) }

// latest is when the writer has last flushed by then, if it kept its rhythm; 0 when that is not known.
func (r *rhythm) latest(then int64) int64 {
	if r.every == 0 || then < r.last {
		return r.last
	}
	return r.last + (then-r.last)/r.every*r.every
}

// after is when the writer flushes next after a moment, and after what was seen, if it keeps its rhythm; 0 when that is
// not known.
func (r *rhythm) after(moment int64) int64 {
	if r.every == 0 || r.last == 0 {
		return 0
	}
	moment = max(moment, r.last)
	return r.last + ((moment-r.last)/r.every+1)*r.every
}
