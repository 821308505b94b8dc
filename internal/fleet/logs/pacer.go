package logs

import (
	"context"
	"sync"
	"time"

	"github.com/karmacadabra/karmactl/internal/engine"
)

// fullBurst is how many calls may go out together: AWS's quota is 5 a second.
const fullBurst = 5

// nearby is how few successes between two throttles make them close to each other.
const nearby = 10

// pacer shares the one quota of the account between all groups: a bucket of fullBurst calls that fills at rate.
// A throttle slows the filling, a lone one by 5 % and those close to each other by 25 %, and each success takes 3 % of
// that back, so that the pace settles below what AWS grants even when somebody else in the account uses the same
// quota. Throttles close to each other also shrink the bucket, for then AWS dislikes calls that go out together; it
// grows again when throttles are rare.
type pacer struct {
	clock engine.Clock
	rate  float64

	mu     sync.Mutex
	burst  float64
	tokens float64
	filled time.Time
	slow   float64
	// calm counts successes since the last throttle.
	calm int
}

func newPacer(clock engine.Clock, rate float64) *pacer {
	return &pacer{clock: clock, rate: rate, burst: fullBurst, tokens: fullBurst, filled: clock.Now(), slow: 1, calm: 100}
}

// free reports that nothing is paced.
func (p *pacer) free() bool { return p.rate < 0 }

// together is how many calls may go out at once.
func (p *pacer) together() int {
	if p.free() {
		return 1 << 20
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	return int(p.burst)
}

// take waits until n calls may go out. Who asked first goes first.
func (p *pacer) take(ctx context.Context, n int) error {
	if p.free() {
		return context.Cause(ctx)
	}
	p.mu.Lock()
	p.fill()
	p.tokens -= float64(n)
	wait := time.Duration(-p.tokens / p.rate * p.slow * float64(time.Second))
	p.mu.Unlock()
	if wait <= 0 {
		return context.Cause(ctx)
	}
	return p.clock.Wait(ctx, wait)
}

func (p *pacer) fill() {
	now := p.clock.Now()
	p.tokens = min(p.burst, p.tokens+now.Sub(p.filled).Seconds()*p.rate/p.slow)
	p.filled = now
}

// throttled tells of a call that AWS refused for its pace.
func (p *pacer) throttled() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.fill()
	p.tokens = min(p.tokens, 0)
	if p.calm < nearby {
		p.slow = min(16, p.slow*1.25)
		p.burst = max(1, p.burst-1)
	} else {
		p.slow = min(16, p.slow*1.05)
	}
	p.calm = 0
}

// granted tells of a call that AWS answered.
func (p *pacer) granted() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.fill()
	p.slow = max(1, p.slow*0.97)
	p.calm++
	if p.calm == nearby+nearby/2 {
		p.burst = min(fullBurst, p.burst+1)
	}
}
