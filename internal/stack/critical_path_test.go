package stack

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/karmacadabra/karmactl/internal/engine"
)

// The delays of the simulated account, written here a second time: the critical
// path is worked out from them and from the graph, not from a run.
const (
	pathCall     = 50 * time.Millisecond
	pathVisible  = 2 * time.Second // until what was made shows
	pathALB      = 150 * time.Second
	pathNAT      = 95 * time.Second
	pathTask     = 45 * time.Second
	pathHealthy  = 20 * time.Second // two checks, ten seconds apart
	pathSteady   = 10 * time.Second
	pathNATGone  = 50 * time.Second
	pathALBHolds = 60 * time.Second // its interfaces linger in the public subnets
	pathStopping = 30 * time.Second
	pathENIHolds = 12 * time.Second // so does a stopped task's
	pathTick     = time.Second      // what AWS does by itself, the account does on whole seconds
)

// onTick is the first moment, after a walk that began at began, at which the account can
// have done by itself what it may do at.
func onTick(began time.Time, at time.Duration) time.Duration {
	return began.Add(at + pathTick - 1).Truncate(pathTick).Sub(began)
}

// upPath is the longest way up: when the last resource can be there at the
// earliest, if AWS had no limits and no second were lost.
func upPath(s *Stack, began time.Time) time.Duration {
	done, usable := map[engine.Key]time.Duration{}, map[engine.Key]time.Duration{}
	var visit func(n engine.Node) time.Duration
	visit = func(n engine.Node) time.Duration {
		k := n.Key()
		if at, ok := usable[k]; ok {
			return at
		}
		start := time.Duration(0)
		for _, b := range befores(n) {
			start = max(start, visit(b))
		}
		made := start + 2*pathCall // a look and the create
		usable[k], done[k] = made+pathVisible, made+pathVisible
		switch k.Kind() {
		case "alb":
			done[k] = onTick(began, made+pathALB) // and takes listeners from the first second
		case "nat":
			usable[k] = onTick(began, made+pathNAT)
			done[k] = usable[k]
		case "service":
			visit(s.alb)
			done[k] = onTick(began, max(made+pathTask, done["alb"])+pathHealthy+pathSteady)
		}
		return usable[k]
	}
	for _, n := range s.Resources() {
		visit(n)
	}
	return slices.Max(slices.Collect(maps.Values(done)))
}

func befores(n engine.Node) []engine.Node {
	out := slices.Clone(n.Needs())
	if o, ok := n.(engine.Ordered); ok {
		out = append(out, o.After()...)
	}
	return out
}

// downPath is the longest way down.
func downPath(s *Stack, began time.Time) time.Duration {
	dependents := map[engine.Key][]engine.Node{}
	for _, n := range s.Resources() {
		for _, b := range n.Needs() {
			if p, ok := n.(engine.Owned); ok && p.OwnedBy() == b {
				continue // its whole takes it along
			}
			dependents[b.Key()] = append(dependents[b.Key()], n)
		}
	}
	done := map[engine.Key]time.Duration{}
	var visit func(n engine.Node) time.Duration
	visit = func(n engine.Node) time.Duration {
		k := n.Key()
		if at, ok := done[k]; ok {
			return at
		}
		start := time.Duration(0)
		for _, d := range dependents[k] {
			start = max(start, visit(d))
			switch {
			case d.Key() == "alb":
				start = max(start, onTick(began, done["alb"]+pathALBHolds))
			case d.Key().Kind() == "service" && k.Kind() != "target-group" && k.Kind() != "cluster":
				start = max(start, onTick(began, done[d.Key()]+pathENIHolds))
			}
		}
		done[k] = start + 3*pathCall // a look, the delete, and another look
		switch k.Kind() {
		case "nat":
			done[k] = onTick(began, done[k]+pathNATGone)
		case "service":
			done[k] = onTick(began, done[k]+pathStopping)
		}
		return done[k]
	}
	for _, n := range s.Resources() {
		visit(n)
	}
	return slices.Max(slices.Collect(maps.Values(done)))
}

