package stack

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/karmacadabra/karmactl/internal/awssim"
	"github.com/karmacadabra/karmactl/internal/cloud"
	"github.com/karmacadabra/karmactl/internal/engine"
)

func TestAStackComesUpStaysAndGoes(t *testing.T) {
	for name, cfg := range scenarios(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				b := newStackBench(t, cfg)
				b.sim.Inventory() // the fresh account has the user's own secret
				before := b.sim.Inventory()

				plan := b.planStack()
				began := time.Now()
				b.upStack(plan)
				t.Logf("up: %d resources, %d mutating calls, %s", len(plan.Outcomes), len(b.sim.Mutations()), time.Since(began).Round(time.Second))

				b.sim.ResetCalls()
				if again := b.planStack(); again.Changes() {
					t.Errorf("the plan after up is not empty: %s", verbs(again))
				}
				if m := b.sim.Mutations(); len(m) > 0 {
					t.Errorf("a plan wrote: %s", m[0].Name())
				}
				reads, limit := len(b.sim.Calls()), 30+6*len(cfg.Agents)
				t.Logf("plan: %d calls", reads)
				if reads > limit {
					t.Errorf("a plan of an unchanged stack takes %d calls, more than %d:\n%s", reads, limit, tally(b.sim.Calls()))
				}
				b.sim.ResetCalls()
				b.upStack(nil)
				if m := b.sim.Mutations(); len(m) > 0 {
					t.Errorf("a second up makes %d mutating calls, the first is %s", len(m), m[0].Name())
				}

				began = time.Now()
				b.downStack()
				t.Logf("down: %s", time.Since(began).Round(time.Second))
				if diff := cmp.Diff(onlyAccounts(before), onlyAccounts(b.sim.Inventory())); diff != "" {
					t.Errorf("the account is not as before (-before +after):\n%s", diff)
				}
				for _, e := range b.rec.Entries() {
					if e.Kind != "slr" && e.Key != "record/validation" {
						t.Errorf("the state still has %s", e.Key)
					}
				}
			})
		})
	}
}

// tally counts calls by name, most first.
func tally(calls []awssim.Call) string {
	n := map[string]int{}
	for _, c := range calls {
		n[c.Name()]++
	}
	var lines []string
	for name, k := range n {
		lines = append(lines, fmt.Sprintf("%4d %s", k, name))
	}
	slices.Sort(lines)
	slices.Reverse(lines)
	return strings.Join(lines, "\n")
}

func TestAPlansVerbsAreThoseOfUp(t *testing.T) {
	for name, change := range map[string][]string{
		"from nothing":     nil,
		"more retention":   {"log_retention_days: 7", "log_retention_days: 14"},
		"an agent is gone": {"  voice-extractor:\n    port: 9005\n", ""},
		"another port":     {"port: 9001", "port: 9101"},
		"bigger tasks":     {"cpu: 256 ", "cpu: 512 ", "memory: 512 ", "memory: 1024 "},
		"no Spot":          {"spot: true", "spot: false"},
		"a tag":            {"  Environment: prod", "  Environment: prod\n  Team: agents"},
		"an endpoint":      {"endpoints: [s3]", "endpoints: [s3, logs]"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				b := newStackBench(t, shipped(t, "agents.yaml"))
				if change != nil {
					b.upStack(nil)
					b.cfg = shipped(t, "agents.yaml", change...)
				}
				plan := b.planStack()
				up := b.upStack(plan)
				if !plan.Changes() {
					t.Error("the plan is empty")
				}
				if diff := cmp.Diff(verbsByKey(plan), verbsByKey(up)); diff != "" {
					t.Errorf("-plan +up:\n%s", diff)
				}
				if again := b.planStack(); again.Changes() {
					t.Errorf("the plan after up is not empty: %s", verbs(again))
				}
				b.downStack()
			})
		})
	}
}

