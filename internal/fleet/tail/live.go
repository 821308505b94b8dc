package tail

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/maphash"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs/types"
)

const (
	// liveGroups is how many log groups one Live Tail session takes.
	liveGroups = 10
	// liveAgain is how long to wait before a session that ended is opened again; AWS ends each after 3 hours.
	liveAgain = time.Second
	// LivePrice is what Live Tail costs; the user is told before it starts.
	LivePrice = "Live Tail costs $0.01 a minute after the account's 1,800 free minutes a month"
)

// goLive opens the sessions. Whatever becomes of them, reading goes on and misses nothing.
func (t *tailer) goLive(ctx context.Context, running *sync.WaitGroup, post func(message) error) {
	sessions := (len(t.groups) + liveGroups - 1) / liveGroups
	price := LivePrice
	if sessions > 1 {
		price += fmt.Sprintf(", times %d sessions for %d log groups", sessions, len(t.groups))
	}
	t.say(price)
	for groups := range slices.Chunk(t.groups, liveGroups) {
		running.Go(func() {
			for ctx.Err() == nil {
				if err := t.session(ctx, groups, post); err != nil && ctx.Err() == nil {
					t.say("Live Tail ended, reading goes on without it: " + err.Error())
					if !isPassing(err) && !isThrottle(err) {
						return
					}
				}
				if t.Clock.Wait(ctx, liveAgain) != nil {
					return
				}
			}
		})
	}
}

// session runs one Live Tail session to its end. A nil error is AWS's own end of it.
func (t *tailer) session(ctx context.Context, groups []*group, post func(message) error) error {
	in := &cloudwatchlogs.StartLiveTailInput{}
	for _, g := range groups {
		in.LogGroupIdentifiers = append(in.LogGroupIdentifiers, strings.TrimSuffix(g.ARN, ":*"))
	}
	if t.Pattern != "" {
		in.LogEventFilterPattern = aws.String(t.Pattern)
	}
	out, err := t.Live.StartLiveTail(ctx, in)
	if err != nil {
		return err
	}
	pushed := out.GetStream()
	defer pushed.Close()
	known := map[string]*stream{}
	for {
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case e, ok := <-pushed.Events():
			if !ok {
				return endOf(pushed.Err())
			}
			update, ok := e.(*types.StartLiveTailResponseStreamMemberSessionUpdate)
			if !ok {
				continue
			}
			if m := update.Value.SessionMetadata; m != nil && m.Sampled {
				t.say("Live Tail samples (more than 500 events a second): the others come a little later")
			}
			if err := post(message{live: liveRecords(update.Value.SessionResults, groups, known)}); err != nil {
				return err
			}
		}
	}
}

// endOf makes AWS's own end of a session no error.
func endOf(err error) error {
	var timeout *types.SessionTimeoutException
	if errors.As(err, &timeout) {
		return nil
	}
	return err
}

func liveRecords(events []types.LiveTailSessionLogEvent, groups []*group, streams map[string]*stream) []record {
	var records []record
	for i := range events {
		e := &events[i]
		id := aws.ToString(e.LogGroupIdentifier)
		at := slices.IndexFunc(groups, func(g *group) bool { return id == g.Name || strings.HasSuffix(id, ":"+g.Name) })
		if at < 0 {
			continue
		}
		name := aws.ToString(e.LogStreamName)
		key := groups[at].Name + "\x00" + name
		from := streams[key]
		if from == nil {
			if len(streams) >= 1000 {
				clear(streams)
			}
			from = &stream{name: name, task: taskOf(name), agent: groups[at].Agent, group: groups[at].Name}
			streams[key] = from
		}
		records = append(records, record{
			ts: aws.ToInt64(e.Timestamp), ingested: aws.ToInt64(e.IngestionTime), message: aws.ToString(e.Message), from: from,
		})
	}
	return records
}

// join makes one stream of what Live Tail pushes and what is read. Live Tail's events have no id, so both are
// known by group, stream, timestamp, ingestion time and message; equal ones are counted, since a burst may well
// hold the same line twice in one millisecond.
type join struct {
	seed maphash.Seed
	// ahead counts by slice of time and content: above 0, Live Tail is so many ahead; below, reading is.
	ahead map[int64]map[uint64]int32
	n     int
}

func newJoin() *join {
	return &join{seed: maphash.MakeSeed(), ahead: map[int64]map[uint64]int32{}}
}

// live counts a pushed event in and reports whether it is new; a new one gets an id.
func (j *join) live(r *record) bool {
	key := j.key(*r)
	if j.count(r.ts, key, +1) <= 0 {
		return false
	}
	j.n++
	r.id = fmt.Sprintf("live-%016x-%d", key, j.n)
	return true
}

// polled counts a read event in and reports whether it is new.
func (j *join) polled(r record) bool { return j.count(r.ts, j.key(r), -1) < 0 }

func (j *join) count(ts int64, key uint64, by int32) int32 {
	m := j.ahead[ts/slice]
	if m == nil {
		m = map[uint64]int32{}
		j.ahead[ts/slice] = m
	}
	m[key] += by
	n := m[key]
	if n == 0 {
		delete(m, key)
	}
	return n
}

func (j *join) key(r record) uint64 {
	var h maphash.Hash
	h.SetSeed(j.seed)
	var b [16]byte
	binary.LittleEndian.PutUint64(b[:8], uint64(r.ts))
	binary.LittleEndian.PutUint64(b[8:], uint64(r.ingested))
	_, _ = h.Write(b[:])
	for _, s := range []string{r.from.group, "\x00", r.from.name, "\x00", r.message} {
		_, _ = h.WriteString(s)
	}
	return h.Sum64()
}

// forget drops what is older than ts.
func (j *join) forget(ts int64) {
	for k := range j.ahead {
		if (k+1)*slice <= ts {
			delete(j.ahead, k)
		}
	}
}
