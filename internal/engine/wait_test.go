package engine

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

var (
	errNotYet    = errors.New("not yet")
	errNotFound  = errors.New("not found")
	errSignedOut = errors.New("signed out")
)

// classifyAll knows every class that a walk treats in a way of its own.
func classifyAll(err error) Class {
	switch {
	case errors.Is(err, errNotYet):
		return NotYet
	case errors.Is(err, errNotFound):
		return NotFound
	case errors.Is(err, errSignedOut):
		return SignedOut
	}
	return classify(err)
}

// refusing is a thing whose creates and deletes AWS refuses until a moment.
type refusing struct {
	*box
	until            time.Time
	create, delete   error
	update           error
	creates, deletes int
	tokens           []string
}

func (r *refusing) Update(ctx context.Context, id string, have, want thingSpec) error {
	if r.update != nil && time.Now().Before(r.until) {
		return r.update
	}
	return r.box.Update(ctx, id, have, want)
}

func (r *refusing) Create(ctx context.Context, want thingSpec, token string) (string, error) {
	r.creates++
	r.tokens = append(r.tokens, token)
	if r.create != nil && time.Now().Before(r.until) {
		return "", r.create
	}
	return r.box.Create(ctx, want, token)
}

func (r *refusing) Delete(ctx context.Context, id string) error {
	r.deletes++
	if r.delete != nil && time.Now().Before(r.until) {
		return r.delete
	}
	return r.box.Delete(ctx, id)
}

// AWS makes one thing of all calls with one client token, and another with another.
func TestAllTriesOfOneCreateSendTheSameClientTokenAndTheNextCreateAnother(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var of []string
		for range 2 {
			r := &refusing{box: &box{w: newWorld(), key: "vpc", size: 1}, create: errNotYet, until: time.Now().Add(20 * time.Second)}
			walk := apply(Walk{Steps: []Step{Manage(r)}})
			walk.Classify = classifyAll
			if _, err := walk.Up(t.Context()); err != nil {
				t.Fatal(err)
			}
			if sent := slices.Compact(r.tokens); r.creates < 3 || len(sent) != 1 || len(sent[0]) != 32 {
				t.Errorf("%d creates sent the tokens %q", r.creates, sent)
			}
			of = append(of, r.tokens[0])
		}
		if of[0] == of[1] {
			t.Errorf("two creates, 20 s apart, both sent %s", of[0])
		}
	})
}

func TestACreateThatAWSRefusesForNowIsTriedAgainForTwoMinutes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, refusal := range []error{errNotYet, errNotFound, errBusy, errBoom} {
			for _, lasts := range []time.Duration{20 * time.Second, time.Hour} {
				w := newWorld()
				r := &refusing{box: &box{w: w, key: "vpc", size: 1}, create: refusal, until: time.Now().Add(lasts)}
				walk := apply(Walk{Steps: []Step{Manage(r)}})
				walk.Classify = classifyAll
				began := time.Now()
				res, err := walk.Up(t.Context())
				took := time.Since(began)
				switch {
				case err != nil:
					t.Fatal(err)
				case errors.Is(refusal, errBoom):
					if !errors.Is(res.Err(), errBoom) || r.creates != 1 || took > time.Second {
						t.Errorf("after %s and %d creates: %v", took, r.creates, res.Err())
					}
				case lasts < notYetLimit:
					if res.Err() != nil || len(w.names()) != 1 {
						t.Errorf("%v: %v", refusal, res.Err())
					}
				case !errors.Is(res.Err(), refusal) || !strings.Contains(res.Err().Error(), "still not there after 2m") || took > notYetLimit+pollEvery:
					t.Errorf("%v: after %s: %v", refusal, took, res.Err())
				}
			}
		}
	})
}

func TestACtrlCEndsAWaitAndIsNoFailure(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld()
		r := &refusing{box: &box{w: w, key: "vpc", size: 1}, create: errNotYet, until: time.Now().Add(time.Hour)}
		stop := make(chan struct{})
		time.AfterFunc(10*time.Second, func() { close(stop) })
		walk := apply(Walk{Steps: []Step{Manage(r)}, Stop: stop})
		walk.Classify = classifyAll
		began := time.Now()
		res, err := walk.Up(t.Context())
		if err != nil || !errors.Is(res.Err(), ErrInterrupted) || errors.Is(res.Err(), errNotYet) || time.Since(began) > 11*time.Second {
			t.Errorf("after %s: %v, %v", time.Since(began), err, res.Err())
		}
	})
}

