package logs

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/karmacadabra/karmactl/internal/engine"
)

func TestNothingIsAskedBetweenTheFlushesOfASteadyWriter(t *testing.T) {
	var r rhythm
	tr := &track{}
	for _, at := range []int64{10_000, 15_000, 20_010, 25_000} {
		for range flushLeast {
			r.saw(at)
		}
	}
	tr.rhythm, tr.read, tr.asked, tr.spoke = r, 25_030, 25_030, 25_030
	if due := tr.due(25_500, 20, 0); due < 29_900 || due > 30_100 {
		t.Errorf("it is asked again at %d, and the next flush is at 30020", due)
	}
	if due := tr.due(30_050, 20, 0); due > 30_050 {
		t.Errorf("after a flush it is asked at %d", due)
	}
	tr.asked, tr.read = 30_050, 30_050 // and it was late
	if due := tr.due(30_100, 20, 0); due > 31_500 {
		t.Errorf("after a flush that did not come it is asked at %d", due)
	}
}

func TestARhythmIsKnownWhateverItsWriterDoes(t *testing.T) {
	t.Parallel()
	const none, late = -1, -2
	for name, c := range map[string]struct {
		// sizes are how many events each flush has, a second after the last one; none and late are no flush, and an event that is late.
		sizes []int
		every int64
	}{
		"each flush has many":                {sizes: []int{5, 5, 5, 5}, every: 1000},
		"flushes have nothing to write":      {sizes: []int{5, 5, 5, none, 5, none, none, 5, 5}, every: 1000},
		"flushes have one event":             {sizes: []int{5, 5, 5, 5, 1, 1, 1}, every: 1000},
		"events are late":                    {sizes: []int{5, 5, 5, late, 5, late, 5}, every: 1000},
		"two late ones look like a flush":    {sizes: []int{5, 5, 5, 5, late, late, late, 5, 5}, every: 1000},
		"it was thought to be twice as fast": {sizes: []int{5, 5, none, 5, none, 5, none, 5, none, 5, none, 5}, every: 2000},
	} {
		r, at := rhythm{}, int64(10_000)
		for _, n := range c.sizes {
			if n == late {
				r.saw(at + 600)
				continue
			}
			at += 1000
			for range n {
				r.saw(at)
			}
		}
		if abs(r.every-c.every) > 20 || (r.last-at)%c.every != 0 || !r.steady() {
			t.Errorf("%s: each %d ms, last %d, kept %d; it is each %d, last %d", name, r.every, r.last, r.kept, c.every, at)
		}
	}
	r := rhythm{every: 1000, last: 10_000}
	for at := int64(11_300); at < 40_000; at += 1300 {
		for range flushLeast {
			r.saw(at)
		}
	}
	if abs(r.every-1300) > 20 || !r.steady() {
		t.Errorf("it has become each 1300 ms, and is taken to be each %d", r.every)
	}
}

func TestTheStreamThatGainsMostIsAskedFirst(t *testing.T) {
	t.Parallel()
	const now, behind, soon, later = 20_000, 0, 20_200, 22_000
	of := func(read, last int64, size float64) *track {
		return &track{read: read, rhythm: rhythm{last: last, every: 1000, size: size, kept: 9}}
	}
	for _, c := range []struct {
		why           string
		first, second float64
	}{
		{"more events wait", of(18_950, 18_900, 9).urgency(now, behind, later), of(18_950, 18_900, 3).urgency(now, behind, later)},
		{"they wait for longer", of(16_950, 16_900, 3).urgency(now, behind, later), of(18_950, 18_900, 3).urgency(now, behind, later)},
		{"FilterLogEvents would bring them later", of(18_950, 18_900, 3).urgency(now, behind, later), of(18_950, 18_900, 9).urgency(now, behind, soon)},
		{"there should be some", of(18_950, 18_900, 1).urgency(now, behind, soon), of(19_950, 19_900, 50).urgency(now, behind, later)},
		{"there is more on the next page", (&track{more: true}).urgency(now, behind, soon), of(10_000, 10_000, 50).urgency(now, behind, later)},
	} {
		if c.first <= c.second {
			t.Errorf("%s: %v and %v", c.why, c.first, c.second)
		}
	}
}

func TestAReadThatBeginsLetsTheReadsUnderWayGoFirst(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := newPacer(engine.RealClock{}, 2)
		start := time.Now()
		if err := p.take(t.Context(), fullBurst, true); err != nil {
			t.Fatal(err)
		}
		began := make(chan time.Duration)
		go func() {
			_ = p.take(t.Context(), 1, true)
			began <- time.Since(start)
		}()
		for range 5 { // pages, each of which is asked for when the last one is there
			time.Sleep(20 * time.Millisecond)
			if err := p.take(t.Context(), 1, false); err != nil {
				t.Fatal(err)
			}
		}
		if took := time.Since(start); took < 2400*time.Millisecond || took > 2600*time.Millisecond {
			t.Errorf("five pages at 2 calls a second took %v", took)
		}
		if at := <-began; at < 2900*time.Millisecond || at > 3100*time.Millisecond {
			t.Errorf("the next read began after %v", at)
		}
	})
}
