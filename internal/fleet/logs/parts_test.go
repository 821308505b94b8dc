package logs

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/karmacadabra/karmactl/internal/engine"
	"github.com/karmacadabra/karmactl/internal/fleet/logs/logstest"
)

func TestThePacerGivesABurstAndThenThePace(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := newPacer(engine.RealClock{}, 4.9)
		start := time.Now()
		for range 490 {
			if err := p.take(t.Context(), 1, false); err != nil {
				t.Fatal(err)
			}
		}
		if took := time.Since(start); took < 98*time.Second || took > 100*time.Second {
			t.Errorf("490 calls took %v", took)
		}
	})
}

func TestThePacerGoesSlowerWhileItIsThrottled(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := newPacer(engine.RealClock{}, 4.9)
		quota := logstest.Bucket(2) // another reader takes the rest
		start, throttled := time.Now(), 0
		for time.Since(start) < 200*time.Second {
			if err := p.take(t.Context(), 1, false); err != nil {
				t.Fatal(err)
			}
			if quota(time.Now()) {
				p.granted()
				continue
			}
			p.throttled()
			if time.Since(start) > 100*time.Second {
				throttled++
			}
		}
		if throttled > 40 {
			t.Errorf("%d throttles in 100 s at 2 calls a second", throttled)
		}
	})
}

func TestMemoryOfIdsIsBoundedByTheWindow(t *testing.T) {
	t.Parallel()
	s := newDedup()
	most := 0
	for ts := int64(0); ts < 3_600_000; ts += 10 {
		s.add(ts, s.hash(fmt.Append(nil, ts)))
		if ts%2000 == 0 {
			s.forget(ts - 30_000)
		}
		most = max(most, s.size())
	}
	if most > 4000 {
		t.Errorf("%d ids are kept of 100 events a second and 30 s", most)
	}
	if ts := int64(3_599_990); !s.has(ts, s.hash(fmt.Append(nil, ts))) || s.has(ts, s.hash([]byte("other"))) {
		t.Error("ids are mixed up")
	}
}

func TestEventsThatComeInSeveralWaysAreJoinedByContentAndCount(t *testing.T) {
	t.Parallel()
	r, from := newReconciler(), &stream{group: "g", name: "s"}
	twin := record{ts: 1000, ingested: 1500, message: "same line", from: from}
	// Two come by Live Tail and three by FilterLogEvents: one more is new, and its push is known. GetLogEvents has the
	// three too. Then two are read and one is pushed, and a fifth is streamed before all.
	got := ""
	for _, step := range "LLFFFL" + "SSS" + "FFL" + "SSSF" {
		e := twin
		by := map[rune]way{'L': byLive, 'F': byFilter, 'S': byStream}[step]
		got += map[bool]string{true: "new ", false: "known "}[r.isNew(by, &e)]
	}
	if got != "new new known known new known "+"known known known "+"new new known "+"known known new known " {
		t.Error(got)
	}
	other := twin
	other.ingested++
	if !r.isNew(byFilter, &other) {
		t.Error("another ingestion time is another event")
	}
	r.forget(1 << 40)
	if len(r.counts) != 0 {
		t.Error("nothing was forgotten")
	}
	if again := twin; r.isNew(byStream, &again) {
		t.Error("GetLogEvents brings again what is forgotten")
	}
}

func TestAnEventWithoutAnIDGetsTheSameOneInEveryRun(t *testing.T) {
	t.Parallel()
	ids := map[string]int{}
	for range 2 {
		r := newReconciler()
		for range 2 {
			e := record{ts: 1000, ingested: 1500, message: "same line", from: &stream{group: "g", name: "s"}}
			r.isNew(byStream, &e)
			ids[e.id]++
		}
	}
	if len(ids) != 2 {
		t.Errorf("two equal events in two runs are %v", ids)
	}
}

func TestAWrongLocalClockDoesNotMatter(t *testing.T) {
	t.Parallel()
	for _, off := range []time.Duration{-90 * time.Second, 90 * time.Second} {
		synctest.Test(t, func(t *testing.T) {
			lines := logstest.Minute(time.Now().Add(2*time.Second), time.Second, 42)
			server := logstest.NewServer(time.Now, lines)
			server.Allow = logstest.Bucket(5)
			ctx, cancel := context.WithTimeout(t.Context(), 100*time.Second)
			defer cancel()
			printed, _, _ := collect(ctx, server.Client(25*time.Millisecond), Options{
				Groups: testGroups(), Region: smallest, Follow: true, Clock: wrongClock{off},
			})
			if r := logstest.Check(lines, printed); r.Lost+r.LostLate+r.Doubled != 0 || r.P95 > 3*time.Second {
				t.Errorf("%v off: %v", off, r)
			}
		})
	}
}

