package cost

import (
	"fmt"

	"github.com/shopspring/decimal"

	"github.com/karmacadabra/karmactl/internal/agents"
	"github.com/karmacadabra/karmactl/internal/cloud"
)

// BreakEven is from how many GB a month on n interface endpoints in zones AZs
// cost less than the same traffic through NAT. It is 0 where a price is missing.
func BreakEven(book *Book, n, zones int) decimal.Decimal {
	saved := book.Prices[NATGB].USD.Sub(book.Prices[EndpointGB].USD)
	if !saved.IsPositive() {
		return decimal.Zero
	}
	fixed := book.Prices[EndpointHour].USD.Mul(hours).Mul(decimal.NewFromInt(int64(n * zones)))
	return fixed.Div(saved)
}

// TasksForNAT is how many tasks with an address each cost as much as one NAT
// gateway with its address.
func TasksForNAT(book *Book) decimal.Decimal {
	address := book.Prices[AddressInUse].USD
	if !address.IsPositive() {
		return decimal.Zero
	}
	return book.Prices[NATHour].USD.Add(address).Div(address)
}

// notWorth prices what people try first, as far as the prices are known.
func notWorth(cfg *agents.Config, book *Book, base *Estimate) ([]NotWorthIt, error) {
	known := true
	after := func(do func(*agents.Config)) (decimal.Decimal, error) {
		e, err := lever{do: do}.priced(cfg, book)
		if err != nil {
			return decimal.Zero, err
		}
		known = known && base.comparable(e)
		return base.Total().Expected.Sub(e.Total().Expected), nil
	}
	var out []NotWorthIt
	say := func(u NotWorthIt) {
		if known {
			out = append(out, u)
		}
		known = true
	}
	day, err := after(func(c *agents.Config) { c.Observability.LogRetentionDays = 1 })
	if err != nil {
		return nil, err
	}
	year, err := after(func(c *agents.Config) { c.Observability.LogRetentionDays = 365 })
	if err != nil {
		return nil, err
	}
	say(NotWorthIt{
		Change: fmt.Sprintf("keep logs for one day instead of %d", cfg.Observability.LogRetentionDays), Monthly: day,
		Why: fmt.Sprintf("what costs is writing logs, not keeping them: a whole year of them would change the bill by %s", USD(year.Neg())),
	})
	if len(cfg.Network.InterfaceEndpoints()) == 0 {
		one, err := after(func(c *agents.Config) {
			c.Network.Endpoints = []string{"s3", "ecr.api", "ecr.dkr", "logs", "secretsmanager"}
		})
		if err != nil {
			return nil, err
		}
		say(NotWorthIt{
			Change: "interface endpoints, to relieve NAT", Monthly: one,
			Why: fmt.Sprintf("four in %s pay from %s GB a month on, and the estimate assumes %v", cloud.Count(cfg.Network.AZs, "zone"), thousands(BreakEven(book, 4, cfg.Network.AZs)), cfg.Usage.NATGB),
		})
	}
	if onSpot(cfg) {
		out = append(out, NotWorthIt{Change: "a Compute Savings Plan", Monthly: decimal.Zero, Why: "it does not cover Fargate Spot, which these agents run on"})
	}
	return out, nil
}

func onSpot(cfg *agents.Config) bool {
	for _, a := range cfg.Agents {
		if !a.Spot.Enabled || a.Spot.Base > 0 || a.Spot.OnDemandWeight > 0 {
			return false
		}
	}
	return true
}

// network are the nouns that bill for being there.
func network(noun string) bool {
	switch noun {
	case "nat_gateway", "auto_scaling_group", "elastic_ip", "load_balancer", "vpc_endpoint", "data_transfer":
		return true
	}
	return false
}

func facts(cfg *agents.Config, book *Book, e *Estimate) ([]string, error) {
	total := e.Total().Expected
	if !total.IsPositive() {
		return nil, nil
	}
	var out []string
	net := e.Sum(func(c Component) bool { return network(c.Noun) }).Expected
	compute := e.Sum(func(c Component) bool { return c.Noun == "service" }).Expected
	share := net.Div(total).Mul(decimal.NewFromInt(100)).Round(0)
	sleep, err := sleepLevers(cfg)
	if err != nil {
		return nil, err
	}
	for _, l := range sleep {
		if l.name != "office-hours" {
			continue
		}
		slept, err := l.priced(cfg, book)
		if err != nil {
			return nil, err
		}
		saves := fmt.Sprintf("office hours save only compute: %s of its %s", USD(total.Sub(slept.Total().Expected)), USD(compute))
		if net.IsPositive() {
			saves += fmt.Sprintf("; network is %s, %s %% of the bill, and bills all night", USD(net), share)
		}
		out = append(out, saves)
	}
	if lb := e.Sum(func(c Component) bool { return c.Noun == "load_balancer" }).Expected; lb.IsPositive() {
		out = append(out, fmt.Sprintf("the load balancer is %s of it: where no agent is public (public: false, or no port) there is none", USD(lb)))
	}
	if gb := BreakEven(book, 1, 1); gb.IsPositive() {
		out = append(out, fmt.Sprintf("an interface endpoint pays from %s GB a month to its service in one zone on, %s in two; four of them from %s and %s",
			thousands(gb), thousands(BreakEven(book, 1, 2)), thousands(BreakEven(book, 4, 1)), thousands(BreakEven(book, 4, 2))))
	}
	if n := TasksForNAT(book); n.IsPositive() {
		out = append(out, fmt.Sprintf("a NAT gateway costs as much as the public addresses of %s tasks", n.Round(0)))
	}
	return out, nil
}

// thousands writes 1669 as 1,669.
func thousands(d decimal.Decimal) string {
	s := d.Round(0).String()
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}
