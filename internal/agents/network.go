package agents

// NAT is how private subnets reach the internet.
type NAT string

// The NAT modes. With NATInstance there is one EC2 instance, which is replaced when it dies, in
// place of the gateways. With NATNone tasks run in the public subnets with a public
// address each, and inbound closed except to the load balancer.
const (
	NATSingle   NAT = "single"
	NATPerAZ    NAT = "per-az"
	NATInstance NAT = "instance"
	NATNone     NAT = "none"
)

// Network is the VPC and what leads out of it.
type Network struct {
	// CIDR is the VPC's block, /16 to /28, private, and large enough for a
	// public and a private subnet of at least /27 in each zone.
	CIDR string
	// AZs is how many Availability Zones to use. A load balancer needs two.
	AZs int
	// Zones names them instead, and AZs is then their number; empty means the
	// first AZs of the region.
	Zones []string
	NAT   NAT
	// InstanceType is the NAT instance's, one of EC2's for ARM.
	InstanceType string
	// IPv6 gives the tasks addresses of that kind, too, and an egress-only internet gateway as the
	// way out for them. NAT is then not NATNone.
	IPv6 bool
	// Endpoints are VPC endpoints by service: s3 (a gateway, free) and the
	// interface endpoints ecr.api, ecr.dkr, logs, secretsmanager, ssmmessages.
	Endpoints []string
	// EndpointAZs is "one" or "all": where interface endpoints have an address.
	EndpointAZs string
	// Namespace is the Cloud Map HTTP namespace of Service Connect.
	Namespace string
	// VPC is one that is there already, by id; "" is one of the stack's own. It is used, and
	// never changed or deleted; NAT is then NATNone and there are no Endpoints, whatever way
	// out it has. Public are its subnets for the load balancer, Private those for the tasks;
	// without Private the tasks run in Public with public addresses of their own.
	VPC             string
	Public, Private []string
}

// Tasks are the subnets of a VPC that is there already in which tasks run.
func (n Network) Tasks() []string {
	if len(n.Private) > 0 {
		return n.Private
	}
	return n.Public
}

// InterfaceEndpoints returns Endpoints without the free S3 gateway.
func (n Network) InterfaceEndpoints() []string {
	var out []string
	for _, e := range n.Endpoints {
		if e != "s3" {
			out = append(out, e)
		}
	}
	return out
}

// HasEndpoint tells whether the endpoint for service is asked for.
func (n Network) HasEndpoint(service string) bool {
	for _, e := range n.Endpoints {
		if e == service {
			return true
		}
	}
	return false
}
