package logs

import (
	"context"
	"math"
	"sync"
	"time"

	"github.com/karmacadabra/karmactl/internal/engine"
)

const (
	// fullBurst is how many calls may go out together: as many as the smallest quota grants in a second. In a history it is
	// burstShare of what a larger one grants.
	fullBurst, burstShare = 5, 0.4
	// nearby is how few answers between two throttles make them close to each other.
	nearby = 10
	// burstAgain is after how many answers one more call may go out together, when throttles made them fewer.
	burstAgain = 60
	// slowest is the pace below which no throttle brings a pacer, in calls a second.
	slowest = 0.3
)

// How the pace follows AWS's answers. A lone throttle may be chance, so it costs little and is soon forgotten. Throttles
// close to each other say that the pace is above what AWS grants, or that another reader in the account uses the same
// quota: the pace they came at is remembered as the wall, and from just below it the pace only creeps up.
const (
	afterLone  = 0.95
	afterClose = 0.8
	regain     = 1.03
	creep      = 1.002
	belowWall  = 0.95
)

// pacer shares one quota of the account between all who call: a bucket of burst calls that fills at rate.
type pacer struct {
	clock engine.Clock
	// unpaced is true when nothing is paced.
	unpaced bool

	mu sync.Mutex
	// most is the pace to begin with and not to exceed.
	most  float64
	rate  float64
	wall  float64
	burst float64
	// full is the largest burst that AWS may bear.
	full   float64
	tokens float64
	filled time.Time
	// calm counts answers since the last throttle, apart those since the last two close to each other, and answers has when the last ones came.
	calm    int
	apart   int
	answers [16]time.Time
	answer  int
	// perRead is how many calls a read of a group takes, of late: AWS's empty pages count.
	perRead float64
}

func newPacer(clock engine.Clock, rate float64) *pacer {
	return &pacer{clock: clock, unpaced: rate < 0, most: rate, rate: rate, wall: 2 * rate, burst: fullBurst, full: fullBurst, tokens: fullBurst, filled: clock.Now(), calm: 100, perRead: 1}
}

// inOneGo lets more calls go out together where the quota is larger, for a read that is over after a few dozen of them.
func (p *pacer) inOneGo() {
	p.full = max(fullBurst, math.Floor(burstShare*p.most+0.5))
	p.burst, p.tokens = p.full, p.full
}

// free reports that nothing is paced.
func (p *pacer) free() bool { return p.unpaced }

// bound sets the pace not to exceed. A higher one is reached within some dozens of answers.
func (p *pacer) bound(most float64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.fill()
	p.most, p.rate = most, min(most, p.rate)
}

// together is how many calls may go out at once.
func (p *pacer) together() int {
	if p.free() {
		return 1 << 20
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	return int(p.burst)
}

// take waits until n calls may go out. Who asked first goes first; a last one lets all others go first, those too that
// ask while it waits, as the pages of a read that has begun do.
func (p *pacer) take(ctx context.Context, n int, last bool) error {
	if p.free() {
		return context.Cause(ctx)
	}
	for {
		p.mu.Lock()
		p.fill()
		left := p.tokens - float64(n)
		granted := left >= 0 || !last
		if granted {
			p.tokens = left
		}
		wait := time.Duration(-left / p.rate * float64(time.Second))
		p.mu.Unlock()
		switch {
		case left >= 0:
			return context.Cause(ctx)
		case granted:
			return p.clock.Wait(ctx, wait)
		}
		if err := p.clock.Wait(ctx, max(wait, time.Millisecond)); err != nil {
			return err
		}
	}
}

func (p *pacer) fill() {
	now := p.clock.Now()
	p.tokens = min(p.burst, p.tokens+now.Sub(p.filled).Seconds()*p.rate)
	p.filled = now
}

// throttled tells of a call that AWS refused for its pace. It reports whether the pace is above what AWS grants.
func (p *pacer) throttled() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.fill()
	p.tokens = min(p.tokens, 0)
	isClose := p.calm < nearby
	p.calm = 0
	if !isClose {
		p.rate = max(slowest, p.rate*afterLone)
		return false
	}
	p.apart = 0
	if p.burst > 1 {
		// AWS may dislike calls that go out together, not their pace.
		p.burst = min(fullBurst, p.burst-1)
		p.full = fullBurst
		p.rate = max(slowest, p.rate*afterLone)
		return false
	}
	was := p.rate
	p.rate = max(slowest, was*afterClose)
	p.wall = max(p.rate, min(was, p.answered()))
	return true
}

// granted tells of a call that AWS answered.
func (p *pacer) granted() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.fill()
	if below := p.wall * belowWall; p.rate < below {
		p.rate = min(p.most, below, p.rate*regain)
	} else {
		p.rate = min(p.most, p.rate*creep)
		p.wall = max(p.wall, p.rate)
	}
	p.calm++
	p.answers[p.answer%len(p.answers)] = p.clock.Now()
	p.answer++
	if p.apart++; p.apart%burstAgain == 0 {
		p.burst = min(p.full, p.burst+1)
	}
}

// answered is the pace of the last answers in calls a second: so much AWS has borne of late.
func (p *pacer) answered() float64 {
	oldest := p.answers[p.answer%len(p.answers)]
	if oldest.IsZero() {
		return 0
	}
	return float64(len(p.answers)) / max(0.001, p.clock.Now().Sub(oldest).Seconds())
}

// readTook tells of a read of a group that took so many calls.
func (p *pacer) readTook(calls int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.perRead += (float64(calls) - p.perRead) / 8
}

// readsASecond is how many groups can be read in a second.
func (p *pacer) readsASecond() float64 {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.rate / p.perRead
}

// cost is how long so many calls take at the present pace.
func (p *pacer) cost(calls int) time.Duration {
	if p.free() {
		return 0
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	return time.Duration(float64(calls) / p.rate * float64(time.Second))
}
