package engine

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"
)

const (
	// readyLimit is how long a resource may stay Pending: the slowest, an
	// interface endpoint or a load balancer, takes three minutes.
	readyLimit = 15 * time.Minute
	// notYetLimit is how long fresh roles and ids may take to be known everywhere.
	// AWS names 5 to 20 s for roles and up to a minute for ids.
	notYetLimit = 2 * time.Minute
	// visibleWithin is how long something just made may be missing from listings.
	visibleWithin = 60 * time.Second
	// inUseLimit is how long a delete waits for something that is not ours.
	inUseLimit = 30 * time.Second
	// pollFirst and pollEvery are the shortest and the longest time between two reads.
	pollFirst = 500 * time.Millisecond
	pollEvery = 2 * time.Second
	// inUseEvery is the longest time between two tries to delete what is in use. It is
	// shorter than pollEvery because the last deletes of a down wait only for each other:
	// each second saved there is a second less for the user.
	inUseEvery = time.Second
	// sayAfter is how long a wait goes without a word: most are over by then.
	sayAfter = 3 * time.Second
	// readFor is how long an apply trusts a shared listing for its first read.
	readFor = 5 * time.Second
)

// poller is one wait: it knows how long it has been and says what it waits for.
type poller struct {
	t     *visit
	began time.Time
	limit time.Duration
	every time.Duration
	said  string
}

func (t *visit) poll(limit time.Duration) *poller {
	return &poller{t: t, began: t.Clock.Now(), limit: limit, every: pollEvery}
}

// wait sleeps until the next read. It ends with ErrInterrupted after a Ctrl-C
// and with a message that names the last thing AWS said after the limit.
func (p *poller) wait(ctx context.Context, why string) error {
	elapsed := p.t.Clock.Now().Sub(p.began)
	if elapsed >= p.limit {
		return fmt.Errorf("still not there after %s: %s", elapsed.Round(time.Second), why)
	}
	if why != p.said && elapsed >= sayAfter {
		p.said = why
		o := p.t.o
		o.Reason, o.Took = why, elapsed
		p.t.emit(EventWaiting, o)
	}
	// A quarter of what it took so far: what is there after two seconds is seen then,
	// and a wait of minutes does not ask ten times as often as it has to.
	return p.t.pause(ctx, min(max(elapsed/4, cmp.Or(p.t.Poll, pollFirst)), p.every))
}

// pause waits for d, the end of ctx, or a Ctrl-C.
func (r *run) pause(ctx context.Context, d time.Duration) error {
	if r.stopping() {
		return ErrInterrupted
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	done := make(chan struct{})
	defer close(done)
	go func() {
		select {
		case <-r.Stop:
			cancel(ErrInterrupted)
		case <-r.stopped:
			cancel(ErrInterrupted)
		case <-done:
		}
	}()
	return r.Clock.Wait(ctx, d)
}

// retry repeats a create or an update while what it refers to is not known
// everywhere yet: a role that IAM has not spread, an id made a moment ago. Each
// call that f makes takes a slot of its own. When a reply was lost f reads and
// waits; a wait that held a slot while its reads ask for another would stop the
// walk once as many replies are lost as there are slots.
func (t *visit) retry(ctx context.Context, f func() error) error {
	return t.repeat(ctx, notYetLimit, f, NotYet, NotFound)
}

// retryBusy repeats an update also while AWS is at an earlier change of the same resource.
func (t *visit) retryBusy(ctx context.Context, f func() error) error {
	return t.repeat(ctx, t.node.patience(), func() error { return t.retry(ctx, f) }, Busy)
}

// repeat does f again while its error is of one of the classes, up to a limit.
func (t *visit) repeat(ctx context.Context, limit time.Duration, f func() error, while ...Class) error {
	p := t.poll(limit)
	for {
		err := f()
		if err == nil || !slices.Contains(while, t.Classify(err)) {
			return err
		}
		if werr := p.wait(ctx, t.reason(err)); werr != nil {
			if t.stopping() {
				return ErrInterrupted
			}
			return fmt.Errorf("%w: %w", werr, err)
		}
	}
}

// reason is an error in few words, where it has them: what is tried again is not yet wrong.
func (r *run) reason(err error) string {
	err = r.explain(err)
	if brief := (interface{ Brief() string })(nil); errors.As(err, &brief) {
		return brief.Brief()
	}
	return err.Error()
}

// fresh is how old a shared listing may be for a poller: pollers that read within
// a second of each other share a call.
func (r *run) fresh() time.Time { return r.Clock.Now().Add(-time.Second) }