func verbsByKey(res *engine.Result) map[engine.Key]engine.Verb {
	out := map[engine.Key]engine.Verb{}
	for _, o := range res.Outcomes {
		out[o.Key] = o.Verb
	}
	return out
}

func TestAPlanCannotWrite(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newStackBench(t, shipped(t, "agents.yaml"))
		s := b.fresh(true)
		res, err := b.walk(true, s.Steps()...).Up(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		var refused *cloud.WriteRefused
		if !errors.As(res.Err(), &refused) || len(b.sim.Mutations()) > 0 {
			t.Errorf("an apply with a plan's clients made %d writes and ends with %v", len(b.sim.Mutations()), res.Err())
		}
	})
}

func TestALostStateIsAdoptedByTag(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newStackBench(t, shipped(t, "agents.yaml"))
		b.upStack(nil)
		had := len(b.rec.Entries())
		b.rec = engine.NewMemory(b.home.Clock)
		b.sim.ResetCalls()
		b.upStack(nil)
		if m := b.sim.Mutations(); len(m) > 0 {
			t.Errorf("something was made again: %s", m[0].Name())
		}
		if got := len(b.rec.Entries()); got != had {
			t.Errorf("%d of %d resources were adopted", got, had)
		}
		b.rec = engine.NewMemory(b.home.Clock)
		b.downStack()
	})
}

func TestAnUpOrDownThatIsKilledHalfwayIsFinishedByTheNext(t *testing.T) {
	for _, at := range []int{40, 90} {
		synctest.Test(t, func(t *testing.T) {
			b := newStackBench(t, shipped(t, "agents.yaml"))
			before := b.sim.Inventory()
			b.killAt(at, func(s *Stack) { _, _ = b.walkOf(s).Up(context.Background()) })
			b.upStack(nil)
			if again := b.planStack(); again.Changes() {
				t.Errorf("killed at call %d of up: the plan after the rerun is not empty: %s", at, verbs(again))
			}
			b.killAt(at, func(s *Stack) { _, _ = b.walkOf(s).Down(context.Background()) })
			b.downStack()
			if diff := cmp.Diff(onlyAccounts(before), onlyAccounts(b.sim.Inventory())); diff != "" {
				t.Errorf("killed at call %d of down (-before +after):\n%s", at, diff)
			}
		})
	}
}

func (b *stackBench) walkOf(s *Stack) engine.Walk {
	w := b.walk(true, s.Steps()...)
	w.Orphans = s.Orphans(engine.Known(b.rec))
	w.Keep = Keep(DownOptions{Images: true, Logs: true, Data: true})
	if b.dying != nil {
		w.Record = b.dying
	}
	return w
}

// killAt runs f and lets the process die right after mutating call n took
// effect: nothing after that reaches AWS or the record.
func (b *stackBench) killAt(n int, f func(*Stack)) {
	b.t.Helper()
	b.sim.ResetCalls()
	rec := &mortal{Memory: b.rec, sim: b.sim}
	b.sim.Inject(func(c awssim.Call) awssim.Fault { return awssim.Fault{Kill: c.Mutating && c.N == n} })
	s := b.fresh(false)
	s.DeleteImages = true
	b.dying = rec
	f(s)
	b.dying = nil
	if len(b.sim.Mutations()) < n {
		b.t.Fatalf("there were only %d mutating calls, none to die at %d", len(b.sim.Mutations()), n)
	}
	b.sim.Inject(nil)
}

// mortal records nothing once the process is dead.
type mortal struct {
	*engine.Memory
	sim *awssim.Sim
}

func (m *mortal) Record(e engine.Entry) {
	if !m.sim.Dead() {
		m.Memory.Record(e)
	}
}

func (m *mortal) Forget(k engine.Key) {
	if !m.sim.Dead() {
		m.Memory.Forget(k)
	}
}

func (m *mortal) Begin(ctx context.Context, k engine.Key) error {
	if m.sim.Dead() {
		return awssim.ErrKilled
	}
	return m.Memory.Begin(ctx, k)
}
