package logs

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/karmacadabra/karmactl/internal/fleet/logs/logstest"
)

// smallest is a region with the quota of 5 FilterLogEvents a second that most servers here have.
const smallest = "eu-central-1"

func testGroups() []Group {
	var groups []Group
	for _, a := range logstest.Agents {
		groups = append(groups, Group{Agent: a, Name: logstest.GroupOf(a), ARN: "arn:aws:logs:us-east-1:123456789012:log-group:" + logstest.GroupOf(a)})
	}
	return groups
}

// collect tails until ctx ends and notes when each event came.
func collect(ctx context.Context, api API, o Options) ([]logstest.Printed, []Event, error) {
	var printed []logstest.Printed
	var events []Event
	err := Tail(ctx, api, o, func(e Event) error {
		printed = append(printed, logstest.Printed{Agent: e.Agent, Text: e.Message, When: time.Now()})
		events = append(events, e)
		return nil
	})
	return printed, events, err
}

func TestAMinuteIsFollowedWithoutLossUnderTheQuota(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name          string
		flush         time.Duration
		throttleEvery int
		allow         func(time.Time) bool
		live          bool
		rate          float64
		order         time.Duration
		median, p95   time.Duration
		calls         int
	}{
		{name: "writers 1 s apart, each 20th call throttled", flush: time.Second, throttleEvery: 20, allow: logstest.Bucket(5), median: time.Second, p95: 1900 * time.Millisecond, calls: 500},
		{name: "writers 5 s apart, each 20th call throttled", flush: 5 * time.Second, throttleEvery: 20, allow: logstest.Bucket(5), median: time.Second, p95: 1900 * time.Millisecond, calls: 500},
		{name: "a quota counted over a sliding second", flush: time.Second, throttleEvery: 20, allow: logstest.Window(5), median: time.Second, p95: 1900 * time.Millisecond, calls: 500},
		{name: "with Live Tail", flush: time.Second, throttleEvery: 20, allow: logstest.Bucket(5), live: true, median: time.Second, p95: 1900 * time.Millisecond, calls: 500},
		{name: "with Live Tail, writers 5 s apart: AWS samples", flush: 5 * time.Second, throttleEvery: 20, allow: logstest.Bucket(5), live: true, median: time.Second, p95: 1900 * time.Millisecond, calls: 500},
		{name: "without a quota", flush: time.Second, rate: -1, order: 500 * time.Millisecond, median: 500 * time.Millisecond, p95: time.Second, calls: 4000},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				start := time.Now()
				lines := logstest.Minute(start.Add(2*time.Second), c.flush, 42)
				server := logstest.NewServer(time.Now, lines)
				server.Allow, server.ThrottleEvery, server.EmptyEvery = c.allow, c.throttleEvery, 17
				ctx, cancel := context.WithTimeout(t.Context(), 100*time.Second)
				defer cancel()
				var words []string
				o := Options{Groups: testGroups(), Region: smallest, Follow: true, CallsPerSecond: c.rate, Order: c.order, Say: func(s string) { words = append(words, s) }}
				client := server.Client(25 * time.Millisecond)
				if c.live {
					o.Live = client
				}
				printed, _, err := collect(ctx, client, o)
				if !errors.Is(err, context.DeadlineExceeded) {
					t.Fatalf("ended with %v", err)
				}
				r := logstest.Check(lines, printed)
				calls := server.Calls("FilterLogEvents")
				t.Logf("%v; %d calls, %d throttled; said %q", r, calls, server.Throttled("FilterLogEvents"), words)
				if r.Lost+r.LostLate+r.Doubled+r.WrongAgent+r.Unknown != 0 || r.Printed != logstest.MinuteEvents {
					t.Error("events were lost, doubled or put to the wrong agent")
				}
				if r.StreamDisorder != 0 {
					t.Error("on-time events of a stream are out of order")
				}
				if r.Median > c.median || r.P95 > c.p95 {
					t.Errorf("lag is over %v / %v", c.median, c.p95)
				}
				if calls > c.calls {
					t.Errorf("%d calls in 100 s, more than %d", calls, c.calls)
				}
			})
		})
	}
}

