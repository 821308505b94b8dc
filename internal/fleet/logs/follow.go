package logs

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/karmacadabra/karmactl/internal/engine"
)

const (
	// A busy group is read again after busyEvery (freeEvery when nothing is paced, laneEvery beside the fast lane even
	// where the quota would allow more, liveEvery beside Live Tail), an idle one after idleEvery.
	busyEvery = 500 * time.Millisecond
	freeEvery = 250 * time.Millisecond
	laneEvery = 1200 * time.Millisecond
	liveEvery = 1500 * time.Millisecond
	idleEvery = 1800 * time.Millisecond
	// fastPace is the pace, in calls a second, above which busy groups are read as often as when nothing is paced.
	fastPace = 10
	// roundLimit is how long a round waits for a group that has many pages; the others then continue without it.
	roundLimit = time.Second
	// An event waits so much longer than Order when the round that would release it is slow: shortSlack where something
	// reads every group within a second, for then nothing that is in time can still come; else longSlack.
	longSlack, shortSlack = 2200 * time.Millisecond, 100 * time.Millisecond
	// tick is how often events that wait are looked at when no round releases them.
	tick = 50 * time.Millisecond
)

// message is what the readers tell the loop that hands events on.
type message struct {
	// polled came by FilterLogEvents, live by Live Tail and streamed by GetLogEvents.
	polled, live, streamed []record
	extra                  *Event
	// through says that all that could be read at this time (AWS's milliseconds) is here; 0 says nothing.
	through int64
	// sampled says that Live Tail has left out events until now.
	sampled bool
	// whole says that FilterLogEvents has brought all that could be read at this time of every group; 0 says nothing.
	whole int64
	// settled is the timestamp before which FilterLogEvents will not look again; 0 says nothing.
	settled int64
	err     error
}

