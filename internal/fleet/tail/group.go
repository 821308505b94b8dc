package tail

import (
	"context"
	"errors"
	"time"
)

const (
	// front is how far back every read goes: the awslogs driver flushes every 5 s, and a round may take two.
	front = 7 * time.Second
	// narrow is the same for a group so busy that front fills more than one page.
	narrow = 2 * time.Second
	// A read over the whole look-back is due after deepLeast, and later the more it costs, up to deepMost.
	deepLeast, deepMost = 2 * time.Second, 15 * time.Second
	// deepPace is how many events a second of waiting pays for.
	deepPace = 1000
	// busyFor is how long a group counts as busy after a new event, and at first. The order window is kept between
	// busy groups; the first event after a silence may be idleEvery behind.
	busyFor = 10 * time.Second
	// edge is the oldest part of a front read: a flush found there may have begun before it.
	edge = time.Second
	// oneFlush is how many milliseconds apart the parts of one flush may be taken in.
	oneFlush = 5
)

// group is one log group's reading. One goroutine at a time uses it.
type group struct {
	Group
	t       *tailer
	page    page
	seen    *seen
	streams map[string]*stream

	// read and deep are when the last complete read, and the last one over the whole look-back, began (AWS's
	// milliseconds). The next ones start so much before that, so a pause or an outage leaves no gap.
	read, deep int64
	// complete is read as the rounds know it, which run beside a read.
	complete int64
	// floor is the oldest timestamp wanted.
	floor int64
	// deepEvery is the present distance of deep reads, front the present look-back of the others.
	deepEvery, front time.Duration
	// torn asks for a deep read next: a stream's flush reaches further back than the last read.
	torn bool
	// busyUntil is in AWS's milliseconds; reading is true while a read runs; began is when the last one did.
	busyUntil int64
	reading   bool
	began     int64
	missing   bool
}

func newGroup(t *tailer, g Group) *group {
	n := &group{Group: g, t: t, seen: newSeen(), streams: map[string]*stream{}, front: front, deepEvery: deepLeast, floor: t.Since.UnixMilli()}
	n.page.intern, n.page.big = n.intern, t.big
	return n
}

func (g *group) known(ts int64, id []byte) bool { return g.seen.has(ts, g.seen.hash(id)) }

func (g *group) remember(r record) { g.seen.add(r.ts, g.seen.hash([]byte(r.id))) }

// intern gives the stream of that name. Tasks come and go, so now and then the names are forgotten.
func (g *group) intern(name []byte) *stream {
	if s := g.streams[string(name)]; s != nil {
		return s
	}
	if len(g.streams) >= 1000 {
		clear(g.streams)
	}
	s := &stream{name: string(name), agent: g.Agent, group: g.Name}
	s.task = taskOf(s.name)
	g.streams[s.name] = s
	return s
}

// next reads what is new and gives it to post, in AWS's order. begin is AWS's time now.
func (g *group) next(ctx context.Context, begin int64, post func([]record) error) error {
	deep := g.torn || begin-g.deep >= g.deepEvery.Milliseconds()
	start := g.read - g.front.Milliseconds()
	if deep {
		start = g.deep - g.t.LookBack.Milliseconds()
	}
	start = max(start, g.floor)
	g.page.known = g.known
	pages, total, torn := 0, 0, map[*stream]bool{}
	err := g.t.pages(ctx, g, start, 0, true, func() error {
		if g.page.total == 0 {
			return nil
		}
		pages++
		total += g.page.total
		if pages == 1 && !deep && start > g.floor {
			g.markTorn(start+edge.Milliseconds(), torn)
		}
		fresh := g.fresh(begin, pages > 1, torn)
		if len(fresh) == 0 {
			return nil
		}
		g.busyUntil = begin + busyFor.Milliseconds()
		return post(fresh)
	})
	if errors.Is(err, errMissing) {
		g.missing = true
		g.t.say("log group " + g.Name + " does not exist yet: waiting for it")
		return nil
	}
	if err != nil {
		return err
	}
	g.missing = false
	g.finish(begin, deep, pages, total)
	g.torn = len(torn) > 0
	return nil
}

// markTorn finds the streams whose flush may have begun before the window that was read: some of it is at the
// window's edge and some inside, taken in at the same moment. Their events are left for the next read, which goes
// all the way back, so that a stream that was stuck comes out in its own order.
func (g *group) markTorn(edge int64, torn map[*stream]bool) {
	atEdge := map[*stream]int64{}
	for _, r := range g.page.records {
		if r.ts < edge {
			atEdge[r.from] = r.ingested
		} else if at, ok := atEdge[r.from]; ok && max(at-r.ingested, r.ingested-at) <= oneFlush {
			torn[r.from] = true
		}
	}
}

// fresh gives the page's records that may be handed on, and remembers them. On a later page of a read, what was
// ingested after the read began is left for the next read: its older half may belong on a page already read.
func (g *group) fresh(begin int64, later bool, torn map[*stream]bool) []record {
	if len(g.page.records) == 0 {
		return nil
	}
	fresh := make([]record, 0, len(g.page.records))
	for _, r := range g.page.records {
		if torn[r.from] || later && r.ingested > begin {
			continue
		}
		g.remember(r)
		fresh = append(fresh, r)
	}
	return fresh
}

// finish notes a complete read and sets the distance of the next deep one by its cost.
func (g *group) finish(begin int64, deep bool, pages, total int) {
	g.read = begin
	if !deep {
		g.front = front
		if pages > 1 {
			g.front = narrow
		}
		return
	}
	g.deep = begin
	took := time.Duration(g.t.now()-begin) * time.Millisecond
	g.deepEvery = max(min(deepMost, max(deepLeast, time.Duration(total)*time.Second/deepPace)), 4*took)
	g.seen.forget(g.deep - g.t.LookBack.Milliseconds())
}
