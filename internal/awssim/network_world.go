package awssim

// NetworkWorld is what EC2 keeps of the network.
type NetworkWorld struct {
	VPCs              map[string]*VPC
	Subnets           map[string]*Subnet
	Addresses         map[string]*Address
	NATGateways       map[string]*NATGateway
	InternetGateways  map[string]*InternetGateway
	RouteTables       map[string]*RouteTable
	VPCEndpoints      map[string]*VPCEndpoint
	SecurityGroups    map[string]*SecurityGroup
	NetworkInterfaces map[string]*NetworkInterface
	// ZoneIDs are the ids of zones by name, where they are not in the names' order;
	// each account has its own.
	ZoneIDs map[string]string
	// ImpairedZones are the names of zones that are not available at the moment.
	ImpairedZones []string
}

func newNetworkWorld() NetworkWorld {
	return NetworkWorld{
		VPCs: map[string]*VPC{}, Subnets: map[string]*Subnet{}, Addresses: map[string]*Address{}, NATGateways: map[string]*NATGateway{},
		InternetGateways: map[string]*InternetGateway{}, RouteTables: map[string]*RouteTable{}, VPCEndpoints: map[string]*VPCEndpoint{},
		SecurityGroups: map[string]*SecurityGroup{}, NetworkInterfaces: map[string]*NetworkInterface{},
	}
}

func (s *Sim) networkOperations() []operation {
	var ops []operation
	ops = append(ops, s.ec2TagOperations()...)
	ops = append(ops, s.vpcOperations()...)
	ops = append(ops, s.zoneOperations()...)
	ops = append(ops, s.internetGatewayOperations()...)
	ops = append(ops, s.subnetOperations()...)
	ops = append(ops, s.routeTableOperations()...)
	ops = append(ops, s.routeOperations()...)
	ops = append(ops, s.routeTableAssociationOperations()...)
	ops = append(ops, s.vpcEndpointOperations()...)
	ops = append(ops, s.securityGroupOperations()...)
	ops = append(ops, s.securityGroupRuleOperations()...)
	ops = append(ops, s.elasticIPOperations()...)
	ops = append(ops, s.natGatewayOperations()...)
	ops = append(ops, s.networkInterfaceOperations()...)
	return ops
}

func (s *Sim) settleNetwork() {
	s.settleNATGateways()
	s.settleVPCEndpoints()
	s.settleNetworkInterfaces()
}

// taggedNetwork are this group's things that the tagging API lists.
func (s *Sim) taggedNetwork() []tagged { return nil }
