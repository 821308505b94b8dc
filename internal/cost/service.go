package cost

import (
	"github.com/shopspring/decimal"

	"github.com/karmacadabra/karmactl/internal/agents"
	"github.com/karmacadabra/karmactl/internal/provision"
)

// priceService: the tasks of one agent. Fargate bills vCPU and memory of each
// task by the second, from the start of the image pull to the end of the task.
// Spot is a price of its own and does not turn into on-demand when there is no
// capacity: the task is then missing, not dearer.
func priceService(b *bill, s *provision.Service) {
	a := s.Agent
	tasks := tasksOf(a)
	onDemand, spot := split(a.Spot, tasks)
	vcpu := decimal.NewFromInt(int64(a.CPU)).Div(decimal.NewFromInt(1024))
	gb := decimal.NewFromInt(int64(a.Memory)).Div(decimal.NewFromInt(1024))
	up := exactly(b.up.of(a.Name))
	p := fargatePrices(a.Arch)
	add := func(item, unit string, tasks Range, size decimal.Decimal, price, ceiling Item) {
		c := charge{key: s.Key(), noun: "service", item: item, unit: unit, quantity: tasks.times(up).scale(size), price: price, hourly: true}
		if ceiling != "" {
			c.busyPrice = b.book.Prices[ceiling].USD.Mul(half)
		}
		b.add(c)
	}
	add("Fargate vCPU", "vCPU-hour", onDemand, vcpu, p.vcpu, "")
	add("Fargate memory", "GB-hour", onDemand, gb, p.gb, "")
	add("Fargate Spot vCPU", "vCPU-hour", spot, vcpu, p.spotVCPU, p.vcpu)
	add("Fargate Spot memory", "GB-hour", spot, gb, p.spotGB, p.gb)
	if s.PublicIP {
		b.add(charge{key: s.Key(), noun: "service", item: "public IPv4 address of each task", unit: "address-hour", quantity: tasks.times(up), price: AddressInUse, hourly: true})
	}
}

// half of the on-demand price is what a busy month takes Spot for, whatever the
// discount is today: AWS promises none.
var half = decimal.RequireFromString("0.5")

type fargate struct{ vcpu, gb, spotVCPU, spotGB Item }

func fargatePrices(arch agents.Arch) fargate {
	if arch == agents.ArchARM {
		return fargate{FargateARMVCPU, FargateARMGB, SpotARMVCPU, SpotARMGB}
	}
	return fargate{FargateVCPU, FargateGB, SpotVCPU, SpotGB}
}

func tasksOf(a agents.Agent) Range {
	low, high := decimal.NewFromInt(int64(a.Scale.Min)), decimal.NewFromInt(int64(max(a.Scale.Min, a.Scale.Max)))
	return Range{low, low, high}
}

// split shares tasks between on-demand and Spot as ECS's capacity provider
// strategy does: base first, the rest by weight.
func split(s agents.Spot, tasks Range) (onDemand, spot Range) {
	part := func(n decimal.Decimal) decimal.Decimal {
		if !s.Enabled {
			return decimal.Zero
		}
		weight := max(1, s.SpotWeight) // as in the service's strategy
		rest := decimal.Max(decimal.Zero, n.Sub(decimal.NewFromInt(int64(s.Base))))
		return rest.Mul(decimal.NewFromInt(int64(weight))).Div(decimal.NewFromInt(int64(weight + s.OnDemandWeight)))
	}
	spot = Range{part(tasks.Low), part(tasks.Expected), part(tasks.High)}
	return tasks.minus(spot), spot
}
