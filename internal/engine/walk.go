package engine

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"
)

// DefaultWidth keeps a fleet of fifty within 1.04 of the critical path, while AWS's
// token buckets throttle: at 16, calls that wait for a shared listing or for their
// batch hold up the load balancer.
const DefaultWidth = 32

// Walk visits a graph of resources, each as soon as its own needs are there:
// a goroutine per node and no waves, so that a slow NAT gateway holds up only
// what needs it.
type Walk struct {
	// Steps is the wanted graph, in reading order.
	Steps []Step
	// Orphans are recorded, and not wanted any more. Up deletes them last.
	Orphans []Step
	Record  Recorder
	Report  Reporter
	Clock   Clock
	// Classify says what an error means; the engine knows no AWS.
	Classify func(error) Class
	// Explain puts an error into words for people, of which progress and outcomes are told; nil leaves it as it is.
	Explain func(error) error
	// Width is how many nodes may be calling AWS at once; 0 means DefaultWidth.
	Width int
	// Since is from when on a listing is fresh enough for a plan, which then need not
	// list again what was listed for it before; zero is from when the walk begins.
	Since time.Time
	// Refresh has AWS asked for what is known from the record, too.
	Refresh bool
	// Compare lists what differs of what is taken over as changes, whether AWS could make
	// them or not. It is not for Apply.
	Compare bool
	// Return has what was taken over be as it was then, as far as AWS can change it in
	// place. Only chooses what: nothing that was made since is among it.
	Return bool
	// Afresh chooses what of that which was taken over is made as it is wanted, although
	// it was left as the other program had it. Nil is nothing.
	Afresh func(Key) bool
	// Apply makes it so; without it nothing is written.
	Apply bool
	// Poll is the shortest time between two reads of what is waited for; zero is half a second.
	Poll time.Duration
	// Stop is closed to start nothing new and to let running calls finish.
	Stop <-chan struct{}
	// Shown is the plan that was agreed to. With it, a verb that it does not
	// have stops the walk.
	Shown *Result
	// Only limits what is done to some nodes; the others are looked at, because
	// the chosen ones refer to them. Nil is all.
	Only func(Key) bool
	// Keep is the reason why something that is to be deleted is left alone; "" deletes it.
	Keep func(Key) string
}

// Up makes every step true and deletes the orphans; without Apply it tells
// what it would do. The error is of the graph; what went wrong with nodes is in
// the Result.
func (w Walk) Up(ctx context.Context) (*Result, error) {
	if err := check(w.Steps); err != nil {
		return nil, err
	}
	run := newRun(&w)
	res := run.visit(ctx, w.Steps, ups, Step.settle)
	clean := len(res.unfinished()) == 0
	extra := w.removals(res)
	extra = append(extra, w.Orphans...)
	if len(extra) == 0 {
		return res, nil
	}
	if w.Apply && !clean {
		for _, s := range extra {
			o := Outcome{Key: s.Key(), Verb: Delete, Status: Blocked, Reason: "deleted once everything else is in place"}
			run.emit(EventBlocked, o)
			res.Outcomes = append(res.Outcomes, o)
		}
		return res, nil
	}
	gone := run.visit(ctx, extra, downs, Step.remove)
	res.Outcomes = append(res.Outcomes, gone.Outcomes...)
	return res, nil
}

// Down deletes every step and orphan, dependents first.
func (w Walk) Down(ctx context.Context) (*Result, error) {
	steps := append(append([]Step{}, w.Steps...), w.Orphans...)
	if err := check(w.Steps); err != nil {
		return nil, err
	}
	return newRun(&w).visit(ctx, steps, downs, Step.remove), nil
}

// removals are steps that delete what was replaced, and duplicates.
func (w *Walk) removals(res *Result) []Step {
	byKey := map[Key]Step{}
	for _, s := range w.Steps {
		byKey[s.Key()] = s
	}
	var out []Step
	for _, o := range res.Outcomes {
		for _, id := range o.toDelete {
			out = append(out, byKey[o.Key].removal(id))
		}
	}
	return out
}

// run is one visit of the graph in progress.
type run struct {
	*Walk
	slots    *slots
	stopOnce sync.Once
	stopped  chan struct{}
	// mute is set by the first node that could not be noted.
	mute atomic.Bool
	// deposed is held from reading a record to writing it again less one id.
	deposed sync.Mutex
}

func newRun(w *Walk) *run {
	if w.Width <= 0 {
		w.Width = DefaultWidth
	}
	if w.Since.IsZero() {
		w.Since = w.Clock.Now()
	}
	return &run{Walk: w, slots: newSlots(w.Width), stopped: make(chan struct{})}
}

