package cost

import (
	"testing"

	"github.com/karmacadabra/karmactl/internal/agents"
	"github.com/karmacadabra/karmactl/internal/engine"
)

func TestTheDeltaIsWhatThePlanChanges(t *testing.T) {
	for _, c := range []struct {
		name, want string
		verb       func(k engine.Key) engine.Outcome
		more       []engine.Outcome
		do         func(*agents.Config)
	}{
		{name: "nothing is there yet", want: "81.07", verb: func(k engine.Key) engine.Outcome { return engine.Outcome{Key: k, Verb: engine.Create} }},
		{name: "everything is there", want: "0.00"},
		{name: "the NAT gateway and its address are new", want: "36.95", verb: func(k engine.Key) engine.Outcome {
			if k.Kind() == "nat" || k.Kind() == "eip" {
				return engine.Outcome{Key: k, Verb: engine.Create}
			}
			return engine.Outcome{Key: k, Verb: engine.None, ID: "id"}
		}},
		{
			name: "a NAT gateway is deleted", want: "-36.50",
			more: []engine.Outcome{{Key: "nat/us-east-1b", Verb: engine.Delete}, {Key: "eip/us-east-1b", Verb: engine.Delete}},
		},
		{name: "an agent gets twice the size", want: "2.87", do: func(c *agents.Config) { c.Agents[0].CPU, c.Agents[0].Memory = 512, 1024 }, verb: func(k engine.Key) engine.Outcome {
			o := engine.Outcome{Key: k, Verb: engine.None, ID: "id"}
			if k == "task-definition/validator" {
				o.Verb, o.Changes = engine.Update, []engine.Change{{Field: "cpu", Was: "256", Now: "512"}, {Field: "memory", Was: "512", Now: "1024"}}
			}
			return o
		}},
		{name: "an agent leaves Spot", want: "6.14", do: func(c *agents.Config) { c.Agents[0].Spot = agents.Spot{} }, verb: func(k engine.Key) engine.Outcome {
			o := engine.Outcome{Key: k, Verb: engine.None, ID: "id"}
			if k == "service/validator" {
				o.Verb, o.Changes = engine.Update, []engine.Change{{Field: "capacity", Was: "FARGATE_SPOT base 0 weight 1", Now: "FARGATE base 0 weight 1"}}
			}
			return o
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			cfg := config(t, "agents.yaml")
			if c.do != nil {
				c.do(cfg)
			}
			nodes := offline(cfg).Resources()
			keys := []engine.Key{"task-definition/validator"}
			for _, n := range nodes {
				keys = append(keys, n.Key())
			}
			var outcomes []engine.Outcome
			for _, k := range keys {
				o := engine.Outcome{Key: k, Verb: engine.None, ID: "id"}
				if c.verb != nil {
					o = c.verb(k)
				}
				outcomes = append(outcomes, o)
			}
			got, err := Delta(cfg, nodes, append(outcomes, c.more...), prices(t))
			if err != nil {
				t.Fatal(err)
			}
			if USD(got) != c.want {
				t.Errorf("it changes the bill by %s, want %s", USD(got), c.want)
			}
		})
	}
}

func TestTheOverviewAddsUpToTheTotal(t *testing.T) {
	for _, name := range []string{"agents.yaml", "agents.full.yaml"} {
		cfg := config(t, name)
		e := estimate(t, cfg)
		var sum Range
		for _, h := range e.Overview(cfg, offline(cfg).Resources()) {
			sum = sum.plus(h.Monthly)
			t.Logf("%-32s %-40s %8s", h.Name, h.About, USD(h.Monthly.Expected))
		}
		if !sum.Expected.Equal(e.Total().Expected) || !sum.High.Equal(e.Total().High) {
			t.Errorf("%s: the lines add up to %s, the total is %s", name, USD(sum.Expected), USD(e.Total().Expected))
		}
	}
}
