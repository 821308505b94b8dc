package cost

import (
	"fmt"
	"strings"

	"github.com/shopspring/decimal"

	"github.com/karmacadabra/karmactl/internal/agents"
	"github.com/karmacadabra/karmactl/internal/cloud"
	"github.com/karmacadabra/karmactl/internal/engine"
)

// Heading is one line of the short form that a plan shows.
type Heading struct {
	Name, About string
	Monthly     Range
}

// Overview is the estimate in a few lines, which add up to the total.
func (e *Estimate) Overview(cfg *agents.Config, nodes []engine.Node) []Heading {
	n := map[string]int{}
	for _, node := range nodes {
		n[node.Key().Kind()]++
	}
	of := func(nouns ...string) Range {
		return e.Sum(func(c Component) bool {
			for _, noun := range nouns {
				if c.Noun == noun {
					return true
				}
			}
			return false
		})
	}
	name := "fargate"
	turned := e.Sum(func(c Component) bool { return c.Item == "Fargate vCPU" }) // see provision.SpotTurn
	if onSpot(cfg) && !turned.Expected.IsPositive() {
		name = "fargate spot"
	}
	nat := fmt.Sprintf("%s + %s + %v GB", cloud.Count(n["nat"], "gateway"), cloud.Count(n["eip"], "address"), cfg.Usage.NATGB)
	if n["asg"] > 0 {
		nat = fmt.Sprintf("instance %s + %s", cfg.Network.InstanceType, cloud.Count(n["eip"], "address"))
	}
	out := []Heading{
		{Name: name, About: sizes(cfg), Monthly: of("service")},
		{Name: "nat", About: nat, Monthly: of("nat_gateway", "auto_scaling_group", "elastic_ip")},
		{Name: "load balancer", About: fmt.Sprintf("%d + %d addresses", n["alb"], e.addresses()), Monthly: of("load_balancer")},
		{Name: "endpoints", About: fmt.Sprintf("%s in %s", cloud.Count(len(cfg.Network.InterfaceEndpoints()), "interface endpoint"), zones(cfg)), Monthly: of("vpc_endpoint")},
		{Name: "volumes", About: fmt.Sprintf("%v GB on EFS", cfg.Usage.EFSGB), Monthly: of("file_system")},
		{Name: "insights", About: "Container Insights " + string(cfg.Observability.ContainerInsights), Monthly: of("cluster")},
	}
	var kept []Heading
	rest := e.Total()
	for _, h := range out {
		if h.Monthly.Expected.IsPositive() {
			kept, rest = append(kept, h), rest.minus(h.Monthly)
		}
	}
	return append(kept, Heading{Name: "logs, alarms, images, secrets", Monthly: rest})
}

// sizes is "5 × 0.25 vCPU / 0.5 GB x86".
func sizes(cfg *agents.Config) string {
	type size struct {
		cpu, memory int
		arch        agents.Arch
	}
	var order []size
	tasks := map[size]int{}
	for _, a := range cfg.Agents {
		s := size{a.CPU, a.Memory, a.Arch}
		if _, ok := tasks[s]; !ok {
			order = append(order, s)
		}
		tasks[s] += a.Scale.Min
	}
	var out []string
	for _, s := range order {
		arch := "x86"
		if s.arch == agents.ArchARM {
			arch = "ARM64"
		}
		of := func(n int) string { return decimal.NewFromInt(int64(n)).Div(decimal.NewFromInt(1024)).String() }
		out = append(out, fmt.Sprintf("%d × %s vCPU / %s GB %s", tasks[s], of(s.cpu), of(s.memory), arch))
	}
	return strings.Join(out, " · ")
}

// addresses of the load balancer.
func (e *Estimate) addresses() int {
	for _, c := range e.Components {
		if c.Noun == "load_balancer" && c.Price == AddressInUse {
			return int(c.Quantity.Expected.Div(hours).Round(0).IntPart())
		}
	}
	return 0
}

func zones(cfg *agents.Config) string {
	if cfg.Network.EndpointAZs == "one" {
		return "one zone"
	}
	return fmt.Sprintf("%d zones", cfg.Network.AZs)
}
