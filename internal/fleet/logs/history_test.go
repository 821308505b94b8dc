package logs

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/karmacadabra/karmactl/internal/fleet/logs/logstest"
)

func history(t *testing.T, n int, setup func(*logstest.Server), o Options) ([]logstest.Printed, []Event, []logstest.Line, *logstest.Server) {
	t.Helper()
	lines := logstest.History(time.Now().Add(-time.Minute), n)
	server := logstest.NewServer(time.Now, lines)
	server.Allow = logstest.Bucket(5)
	if setup != nil {
		setup(server)
	}
	o.Groups = testGroups()
	printed, events, err := collect(t.Context(), server.Client(25*time.Millisecond), o)
	if err != nil {
		t.Fatal(err)
	}
	return printed, events, lines, server
}

func TestHistoryComesWholeInOrderAndAtThePaceOfTheQuota(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		printed, events, lines, server := history(t, 200_000, func(s *logstest.Server) { s.EmptyEvery = 0 }, Options{})
		took := time.Since(began)
		r := logstest.Check(lines, printed)
		t.Logf("%v in %v, %d calls", r, took, server.Calls("FilterLogEvents"))
		if r.Lost+r.LostLate+r.Doubled+r.WrongAgent+r.Unknown+r.Disorder != 0 {
			t.Errorf("history is not whole and in order: %v", r)
		}
		if rate := 200_000 / took.Seconds(); rate < 26_500 {
			t.Errorf("%.0f events/s, less than 26,500", rate)
		}
		for _, e := range events {
			if e.Late {
				t.Fatal("an event of the history is marked late")
			}
		}
	})
}

// TestHistoryUsesTheLargeQuota has 35 calls to make: ten at once, the others at 24.5 a second.
func TestHistoryUsesTheLargeQuota(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		printed, _, lines, server := history(t, 200_000, func(s *logstest.Server) { s.Allow = logstest.Bucket(25) }, Options{Region: "us-east-1"})
		rate := 200_000 / time.Since(began).Seconds()
		t.Logf("%.0f events/s, %d calls, %d throttled", rate, server.Calls("FilterLogEvents"), server.Throttled("FilterLogEvents"))
		if r := logstest.Check(lines, printed); r.Lost+r.LostLate+r.Doubled+r.Disorder != 0 || rate < 175_000 {
			t.Errorf("%.0f events/s, less than 175,000, or %v", rate, r)
		}
	})
}

func TestHistoryReadsOnePageOfEachGroupAndOneAheadOfWhatIsTaken(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		server := logstest.NewServer(time.Now, logstest.History(time.Now(), 100_000))
		ctx, cancel := context.WithCancel(t.Context())
		taken := 0
		err := Tail(ctx, server.Client(25*time.Millisecond), Options{Groups: testGroups(), Since: time.Now().AddDate(0, 0, -1)}, func(Event) error {
			if taken++; taken == 1 {
				time.Sleep(time.Hour) // a reader who does not take what there is
				if n := server.Calls("FilterLogEvents"); n != len(testGroups())+pagesAhead {
					t.Errorf("%d pages are held", n)
				}
				cancel()
			}
			return nil
		})
		if !errors.Is(err, context.Canceled) {
			t.Errorf("ended with %v", err)
		}
	})
}

func TestHistorySurvivesThrottlesAndEmptyPages(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		printed, _, lines, server := history(t, 100_000, func(s *logstest.Server) { s.ThrottleEvery, s.EmptyEvery = 5, 3 }, Options{})
		r := logstest.Check(lines, printed)
		if r.Lost+r.Doubled+r.Disorder != 0 || server.Throttled("FilterLogEvents") == 0 {
			t.Errorf("%v, %d throttled", r, server.Throttled("FilterLogEvents"))
		}
	})
}

func TestTailGivesTheLastEventsOfAllGroups(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		_, events, lines, server := history(t, 50_000, nil, Options{Tail: 10})
		if len(events) != 10 {
			t.Fatalf("%d events", len(events))
		}
		for i, e := range events {
			if want := lines[len(lines)-10+i]; e.Message != want.Message {
				t.Errorf("event %d is %q, want %q", i, e.Message, want.Message)
			}
		}
		if n := server.Calls("FilterLogEvents"); n != 5 {
			t.Errorf("%d calls for five groups", n)
		}
	})
}
