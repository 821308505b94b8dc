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
	// skipped counts the flushes in a row that came after empty ones, and least is the least that they were apart.
	skipped int
	least   int64
	// next is a newer ingestion time and seen how many events have it.
	next int64
	seen int
}

const (
	// flushApart is the least distance between two flushes.
	flushApart = 50
	// keptLeast is how many flushes in a row make a rhythm that nothing is asked for in between.
	keptLeast = 2
	// singleOff is how near to the rhythm one event alone is a flush.
	singleOff = 20
	// skippedMost is how many flushes in a row may come after empty ones until they make a slower rhythm.
	skippedMost = 3
	// flushLeast is how many events make a flush: one alone may be a late one, which has a time of its own.
	flushLeast = 2
)

// saw notes the ingestion time of an event, which all events of a flush share. They come in the order of flushes.
func (r *rhythm) saw(ingested int64) {
	if ingested-r.next > oneFlush || r.next-ingested > oneFlush {
		r.next, r.seen = ingested, 0
	}
	r.seen++
	apart := r.next - r.last
	if apart == 0 {
		r.size = max(r.size, float64(r.seen))
	}
	if apart < flushApart || r.seen > flushLeast || r.seen < flushLeast && (!r.steady() || r.off(apart) > singleOff) {
		return
	}
	switch {
	case r.kept > 0 && !r.keeps(apart): // once may be late events that came together
		r.kept = 0
		return
	case r.last == 0:
	case r.every == 0:
		r.every = apart
	case r.keeps(apart):
		r.every += (apart/r.flushes(apart) - r.every) / 4
		r.kept++
		r.skip(apart)
	case apart*4 < r.every*3:
		r.every, r.kept = apart, 0
	default:
		if r.kept = 0; r.flushes(apart) == 1 {
			r.every += (apart - r.every) / 4
		}
		r.skip(apart)
	}
	r.last = r.next
	r.size *= 0.75
}

// flushes is how many flushes apart two are that are so far apart.
func (r *rhythm) flushes(apart int64) int64 { return max(1, (apart+r.every/2)/r.every) }

// keeps tells whether two flushes that are so far apart keep the rhythm: between them there may be some that had nothing to write.
func (r *rhythm) keeps(apart int64) bool { return r.off(apart) <= r.every/8 }

// off is how far that is from the rhythm.
func (r *rhythm) off(apart int64) int64 { return abs(apart - r.flushes(apart)*r.every) }

// skip counts the flushes in a row that came after empty ones. After some of them the rhythm is a slower one.
func (r *rhythm) skip(apart int64) {
	if r.flushes(apart) == 1 {
		r.skipped, r.least = 0, 0
		return
	}
	if r.skipped++; r.skipped == 1 {
		r.least = apart
	}
	if r.least = min(r.least, apart); r.skipped == skippedMost {
		r.every, r.skipped, r.kept = r.least, 0, 0
	}
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
