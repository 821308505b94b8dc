package cost

import (
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"
	"github.com/shopspring/decimal"

	"github.com/karmacadabra/karmactl/internal/engine"
	"github.com/karmacadabra/karmactl/internal/provision"
)

// priceLoadBalancer: an Application Load Balancer bills by the hour, has one
// public address in each zone (two at least, more under load) unless it is internal, and bills
// capacity units by what passes through it.
func priceLoadBalancer(b *bill, k engine.Key, l provision.LoadBalancerSpec) {
	up := hourly(1)
	b.add(charge{key: k, noun: "load_balancer", item: "application load balancer", unit: "hour", quantity: up, price: LoadBalancer, hourly: true})
	if l.Scheme != string(types.LoadBalancerSchemeEnumInternal) {
		addresses := decimal.NewFromInt(int64(len(l.Subnets)))
		b.add(charge{key: k, noun: "load_balancer", item: "public IPv4 addresses", unit: "address-hour", quantity: up.scale(addresses), price: AddressInUse, hourly: true})
	}
	b.add(charge{key: k, noun: "load_balancer", item: "capacity units (LCU)", unit: "LCU-hour", quantity: used(b.cfg.Usage.LCU).times(up), price: LoadBalancerLCU})
}
