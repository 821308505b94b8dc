package engine

import (
	"context"
	"fmt"
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
	// heldLimit is how long a delete waits for something that is not ours.
	heldLimit = 30 * time.Second
	// pollFirst and pollEvery are the shortest and the longest time between two looks.
	pollFirst = 500 * time.Millisecond
	pollEvery = 2 * time.Second
	// heldEvery is the longest time between two tries to delete what is held: a walk
	// down ends with a few of them, and each second there is one of its own.
	heldEvery = time.Second
	// sayAfter is how long a wait goes without a word: most are over by then.
	sayAfter = 3 * time.Second
	// readFor is how long an apply trusts a shared listing for a first look.
	readFor = 5 * time.Second
)

// poller is one wait: it knows how long it has been and says what it waits for.
type poller struct {
	r     *run
	o     Outcome
	began time.Time
	limit time.Duration
	every time.Duration
	said  string
}

func (r *run) poll(o Outcome, limit time.Duration) *poller {
	return &poller{r: r, o: o, began: r.Clock.Now(), limit: limit, every: pollEvery}
}

// wait sleeps until the next look. It ends with ErrInterrupted after a Ctrl-C
// and with a message that names the last thing AWS said after the limit.
func (p *poller) wait(ctx context.Context, why string) error {
	elapsed := p.r.Clock.Now().Sub(p.began)
	if elapsed >= p.limit {
		return fmt.Errorf("still not there after %s: %s", elapsed.Round(time.Second), why)
	}
	if why != p.said && elapsed >= sayAfter {
		p.said = why
		o := p.o
		o.Reason, o.Took = why, elapsed
		p.r.emit(EventWaiting, o)
	}
	// A quarter of what it took so far: what is there after two seconds is seen then,
	// and a wait of minutes does not ask ten times as often as it has to.
	return p.r.pause(ctx, min(max(elapsed/4, pollFirst), p.every))
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
// everywhere yet. What f calls takes a slot of its own: f may look and wait for
// a reply that was lost, and a search that held a slot while it asks for another
// would stop the walk once as many replies are lost as there are slots.
func (r *run) retry(ctx context.Context, o Outcome, f func() error) error {
	p := r.poll(o, notYetLimit)
	for {
		err := f()
		if c := r.Classify(err); err == nil || (c != NotYet && c != NotFound) {
			return err
		}
		if werr := p.wait(ctx, err.Error()); werr != nil {
			if r.stopping() {
				return ErrInterrupted
			}
			return fmt.Errorf("%w: %w", werr, err)
		}
	}
}

// fresh is how old a shared listing may be for one who polls: pollers that look
// within a second of each other share a call.
func (r *run) fresh() time.Time { return r.Clock.Now().Add(-time.Second) }

// find is one look, in a slot, at one id. Listings read before notBefore are not used.
func (m *managed) find(ctx context.Context, r *run, id string, notBefore time.Time) (Found[any], error) {
	var found Found[any]
	ctx = notOlder(ctx, notBefore)
	err := r.call(ctx, func() error {
		var err error
		found, err = m.Find(ctx, id)
		return err
	})
	return found, err
}

// look finds what is there. What may have been made moments ago, by a run that
// died before it could say so, is looked for longer.
func (m *managed) look(ctx context.Context, r *run, e Entry) (Found[any], error) {
	if !r.Apply {
		return m.seek(ctx, r, e, r.began, time.Time{})
	}
	return m.seek(ctx, r, e, r.Clock.Now().Add(-readFor), m.mayShow(r, e))
}

// mayShow is until when AWS may not show what was made: by a run that died before
// it could say so, or just now.
func (m *managed) mayShow(r *run, e Entry) time.Time {
	if at, ok := r.Record.InFlight(m.Key()); ok {
		return at.Add(visibleWithin)
	}
	if !e.CreatedAt.IsZero() {
		return e.CreatedAt.Add(visibleWithin)
	}
	return time.Time{}
}

// seek looks until the resource shows or the time is up. That is soon, whatever
// the clock of the machine that noted it says.
func (m *managed) seek(ctx context.Context, r *run, e Entry, notBefore, until time.Time) (Found[any], error) {
	p := r.poll(Outcome{Key: m.Key()}, 2*visibleWithin)
	until = earlier(until, p.began.Add(visibleWithin))
	for {
		found, err := m.find(ctx, r, e.ID, notBefore)
		if err != nil || found.Phase != Absent || !r.Clock.Now().Before(until) {
			return found, err
		}
		if err := p.wait(ctx, "looking for what an interrupted run may have made"); err != nil {
			return found, err
		}
		notBefore = r.fresh()
	}
}
