package cost

import "github.com/karmacadabra/karmactl/internal/provision"

// priceElasticIP: a public IPv4 address costs the same in use and idle, so a
// stack that sleeps and keeps its address pays for it all the time.
func priceElasticIP(b *bill, a *provision.ElasticIP) {
	b.add(charge{key: a.Key(), noun: "elastic_ip", item: "public IPv4 address", unit: "hour", quantity: hourly(1), price: AddressInUse, hourly: true})
}
