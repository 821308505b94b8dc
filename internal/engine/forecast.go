package engine

import (
	"slices"
	"sync"
	"time"
)

// Usual is how long a node usually takes from the moment on that its needs are there.
type Usual struct {
	// Usable is until what needs it may begin; Whole is until all of it is over.
	Usable, Whole time.Duration
	// After is what it cannot end before, although it begins without it; Last is how
	// long it takes from then on.
	After Key
	Last  time.Duration
}

// Forecast says when a walk will be over: the longest chain of what has not ended, by
// what each node usually takes and when it began. It is a Reporter of that walk.
type Forecast struct {
	mu    sync.Mutex
	nodes []*expected
	byKey map[Key]*expected
}

// expected is a node of a forecast.
type expected struct {
	key          Key
	usual        Usual
	needs        []*expected
	after        *expected
	began, ended time.Time // zero is not yet
}

// ForecastUp is that of Up. Usual is asked once of every step.
func (w Walk) ForecastUp(usual func(Key) Usual) *Forecast { return forecast(ups(w.Steps), usual) }

// ForecastDown is that of Down: what is deleted is of use to what comes next once all of it is gone.
func (w Walk) ForecastDown(usual func(Key) Usual) *Forecast {
	return forecast(downs(slices.Concat(w.Steps, w.Orphans)), func(k Key) Usual {
		u := usual(k)
		u.Usable = u.Whole
		return u
	})
}

func forecast(vs []*vertex, usual func(Key) Usual) *Forecast {
	f := &Forecast{byKey: map[Key]*expected{}}
	for _, v := range vs {
		k := v.step.Key()
		n := &expected{key: k, usual: usual(k)}
		f.nodes, f.byKey[k] = append(f.nodes, n), n
	}
	for i, v := range vs {
		for _, need := range v.needs {
			f.nodes[i].needs = append(f.nodes[i].needs, f.byKey[need.step.Key()])
		}
		f.nodes[i].after = f.byKey[f.nodes[i].usual.After]
	}
	return f
}

// Report takes what happens.
func (f *Forecast) Report(e Event) {
	f.mu.Lock()
	defer f.mu.Unlock()
	n := f.byKey[e.Key]
	if n == nil {
		return
	}
	switch e.Phase {
	case EventStarted, EventWaiting:
		if n.began.IsZero() {
			n.began = e.At
		}
	case EventDone, EventFailed, EventBlocked:
		n.ended = e.At
	case EventPlanned:
	}
}

// Outlook is what is expected of a walk at a moment.
type Outlook struct {
	// End is when it will be over, as far as is known; never in the past.
	End time.Time
	// Last is what the end waits for now; "" when nothing is under way.
	Last Key
	// Late: Last takes longer than Usual, which is what it usually takes.
	Late  bool
	Usual time.Duration
}

// Outlook is that of the whole walk.
func (f *Forecast) Outlook(now time.Time) Outlook {
	f.mu.Lock()
	defer f.mu.Unlock()
	p := prospect{now: now, ends: map[*expected]time.Time{}, usable: map[*expected]time.Time{}}
	var last *expected
	for _, n := range f.nodes {
		if n.ended.IsZero() && (last == nil || p.end(n).After(p.end(last))) {
			last = n
		}
	}
	o := Outlook{End: now}
	if last == nil {
		return o
	}
	o.End = p.end(last)
	if on := p.onTheWay(last); on != nil {
		o.Last, o.Usual = on.key, on.usual.Whole
		o.Late = on.began.Add(on.usual.Whole).Before(now)
	}
	return o
}

// Usual is how long a node that has begun will have taken, as far as is known; 0 is not known.
func (f *Forecast) Usual(k Key, now time.Time) time.Duration {
	f.mu.Lock()
	defer f.mu.Unlock()
	n := f.byKey[k]
	if n == nil || n.began.IsZero() {
		return 0
	}
	p := prospect{now: now, ends: map[*expected]time.Time{}, usable: map[*expected]time.Time{}}
	end := n.began.Add(n.usual.Whole)
	if n.after != nil {
		end = later(end, p.end(n.after).Add(n.usual.Last))
	}
	return end.Sub(n.began)
}

// prospect works out when nodes are usable and over, each once.
type prospect struct {
	now          time.Time
	ends, usable map[*expected]time.Time
}

// begin is when a node began, or will.
func (p prospect) begin(n *expected) time.Time {
	if !n.began.IsZero() {
		return n.began
	}
	at := p.now
	for _, need := range n.needs {
		at = later(at, p.usableAt(need))
	}
	return at
}

func (p prospect) usableAt(n *expected) time.Time {
	if !n.ended.IsZero() {
		return n.ended
	}
	if n.usual.Usable >= n.usual.Whole {
		return p.end(n)
	}
	if _, known := p.usable[n]; !known {
		p.usable[n] = later(p.begin(n).Add(n.usual.Usable), p.now)
	}
	return p.usable[n]
}

func (p prospect) end(n *expected) time.Time {
	if !n.ended.IsZero() {
		return n.ended
	}
	if _, known := p.ends[n]; !known {
		at := later(p.begin(n).Add(n.usual.Whole), p.now)
		if n.after != nil {
			at = later(at, p.end(n.after).Add(n.usual.Last))
		}
		p.ends[n] = at
	}
	return p.ends[n]
}

// onTheWay is what a node that has not ended waits for now: itself, once it works, or the
// last of what comes before it; nil when that has not begun either.
func (p prospect) onTheWay(n *expected) *expected {
	if a := n.after; a != nil && a.ended.IsZero() && p.end(a).Add(n.usual.Last).Equal(p.end(n)) {
		return p.onTheWay(a)
	}
	if !n.began.IsZero() {
		return n
	}
	var last *expected
	for _, need := range n.needs {
		if need.ended.IsZero() && (last == nil || p.usableAt(need).After(p.usableAt(last))) {
			last = need
		}
	}
	if last == nil {
		return nil
	}
	return p.onTheWay(last)
}