// wrongClock is off by so much.
type wrongClock struct{ off time.Duration }

func (c wrongClock) Now() time.Time { return time.Now().Add(c.off) }

func (wrongClock) Wait(ctx context.Context, d time.Duration) error {
	return engine.RealClock{}.Wait(ctx, d)
}

func TestFiltersLeaveOut(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		re := func(s string) []*regexp.Regexp { return []*regexp.Regexp{regexp.MustCompile(s)} }
		for _, c := range []struct {
			o    Options
			want int
		}{
			{Options{}, 1000},
			{Options{Pattern: `"evt=0000007"`}, 1},
			{Options{Include: re(`evt=00000\d0`)}, 10},
			{Options{Exclude: re(`evt=0000[1-9]`)}, 100},
			{Options{Level: LevelInfo}, 1000},
			{Options{Level: LevelError}, 0},
			{Options{Task: "0123"}, 1000},
			{Options{Task: "9"}, 0},
			{Options{Tail: 3, Include: re(`evt=00000\d0`)}, 3},
			{Options{Since: time.Now().Add(-time.Minute - 300*time.Millisecond), Until: time.Now().Add(-time.Minute - 100*time.Millisecond)}, 67},
		} {
			_, events, _, _ := history(t, 1000, nil, c.o)
			if len(events) != c.want {
				t.Errorf("%+v gives %d, want %d", c.o, len(events), c.want)
			}
		}
	})
}

func TestANamedQueryIsRunAndItsCostIsTold(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		server := logstest.NewServer(time.Now, nil)
		q, err := FindQuery("errors", nil)
		if err != nil {
			t.Fatal(err)
		}
		r, err := Query{NamedQuery: q, Clock: engine.RealClock{}, Groups: testGroups(), Since: time.Now().Add(-time.Hour), Until: time.Now()}.Run(t.Context(), server.Client(0))
		if err != nil {
			t.Fatal(err)
		}
		var text, doc bytes.Buffer
		if err := errors.Join(r.WriteTable(&text, 0), json.NewEncoder(&doc).Encode(r.Document())); err != nil {
			t.Fatal(err)
		}
		want := "group        errors\nvalidator    12\nkarma-hello  3\n\n2 rows · 15 of 200000 events matched · 36.0 MB scanned · $0.000180\n"
		if text.String() != want {
			t.Errorf("got\n%s\nwant\n%s", text.String(), want)
		}
		if !strings.HasPrefix(doc.String(), `{"schema":"karmactl/v1","kind":"LogQuery","query":"errors","columns":["group","errors"],"rows":[{"errors":"12","group":"validator"}`) {
			t.Error(doc.String())
		}
	})
}

func TestAQueryThatIsLeftIsStopped(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		server := logstest.NewServer(time.Now, nil)
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		defer cancel()
		_, err := Query{NamedQuery: Queries()[0], Clock: engine.RealClock{}, Groups: testGroups(), Since: time.Now(), Until: time.Now()}.Run(ctx, server.Client(0))
		if !errors.Is(err, context.DeadlineExceeded) || server.Calls("StopQuery") != 1 {
			t.Errorf("%v, stopped %d times", err, server.Calls("StopQuery"))
		}
	})
}

func TestQueriesOfTheUserGoFirst(t *testing.T) {
	t.Parallel()
	own := []NamedQuery{{Name: "errors", Text: "mine"}}
	if q, err := FindQuery("errors", own); err != nil || q.Text != "mine" {
		t.Errorf("%v, %v", q, err)
	}
	if _, err := FindQuery("nope", own); err == nil || !strings.Contains(err.Error(), "errors, errors, requests, response-time, slow") {
		t.Error(err)
	}
}

