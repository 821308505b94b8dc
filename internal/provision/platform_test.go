package provision

import (
	"context"
	"testing"
	"testing/synctest"

	"github.com/karmacadabra/karmactl/internal/awssim"
	"github.com/karmacadabra/karmactl/internal/engine"
)

// platform is the part of a stack that needs no network: what the agents are
// known by, run in, and are watched with.
func platform(h *Home) []engine.Step {
	namespace := &Namespace{Home: h, Name: "karmacadabra.local"}
	cluster := &Cluster{Home: h, Insights: "disabled", Namespace: namespace}
	topic := &Topic{Home: h}
	dashboard := &Dashboard{Home: h}
	steps := []engine.Step{
		engine.Manage(namespace), engine.Manage(cluster), engine.Manage(topic), engine.Manage(dashboard), engine.Manage(&SamplingRule{Home: h}),
		engine.Manage(&Subscription{Home: h, Topic: topic, Email: "ops@example.com"}),
	}
	for _, agent := range []string{"validator", "karma-hello"} {
		group := &LogGroup{Home: h, Agent: agent, RetentionDays: 7}
		dashboard.Agents = append(dashboard.Agents, Watched{Agent: agent})
		steps = append(steps,
			engine.Manage(group),
			engine.Manage(&MetricFilter{Home: h, Group: group}),
			engine.Manage(&Repository{Home: h, Agent: agent}),
			engine.Manage(h.HighCPU(agent, 85, cluster, topic)),
			engine.Manage(h.HighMemory(agent, 85, cluster, topic)),
			engine.Manage(&Role{Home: h, Kind: ExecutionRole, Agent: agent, Policy: executionPolicy(h.Account, "karmacadabra/"+agent, group.Name(), nil)}),
			engine.Manage(&Role{Home: h, Kind: TaskRole, Agent: agent, Policy: taskPolicy(true, false)}),
		)
	}
	return steps
}

func TestThePlatformGoesThroughItsLife(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, slow)
		b.lifecycle(platform(b.home)...)
	})
}

// TestThePlatformConvergesWhenAReplyIsLost loses the reply of each mutating call
// once, by itself: the work is done and nothing is there twice.
func TestThePlatformConvergesWhenAReplyIsLost(t *testing.T) {
	for n := 1; n <= mutations(t); n++ {
		synctest.Test(t, func(t *testing.T) {
			b := newBench(t, slow)
			lost := false
			b.sim.Inject(func(c awssim.Call) awssim.Fault {
				if c.Mutating && c.N == n && !lost {
					lost = true
					return awssim.Fault{After: awssim.LostConnection()}
				}
				return awssim.Fault{}
			})
			b.up(platform(b.home)...)
			b.sim.Inject(nil)
			if res := b.plan(platform(b.home)...); res.Changes() {
				t.Fatalf("call %d lost its reply; the plan after is not empty: %s", n, verbs(res))
			}
			b.down(platform(b.home)...)
		})
	}
}

// TestThePlatformConvergesWhenTheProcessDies kills the process after each
// mutating call: the next run finishes.
func TestThePlatformConvergesWhenTheProcessDies(t *testing.T) {
	for n := 1; n <= mutations(t); n++ {
		synctest.Test(t, func(t *testing.T) {
			b := newBench(t, slow)
			b.sim.Inject(func(c awssim.Call) awssim.Fault { return awssim.Fault{Kill: c.Mutating && c.N == n} })
			if _, err := b.walk(true, platform(b.home)...).Up(context.Background()); err != nil {
				t.Fatal(err)
			}
			b.sim.Inject(nil)
			b.up(platform(b.home)...)
			if res := b.plan(platform(b.home)...); res.Changes() {
				t.Fatalf("killed after call %d; the plan after the rerun is not empty: %s", n, verbs(res))
			}
			b.down(platform(b.home)...)
			if res := b.plan(platform(b.home)...); res.Count(engine.Create) != len(platform(b.home)) {
				t.Fatalf("killed after call %d; something is left after down", n)
			}
		})
	}
}

// mutations counts the mutating calls of an undisturbed up.
func mutations(t *testing.T) int {
	n := 0
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, slow)
		b.up(platform(b.home)...)
		n = len(b.sim.Mutations())
	})
	return n
}
