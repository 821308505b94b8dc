package stack

import (
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/karmacadabra/karmactl/internal/agents"
	"github.com/karmacadabra/karmactl/internal/awssim"
	"github.com/karmacadabra/karmactl/internal/engine"
)

// everyone is a fleet of so many of which every agent calls all others.
func everyone(t *testing.T, n int) *agents.Config {
	t.Helper()
	var b strings.Builder
	fmt.Fprintln(&b, "defaults: {calls: all, image: 'public.ecr.aws/docker/library/python:3.13-slim'}\nagents:")
	for i := range n {
		fmt.Fprintf(&b, "  agent-%02d: {port: %d}\n", i, 9001+i)
	}
	return parse(t, b.String())
}

// resolved counts the pairs of which one is called by the other and knows its name.
func (b *stackBench) resolved() int {
	pairs := 0
	for _, a := range b.cfg.Agents {
		pairs += len(a.Calls)
	}
	return pairs - len(b.stale())
}

func TestEveryAgentReachesEveryOtherAfterTheFirstUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newStackBench(t, shipped(t, "agents.yaml"))
		b.upStack(b.planStack())
		if n := b.resolved(); n != 20 {
			t.Errorf("%d of 20 pairs: these cannot be resolved: %q", n, b.stale())
		}
		b.edit(func(w *awssim.World) {
			if n := len(w.Tasks); n != 5 {
				t.Errorf("%d tasks were started for five agents with a task each", n)
			}
		})
		for _, a := range b.cfg.Agents {
			if n := b.deployments(a.Name); n > 2 {
				t.Errorf("%s was deployed %d times", a.Name, n)
			}
		}
		if plan := b.planStack(); plan.Changes() {
			t.Errorf("the plan after it is not empty: %s", verbs(plan))
		}
		b.sim.ResetCalls()
		b.upStack(nil)
		if m := b.sim.Mutations(); len(m) > 0 {
			t.Errorf("a second up makes %d mutating calls, the first is %s", len(m), m[0].Name())
		}
	})
}

// The way up is no longer for a circle than for a chain of the same agents. Who comes first
// where AWS throttles differs from run to run: the best of three counts.
func TestACircleComesUpWithinItsCriticalPath(t *testing.T) {
	took := map[string]time.Duration{}
	for _, n := range sizes() {
		ratio := 2.0
		for tries := 0; ratio > 1.05 && tries < 3; tries++ {
			for name, cfg := range map[string]*agents.Config{"circle": everyone(t, n), "chains": fleet(t, n)} {
				synctest.Test(t, func(t *testing.T) {
					b := newStackBench(t, cfg)
					began := time.Now()
					b.upStack(nil)
					took[name] = time.Since(began)
				})
			}
			// Each service of a circle takes two calls. ECS takes fifty at once, and five a second after them.
			took["circle"] -= time.Duration(max(0, 2*n-50)) * time.Second / 5
			ratio = took["circle"].Seconds() / took["chains"].Seconds()
			t.Logf("%d agents: up takes %v in a circle, %v in chains: %.3f", n, took["circle"], took["chains"], ratio)
		}
		if ratio > 1.05 {
			t.Errorf("%d agents: a circle takes %.3f of what chains take", n, ratio)
		}
	}
}

// The last service of a circle that is made knows every name already. Without a deployment of
// its own its empty one would pass for a rollout that is done.
func TestUpWaitsForTheAgentOfACircleThatWasMadeLast(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newStackBench(t, everyone(t, 3))
		var created atomic.Int32
		b.sim.Inject(func(c awssim.Call) awssim.Fault {
			if c.Name() == "ECS.CreateService" && created.Add(1) == 3 {
				return awssim.Fault{Delay: 5 * time.Second}
			}
			return awssim.Fault{}
		})
		b.upStack(nil)
		b.edit(func(w *awssim.World) {
			running := 0
			for _, task := range w.Tasks {
				if task.Status == "RUNNING" {
					running++
				}
			}
			if running != 3 {
				t.Errorf("up ends with %d of 3 tasks running", running)
			}
		})
		for _, a := range b.cfg.Agents {
			if n := b.deployments(a.Name); n != 2 {
				t.Errorf("%s was deployed %d times: once without tasks, and once with them", a.Name, n)
			}
		}
	})
}