func TestTheMergedStreamIsInOrderWithinTheWindow(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		flush, order time.Duration
	}{{time.Second, DefaultOrder}, {time.Second, time.Second}, {5 * time.Second, 5 * time.Second}, {5 * time.Second, 25 * time.Second}} {
		t.Run(fmt.Sprintf("%v of writers %v apart", c.order, c.flush), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				lines := logstest.Minute(time.Now().Add(2*time.Second), c.flush, 42)
				server := logstest.NewServer(time.Now, lines)
				server.Allow, server.ThrottleEvery, server.EmptyEvery = logstest.Bucket(5), 20, 17
				ctx, cancel := context.WithTimeout(t.Context(), 120*time.Second)
				defer cancel()
				printed, events, _ := collect(ctx, server.Client(25*time.Millisecond), Options{Groups: testGroups(), Region: smallest, Follow: true, Order: c.order})
				if n := logstest.OutOfOrder(lines, printed, c.order); n != 0 || len(events) != len(lines) {
					t.Errorf("%d of %d events out of order", n, len(events))
				}
				late := 0
				for i, e := range events {
					if e.Late {
						late++
					} else if i > 0 && e.Time.Before(events[i-1].Time) {
						t.Fatalf("%v comes after %v and is not marked late", e.Time, events[i-1].Time)
					}
				}
				t.Logf("%d events marked late", late)
			})
		})
	}
}

func TestTailThenFollowShowsNothingOlderAndNothingTwice(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		lines := logstest.Minute(start, time.Second, 3)
		server := logstest.NewServer(time.Now, lines)
		server.Allow = logstest.Bucket(5)
		time.Sleep(30 * time.Second)
		ctx, cancel := context.WithTimeout(t.Context(), 60*time.Second)
		defer cancel()
		client := server.Client(25 * time.Millisecond)
		printed, events, _ := collect(ctx, client, Options{Groups: testGroups(), Region: smallest, Follow: true, Tail: 20, Since: start, Streams: client, Known: tellStreams(ctx, lines)})
		floor := events[0].Time.UnixMilli()
		want := 0
		for _, l := range lines {
			if l.At > floor {
				want++
			}
		}
		r := logstest.Check(lines, printed)
		if r.Doubled != 0 || len(events) < want {
			t.Errorf("%v; at least %d are wanted", r, want)
		}
		for _, e := range events {
			if e.Time.UnixMilli() < floor {
				t.Fatalf("%v is older than the tail's first", e)
			}
		}
	})
}

func TestAGroupThatIsBornLaterIsWaitedFor(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		lines := logstest.Minute(start.Add(12*time.Second), time.Second, 5)
		server := logstest.NewServer(time.Now, lines)
		server.Allow = logstest.Bucket(5)
		for _, a := range logstest.Agents[:3] {
			server.Born[logstest.GroupOf(a)] = start.Add(11 * time.Second).UnixMilli()
		}
		ctx, cancel := context.WithTimeout(t.Context(), 110*time.Second)
		defer cancel()
		said := map[string]int{}
		printed, _, err := collect(ctx, server.Client(25*time.Millisecond), Options{Groups: testGroups(), Region: smallest, Follow: true, Say: func(s string) { said[s]++ }})
		r := logstest.Check(lines, printed)
		if r.Lost+r.LostLate+r.Doubled != 0 || !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%v, %v", r, err)
		}
		if len(said) != 1 || said["3 of 5 log groups do not exist yet: waiting for them: "+logstest.GroupOf("validator")+", "+logstest.GroupOf("karma-hello")+", "+logstest.GroupOf("abracadabra")] != 1 {
			t.Errorf("said %v", said)
		}
	})
}

func TestAGroupThatDoesNotExistIsPassedOverWithoutFollow(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var said []string
		server := logstest.NewServer(time.Now, nil)
		_, events, err := collect(t.Context(), server.Client(0), Options{Groups: testGroups()[:1], Say: func(s string) { said = append(said, s) }})
		if err != nil || len(events) != 0 || fmt.Sprint(said) != "[log group /ecs/karmacadabra-prod/validator does not exist: passed over]" {
			t.Errorf("%v, %v, said %q", err, events, said)
		}
	})
}