// hanging is a box whose first read takes until the walk's time is over, and ends with why.
type hanging struct {
	*box
	why error
}

func (h *hanging) Find(ctx context.Context, _ Look) (Found[thingSpec], error) {
	<-ctx.Done()
	return Found[thingSpec]{}, fmt.Errorf("reading %s: %w", h.key, h.why)
}

func TestAWalkWhoseTimeIsOverInACallIsInterruptedAndHasNotFailed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for why, want := range map[error]error{context.DeadlineExceeded: ErrInterrupted, errLame: errLame} {
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			h := &hanging{&box{w: newWorld(), key: "vpc", size: 1}, why}
			res, err := apply(Walk{Steps: []Step{Manage[thingSpec](h)}}).Up(ctx)
			cancel()
			if err != nil || !errors.Is(res.Err(), want) || errors.Is(res.Err(), context.DeadlineExceeded) {
				t.Errorf("a read that ends with %v: %v, %v", why, err, res.Err())
			}
		}
	})
}

func TestADeleteThatFailsIsTriedAgainOnlyWhereThatMayHelp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, c := range []struct {
			refusal error
			gone    bool
			tries   int
		}{{errLost, true, 0}, {errBusy, true, 0}, {errBoom, false, 1}} {
			w, rec := newWorld(), NewMemory(RealClock{})
			r := &refusing{box: &box{w: w, key: "vpc", size: 1}, delete: c.refusal}
			must2(t)(apply(Walk{Steps: []Step{Manage(r)}, Record: rec}).Up(t.Context()))
			r.until = time.Now().Add(4 * time.Second)
			res, err := apply(Walk{Steps: []Step{Manage(r)}, Record: rec}).Down(t.Context())
			if err != nil || (res.Err() == nil) != c.gone || (len(rec.Entries()) == 0) != c.gone || (c.tries > 0 && r.deletes != c.tries) {
				t.Errorf("%v: %v, %v, recorded is %v after %d tries", c.refusal, err, res.Err(), rec.Entries(), r.deletes)
			}
		}
	})
}

// A delete whose reply was lost may have been done: AWS then says that it is not there.
func TestWhatIsGoneAtItsDeleteIsGone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, rec := newWorld(), NewMemory(RealClock{})
		r := &refusing{box: &box{w: w, key: "vpc", size: 1}, delete: errNotFound}
		must2(t)(apply(Walk{Steps: []Step{Manage(r)}, Record: rec}).Up(t.Context()))
		time.Sleep(time.Minute)
		r.until = time.Now().Add(time.Hour)
		time.AfterFunc(5*time.Second, func() {
			w.mu.Lock()
			defer w.mu.Unlock()
			clear(w.things) // it shows until then
		})
		walk := apply(Walk{Steps: []Step{Manage(r)}, Record: rec})
		walk.Classify = classifyAll
		began := time.Now()
		must2(t)(walk.Down(t.Context()))
		if took := time.Since(began); took < 5*time.Second || took > 8*time.Second || r.deletes != 1 || len(rec.Entries()) > 0 {
			t.Errorf("after %s and %d deletes, recorded is %v", took, r.deletes, rec.Entries())
		}
	})
}

func TestCredentialsThatEndStopTheWalkAsACtrlCDoes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld()
		slow := &box{w: w, key: "nat", size: 1, takes: time.Minute}
		next := &box{w: w, key: "route", size: 1, needs: []Node{slow}}
		v := &box{w: w, key: "vpc", size: 1, fail: errSignedOut}
		walk := apply(Walk{Steps: steps(v, slow, next)})
		walk.Classify = classifyAll
		walk.Explain = func(err error) error { return fmt.Errorf("in words: %w", err) }
		res, err := walk.Up(t.Context())
		o, _ := res.Get("route")
		if err != nil || !strings.Contains(res.Err().Error(), "vpc: in words: signed out") || o.Status != Interrupted || slices.Contains(w.names(), "route=1") {
			t.Errorf("%v, %v: %+v", err, res.Err(), o)
		}
	})
}

// A create whose reply was lost and that AWS never did is done again; one that it did is
// found, however late it shows.
func TestALostCreateThatWasNotDoneIsDoneAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld()
		r := &refusing{box: &box{w: w, key: "vpc", size: 1}, create: errLost, until: time.Now().Add(time.Second)}
		res := must2(t)(apply(Walk{Steps: []Step{Manage(r)}}).Up(t.Context()))
		if o := res.Outcomes[0]; r.creates != 2 || len(w.names()) != 1 || o.ID != "id-1" {
			t.Errorf("%d creates, there is %v: %+v", r.creates, w.names(), o)
		}
	})
}

