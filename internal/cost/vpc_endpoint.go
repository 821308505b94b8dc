package cost

import "github.com/karmacadabra/karmactl/internal/provision"

// priceVPCEndpoint: an interface endpoint bills by the hour in each zone that
// it has an address in. The gateway endpoint of S3 has no meter at all.
func priceVPCEndpoint(b *bill, e *provision.VPCEndpoint) {
	if e.Service == "s3" {
		return
	}
	b.add(charge{
		key: e.Key(), noun: "vpc_endpoint", item: "interface endpoint " + e.Service, unit: "zone-hour",
		quantity: hourly(len(e.Subnets)), price: EndpointHour, hourly: true,
	})
}

// priceEndpointData takes as much through the endpoints as through NAT.
func priceEndpointData(b *bill) {
	if len(b.cfg.Network.InterfaceEndpoints()) > 0 {
		b.add(charge{noun: "vpc_endpoint", item: "data through endpoints", unit: "GB", quantity: used(b.cfg.Usage.NATGB), price: EndpointGB})
	}
}
