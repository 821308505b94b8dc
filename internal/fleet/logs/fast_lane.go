package logs

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"

	"github.com/karmacadabra/karmactl/internal/cloud"
	"github.com/karmacadabra/karmactl/internal/engine"
)

// StreamAPI is what Options.Streams needs of *cloudwatchlogs.Client.
type StreamAPI interface {
	GetLogEvents(context.Context, *cloudwatchlogs.GetLogEventsInput, ...func(*cloudwatchlogs.Options)) (*cloudwatchlogs.GetLogEventsOutput, error)
}

// Stream names the log stream of an ECS task that is running or about to run.
type Stream struct {
	// Group is the log group's name.
	Group, Name string
}

const (
	// A stream is asked again after a quarter of its silence, in these bounds. One that does not exist yet, because its
	// task has not started, is asked for after absentLeast, and later when there are many: all of them together get one
	// call of absentShare.
	streamLeast, streamMost = 300 * time.Millisecond, 5 * time.Second
	absentLeast             = time.Second
	absentShare             = 10
	// streamQuiet is the silence after which a stream is left to FilterLogEvents, until it speaks again, and
	// streamForgotten the one after which AWS no longer takes its token.
	streamQuiet, streamForgotten = 2 * time.Minute, 24 * time.Hour
	// streamPast is how far back the lane begins to read a stream that speaks already.
	streamPast = time.Minute
	// streamCalls is how many calls may be under way.
	streamCalls = 8
	// streamIdle is how long the lane sleeps at most: a stream may have become known.
	streamIdle = 100 * time.Millisecond
	// largePage is a page so full that there is more behind it.
	largePage = 1000
)

// fastLane reads the streams that are known, each by itself, with GetLogEvents. Its quota is another one than
// FilterLogEvents' and its tokens never go back, so a call brings only what is new. What it cannot see, events that
// come late and streams that it was not told of, FilterLogEvents brings: the lane is for speed and may miss anything.
type fastLane struct {
	t     *tailer
	api   StreamAPI
	pacer *pacer
	// start is the oldest timestamp that the lane reads, in AWS's milliseconds.
	start int64
	// off is true when AWS does not allow the calls.
	off atomic.Bool

	mu     sync.Mutex
	tracks map[Stream]*track
	// behind is how long after a flush its events can be read, in milliseconds by our clock.
	behind int64
	// usual is how far apart some writer's flushes are: those of a fleet mostly have one rhythm.
	usual int64
	// net is what is known of FilterLogEvents' reads of each group.
	net map[string]*netReads
	// absentEvery is how often streams that do not exist yet are asked for at present.
	absentEvery time.Duration
}

func newFastLane(t *tailer) *fastLane {
	return &fastLane{t: t, api: t.Streams, pacer: newPacer(t.Clock, t.StreamCallsPerSecond), start: t.now(), tracks: map[Stream]*track{}, net: map[string]*netReads{}, behind: time.Second.Milliseconds()}
}

