package logs

import (
	"context"
	"errors"
	"time"
)

const (
	// shortLookback is how far back every read goes: the awslogs driver flushes every 5 s, and a round may take two.
	shortLookback = 7 * time.Second
	// busyLookback is the same for a group so busy that shortLookback fills more than one page.
	busyLookback = 2 * time.Second
	// A read over the whole look-back is due after fullReadLeast, and later the more it costs: the more events it has to
	// decode, up to fullReadMost, and the more calls it takes. What it waits for the pacer is no cost of its own.
	fullReadLeast, fullReadMost = time.Second, 15 * time.Second
	// fullReadPace is how many events a second of waiting pays for.
	fullReadPace = 1000
	// fullReadShare is the part of the pace that a group's full reads may take: one call of so many.
	fullReadShare = 4
	// busyFor is how long a group counts as busy after a new event, and at first. The order window is kept between
	// busy groups; the first event after a silence may be idleEvery behind.
	busyFor = 10 * time.Second
	// windowEdge is the oldest part of a read of the short look-back: a flush found there may have begun before it.
	windowEdge = time.Second
	// oneFlush is how many milliseconds apart the parts of one flush may be taken in.
	oneFlush = 5
)

// group is one log group's reading. One goroutine at a time uses it.
type group struct {
	Group
	t       *tailer
	page    page
	dedup   *dedup
	streams map[string]*stream

	// read and fullRead are when the last complete read, and the last one over the whole look-back, began (AWS's
	// milliseconds). The next ones start so much before that, so a pause or an outage leaves no gap.
	read, fullRead int64
	// complete, completeFull and absent are read, fullRead and missing as the rounds know them, which run beside a read.
	complete, completeFull int64
	absent                 bool
	// floor is the oldest timestamp wanted.
	floor int64
	// fullReadEvery is the present distance of full reads, shortLookback the present look-back of the others.
	fullReadEvery, shortLookback time.Duration
	// partialFlush asks for a full read next: a stream's flush reaches further back than the last read.
	partialFlush bool
	// busyUntil is in AWS's milliseconds; reading is true while a read runs; began is when the last one did.
	busyUntil int64
	reading   bool
	began     int64
	missing   bool
	// asked is when the last call began.
	asked int64
	// calls counts the answers of the present read.
	calls int
}

func newGroup(t *tailer, g Group) *group {
	n := &group{Group: g, t: t, dedup: newDedup(), streams: map[string]*stream{}, shortLookback: shortLookback, fullReadEvery: fullReadLeast, floor: t.Since.UnixMilli()}
	n.page.intern, n.page.largeBuffers = n.intern, t.largeBuffers
	return n
}

func (g *group) known(ts int64, id []byte) bool { return g.dedup.has(ts, g.dedup.hash(id)) }

// rememberPast notes an event of the history that following may bring again.
func (g *group) rememberPast(r record) {
	g.remember(r)
	if g.t.both != nil {
		g.t.both.isNew(byFilter, &r)
	}
}

func (g *group) remember(r record) { g.dedup.add(r.ts, g.dedup.hash([]byte(r.id))) }

// intern gives the stream of that name. Tasks come and go, so now and then the names are forgotten.
func (g *group) intern(name []byte) *stream {
	if s := g.streams[string(name)]; s != nil {
		return s
	}
	if len(g.streams) >= 1000 {
		clear(g.streams)
	}
	s := &stream{name: string(name), agent: g.Agent, group: g.Name}
	s.task, s.container = taskOf(s.name), containerOf(s.name)
	g.streams[s.name] = s
	return s
}

// next reads what is new and gives it to post, in AWS's order. begin is AWS's time now.
func (g *group) next(ctx context.Context, begin int64, post func([]record) error) error {
	fullRead := g.partialFlush || begin-g.fullRead >= g.fullReadEvery.Milliseconds()
	start := g.read - g.shortLookback.Milliseconds()
	if fullRead {
		start = g.fullRead - g.t.LookBack.Milliseconds()
	}
	start = max(start, g.floor)
	g.page.known = g.known
	g.calls = 0
	pages, total, partialFlush := 0, 0, map[*stream]bool{}
	err := g.t.pages(ctx, g, start, 0, true, func() error {
		if g.page.total == 0 {
			return nil
		}
		pages++
		total += g.page.total
		if pages == 1 && !fullRead && start > g.floor {
			g.markPartialFlushes(start+windowEdge.Milliseconds(), partialFlush)
		}
		fresh := g.fresh(begin, pages > 1, partialFlush)
		if g.t.fast() {
			g.t.lane.groupRead(g.Name, g.asked, fresh)
		}
		if len(fresh) == 0 {
			return nil
		}
		g.busyUntil = begin + busyFor.Milliseconds()
		return post(fresh)
	})
	if errors.Is(err, errMissing) {
		if !g.missing { // sayMissing has told of it otherwise
			g.t.say("log group " + g.Name + " does not exist yet: waiting for it")
		}
		g.missing = true
		return nil
	}
	if err != nil {
		return err
	}
	g.missing = false
	g.t.pacer.readTook(g.calls)
	if pages == 0 && g.t.fast() {
		g.t.lane.groupRead(g.Name, g.asked, nil)
	}
	g.finish(begin, fullRead, pages, total)
	g.partialFlush = len(partialFlush) > 0
	return nil
}

// markPartialFlushes finds the streams whose flush may have begun before the window that was read: some of it is at the
// window's windowEdge and some inside, taken in at the same moment. Their events are left for the next read, which goes
// all the way back, so that a stream that was stuck comes out in its own order.
func (g *group) markPartialFlushes(windowEdge int64, partialFlush map[*stream]bool) {
	atEdge := map[*stream]int64{}
	for _, r := range g.page.records {
		if r.ts < windowEdge {
			atEdge[r.from] = r.ingested
		} else if at, ok := atEdge[r.from]; ok && max(at-r.ingested, r.ingested-at) <= oneFlush {
			partialFlush[r.from] = true
		}
	}
}

// fresh gives the page's records that may be handed on, and remembers them. On a later page of a read, what was
// ingested after the read began is left for the next read: its older half may belong on a page already read.
func (g *group) fresh(begin int64, later bool, partialFlush map[*stream]bool) []record {
	if len(g.page.records) == 0 {
		return nil
	}
	fresh := make([]record, 0, len(g.page.records))
	for _, r := range g.page.records {
		if partialFlush[r.from] || later && r.ingested > begin {
			continue
		}
		g.remember(r)
		fresh = append(fresh, r)
	}
	return fresh
}

// finish notes a complete read and sets the distance of the next full one by its cost.
func (g *group) finish(begin int64, fullRead bool, pages, total int) {
	g.read = begin
	if !fullRead {
		g.shortLookback = shortLookback
		if pages > 1 {
			g.shortLookback = busyLookback
		}
		return
	}
	g.fullRead = begin
	g.fullReadEvery = max(
		min(fullReadMost, max(fullReadLeast, time.Duration(total)*time.Second/fullReadPace)),
		fullReadShare*g.t.pacer.cost(pages),
	)
	g.dedup.forget(g.fullRead - g.t.LookBack.Milliseconds())
}
