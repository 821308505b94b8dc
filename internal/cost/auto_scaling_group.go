package cost

import (
	"github.com/shopspring/decimal"

	"github.com/karmacadabra/karmactl/internal/engine"
	"github.com/karmacadabra/karmactl/internal/provision"
)

// instancePrices are the hours of what a NAT instance may be.
var instancePrices = map[string]Item{"t4g.nano": NATNano, "t4g.micro": NATMicro, "t4g.small": NATSmall}

// priceNATInstance: its hours and its disk. No GB through it costs anything, but what any GB to the internet
// costs. It never uses more CPU than its hours pay for: see LaunchTemplate.Want. Its address is a
// resource of its own. Without a type none runs, and none is going to.
func priceNATInstance(b *bill, k engine.Key, g provision.AutoScalingGroupSpec) {
	if g.Type == "" {
		return
	}
	b.add(charge{key: k, noun: "auto_scaling_group", item: "NAT instance " + g.Type, unit: "hour", quantity: hourly(int(g.Desired)), price: instancePrices[g.Type], hourly: true})
	b.add(charge{
		key: k, noun: "auto_scaling_group", item: "its disk, gp3", unit: "GB",
		quantity: whole(int(g.Desired)).scale(decimal.NewFromInt(provision.NATVolumeGB)), price: VolumeGB, hourly: true,
	})
}
