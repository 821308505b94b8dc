package fleet

import (
	"context"
	"maps"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/karmacadabra/karmactl/internal/agents"
	"github.com/karmacadabra/karmactl/internal/awssim"
	"github.com/karmacadabra/karmactl/internal/engine"
)

func (b *bench) edit(change func(*awssim.World)) {
	b.t.Helper()
	if err := b.sim.Edit(change); err != nil {
		b.t.Fatal(err)
	}
}

// want sets how many tasks an agent is to have.
func (b *bench) want(agent string, tasks int) {
	b.edit(func(w *awssim.World) {
		for _, x := range w.Services {
			if x.Name == agent {
				x.Desired = tasks
			}
		}
	})
}

func (b *bench) look() *Status {
	b.t.Helper()
	home := b.home()
	w := &Watcher{
		ECS: home.Clients.ECS, Targets: home.Clients.ELB, Metrics: home.Clients.CloudWatch, Schedules: home.Clients.AutoScaling,
		Cluster: home.ClusterName(), Agents: b.cfg.Agents, Clock: engine.RealClock{},
		Waits: func(ctx context.Context, of []agents.Agent) (map[string]Waiting, error) {
			return Waits(ctx, home, b.cfg, of)
		},
	}
	st, err := w.Look(b.t.Context())
	if err != nil {
		b.t.Fatal(err)
	}
	return st
}

// problems are the attention's lines: agent, problem and the command that helps.
func (st *Status) problems() string {
	var out []string
	for _, x := range st.Attention {
		out = append(out, x.Agent+" "+x.Problem+": "+x.Command)
	}
	return strings.Join(out, "\n")
}

func TestALookIsThirteenCallsForFiveAgentsAndForAHundredTasks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, nil)
		b.up()
		calls := func() int {
			b.sim.ResetCalls()
			st := b.look()
			if len(st.Agents) != 5 || len(st.Notes) != 0 {
				t.Fatalf("%d agents, notes %q", len(st.Agents), st.Notes)
			}
			return len(b.sim.Calls())
		}
		few := calls()
		if few > 13 {
			t.Errorf("%d calls for five agents", few)
		}
		b.edit(func(w *awssim.World) { w.FargateVCPU = map[string]float64{"L-36FBB829": 100, "L-3032A538": 100} })
		for _, name := range b.names {
			b.want(name, 20)
		}
		time.Sleep(5 * time.Minute)
		running := 0
		for _, a := range b.look().Agents {
			running += a.Running
		}
		if running != 100 {
			t.Fatalf("%d tasks run", running)
		}
		if many := calls(); many != few {
			t.Errorf("%d calls for a hundred tasks, %d for five", many, few)
		}
	})
}

func TestAHealthyFleetNeedsNoAttention(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, nil)
		b.up()
		st := b.look()
		if p := st.problems(); p != "" {
			t.Errorf("attention for %s", p)
		}
		for _, a := range st.Agents {
			if a.Running != 1 || a.Spot != 1 || a.OnDemand != 0 || a.Revision != 1 || a.Healthy != 1 || a.Rollout != "completed" {
				t.Errorf("%+v", a)
			}
		}
	})
}

func TestWhatNeedsAttentionIsSaidWithTheCommandThatHelps(t *testing.T) {
	for name, c := range map[string]struct {
		trouble func(b *bench)
		want    string
	}{
		"scaled to 0": {
			func(b *bench) { b.want("validator", 0) },
			"validator is scaled to 0, and no schedule wakes it: karmactl scale validator=auto",
		},
		"scaled to 0 by agents.yaml": {
			func(b *bench) {
				b.cfg.Agents[0].Scale.Min = 0
				b.want("validator", 0)
			},
			"validator is scaled to 0, and no schedule wakes it: karmactl scale validator=1",
		},
		"no Spot capacity": {
			func(b *bench) {
				b.edit(func(w *awssim.World) { w.NoSpotCapacity = true })
				b.want("validator", 2)
			},
			"validator 1 of 2 tasks run: Fargate Spot has no capacity in these zones, and ECS does not fall back to on-demand: karmactl doctor validator",
		},
		"no room in the quota": {
			func(b *bench) {
				b.edit(func(w *awssim.World) { w.FargateVCPU = map[string]float64{"L-36FBB829": 1.25} })
				b.want("validator", 2)
			},
			"validator 1 of 2 tasks run: the account's quota of Fargate vCPU is used up: karmactl doctor validator",
		},
		"Spot takes a task back": {
			func(b *bench) { b.edit(func(w *awssim.World) { w.InterruptSpot = true }) },
			"validator AWS took 1 Spot task back within the last hour: karmactl logs validator --since 1h",
		},
		"a task that ran and crashed": {
			func(b *bench) {
				b.edit(func(w *awssim.World) {
					for _, x := range w.Tasks {
						x.Behaviour = "crash" // the one that takes its place does not
					}
				})
			},
			"validator 1 task stopped within the last hour, the last: Essential container in task exited (exit code 1)",
		},
		"a service that waits for a secret": {
			func(b *bench) {
				b.cfg.Agents[0].Secrets = append(b.cfg.Agents[0].Secrets, agents.Secret{Env: "API_KEY", Key: "api_key"})
				b.edit(func(w *awssim.World) {
					maps.DeleteFunc(w.Services, func(_ string, x *awssim.Service) bool { return x.Name == "validator" })
				})
			},
			"validator waits: it has no value for its secret api_key (API_KEY): karmactl secrets set validator api_key",
		},
		"an agent without an image": {
			func(b *bench) {
				b.cfg.Agents[0].Image = ""
				b.edit(func(w *awssim.World) {
					maps.DeleteFunc(w.Services, func(_ string, x *awssim.Service) bool { return x.Name == "validator" })
				})
			},
			"validator waits: it has no image yet: karmactl deploy validator --build",
		},
		"a service that is gone": {
			func(b *bench) {
				b.edit(func(w *awssim.World) {
					for arn, x := range w.Services {
						if x.Name == "validator" {
							delete(w.Services, arn)
						}
					}
				})
			},
			"validator has no service: karmactl up --only validator",
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := newBench(t, nil)
				b.up()
				c.trouble(b)
				for range 20 { // what is known after a while, and may pass
					time.Sleep(10 * time.Second)
					if strings.Contains(b.look().problems(), c.want) {
						return
					}
				}
				t.Errorf("%s\nwant\n%s", b.look().problems(), c.want)
			})
		})
	}
}

func TestBeforeUpThereIsNothingButTheAdviceToRunIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		st := newBench(t, nil).look()
		if st.problems() != " nothing is up: karmactl up" || len(st.Agents) != 5 {
			t.Errorf("%q for %d agents", st.problems(), len(st.Agents))
		}
	})
}