// leaving is a thing that is on its way out, or broken for good, until it is gone.
type leaving struct {
	*box
	phase   Phase
	discard bool
	until   time.Time
	deletes []string
}

func (l *leaving) Find(ctx context.Context, look Look) (Found[thingSpec], error) {
	f, err := l.box.Find(ctx, look)
	if f.ID == "id-1" {
		f.Phase, f.Discard, f.Why = l.phase, l.discard, "as AWS says"
		if l.phase == Leaving && !time.Now().Before(l.until) {
			l.w.mu.Lock()
			defer l.w.mu.Unlock()
			delete(l.w.things, "id-1")
			return Found[thingSpec]{}, err
		}
	}
	return f, err
}

func (l *leaving) Delete(ctx context.Context, id string) error {
	l.deletes = append(l.deletes, id)
	return l.box.Delete(ctx, id)
}

func TestWhatIsOnItsWayOutOrBrokenForGoodIsGoneBeforeAnotherIsMade(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, phase := range []Phase{Leaving, Broken} {
			w, rec := newWorld(), NewMemory(RealClock{})
			l := &leaving{box: &box{w: w, key: "vpc", size: 1}, phase: Ready}
			must2(t)(apply(Walk{Steps: []Step{Manage(l)}, Record: rec}).Up(t.Context()))
			time.Sleep(time.Minute)
			l.phase, l.discard, l.until = phase, phase == Broken, time.Now().Add(time.Minute)
			began := time.Now()
			o := must2(t)(apply(Walk{Steps: []Step{Manage(l)}, Record: rec}).Up(t.Context())).Outcomes[0]
			e, _ := rec.Get("vpc")
			if o.ID != "id-2" || e.ID != "id-2" || len(e.Deposed) > 0 || !slices.Equal(w.names(), []string{"vpc=1"}) {
				t.Errorf("%v: %+v, recorded is %+v, there is %v", phase, o, e, w.names())
			}
			if phase == Leaving && (time.Since(began) < time.Minute || len(l.deletes) > 0 || o.Verb != Create) {
				t.Errorf("after %s and deletes of %v: %+v", time.Since(began), l.deletes, o)
			}
			if phase == Broken && (!slices.Equal(l.deletes, []string{"id-1"}) || o.Verb != Replace || o.Reason != "as AWS says") {
				t.Errorf("after deletes of %v: %+v", l.deletes, o)
			}
		}
	})
}

func TestWhatIsBrokenAndNotToBeDiscardedFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, rec := newWorld(), NewMemory(RealClock{})
		l := &leaving{box: &box{w: w, key: "vpc", size: 1}, phase: Ready}
		must2(t)(apply(Walk{Steps: []Step{Manage(l)}, Record: rec}).Up(t.Context()))
		l.phase = Broken
		res, err := apply(Walk{Steps: []Step{Manage(l)}, Record: rec}).Up(t.Context())
		if err != nil || res.Err() == nil || !strings.Contains(res.Err().Error(), "as AWS says") || len(l.deletes) > 0 || len(w.names()) != 1 {
			t.Errorf("%v, %v, deletes of %v", err, res.Err(), l.deletes)
		}
	})
}

func TestAnUpdateWaitsForAnEarlierChangeOfTheSameThing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, c := range []struct {
			refusal error
			lasts   time.Duration
			done    bool
		}{{errBusy, 5 * time.Minute, true}, {errBusy, 24 * time.Hour, false}, {errBoom, time.Minute, false}} {
			w, rec := newWorld(), NewMemory(RealClock{})
			first, err := apply(Walk{Steps: []Step{Manage(&box{w: w, key: "asg/nat", size: 1})}, Record: rec}).Up(t.Context())
			must(t, first, err)
			r := &refusing{box: &box{w: w, key: "asg/nat", size: 2}, update: c.refusal, until: time.Now().Add(c.lasts)}
			walk := apply(Walk{Steps: []Step{Manage(r)}, Record: rec})
			walk.Classify = classifyAll
			began := time.Now()
			res, err := walk.Up(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			took := time.Since(began)
			if done := res.Err() == nil; done != c.done || !done && !errors.Is(res.Err(), c.refusal) || errors.Is(c.refusal, errBoom) && took > time.Second {
				t.Errorf("%v for %s: after %s: %v", c.refusal, c.lasts, took, res.Err())
			}
		}
	})
}