// sizes are how many agents the fleets have; the largest takes as long to
// simulate as all other tests together, and is not in make test.
func sizes() []int {
	if testing.Short() {
		return []int{5, 20}
	}
	return []int{5, 20, 50}
}

// TestUpAndDownKeepToTheCriticalPath holds both to what AWS itself takes, with its
// throttling in force, and to what a user is told at the start. The order in which
// goroutines run decides whether a poll comes just before or just after what it waits
// for, which is 2% of a down: at full length the middle of three runs is held.
func TestUpAndDownKeepToTheCriticalPath(t *testing.T) {
	const most = 1.05
	runs := 3
	if testing.Short() {
		runs = 1
	}
	for _, agents := range sizes() {
		t.Run(fmt.Sprintf("%d agents", agents), func(t *testing.T) {
			ratios := map[string][]float64{}
			for range runs {
				synctest.Test(t, func(t *testing.T) {
					for _, w := range upAndDown(t, agents) {
						t.Logf("%s: %.1f s in %d calls, the critical path is %.1f s: %.3f", w.name, w.took.Seconds(), w.calls, w.path.Seconds(), w.ratio())
						if off := math.Abs(1 - w.told.Seconds()/w.took.Seconds()); off > 0.15 {
							t.Errorf("%s takes %s, and it is told that it takes %s", w.name, w.took, w.told)
						}
						ratios[w.name] = append(ratios[w.name], w.ratio())
					}
				})
			}
			for way, all := range ratios {
				slices.Sort(all)
				if ratio := all[len(all)/2]; ratio > most || all[0] < 1 {
					t.Errorf("%s takes %.3f of the critical path, which should be from 1 to %.2f", way, all, most)
				}
			}
		})
	}
}

// walked is one walk of a whole stack.
type walked struct {
	name             string
	took, path, told time.Duration
	calls            int
}

// ratio is how long it took for each second of the critical path.
func (w walked) ratio() float64 { return w.took.Seconds() / w.path.Seconds() }

// upAndDown makes a fleet in an empty account and deletes it.
func upAndDown(t *testing.T, agents int) []walked {
	b := newStackBench(t, fleet(t, agents))
	b.sim.Inventory()
	stack := b.fresh(true)
	walk := engine.Walk{Steps: stack.Steps()}
	usual := func(v engine.Verb) func(engine.Key) engine.Usual {
		return func(k engine.Key) engine.Usual { return stack.Usual(k, v) }
	}
	measured := func(name string, path func(*Stack, time.Time) time.Duration, forecast *engine.Forecast, do func()) walked {
		b.sim.ResetCalls()
		began := time.Now()
		told := forecast.Outlook(began).End.Sub(began)
		do()
		return walked{name, time.Since(began), path(stack, began), told, len(b.sim.Calls())}
	}
	return []walked{
		measured("up", upPath, walk.ForecastUp(usual(engine.Create)), func() { b.upStack(nil) }),
		measured("down", downPath, walk.ForecastDown(usual(engine.Delete)), func() { b.downStack() }),
	}
}

// TestAPlanGrowsSlowerThanTheFleet counts the calls of a plan of an unchanged stack.
func TestAPlanGrowsSlowerThanTheFleet(t *testing.T) {
	for _, agents := range sizes() {
		synctest.Test(t, func(t *testing.T) {
			b := newStackBench(t, fleet(t, agents))
			b.upStack(nil)
			b.settled()
			b.sim.ResetCalls()
			began := time.Now()
			if plan := b.planStack(); plan.Changes() {
				t.Errorf("the plan is not empty: %s", verbs(plan))
			}
			calls, took := len(b.sim.Calls()), time.Since(began)
			t.Logf("%d agents: %d calls in %.2f s at 50 ms a call", agents, calls, took.Seconds())
			if most := 55 + agents/4; calls > most {
				t.Errorf("%d agents: %d calls, more than %d:\n%s", agents, calls, most, tally(b.sim.Calls()))
			}
			if most := time.Duration(300+6*agents) * time.Millisecond; took > most {
				t.Errorf("a plan of %d agents takes %v, more than %v", agents, took, most)
			}
		})
	}
}