func TestColoursAndTracebacksDoNotHideALevel(t *testing.T) {
	t.Parallel()
	for message, want := range map[string]Level{
		"\x1b[31mERROR\x1b[0m out of tokens":              LevelError,
		"\x1b[1;38;5;208mWARN\x1b[0m x":                   LevelWarn,
		"\x1b[2m2026-11-28\x1b[0m \x1b[32m INFO\x1b[0m x": LevelInfo,
		"[\x1b[31merror\x1b[0m] x":                        LevelError,
		`{"level":"\u001b[31merror\u001b[39m","msg":"x"}`: LevelError,
		"Traceback (most recent call last):\n  File":      LevelError,
		"panic: runtime error: index out of range":        LevelFatal,
		"goroutine 1 [running]:":                          LevelError,
		"java.lang.IllegalStateException: no":             LevelError,
		"TypeError: x is not a function\n    at main":     LevelError,
		"Exception in thread \"main\"":                    LevelError,
		"no error at all":                                 LevelAny,
		"info all well ERROR_COUNT=0":                     LevelAny,
		"MAX_ERROR: 3":                                    LevelAny,
		"Exceptional results":                             LevelAny,
	} {
		if got := LevelOf(message); got != want {
			t.Errorf("%q has level %v, want %v", message, got, want)
		}
	}
}

func TestATracebackOfManyEventsIsOneThing(t *testing.T) {
	t.Parallel()
	from, other := &stream{group: "g", name: "s"}, &stream{group: "g", name: "other"}
	f, in := newFilter(Options{Level: LevelError}), traces{}
	var kept []string
	for _, r := range []record{
		{from: from, message: "INFO: begins"},
		{from: from, message: "Traceback (most recent call last):"},
		{from: other, message: "  indented by another stream"},
		{from: from, message: "  File \"a.py\", line 4"},
		{from: from, message: "    pay()"},
		{from: from, message: "KeyError: 'PRIVATE_KEY'"},
		{from: from, message: "and on it goes"},
		{from: from, message: "\x1b[31mERROR\x1b[0m: again"},
		{from: from, message: "panic: no"},
		{from: from, message: ""},
		{from: from, message: "goroutine 1 [running]:"},
		{from: from, message: "main.main()"},
		{from: from, message: "\t/app/main.go:4 +0x1d"},
		{from: from, message: "exit status 2"},
		{from: from, message: "INFO: up again"},
	} {
		if f.wants(in, r) {
			kept = append(kept, r.message)
		}
	}
	want := []string{
		"Traceback (most recent call last):", "  File \"a.py\", line 4", "    pay()", "KeyError: 'PRIVATE_KEY'", "\x1b[31mERROR\x1b[0m: again",
		"panic: no", "", "goroutine 1 [running]:", "main.main()", "\t/app/main.go:4 +0x1d", "exit status 2",
	}
	if !slices.Equal(kept, want) {
		t.Errorf("kept %q", kept)
	}
}

func TestATableOfAQueryFitsTheScreen(t *testing.T) {
	t.Parallel()
	r := QueryResult{Columns: []string{"agent", "message"}, Rows: [][]string{{"validator", "a message of many words that is wider than the screen"}, {"x", "short"}}}
	var b bytes.Buffer
	if err := r.WriteTable(&b, 40); err != nil {
		t.Fatal(err)
	}
	table, _, _ := strings.Cut(b.String(), "\n\n")
	want := "agent      message\nvalidator  a message of many words that\n           is wider than the screen\nx          short"
	if table != want {
		t.Errorf("got\n%s", table)
	}
}

func TestASecondThatLiveTailSamplesIsLeftToFilterLogEvents(t *testing.T) {
	var g liveGap
	later, first, again := record{message: "later"}, record{message: "first"}, record{message: "again"}
	for _, c := range []struct {
		m    message
		now  int64
		want []record
	}{
		{m: message{live: []record{first}}, now: 900, want: []record{first}},
		{m: message{sampled: true}, now: 1000},
		{m: message{live: []record{later}}, now: 2000},
		{m: message{whole: 999}, now: 2100},
		{m: message{sampled: true}, now: 3000}, // what was held before comes by FilterLogEvents, too
		{m: message{whole: 2900}, now: 3100},
		{m: message{live: []record{later, again}}, now: 4000},
		{m: message{whole: 3000}, now: 4100, want: []record{later, again}},
		{m: message{live: []record{again}}, now: 5000, want: []record{again}},
	} {
		if got := g.whole(c.m, c.now); len(got) != len(c.want) || len(got) > 0 && got[0].message != c.want[0].message {
			t.Errorf("at %d there are %v, want %v", c.now, got, c.want)
		}
	}
}

func (d *dedup) size() int {
	n := 0
	for _, m := range d.buckets {
		n += len(m)
	}
	return n
}
