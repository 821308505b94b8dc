package cost

import (
	"github.com/karmacadabra/karmactl/internal/engine"
	"github.com/karmacadabra/karmactl/internal/provision"
)

// priceVPCEndpoint: an interface endpoint bills by the hour in each zone that
// it has an address in. The gateway endpoint of S3 has no meter at all.
func priceVPCEndpoint(b *bill, k engine.Key, e provision.VPCEndpointSpec) {
	if !isInterface(e) {
		return
	}
	b.add(charge{
		key: k, noun: "vpc_endpoint", item: "interface endpoint " + k.Name(), unit: "zone-hour",
		quantity: hourly(len(e.Subnets)), price: EndpointHour, hourly: true,
	})
}

// priceEndpointData takes as much through the endpoints as through NAT.
func priceEndpointData(b *bill) {
	for _, i := range b.items {
		if e, ok := i.spec.(provision.VPCEndpointSpec); ok && isInterface(e) {
			b.add(charge{noun: "vpc_endpoint", item: "data through endpoints", unit: "GB", quantity: used(b.cfg.Usage.NATGB), price: EndpointGB})
			return
		}
	}
}

func isInterface(e provision.VPCEndpointSpec) bool { return e.Type == "Interface" }
