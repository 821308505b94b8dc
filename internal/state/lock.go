package state

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/karmacadabra/karmactl/internal/engine"
)

const (
	// leaseFor is how long a lock outlives its holder.
	leaseFor = 90 * time.Second
	// beatEvery is how often the lease is renewed.
	beatEvery = 15 * time.Second
	// retryBeat is how soon a renewal that failed is tried again.
	retryBeat = 3 * time.Second
	// lookEvery is how often the wall clock is asked: timers stop while a
	// laptop sleeps, the lease does not.
	lookEvery = time.Second
	// margin is how long before the end of the lease work stops, so that it has
	// stopped when another may start.
	margin = 15 * time.Second
	// raceLimit is how often a lock that changes hands meanwhile is looked at again.
	raceLimit = 5
)

// LockedError is the refusal to work while another does.
type LockedError struct {
	Holder    Holder
	ExpiresAt time.Time
	// Left is how long its lease runs from now; 0 is not known.
	Left time.Duration
}

func (e *LockedError) Error() string {
	said := fmt.Sprintf("the state is locked by %s since %s", e.Holder, e.Holder.AcquiredAt.UTC().Format(lockTime))
	if silent := e.silent(); silent > 0 {
		said += fmt.Sprintf(", which has not renewed its lease for %s, and does every %s as long as it lives", silent.Round(time.Second), beatEvery)
	}
	return said
}

// Try is to wait, for the run or for the end of its lease.
func (e *LockedError) Try() string {
	how, ends := "wait until that has finished; if it died, its lease runs out ", ""
	if e.silent() > 0 {
		how = "its lease runs out "
	}
	if e.Left > 0 {
		ends = "in " + e.Left.Round(time.Second).String() + ", "
	}
	return how + ends + "at " + e.ExpiresAt.UTC().Format(lockTime) + ", and karmactl state unlock ends it now"
}

// silent is for how long the holder has missed its heartbeats; 0 is not at all.
func (e *LockedError) silent() time.Duration {
	if silent := leaseFor - e.Left; e.Left > 0 && silent > 2*beatEvery {
		return silent
	}
	return 0
}

const lockTime = "2006-01-02 15:04:05 UTC"

// BadLockError is a lock that does not say who holds it.
type BadLockError struct{ Why string }

func (e *BadLockError) Error() string {
	return fmt.Sprintf("the lock on the state cannot be read: %s: make sure that no other run works on this stack", e.Why)
}

// Try is what to do then.
func (e *BadLockError) Try() string { return "karmactl state unlock" }

// Lock is a held lock. It must be released.
type Lock struct {
	backend Backend
	clock   engine.Clock
	cancel  context.CancelCauseFunc // ends the work
	stop    context.CancelFunc      // ends the heartbeat
	done    chan struct{}           // the heartbeat has ended

	// The heartbeat's own until done is closed.
	holder Holder
	etag   string
	lost   error
}

// Acquire takes the lock for me and keeps it by renewing its lease. Work under
// the returned context: it ends with the cause ErrLockLost when the lock is lost.
// A lock whose lease has run out is taken over, and so is at once that of a dead
// process of this machine; any other is a *LockedError. The clock must show wall
// time. The end of ctx does not end the heartbeat, because what runs is still to
// finish; Release does.
func Acquire(ctx context.Context, b Backend, clock engine.Clock, me Holder) (context.Context, *Lock, error) {
	me.AcquiredAt = wall(clock)
	l := &Lock{backend: b, clock: clock, holder: me, done: make(chan struct{})}
	if err := l.take(ctx); err != nil {
		return nil, nil, err
	}
	work, cancel := context.WithCancelCause(ctx)
	beat, stop := context.WithCancel(context.WithoutCancel(ctx))
	l.cancel, l.stop = cancel, stop
	go l.beat(beat, me.AcquiredAt.Add(beatEvery))
	return work, l, nil
}

// take creates the lock or takes over an abandoned one.
func (l *Lock) take(ctx context.Context) error {
	for range raceLimit {
		l.holder.ExpiresAt = wall(l.clock).Add(leaseFor)
		data, err := l.holder.encode()
		if err != nil {
			return err
		}
		l.etag, err = l.backend.CreateLock(ctx, data)
		if !errors.Is(err, ErrConflict) {
			return locking(err)
		}
		there, stored, err := readHolder(ctx, l.backend)
		switch {
		case errors.Is(err, ErrAbsent): // released meanwhile
			continue
		case err != nil:
			return locking(err)
		case there.ID == l.holder.ID: // our own, its reply lost
			l.etag = stored.ETag
			return nil
		}
		now := wall(l.clock)
		if expires := there.expires(stored.Age, now); now.Before(expires) && !there.dead(l.holder) {
			return &LockedError{Holder: there, ExpiresAt: expires, Left: expires.Sub(now)}
		}
		l.etag, err = l.backend.ReplaceLock(ctx, data, stored.ETag)
		if !errors.Is(err, ErrConflict) {
			return locking(err)
		}
	}
	return errors.New("the lock on the state changes hands too fast to take it: others start at the same time: run this again")
}

func locking(err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("locking the state: %w", err)
}

