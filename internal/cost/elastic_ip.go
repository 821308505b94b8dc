package cost

import "github.com/karmacadabra/karmactl/internal/engine"

// priceElasticIP: a public IPv4 address costs the same in use and idle, so a
// stack that sleeps and keeps its address pays for it all the time.
func priceElasticIP(b *bill, k engine.Key) {
	b.add(charge{key: k, noun: "elastic_ip", item: "public IPv4 address", unit: "hour", quantity: hourly(1), price: AddressInUse, hourly: true})
}
