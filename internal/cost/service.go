package cost

import (
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
	"github.com/shopspring/decimal"

	"github.com/karmacadabra/karmactl/internal/engine"
	"github.com/karmacadabra/karmactl/internal/provision"
)

// priceService: the tasks of one agent. Fargate bills vCPU and memory of each
// task by the second, from the start of the image pull to the end of the task.
// Spot is a price of its own and does not turn into on-demand when there is no
// capacity: the task is then missing, not dearer. An agent with spot.fallback is on
// demand then, which is what a busy month takes for it.
func priceService(b *bill, k engine.Key, s provision.ServiceSpec) {
	size, ok := specOf[provision.TaskDefinitionSpec](b, engine.Key("task-definition/"+k.Name()))
	if !ok {
		return // nothing says how large its tasks are
	}
	tasks := b.tasksOf(k.Name(), s)
	onDemand, spot := split(s.Capacity, tasks)
	vcpu := decimal.NewFromInt(int64(size.CPU)).Div(decimal.NewFromInt(1024))
	gb := decimal.NewFromInt(int64(size.Memory)).Div(decimal.NewFromInt(1024))
	up := exactly(b.up.of(k.Name()))
	p := fargatePrices(size.Arch == string(types.CPUArchitectureArm64))
	busiest := half
	if s.FallBack > 0 {
		busiest = decimal.NewFromInt(1)
	}
	add := func(item, unit string, tasks Range, size decimal.Decimal, price, ceiling Item) {
		c := charge{key: k, noun: "service", item: item, unit: unit, quantity: tasks.times(up).scale(size), price: price, hourly: true}
		if ceiling != "" {
			c.busyPrice = b.book.Prices[ceiling].USD.Mul(busiest)
		}
		b.add(c)
	}
	add("Fargate vCPU", "vCPU-hour", onDemand, vcpu, p.vcpu, "")
	add("Fargate memory", "GB-hour", onDemand, gb, p.gb, "")
	add("Fargate Spot vCPU", "vCPU-hour", spot, vcpu, p.spotVCPU, p.vcpu)
	add("Fargate Spot memory", "GB-hour", spot, gb, p.spotGB, p.gb)
	if above := size.Storage - freeStorage; above > 0 {
		add("Fargate storage above 20 GiB", "GB-hour", tasks, decimal.NewFromInt(int64(above)), FargateStorage, "")
	}
	if s.Network.PublicIP {
		b.add(charge{key: k, noun: "service", item: "public IPv4 address of each task", unit: "address-hour", quantity: tasks.times(up), price: AddressInUse, hourly: true})
	}
}

// freeStorage is what each task has of its own disk, in GiB, without being billed for
// it. Spot has no other price for what is above it: AWS's feed names vCPU and memory only.
// https://aws.amazon.com/fargate/pricing/
const freeStorage = 20

// half of the on-demand price is what a busy month takes Spot for, whatever the
// discount is today: AWS promises none.
var half = decimal.RequireFromString("0.5")

type fargate struct{ vcpu, gb, spotVCPU, spotGB Item }

// of is the price of CPU, which is in a region where the price of memory is.
func (f fargate) of(spot bool) Item {
	if spot {
		return f.spotVCPU
	}
	return f.vcpu
}

func fargatePrices(arm bool) fargate {
	if arm {
		return fargate{FargateARMVCPU, FargateARMGB, SpotARMVCPU, SpotARMGB}
	}
	return fargate{FargateVCPU, FargateGB, SpotVCPU, SpotGB}
}

// tasksOf is how many tasks a service has: the bounds of its autoscaling, or its
// desired count where that was set outside of them by hand.
func (b *bill) tasksOf(agent string, s provision.ServiceSpec) Range {
	number := func(n int) decimal.Decimal { return decimal.NewFromInt(int64(n)) }
	t, ok := specOf[provision.ScalableTargetSpec](b, engine.Key("scalable-target/"+agent))
	if high := max(t.Min, t.Max); ok && s.Tasks >= t.Min && s.Tasks <= high {
		return Range{number(t.Min), number(t.Min), number(high)}
	}
	return exactly(number(s.Tasks))
}

// split shares tasks between on-demand and Spot as ECS's capacity provider
// strategy does: base first, the rest by weight.
func split(s provision.Strategy, tasks Range) (onDemand, spot Range) {
	part := func(n decimal.Decimal) decimal.Decimal {
		return decimal.NewFromFloat(s.Divide(n.InexactFloat64())[provision.FargateSpot])
	}
	spot = Range{part(tasks.Low), part(tasks.Expected), part(tasks.High)}
	return tasks.minus(spot), spot
}
