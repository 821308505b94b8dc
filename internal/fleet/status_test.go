package fleet

import (
	"context"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/karmacadabra/karmactl/internal/agents"
	"github.com/karmacadabra/karmactl/internal/awssim"
	"github.com/karmacadabra/karmactl/internal/engine"
)

func (b *bench) look() (*Status, int) {
	b.t.Helper()
	h := b.home()
	b.sim.ResetCalls()
	st, err := (&Watcher{
		ECS: h.Clients.ECS, Targets: h.Clients.ELB, Metrics: h.Clients.CloudWatch, Schedules: h.Clients.AutoScaling,
		Cluster: h.ClusterName(), Agents: b.cfg.Agents, Clock: engine.RealClock{},
	}).Look(context.Background())
	if err != nil {
		b.t.Fatal(err)
	}
	return st, len(b.sim.Calls())
}

// Who the account is costs one call more, before this.
func TestALookTakesTheSameCallsForFiveTasksAsForAHundred(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, nil)
		b.up()
		st, few := b.look()
		if len(st.Agents) != 5 || len(st.Attention)+len(st.Notes) > 0 || few > 11 {
			t.Fatalf("%d calls for %d agents: %v %v", few, len(st.Agents), st.Attention, st.Notes)
		}
		b.edit(func(w *awssim.World) {
			w.FargateVCPU = map[string]float64{"L-3032A538": 100, "L-36FBB829": 100}
			for _, s := range w.Services {
				s.Desired = 20
			}
		})
		time.Sleep(10 * time.Minute) // the bubble's own time
		b.look()                     // the account catches up with its clock when it is asked
		time.Sleep(5 * time.Minute)  // the targets' health checks
		st, many := b.look()
		running := 0
		for _, a := range st.Agents {
			running += a.Running
			if a.Spot+a.OnDemand != a.Running || a.Healthy != a.Running {
				t.Errorf("of %d tasks of %s %d are on Spot, %d are not, %d are healthy", a.Running, a.Name, a.Spot, a.OnDemand, a.Healthy)
			}
		}
		if running != 100 || many != few {
			t.Errorf("%d calls for %d tasks, %d for five", many, running, few)
		}
	})
}

func TestWhatNeedsAttentionComesWithTheCommandThatHelps(t *testing.T) {
	for _, c := range []struct {
		name    string
		change  func(w *awssim.World)
		wait    time.Duration
		problem string
		command string
	}{
		{"no Spot capacity", func(w *awssim.World) {
			w.NoSpotCapacity = true
			w.Services[serviceARN(w)].Desired = 3
		}, 2 * time.Minute, "unable to place a task. Reason: Capacity is unavailable", "karmactl logs validator --since 1h"},
		{"no quota", func(w *awssim.World) {
			w.FargateVCPU = map[string]float64{"L-3032A538": 0, "L-36FBB829": 0}
			w.Services[serviceARN(w)].Desired = 3
		}, 2 * time.Minute, "reached the limit on the number of vCPUs", "karmactl logs validator --since 1h"},
		{"scaled to 0", func(w *awssim.World) { w.Services[serviceARN(w)].Desired = 0 }, 5 * time.Minute, "is scaled to 0, and no schedule wakes it", "karmactl scale validator=auto"},
	} {
		synctest.Test(t, func(t *testing.T) {
			b := newBench(t, func(cfg *agents.Config) {
				for _, a := range cfg.Agents {
					if a.Name == "validator" {
						cfg.Agents = []agents.Agent{a}
						return
					}
				}
			})
			b.up()
			if st, _ := b.look(); len(st.Attention) > 0 {
				t.Fatalf("%s: before: %v", c.name, st.Attention)
			}
			b.edit(c.change)
			time.Sleep(c.wait) // the bubble's own time
			st, _ := b.look()
			if len(st.Attention) != 1 || !strings.Contains(st.Attention[0].Problem, c.problem) || st.Attention[0].Command != c.command {
				t.Errorf("%s: %v", c.name, st.Attention)
			}
		})
	}
}

// serviceARN is the only service's.
func serviceARN(w *awssim.World) string {
	for arn := range w.Services {
		return arn
	}
	return ""
}

func (b *bench) edit(change func(*awssim.World)) {
	b.t.Helper()
	if err := b.sim.Edit(change); err != nil {
		b.t.Fatal(err)
	}
}