// follow reads in rounds until ctx ends: all groups that are due are read at the same moment, because events of
// different groups can be put in order only when both groups have been read. Beside the fast lane, which brings most events
// in time, they are read one by one.
func (t *tailer) follow(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	inbox := make(chan message)
	post := func(m message) error {
		select {
		case inbox <- m:
			return nil
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
	var running sync.WaitGroup
	defer running.Wait()
	defer cancel()
	if t.Streams != nil && t.Pattern == "" {
		t.lane = newFastLane(t)
		running.Go(func() { t.lane.run(ctx, post) })
		running.Go(func() { t.lane.listen(ctx) })
	}
	running.Go(func() { t.rounds(ctx, post) })
	if t.Extra != nil {
		running.Go(func() { t.readExtra(ctx, post) })
	}
	if t.Live != nil {
		t.goLive(ctx, &running, post)
	}
	return t.emitFollowed(ctx, inbox)
}

// emitFollowed is the one place where followed events go out.
func (t *tailer) emitFollowed(ctx context.Context, inbox <-chan message) error {
	var due <-chan struct{} // when to look again at the events that wait; nil when there are none
	for {
		var m message
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case m = <-inbox:
			if m.err != nil {
				return m.err
			}
			t.collect(m)
		case <-due:
			due = nil
		}
		before := len(t.out.waiting)
		if err := t.out.release(max(m.through-t.Order.Milliseconds(), t.now()-(t.Order+t.slack()).Milliseconds())); err != nil {
			return err
		}
		if t.both != nil && m.settled != 0 {
			t.both.forget(m.settled)
		}
		if before != len(t.out.waiting) {
			if err := t.flush(); err != nil {
				return err
			}
		}
		if due == nil && len(t.out.waiting) > 0 {
			due = after(ctx, t.Clock, tick)
		}
	}
}

// slack is zero with Live Tail, which brings all groups at the same time.
func (t *tailer) slack() time.Duration {
	switch {
	case t.Live != nil:
		return 0
	case t.pacer.free():
		return longSlack
	case t.fast(), t.pacer.readsASecond() >= float64(len(t.groups)), t.pacer.together() < min(fullBurst, len(t.groups)):
		return shortSlack
	}
	return longSlack
}

// fast tells whether the fast lane runs.
func (t *tailer) fast() bool { return t.lane != nil && !t.lane.off.Load() }

func (t *tailer) collect(m message) {
	t.collectNew(byStream, m.streamed)
	t.collectNew(byFilter, m.polled)
	t.collectNew(byLive, t.gap.whole(m, t.now()))
	if m.extra != nil {
		t.out.add(recordOf(*m.extra))
	}
}

// collectNew takes the events that came in no other way before.
func (t *tailer) collectNew(by way, records []record) {
	for _, r := range records {
		if (t.both == nil || t.both.isNew(by, &r)) && t.keep.wants(t.traces, r) {
			t.out.add(r)
		}
	}
}

func (t *tailer) readExtra(ctx context.Context, post func(message) error) {
	for {
		select {
		case e, ok := <-t.Extra:
			if !ok || post(message{extra: &e}) != nil {
				return
			}
		case <-ctx.Done():
			return
		}
	}
}

// rounds reads the groups that are due, again and again: at the same moment, or one by one beside the fast lane.
func (t *tailer) rounds(ctx context.Context, post func(message) error) {
	var running sync.WaitGroup
	defer running.Wait()
	for _, g := range t.groups {
		g.busyUntil = t.now() + busyFor.Milliseconds()
		g.completeFull, g.absent = g.fullRead, g.missing
	}
	done := make(chan *group, len(t.groups))
	for ctx.Err() == nil {
		due, wait := t.due()
		if len(due) == 0 {
			select {
			case g := <-done:
				g.ended()
			case <-after(ctx, t.Clock, wait):
			}
			continue
		}
		oneByOne := t.fast() && !t.pacer.free()
		if oneByOne {
			due = due[:1]
		}
		if t.pacer.take(ctx, len(due), oneByOne) != nil {
			return
		}
		begin := t.now()
		for _, g := range due {
			g.reading, g.began = true, begin
			running.Go(func() {
				err := g.next(ctx, begin, func(rs []record) error { return post(message{polled: rs}) })
				if err != nil && ctx.Err() == nil {
					_ = post(message{err: err})
				}
				done <- g
			})
		}
		if !oneByOne {
			t.await(ctx, len(due), done)
		}
		for len(done) > 0 {
			(<-done).ended()
		}
		if post(message{through: t.through(begin), settled: t.settled(), whole: t.whole(begin)}) != nil {
			return
		}
	}
}

// ended notes in the rounds that the group's read has ended.
func (g *group) ended() {
	g.reading, g.complete, g.completeFull, g.absent = false, g.read, g.fullRead, g.missing
}

// settled is the timestamp that the next full read of every group begins at or after.
func (t *tailer) settled() int64 {
	oldest := t.now()
	for _, g := range t.groups {
		if !g.absent {
			oldest = min(oldest, g.completeFull)
		}
	}
	return oldest - t.LookBack.Milliseconds()
}

// whole is when the groups that there are were last read, all of them.
func (t *tailer) whole(begin int64) int64 {
	for _, g := range t.groups {
		if !g.absent {
			begin = min(begin, g.complete)
		}
	}
	return begin
}

// through is when the busy groups were last read, all of them.
func (t *tailer) through(begin int64) int64 {
	for _, g := range t.groups {
		if g.reading || g.busyUntil > begin {
			begin = min(begin, g.complete)
		}
	}
	return begin
}

// await waits for a round's reads, but not for ever.
func (t *tailer) await(ctx context.Context, n int, done <-chan *group) {
	limited, cancel := context.WithCancel(ctx)
	defer cancel()
	limit := after(limited, t.Clock, roundLimit)
	for n > 0 {
		select {
		case g := <-done:
			g.ended()
			n--
		case <-limit:
			return
		}
	}
}

// due gives the groups to read now, busy ones first, no more than may be called at once; or how long to wait.
func (t *tailer) due() ([]*group, time.Duration) {
	now, wait := t.now(), idleEvery
	var due []*group
	for _, g := range t.groups {
		if g.reading {
			continue
		}
		in := time.Duration(g.began-now)*time.Millisecond + t.every(g, now)
		if in <= 0 {
			due = append(due, g)
		} else {
			wait = min(wait, in)
		}
	}
	slices.SortStableFunc(due, func(a, b *group) int {
		if x, y := a.busyUntil > now, b.busyUntil > now; x != y && now-max(a.began, b.began) < 2*idleEvery.Milliseconds() {
			if x {
				return -1
			}
			return 1
		}
		return int(a.began - b.began)
	})
	return due[:min(len(due), t.pacer.together())], wait
}

func (t *tailer) every(g *group, now int64) time.Duration {
	switch {
	case t.Live != nil:
		return liveEvery
	case t.pacer.free():
		return freeEvery
	case g.missing || g.busyUntil <= now:
		return idleEvery
	case t.fast():
		return laneEvery
	case t.CallsPerSecond > fastPace:
		return freeEvery
	}
	return busyEvery
}

// after is a channel that closes after d or at ctx's end.
func after(ctx context.Context, clock engine.Clock, d time.Duration) <-chan struct{} {
	c := make(chan struct{})
	go func() {
		defer close(c)
		_ = clock.Wait(ctx, d)
	}()
	return c
}
