package logs

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/smithy-go"

	"github.com/karmacadabra/karmactl/internal/cloud"
	"github.com/karmacadabra/karmactl/internal/engine"
	"github.com/karmacadabra/karmactl/internal/fleet/logs/logstest"
)

// taskBefore is how long before its first event the lane is told of a stream: ECS has a task 20 to 40 s before that, and
// is asked every 5 s.
const taskBefore = 15 * time.Second

// knownStream is a stream and when its first event is, in milliseconds.
type knownStream struct {
	Stream
	At int64
}

// firstLines gives the streams of lines.
func firstLines(lines []logstest.Line) []knownStream {
	var streams []knownStream
	for _, l := range lines {
		s := Stream{Group: l.Group, Name: l.Stream}
		i := slices.IndexFunc(streams, func(k knownStream) bool { return k.Stream == s })
		if i < 0 {
			streams = append(streams, knownStream{s, l.At})
			continue
		}
		streams[i].At = min(streams[i].At, l.At)
	}
	return streams
}

// tellStreams tells of the streams of lines as ECS does of tasks, until ctx ends.
func tellStreams(ctx context.Context, lines []logstest.Line) <-chan Stream {
	return tell(ctx, firstLines(lines))
}

func tell(ctx context.Context, streams []knownStream) <-chan Stream {
	known := make(chan Stream)
	for _, s := range streams {
		go func() {
			if (engine.RealClock{}).Wait(ctx, time.Until(time.UnixMilli(s.At))-taskBefore) != nil {
				return
			}
			select {
			case known <- s.Stream:
			case <-ctx.Done():
			}
		}()
	}
	return known
}

// busyRegion is a region with its quotas, where half of the first pages and a quarter of the last ones are empty and have
// a token.
func busyRegion(lines []logstest.Line, granted cloud.LogQuotas) *logstest.Server {
	server := logstest.NewServer(time.Now, lines)
	server.Allow, server.AllowStream = logstest.Bucket(granted.Filter), logstest.Bucket(granted.Stream)
	server.ThrottleEvery, server.EmptyEvery, server.EmptyPages = 20, 17, true
	return server
}

func TestAMinuteIsFollowedWithoutLossInABusyRegion(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		region      string
		flush       time.Duration
		live        bool
		seed        uint64 // 42 when it is 0
		runs        int    // at full length, of which the middle lag counts where it differs from run to run; one when it is 0
		setup       func(*logstest.Server)
		median, p95 time.Duration
		calls       int // of both operations in 100 s; a call is what most CPU goes to
	}{
		"10 calls a second, writers 1 s apart": {region: "sa-east-1", flush: time.Second, runs: 5, median: 700 * time.Millisecond, p95: 1300 * time.Millisecond, calls: 1900},
		"25 calls a second, writers 1 s apart": {region: "us-east-1", flush: time.Second, median: 700 * time.Millisecond, p95: 1300 * time.Millisecond, calls: 1700},
		"5 calls a second, writers 1 s apart":  {region: smallest, flush: time.Second, runs: 5, median: 900 * time.Millisecond, p95: 3000 * time.Millisecond},
		"5 calls a second, writers 5 s apart":  {region: smallest, flush: 5 * time.Second, runs: 5, median: 400 * time.Millisecond, p95: 1800 * time.Millisecond},
		"another reader has half of 10 calls":  {region: "sa-east-1", flush: time.Second, runs: 3, median: 700 * time.Millisecond, p95: 2250 * time.Millisecond, setup: func(s *logstest.Server) { s.Allow = logstest.Bucket(5) }},
		"5 calls a second with Live Tail":      {region: smallest, flush: time.Second, runs: 3, live: true, median: 600 * time.Millisecond, p95: time.Second},
		"25 calls a second, writers 5 s apart": {region: "us-east-1", flush: 5 * time.Second, runs: 3, median: 400 * time.Millisecond, p95: 1000 * time.Millisecond},
		"Live Tail that samples":               {region: "sa-east-1", flush: 5 * time.Second, live: true, seed: 43, median: 500 * time.Millisecond, p95: 900 * time.Millisecond},
		"tokens by arrival":                    {region: "sa-east-1", flush: 5 * time.Second, runs: 3, median: 700 * time.Millisecond, p95: 1300 * time.Millisecond, setup: func(s *logstest.Server) { s.ByArrival = true }},
		"no right to GetLogEvents":             {region: "us-east-1", flush: 5 * time.Second, median: 700 * time.Millisecond, p95: 1300 * time.Millisecond, setup: func(s *logstest.Server) { s.DenyStream = true }},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var medians, p95s []time.Duration
			runs, median, p95 := max(c.runs, 1), c.median, c.p95
			if testing.Short() { // one run tells a fault, and is now and then slower than the middle one by a fifth
				runs, median, p95 = 1, median*4/3, p95*4/3
			}
			for range runs {
				synctest.Test(t, func(t *testing.T) {
					lines := logstest.Minute(time.Now().Add(2*time.Second), c.flush, cmp.Or(c.seed, 42))
					server := busyRegion(lines, cloud.LogQuotasOf(c.region))
					if c.setup != nil {
						c.setup(server)
					}
					ctx, cancel := context.WithTimeout(t.Context(), 100*time.Second)
					defer cancel()
					client := server.Client(25 * time.Millisecond)
					o := Options{Groups: testGroups(), Follow: true, Region: c.region, Streams: client, Known: tellStreams(ctx, lines)}
					if c.live {
						o.Live = client
					}
					printed, _, err := collect(ctx, client, o)
					if !errors.Is(err, context.DeadlineExceeded) {
						t.Fatalf("ended with %v", err)
					}
					r := logstest.Check(lines, printed)
					t.Logf("%v; %d calls, %d throttled; %d of streams, %d throttled", r, server.Calls("FilterLogEvents"), server.Throttled("FilterLogEvents"),
						server.Calls("GetLogEvents"), server.Throttled("GetLogEvents"))
					if r.Lost+r.LostLate+r.Doubled+r.WrongAgent+r.Unknown+r.StreamDisorder != 0 || r.Printed != logstest.MinuteEvents {
						t.Error("events were lost, doubled, put to the wrong agent or out of order in their stream")
					}
					if n := server.Calls("FilterLogEvents") + server.Calls("GetLogEvents"); c.calls != 0 && n > c.calls {
						t.Errorf("%d calls in 100 s, more than %d", n, c.calls)
					}
					medians, p95s = append(medians, r.Median), append(p95s, r.P95)
				})
			}
			slices.Sort(medians)
			slices.Sort(p95s)
			if medians[runs/2] > median || p95s[runs/2] > p95 {
				t.Errorf("lag is over %v / %v: %v / %v", median, p95, medians, p95s)
			}
		})
	}
}