// halt makes the rest of the walk start nothing new.
func (r *run) halt() { r.stopOnce.Do(func() { close(r.stopped) }) }

func (r *run) stopping() bool {
	select {
	case <-r.Stop:
		return true
	case <-r.stopped:
		return true
	default:
		return false
	}
}

func (r *run) chosen(k Key) bool { return r.Only == nil || r.Only(k) }

// vertex is a step on its way.
type vertex struct {
	step   Step
	needs  []*vertex
	owner  *vertex // AWS deletes this one with its owner; nil for most
	owned  []*vertex
	looked chan struct{} // closed once this one, which has an owner, was read
	rank   int           // the length of the longest chain that waits for it
	usable chan struct{}
	once   sync.Once
	// peers are those of a Mutual. expected is opened once it is known whether this one
	// is or will be there, there once it is, or once it is known not to get there.
	peers           []*vertex
	expected, there *gate
	// first is that no step before it is of its kind.
	first bool
	// began is when its own work began: waiting for its needs is not work.
	began time.Time
	// bad is set before usable is closed when dependents must not start. A step
	// that was usable early may still fail later: dependents that have not looked by
	// then do not start either.
	bad     atomic.Pointer[Outcome]
	outcome Outcome
}

// release lets the dependents start.
func (v *vertex) release() { v.once.Do(func() { close(v.usable) }) }

// await waits for the needs, and until what it owns was read. The returned
// outcome is non-nil when one of the needs did not get there.
func (v *vertex) await(ctx context.Context, clock Clock) *Outcome {
	defer func() { v.began = clock.Now() }()
	for _, p := range v.owned {
		select {
		case <-p.looked:
		case <-ctx.Done():
			return &Outcome{Status: Interrupted}
		}
	}
	for _, n := range v.needs {
		select {
		case <-n.usable:
		case <-ctx.Done():
			return &Outcome{Status: Interrupted}
		}
		bad := n.bad.Load()
		if bad == nil {
			continue
		}
		switch bad.Status {
		case AwaitingUser:
			return &Outcome{Status: AwaitingUser, Missing: bad.Missing, Reason: bad.Reason}
		case Interrupted:
			return &Outcome{Status: Interrupted}
		default:
			return &Outcome{Status: Blocked, Reason: fmt.Sprintf("waits for %s", bad.Key)}
		}
	}
	return nil
}

// visit runs do on every step in the order of edges and collects the outcomes.
func (r *run) visit(ctx context.Context, steps []Step, edges direction, do func(Step, context.Context, *run, *vertex) Outcome) *Result {
	vs := edges(steps)
	rank(vs)
	var wg sync.WaitGroup
	for _, v := range vs {
		wg.Add(1)
		go func() {
			defer wg.Done()
			v.began = r.Clock.Now()
			o := do(v.step, ctx, r, v)
			o.Key = v.step.Key()
			o.Ended = r.Clock.Now()
			o.Took = o.Ended.Sub(v.began)
			if o.Status == "" {
				o.Status = Done
			}
			if o.Verb == "" {
				o.Verb = None
			}
			if o.Status == Failed && ctx.Err() != nil && errors.Is(o.Err, ctx.Err()) {
				o.Status, o.Err = Interrupted, nil // ctx ended in the middle of a call or a wait
			}
			if o.Err != nil && r.Classify != nil && r.Classify(o.Err) == SignedOut {
				r.halt() // as after a Ctrl-C: what runs ends, nothing is begun
			}
			o.Err = r.explain(o.Err)
			v.outcome = o
			if o.Status != Done {
				v.bad.Store(&v.outcome)
			}
			r.emit(closing(o), o)
			v.release()
		}()
	}
	wg.Wait()
	res := &Result{}
	for _, v := range vs {
		res.Outcomes = append(res.Outcomes, v.outcome)
	}
	return res
}

func closing(o Outcome) EventPhase {
	switch o.Status {
	case Failed:
		return EventFailed
	case Done:
		return EventDone
	default:
		return EventBlocked
	}
}

func (r *run) explain(err error) error {
	if err == nil || r.Explain == nil {
		return err
	}
	return r.Explain(err)
}

// emit reports progress of an apply; a plan reports only what it planned.
func (r *run) emit(p EventPhase, o Outcome) {
	if r.Report == nil || (!r.Apply && p != EventPlanned) {
		return
	}
	detail := o.Reason
	if o.Err != nil {
		detail = o.Err.Error()
	}
	if o.Missing != nil {
		detail = o.Missing.Reason
	}
	r.Report.Report(Event{At: r.Clock.Now(), Key: o.Key, Phase: p, Verb: o.Verb, Detail: detail, Took: o.Took})
}
