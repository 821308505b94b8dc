package logs

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs/types"

	"github.com/karmacadabra/karmactl/internal/cloud"
)

const (
	// liveGroups is how many log groups one Live Tail session takes.
	liveGroups = 10
	// liveAgain is how long to wait before a session that ended is opened again; AWS ends each after 3 hours.
	liveAgain = time.Second
	// LivePrice is what Live Tail costs; the user is told before it starts.
	LivePrice = "Live Tail costs $0.01 a minute after the account's 1,800 free minutes a month"
)

// goLive opens the sessions. Whatever becomes of them, reading continues and misses nothing.
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
					t.say("Live Tail ended, reading continues without it: " + cloud.Reason(err).Error())
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
			said := message{live: liveRecords(update.Value.SessionResults, groups, known)}
			if m := update.Value.SessionMetadata; m != nil && m.Sampled {
				t.say("Live Tail samples (more than 500 events a second): such seconds come a little later, whole")
				said = message{sampled: true}
			}
			if err := post(said); err != nil {
				return err
			}
		}
	}
}

// liveGap is what Live Tail has left out of a second with too many events for it. A sample of a stream has gaps: what comes
// after it would be in front of what it lacks. So a sample is dropped and what comes later is held, until FilterLogEvents
// has brought that second whole.
type liveGap struct {
	// until is the end of the gap in AWS's milliseconds; 0 is none.
	until int64
	held  []record
}

// whole gives what Live Tail has brought that has no gap before it.
func (l *liveGap) whole(m message, now int64) []record {
	if m.sampled {
		l.until, l.held = now, nil
	}
	if l.until == 0 {
		return m.live
	}
	l.held = append(l.held, m.live...)
	if m.whole < l.until {
		return nil
	}
	closed := l.held
	l.until, l.held = 0, nil
	return closed
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
			from = &stream{name: name, task: taskOf(name), container: containerOf(name), agent: groups[at].Agent, group: groups[at].Name}
			streams[key] = from
		}
		records = append(records, record{
			ts: aws.ToInt64(e.Timestamp), ingested: aws.ToInt64(e.IngestionTime), message: aws.ToString(e.Message), from: from,
		})
	}
	return records
}
