package cost

import "github.com/karmacadabra/karmactl/internal/engine"

// priceNATGateway: $0.045 for every hour that has begun, used or not. Its
// address is a resource of its own.
func priceNATGateway(b *bill, k engine.Key) {
	b.add(charge{key: k, noun: "nat_gateway", item: "NAT gateway", unit: "hour", quantity: hourly(1), price: NATHour, hourly: true})
}

// priceNATData: $0.045 for each GB in either direction, on top of any other
// data transfer. How many gateways share it makes no difference.
func priceNATData(b *bill) {
	b.add(charge{noun: "nat_gateway", item: "data through NAT", unit: "GB", quantity: used(b.cfg.Usage.NATGB), price: NATGB})
}
