package cost

import (
	"strconv"
	"strings"

	"github.com/shopspring/decimal"

	"github.com/karmacadabra/karmactl/internal/agents"
	"github.com/karmacadabra/karmactl/internal/engine"
	"github.com/karmacadabra/karmactl/internal/provision"
)

// Delta is what a plan changes of the expected monthly figure: the wanted stack
// minus what is there now, which is what the plan does not create, as it was
// before the plan's changes, and what the plan deletes.
func Delta(cfg *agents.Config, nodes []engine.Node, outcomes []engine.Outcome, book *Book) (decimal.Decimal, error) {
	wanted, err := Of(cfg, nodes, book)
	if err != nil {
		return decimal.Zero, err
	}
	was := before{cfg: clone(cfg), outcomes: map[engine.Key]engine.Outcome{}}
	for _, o := range outcomes {
		was.outcomes[o.Key] = o
	}
	there, err := Of(was.cfg, was.nodes(nodes, outcomes), book)
	if err != nil {
		return decimal.Zero, err
	}
	return wanted.Total().Expected.Sub(there.Total().Expected), nil
}

// before takes a plan back.
type before struct {
	cfg      *agents.Config
	outcomes map[engine.Key]engine.Outcome
}

func (b before) nodes(all []engine.Node, outcomes []engine.Outcome) []engine.Node {
	var there []engine.Node
	for _, n := range all {
		o, planned := b.outcomes[n.Key()]
		if !planned || o.Verb == engine.Create || o.Status == engine.AwaitingUser || o.Verb == engine.None && o.ID == "" {
			continue // it is not there, or there is nothing yet to hold
		}
		there = append(there, b.node(n, o))
	}
	for _, o := range outcomes {
		if o.Verb == engine.Delete {
			if n := b.gone(o.Key); n != nil {
				there = append(there, n)
			}
		}
	}
	return there
}

// node is a resource as it was, as far as that moves its price.
func (b before) node(n engine.Node, o engine.Outcome) engine.Node {
	switch r := n.(type) {
	case *provision.Service:
		a := r.Agent
		changes := append(b.outcomes[engine.Key("task-definition/"+a.Name)].Changes, b.outcomes[engine.Key("scalable-target/"+a.Name)].Changes...)
		for _, c := range append(changes, o.Changes...) {
			was(&a, c)
		}
		public := r.PublicIP
		for _, c := range o.Changes {
			if c.Field == "public_ip" {
				public = c.Was == "true"
			}
		}
		return &provision.Service{Agent: a, PublicIP: public}
	case *provision.Cluster:
		for _, c := range o.Changes {
			if c.Field == "container_insights" {
				return &provision.Cluster{Insights: c.Was}
			}
		}
	}
	return n
}

// was puts one field of an agent back.
func was(a *agents.Agent, c engine.Change) {
	switch c.Field {
	case "cpu":
		number(&a.CPU, c.Was)
	case "memory":
		number(&a.Memory, c.Was)
	case "min":
		number(&a.Scale.Min, c.Was)
	case "max":
		number(&a.Scale.Max, c.Was)
	case "arch":
		a.Arch = agents.ArchX86
		if strings.EqualFold(c.Was, "arm64") {
			a.Arch = agents.ArchARM
		}
	case "capacity":
		if !strings.Contains(c.Was, "FARGATE_SPOT") {
			a.Spot = agents.Spot{}
		} else if !a.Spot.Enabled {
			a.Spot = agents.Spot{Enabled: true, SpotWeight: 1}
		}
	}
}

func number(to *int, s string) {
	if n, err := strconv.Atoi(s); err == nil {
		*to = n
	}
}

// gone is a resource that the configuration has no more, as far as its key tells.
func (b before) gone(k engine.Key) engine.Node {
	switch k.Kind() {
	case "nat":
		return &provision.NATGateway{AZ: k.Name()}
	case "eip":
		return &provision.ElasticIP{AZ: k.Name()}
	case "endpoint":
		return &provision.VPCEndpoint{Service: k.Name(), Subnets: make([]*provision.Subnet, b.cfg.Network.AZs)}
	case "alarm":
		return &provision.Alarm{Name: k.Name()}
	case "scaling-policy":
		agent, metric, _ := strings.Cut(k.Name(), "/")
		return &provision.ScalingPolicy{Target: &provision.ScalableTarget{Agent: agent}, Metric: metric}
	case "secret":
		return &provision.Secret{Agent: agents.Agent{Name: k.Name()}}
	case "service":
		// What it was like is not known any more: an agent like its neighbours.
		if len(b.cfg.Agents) > 0 {
			a := b.cfg.Agents[0]
			a.Name = k.Name()
			return &provision.Service{Agent: a, PublicIP: b.cfg.Network.NAT == agents.NATNone}
		}
	}
	return nil
}