// beat renews the lease, first at next, until stopped or lost.
func (l *Lock) beat(ctx context.Context, next time.Time) {
	defer close(l.done)
	for {
		if l.clock.Wait(ctx, lookEvery) != nil {
			return
		}
		if wall(l.clock).Before(next) {
			continue
		}
		err := l.renew(ctx)
		now := wall(l.clock)
		next = now.Add(beatEvery)
		switch {
		case err == nil:
			continue
		case ctx.Err() != nil:
			return
		case !errors.Is(err, ErrLockLost) && now.Before(l.holder.ExpiresAt.Add(-margin)):
			next = now.Add(retryBeat)
			continue
		case !errors.Is(err, ErrLockLost):
			err = fmt.Errorf("%w: its lease could not be renewed in time: %w: nothing more is started; run this again", ErrLockLost, err)
		}
		l.lost = err
		l.cancel(err)
		return
	}
}

// renew extends the lease by a compare-and-swap: if that succeeds, no other run
// has had the lock, however late it is.
func (l *Lock) renew(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, beatEvery)
	defer cancel()
	h := l.holder
	h.ExpiresAt = wall(l.clock).Add(leaseFor)
	data, err := h.encode()
	if err != nil {
		return err
	}
	etag, err := l.backend.ReplaceLock(ctx, data, l.etag)
	if errors.Is(err, ErrNoBucket) {
		return fmt.Errorf("%w: the bucket that it was in was deleted: nothing more is started; run this again", ErrLockLost)
	}
	if errors.Is(err, ErrConflict) {
		there, stored, rerr := readHolder(ctx, l.backend)
		bad := new(BadLockError)
		switch {
		case errors.Is(rerr, ErrAbsent):
			return fmt.Errorf("%w: it was removed (karmactl state unlock): nothing more is started; run this again", ErrLockLost)
		case errors.As(rerr, &bad):
			return fmt.Errorf("%w: it was overwritten: %w", ErrLockLost, rerr)
		case rerr != nil:
			return rerr
		case there.ID != h.ID:
			return fmt.Errorf("%w: %s took it: nothing more is started; run this again when that has finished", ErrLockLost, there)
		}
		h, etag, err = there, stored.ETag, nil // our own renewal, its reply lost
	}
	if err != nil {
		return err
	}
	l.holder, l.etag = h, etag
	return nil
}

// Release gives the lock back and ends its context. The error is ErrLockLost
// when it was not ours any more. Give it a context that outlives a Ctrl-C.
func (l *Lock) Release(ctx context.Context) error {
	l.stop()
	<-l.done
	l.cancel(context.Canceled)
	if l.lost != nil || l.etag == "" {
		return l.lost
	}
	for range raceLimit {
		err := l.backend.DeleteLock(ctx, l.etag)
		if err == nil || errors.Is(err, ErrNoBucket) { // the lock went with its bucket
			l.etag = ""
			return nil
		}
		if !errors.Is(err, ErrConflict) {
			return fmt.Errorf("releasing the lock on the state, which ends by itself at %s: %w", l.holder.ExpiresAt.UTC().Format(time.TimeOnly), err)
		}
		there, stored, err := readHolder(ctx, l.backend)
		if errors.Is(err, ErrAbsent) {
			l.etag = ""
			return nil
		}
		if err != nil {
			return fmt.Errorf("releasing the lock on the state: %w", err)
		}
		if there.ID != l.holder.ID {
			return fmt.Errorf("%w: %s took it", ErrLockLost, there)
		}
		l.etag = stored.ETag // a renewal that was under way got there first
	}
	return engine.Advise(errors.New("releasing the lock on the state: it keeps changing"), "karmactl state unlock")
}

// Held tells who holds the lock. ErrAbsent when no run does; *BadLockError when
// the lock does not say.
func Held(ctx context.Context, b Backend) (Holder, error) {
	h, _, err := readHolder(ctx, b)
	return h, err
}

// Unlock removes the lock by force: that of the holder with this id, so that the
// one that the user was shown is the one that goes; "" is for any, and for a lock
// that cannot be read. Its holder stops at its next heartbeat, and cannot write
// the state over anybody else's. ErrAbsent when there is no lock.
func Unlock(ctx context.Context, b Backend, id string) error {
	stored, err := b.ReadLock(ctx)
	if err != nil {
		return fmt.Errorf("unlocking the state: %w", err)
	}
	if id != "" {
		h, err := decodeHolder(stored.Data)
		if err != nil {
			return fmt.Errorf("unlocking the state: %w", err)
		}
		if h.ID != id {
			return fmt.Errorf("unlocking the state: %w", &LockedError{Holder: h, ExpiresAt: h.ExpiresAt})
		}
	}
	if err := b.DeleteLock(ctx, stored.ETag); err != nil {
		return fmt.Errorf("unlocking the state: %w: its holder is alive, or another has it now: look again", err)
	}
	return nil
}

func readHolder(ctx context.Context, b Backend) (Holder, StoredLock, error) {
	stored, err := b.ReadLock(ctx)
	if err != nil {
		return Holder{}, StoredLock{}, err
	}
	h, err := decodeHolder(stored.Data)
	return h, stored, err
}

// wall is the time that other machines see too.
func wall(c engine.Clock) time.Time { return c.Now().UTC().Round(0) }