func TestAnOutageLeavesNoGapAndDoublesNothing(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		lines := logstest.Minute(start.Add(2*time.Second), time.Second, 7)
		server := busyRegion(lines, cloud.LogQuotasOf("sa-east-1"))
		ctx, cancel := context.WithTimeout(t.Context(), 240*time.Second)
		defer cancel()
		// The net is gone for longer than the lane and the reads of the look-back remember; then FilterLogEvents for longer.
		api := outage{API: server.Client(25 * time.Millisecond), filter: start.Add(130 * time.Second), stream: start.Add(110 * time.Second), from: start.Add(20 * time.Second)}
		api.streams = server.Client(25 * time.Millisecond)
		printed, _, _ := collect(ctx, api, Options{Groups: testGroups(), Follow: true, Region: "sa-east-1", Streams: api, Known: tellStreams(ctx, lines)})
		if r := logstest.Check(lines, printed); r.Lost+r.LostLate+r.Doubled+r.StreamDisorder != 0 {
			t.Errorf("%v", r)
		}
	})
}

// outage is a connection that fails from one moment to others.
type outage struct {
	API
	streams              StreamAPI
	from, filter, stream time.Time
}

func (o outage) down(until time.Time) error {
	if now := time.Now(); now.After(o.from) && now.Before(until) {
		return &smithy.GenericAPIError{Code: "RequestTimeout", Message: "no route to host"}
	}
	return nil
}

func (o outage) FilterLogEvents(ctx context.Context, in *cloudwatchlogs.FilterLogEventsInput, opts ...func(*cloudwatchlogs.Options)) (*cloudwatchlogs.FilterLogEventsOutput, error) {
	if err := o.down(o.filter); err != nil {
		return nil, err
	}
	return o.API.FilterLogEvents(ctx, in, opts...)
}

func (o outage) GetLogEvents(ctx context.Context, in *cloudwatchlogs.GetLogEventsInput, opts ...func(*cloudwatchlogs.Options)) (*cloudwatchlogs.GetLogEventsOutput, error) {
	if err := o.down(o.stream); err != nil {
		return nil, err
	}
	return o.streams.GetLogEvents(ctx, in, opts...)
}

func TestTheFastLaneStaysOffWhereItCannotHelp(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		pattern string
		deny    bool
		calls   int
		said    string
	}{
		"with a pattern, which GetLogEvents does not have": {pattern: `"evt"`},
		"without the permission":                           {deny: true, calls: streamCalls, said: "without the permission logs:GetLogEvents events come a little later"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				lines := logstest.Minute(time.Now(), time.Second, 3)
				server := logstest.NewServer(time.Now, lines)
				server.DenyStream = c.deny
				ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
				defer cancel()
				var said []string
				client := server.Client(25 * time.Millisecond)
				_, events, _ := collect(ctx, client, Options{
					Groups: testGroups(), Follow: true, Pattern: c.pattern, Streams: client, Known: tellStreams(ctx, lines), Say: func(s string) { said = append(said, s) },
				})
				if n := server.Calls("GetLogEvents"); n > c.calls || len(events) == 0 {
					t.Errorf("%d calls, %d events", n, len(events))
				}
				if c.said != "" && !slices.Contains(said, c.said) {
					t.Errorf("said %q", said)
				}
			})
		})
	}
}

func TestThePaceLearnsWhatAWSGrants(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := newPacer(engine.RealClock{}, filterShare*25)
		// run makes calls for a minute, and counts the granted and the refused ones.
		run := func(quota func(time.Time) bool) (granted, refused int) {
			for start := time.Now(); time.Since(start) < time.Minute; {
				if err := p.take(t.Context(), 1, false); err != nil {
					t.Fatal(err)
				}
				if quota(time.Now()) {
					granted++
					p.granted()
				} else {
					refused++
					p.throttled()
				}
			}
			return granted, refused
		}
		if granted, refused := run(logstest.Bucket(5)); granted < 270 || refused > 45 {
			t.Errorf("of 5 calls a second it had %d in a minute, and %d refused", granted, refused)
		}
		if granted, refused := run(logstest.Bucket(5)); granted < 270 || refused > 25 {
			t.Errorf("after a minute it had %d, and %d refused", granted, refused)
		}
		run(logstest.Bucket(25))
		run(logstest.Bucket(25))
		if granted, _ := run(logstest.Bucket(25)); granted < 1200 {
			t.Errorf("when others left it had %d of 25 a second", granted)
		}
	})
}