// know adds a stream that spoke, or will, at a time in AWS's milliseconds; or notes it of one that it has.
func (l *fastLane) know(s *stream, at int64, exists bool) {
	if l.off.Load() || !l.t.keep.wantsStream(s) {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	key := Stream{Group: s.group, Name: s.name}
	tr := l.tracks[key]
	if tr == nil {
		tr = &track{from: s, start: max(l.start, l.t.now()-streamPast.Milliseconds())}
		l.tracks[key] = tr
	}
	tr.spoke = max(tr.spoke, at)
	tr.absent = tr.absent && !exists
}

// groupRead notes that FilterLogEvents was asked for a whole group: what its streams had by then is known, and fresh of
// it is new.
func (l *fastLane) groupRead(name string, asked int64, fresh []record) {
	newest := map[*stream]int64{}
	for _, r := range fresh {
		newest[r.from] = max(newest[r.from], r.ts)
	}
	for s, at := range newest {
		l.know(s, at, true)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if n := l.net[name]; n == nil {
		l.net[name] = &netReads{at: asked, every: guessedEvery.Milliseconds()}
	} else if asked > n.at {
		n.every += (asked - n.at - n.every) / 4
		n.at = asked
	}
	for key, tr := range l.tracks {
		if key.Group == name {
			tr.read = max(tr.read, asked)
		}
	}
	for _, r := range fresh {
		if tr := l.tracks[Stream{Group: r.from.group, Name: r.from.name}]; tr != nil {
			l.saw(tr, r)
		}
	}
}

// listen adds the streams that Options.Known names.
func (l *fastLane) listen(ctx context.Context) {
	for {
		select {
		case s, ok := <-l.t.Known:
			if !ok {
				return
			}
			for _, g := range l.t.groups {
				if g.Name == s.Group && !l.knows(s) {
					l.know(&stream{name: s.Name, task: taskOf(s.Name), container: containerOf(s.Name), agent: g.Agent, group: g.Name}, l.t.now(), false)
				}
			}
		case <-ctx.Done():
			return
		}
	}
}

func (l *fastLane) knows(s Stream) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.tracks[s] != nil
}

// run asks for the streams that are due until ctx ends, or AWS does not allow it.
func (l *fastLane) run(ctx context.Context, post func(message) error) {
	var running sync.WaitGroup
	defer running.Wait()
	// The same goroutines make all calls: a new one would have to grow its stack at each call.
	begun := make(chan *track)
	defer close(begun)
	for range streamCalls {
		running.Go(func() {
			p := &page{largeBuffers: l.t.largeBuffers, known: func(int64, []byte) bool { return false }}
			for tr := range begun {
				l.ask(ctx, tr, p, post)
			}
		})
	}
	for ctx.Err() == nil && !l.off.Load() {
		if first, wait := l.next(); first == nil {
			_ = l.t.Clock.Wait(ctx, wait)
			continue
		}
		l.pacer.bound(l.pace())
		if l.pacer.take(ctx, 1, false) != nil {
			return
		}
		// Only now, for another one may be more urgent after the wait.
		if tr := l.begin(); tr != nil {
			select {
			case begun <- tr:
			case <-ctx.Done():
			}
		}
	}
}

// pace is how many calls a second are worth their CPU at present.
func (l *fastLane) pace() float64 {
	apart := time.Duration(float64(len(l.t.groups)) / l.t.pacer.readsASecond() * float64(time.Second))
	switch {
	case l.t.pacer.free() || l.t.CallsPerSecond > fastPace && apart < longRead:
		return min(easyPace, l.t.StreamCallsPerSecond)
	case apart < longRead:
		return min(streamPace, l.t.StreamCallsPerSecond)
	}
	return l.t.StreamCallsPerSecond
}

// begin takes the track to ask for.
func (l *fastLane) begin() *track {
	tr, _ := l.next()
	l.mu.Lock()
	defer l.mu.Unlock()
	if tr != nil {
		tr.calling, tr.asked = true, l.t.now()
	}
	return tr
}

// next gives the track to ask for, or how long to wait for one.
func (l *fastLane) next() (*track, time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := l.t.now()
	var first *track
	wait, best, absent := streamIdle.Milliseconds(), 0.0, 0
	for key, tr := range l.tracks {
		silence := time.Duration(now-tr.spoke) * time.Millisecond
		if tr.calling || tr.lost || silence > streamQuiet {
			if silence > streamForgotten {
				delete(l.tracks, key)
			}
			continue
		}
		if tr.absent {
			absent++
		}
		if in := tr.due(now, l.behind, l.absentEvery) - now; in > 0 {
			wait = min(wait, in)
		} else if u := tr.urgency(now, l.behind, l.net[key.Group].next(now)); first == nil || u > best {
			first, best = tr, u
		}
	}
	l.absentEvery = max(absentLeast, l.pacer.cost(absentShare*absent))
	return first, time.Duration(wait) * time.Millisecond
}

// ask makes one call for a track and hands on what it brings.
func (l *fastLane) ask(ctx context.Context, tr *track, p *page, post func(message) error) {
	err := l.call(ctx, tr, p)
	l.learn(tr, p.records)
	if err == nil && len(p.records) > 0 {
		err = post(message{streamed: p.handOver()})
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	tr.calling, tr.more = false, false
	switch {
	case err == nil:
		tr.read = max(tr.read, tr.asked)
		// An empty page with another token has more behind it; at the end of a stream the same token comes back.
		tr.more = tr.token != "" && p.token != tr.token && p.total == 0 || p.total >= largePage
		if p.total > 0 {
			tr.spoke = l.t.now()
		}
		tr.token, tr.absent = p.token, false
	case cloud.Is(err, "ResourceNotFoundException"):
		tr.absent, tr.read = true, max(tr.read, tr.asked)
	case isThrottle(err):
		tr.asked = tr.read // at once again; the pacer waits
	case ctx.Err() == nil && !isPassing(err):
		tr.lost = true
	}
}

// learn notes when the stream's writer flushes, and how soon that can be read.
func (l *fastLane) learn(tr *track, records []record) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(records) == 0 {
		return
	}
	for _, r := range records {
		l.saw(tr, r)
	}
	l.behind = min(tr.asked-tr.rhythm.last, l.behind+1)
}

// saw notes an event of a stream. Until its own rhythm is known, it is taken to have that of others.
func (l *fastLane) saw(tr *track, r record) {
	tr.rhythm.saw(r.ingested)
	switch {
	case tr.rhythm.every == 0:
		tr.rhythm.every = l.usual
	case tr.rhythm.steady():
		l.usual = tr.rhythm.every
	}
}

func (l *fastLane) call(ctx context.Context, tr *track, p *page) error {
	ctx, cancel := context.WithTimeout(ctx, callLimit)
	defer cancel()
	in := &cloudwatchlogs.GetLogEventsInput{
		LogGroupName: &tr.from.group, LogStreamName: &tr.from.name, StartTime: &tr.start, StartFromHead: aws.Bool(true),
	}
	if tr.token != "" {
		in.NextToken = aws.String(tr.token)
	}
	p.reset()
	p.intern = func([]byte) *stream { return tr.from }
	out, err := l.api.GetLogEvents(ctx, in, p.option)
	switch {
	case err == nil || cloud.Is(err, "ResourceNotFoundException"):
		l.pacer.granted()
	case isThrottle(err):
		if l.pacer.throttled() {
			l.t.sayThrottled()
		}
	case cloud.Classify(err) == engine.Denied && !l.off.Swap(true):
		l.t.say("without the permission logs:GetLogEvents events come a little later")
	}
	if err == nil && !p.decoded {
		p.takeStream(out)
	}
	return err
}