func TestAStuckStreamComesOutInItsOwnOrder(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		var lines []logstest.Line
		for _, l := range logstest.Minute(start.Add(time.Second), time.Second, 9) {
			l.Late = false
			if at := l.At - start.UnixMilli(); at > 20_000 && at < 40_000 && l.Group == logstest.GroupOf("validator") {
				l.Visible = start.UnixMilli() + 40_000
			} else {
				l.Visible = l.At - l.At%1000 + 1000
			}
			lines = append(lines, l)
		}
		server := logstest.NewServer(time.Now, lines)
		server.Allow = logstest.Bucket(5)
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Second)
		defer cancel()
		printed, _, _ := collect(ctx, server.Client(25*time.Millisecond), Options{Groups: testGroups(), Region: smallest, Follow: true})
		if r := logstest.Check(lines, printed); r.Lost+r.Doubled+r.StreamDisorder != 0 {
			t.Errorf("%v", r)
		}
	})
}

func TestCancelEndsAtOnceAndLeavesNothingRunning(t *testing.T) {
	t.Parallel()
	for _, after := range []time.Duration{0, 10 * time.Millisecond, 7300 * time.Millisecond, 30 * time.Second} {
		synctest.Test(t, func(t *testing.T) {
			start := time.Now()
			server := logstest.NewServer(time.Now, logstest.Minute(start, time.Second, 42))
			server.Allow = logstest.Bucket(5)
			ctx, cancel := context.WithCancelCause(t.Context())
			stop := errors.New("interrupted")
			time.AfterFunc(after, func() { cancel(stop) })
			client := server.Client(25 * time.Millisecond)
			_, _, err := collect(ctx, client, Options{Groups: testGroups(), Region: smallest, Follow: true, Live: client})
			if took := time.Since(start) - after; !errors.Is(err, stop) || took > 50*time.Millisecond {
				t.Errorf("after %v it took %v and ended with %v", after, took, err)
			}
		})
	}
}

func TestEventsFromElsewhereAreWovenIn(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		server := logstest.NewServer(time.Now, logstest.Minute(start, time.Second, 42))
		extra := make(chan Event)
		ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
		defer cancel()
		stop := start.Add(10 * time.Second)
		time.AfterFunc(10*time.Second+200*time.Millisecond, func() {
			extra <- Event{Time: stop, Agent: "validator", Source: "ecs", Message: "task 8c1f stopped: exit 1"}
			close(extra)
		})
		_, events, _ := collect(ctx, server.Client(25*time.Millisecond), Options{
			Groups: testGroups(), Follow: true, Extra: extra,
			Past: []Event{{Time: start.Add(-time.Minute), Agent: "validator", Source: "ecs", Message: "task 8c1f started"}},
		})
		if events[0].Message != "task 8c1f started" {
			t.Errorf("the first event is %v", events[0])
		}
		for i, e := range events[1:] {
			if e.Source == "ecs" {
				if e.Late || events[i].Time.After(stop) || events[i+2].Time.Before(stop) && !events[i+2].Late {
					t.Errorf("woven in between %v and %v", events[i].Time, events[i+2].Time)
				}
				return
			}
		}
		t.Error("the event from elsewhere did not come")
	})
}

func TestAnErrorThatWillNotPassEndsIt(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		_, _, err := collect(t.Context(), denied{}, Options{Groups: testGroups(), Region: smallest, Follow: true})
		if err == nil || err.Error() != "read log group /ecs/karmacadabra-prod/validator: no permission" && !errors.Is(err, errDenied) {
			t.Errorf("ended with %v", err)
		}
	})
}

func TestAnErrorOfEmitEndsIt(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		server := logstest.NewServer(time.Now, logstest.Minute(time.Now(), time.Second, 42))
		full := errors.New("disk full")
		err := Tail(t.Context(), server.Client(0), Options{Groups: testGroups(), Region: smallest, Follow: true}, func(Event) error { return full })
		if !errors.Is(err, full) {
			t.Errorf("ended with %v", err)
		}
	})
}
