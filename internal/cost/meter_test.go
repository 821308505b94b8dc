package cost

import (
	"context"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/shopspring/decimal"

	"github.com/karmacadabra/karmactl/internal/agents"
	"github.com/karmacadabra/karmactl/internal/awssim"
	"github.com/karmacadabra/karmactl/internal/awssim/recorded"
	"github.com/karmacadabra/karmactl/internal/cloud"
	"github.com/karmacadabra/karmactl/internal/engine"
	"github.com/karmacadabra/karmactl/internal/provision"
	"github.com/karmacadabra/karmactl/internal/stack"
)

// raise brings a configuration up on a simulated account.
func raise(t *testing.T, cfg *agents.Config) *awssim.Sim {
	t.Helper()
	clock := engine.RealClock{}
	sim, err := awssim.New(awssim.Options{Clock: clock, Latency: 20 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	recorded.Watch(t, sim.Observe)
	home := &provision.Env{
		Stack: cfg.Stack(), Project: cfg.Project, Tags: cfg.Tags, Clock: clock,
		Account:   cloud.Account{ID: "123456789012", Partition: "aws", Region: cfg.Region},
		Clients:   cloud.NewClients(cloud.WithOptions(sim.Config(), cloud.LostReplies)),
		Inventory: cloud.NewInventory(clock),
	}
	if cfg.LoadBalancer.Domain != "" {
		if err := sim.Edit(func(w *awssim.World) { w.SeedHostedZone("example.com", false) }); err != nil {
			t.Fatal(err)
		}
	}
	facts, err := stack.ReadLookup(t.Context(), cfg, home)
	if err != nil {
		t.Fatal(err)
	}
	st := stack.New(cfg, home, facts)
	w := engine.Walk{Steps: st.Steps(), Record: engine.NewMemory(clock), Clock: clock, Classify: cloud.Classify, Apply: true}
	res, err := w.Up(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	if err := res.Err(); err != nil {
		t.Fatal(err)
	}
	return sim
}

// twelve adds to the five until there are more than the free alarms are for. The
// user's nested secret has no entry for those: they have no secrets.
func twelve(c *agents.Config) {
	for i := len(c.Agents); i < 12; i++ {
		a := c.Agents[0]
		a.Name, a.Port, a.Secrets = fmt.Sprintf("agent-%d", i), 9101+i, nil
		c.Agents = append(c.Agents, a)
	}
}

// unseen makes no agent public: two of them are workers.
func unseen(c *agents.Config) {
	for i := range c.Agents {
		c.Agents[i].Public = false
	}
	c.Agents[3].Port, c.Agents[4].Port = 0, 0
}

// Two ways to one figure: the estimate prices the configuration, the meter of
// the simulated account bills what is there.
func TestTheMeterOfTheAccountAgreesWithTheEstimate(t *testing.T) {
	for name, do := range map[string]func(*agents.Config){
		"as shipped":          func(*agents.Config) {},
		"on demand, ARM":      func(c *agents.Config) { onDemand(c); arm(c) },
		"the README's":        readme,
		"without NAT":         func(c *agents.Config) { c.Network.NAT = agents.NATNone; larger(c) },
		"NAT instance":        func(c *agents.Config) { c.Network.NAT = agents.NATInstance },
		"NAT instance, small": func(c *agents.Config) { c.Network.NAT, c.Network.InstanceType = agents.NATInstance, "t4g.small" },
		"NAT per zone":        func(c *agents.Config) { c.Network.NAT = agents.NATPerAZ },
		"parameters":          func(c *agents.Config) { c.Secrets.Store = agents.StoreSSM },
		"no alarms":           func(c *agents.Config) { c.Observability.Alarms.Enabled = false },
		"enhanced":            func(c *agents.Config) { c.Observability.ContainerInsights = agents.InsightsEnhanced },
		"one endpoint zone":   func(c *agents.Config) { readme(c); c.Network.EndpointAZs = "one" },
		"everything on":       func(c *agents.Config) { *c = *config(t, "agents.full.yaml") },
		"internal":            func(c *agents.Config) { c.LoadBalancer.Internal = true },
		"one agent":           func(c *agents.Config) { c.Agents = c.Agents[:1] },
		"twelve agents":       twelve,
		"disks": func(c *agents.Config) {
			c.Agents[0].Container.StorageGiB, c.Agents[1].Container.StorageGiB, c.Agents[1].Spot = 21, 200, agents.Spot{}
		},
		"workers":     func(c *agents.Config) { c.Network.NAT = agents.NATNone; unseen(c) },
		"some public": func(c *agents.Config) { c.Agents[1].Public = false; c.Agents[4].Port, c.Agents[4].Public = 0, false },
		"requests and a queue": func(c *agents.Config) {
			c.Agents[0].Scale.Requests = 1000
			c.Agents[1].Scale = agents.Scale{Min: 0, Max: 5, Queue: agents.Queue{Name: "acme-jobs", PerTask: 10}}
		},
		"a job, and an address to tell": func(c *agents.Config) {
			c.Jobs = map[string]agents.Job{"digest": {Name: "digest", Agent: "validator", Command: []string{"true"}, Schedule: "every 6 hours", Expression: "cron(0 0/6 * * ? *)", Timezone: "UTC", CPU: 256, Memory: 512}}
			c.Observability.Alarms.Emails = []string{"ops@example.com"}
		},
		"volumes":       func(c *agents.Config) { c.Agents[0].Volumes = memory },
		"with a domain": func(c *agents.Config) { c.LoadBalancer.Domain = "agents.example.com" },
		"mail and budget": func(c *agents.Config) {
			c.Observability.Alarms.Emails, c.Budget.Emails = []string{"ops@example.com"}, []string{"ops@example.com"}
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				cfg := config(t, "agents.yaml")
				do(cfg)
				meter, err := raise(t, cfg).Meter()
				if err != nil {
					t.Fatal(err)
				}
				want := map[string]decimal.Decimal{}
				for _, c := range estimate(t, cfg).Components {
					if c.Hourly {
						want[c.Noun] = want[c.Noun].Add(c.Monthly().Expected)
					}
				}
				for noun := range meter {
					if _, ok := want[noun]; !ok && !meter[noun].IsZero() {
						t.Errorf("%s bills %s and is not estimated", noun, USD(meter[noun].Mul(hours)))
					}
				}
				for noun, w := range want {
					if got := meter[noun].Mul(hours); !got.Round(6).Equal(w.Round(6)) {
						t.Errorf("%s: the meter says %s a month, the estimate %s", noun, got.Round(4), w.Round(4))
					}
				}
			})
		})
	}
}