func TestACircleThatWasInterruptedBeginsAtTheNextUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newStackBench(t, everyone(t, 3))
		b.sim.Inject(func(c awssim.Call) awssim.Fault {
			if c.Name() == "ECS.UpdateService" {
				return awssim.Fault{Before: awssim.AccessDenied(c.Service, c.Operation)}
			}
			return awssim.Fault{}
		})
		s := b.fresh(false)
		if res, err := b.walk(true, s.Steps()...).Up(t.Context()); err != nil || res.Err() == nil {
			t.Fatalf("an up without the right to update services: %v, %v", err, res.Err())
		}
		b.sim.Inject(nil)
		plan := b.planStack()
		if o, _ := plan.Get("service/agent-00"); !slices.ContainsFunc(o.Changes, func(c engine.Change) bool { return c.Field == "tasks" && c.Now == "1" }) {
			t.Errorf("the plan does not show that tasks begin: %v", o.Changes)
		}
		b.upStack(plan)
		if n := b.resolved(); n != 6 {
			t.Errorf("%d of 6 pairs: these cannot be resolved: %q", n, b.stale())
		}
		if plan := b.planStack(); plan.Changes() {
			t.Errorf("the plan after it is not empty: %s", verbs(plan))
		}
	})
}

// An agent that was scaled to zero stays there when another joins its circle.
func TestAScaledDownAgentOfACircleStaysAtZero(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newStackBench(t, parse(t, strings.ReplaceAll(circleOfTwo, "}", ", scale: {min: 0, max: 1}}")))
		b.upStack(nil)
		b.edit(func(w *awssim.World) {
			for _, x := range w.Services {
				if x.Desired != 0 || x.Deploy.DeploymentCircuitBreaker == nil || !x.Deploy.DeploymentCircuitBreaker.Enable {
					t.Errorf("%s has %d tasks", x.Name, x.Desired)
				}
			}
		})
		if plan := b.planStack(); plan.Changes() {
			t.Errorf("the plan is not empty: %s", verbs(plan))
		}
	})
}

const circleOfTwo = `
agents:
  front: {port: 8080, calls: [planner], image: 'public.ecr.aws/docker/library/python:3.13-slim'}
  planner: {port: 8080, public: false, calls: [front], image: 'public.ecr.aws/docker/library/python:3.13-slim'}
`

// A namespace that a killed run was making has no id in the state, and its name is the
// file's: when no agent calls another one any more, its tags alone tell that it is ours.
func TestANamespaceThatAKilledRunMadeGoesWhenNoneIsWanted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newStackBench(t, parse(t, circleOfTwo))
		b.sim.Inject(func(c awssim.Call) awssim.Fault {
			return awssim.Fault{Kill: c.Name() == "ServiceDiscovery.CreateHttpNamespace"}
		})
		s := b.fresh(false)
		_, _ = b.walkOf(s).Up(t.Context()) // it died
		if !b.sim.Dead() {
			t.Fatal("no namespace was made")
		}
		b.sim.Inject(nil)
		b.cfg = parse(t, strings.NewReplacer(", calls: [planner]", "", ", calls: [front]", "").Replace(circleOfTwo))
		b.upStack(nil)
		b.settled()
		if left := b.outside(); len(left) > 0 {
			t.Errorf("ours, and not in the state: %q", left)
		}
		for _, thing := range b.inventory() {
			if strings.HasPrefix(thing, "namespace ") {
				t.Errorf("up leaves %s, which no agent uses", thing)
			}
		}
	})
}
