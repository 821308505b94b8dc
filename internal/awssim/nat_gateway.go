package awssim

import (
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"github.com/karmacadabra/karmactl/internal/cloud"
)

// How long a NAT gateway takes, from Terraform's logs in public repositories
// (85 to 121 s to make, 42 to 61 s to delete), and how long AWS still lists a
// deleted one.
const (
	natPending  = 95 * time.Second
	natDeleting = 50 * time.Second
	natListed   = time.Hour
	// natFailing is how long a NAT gateway that cannot work stays pending.
	natFailing = 5 * time.Second
)

// NATGateway is a simulated NAT gateway.
type NATGateway struct {
	ID       string
	Subnet   string
	VPC      string
	Address  string
	PublicIP string
	// PrivateIP is its interface's, and told when that is gone, too.
	PrivateIP string
	State     types.NatGatewayState
	// Failure is AWS's code of what is wrong, "" when nothing is.
	Failure   string
	Interface string
	Token     string
	Tags      cloud.Tags
	Created   time.Time
	Deleted   time.Time
}

func (s *Sim) natGatewayNoun() noun {
	return noun{
		ops: []operation{
			on("EC2.CreateNatGateway", s.createNatGateway, "SubnetId", "AllocationId", "ClientToken", "ConnectivityType", "TagSpecifications"),
			on("EC2.DescribeNatGateways", s.describeNatGateways, "NatGatewayIds", "Filter").pages("NatGateways", 1000, 1000, "NatGatewayIds"),
			on("EC2.DeleteNatGateway", s.deleteNatGateway, "NatGatewayId"),
		},
		settle: s.settleNATGateways,
		each: func(tell func(thing)) {
			for _, n := range s.world.NATGateways {
				t := thing{kind: "nat-gateway", name: n.ID, tags: n.Tags, gone: n.State == types.NatGatewayStateDeleted, since: n.Created}
				if n.State == types.NatGatewayStateAvailable || n.State == types.NatGatewayStatePending {
					t.bills = []metered{{noun: "nat_gateway", service: "EC2 - Other", hourly: rates.nat}}
				}
				tell(t)
			}
		},
	}
}

func (s *Sim) settleNATGateways() {
	for id, n := range s.world.NATGateways {
		switch {
		case n.State == types.NatGatewayStatePending && n.Failure != "" && !s.now().Before(n.Created.Add(natFailing)):
			n.State = types.NatGatewayStateFailed
			s.releaseNATGateway(n)
		case n.State == types.NatGatewayStatePending && !s.now().Before(n.Created.Add(natPending)):
			n.State = types.NatGatewayStateAvailable
		case n.State == types.NatGatewayStateDeleting && !s.now().Before(n.Deleted.Add(natDeleting)):
			n.State = types.NatGatewayStateDeleted
			s.releaseNATGateway(n)
		case n.State == types.NatGatewayStateDeleted && !s.now().Before(n.Deleted.Add(natListed)):
			delete(s.world.NATGateways, id)
		}
	}
}

// releaseNATGateway lets go of the address and the interface.
func (s *Sim) releaseNATGateway(n *NATGateway) {
	if a := s.world.Addresses[n.Address]; a != nil && a.HeldBy == n.ID {
		a.HeldBy = ""
	}
	delete(s.world.NetworkInterfaces, n.Interface)
}

func (s *Sim) createNatGateway(in *ec2.CreateNatGatewayInput) (*ec2.CreateNatGatewayOutput, error) {
	token := aws.ToString(in.ClientToken)
	for _, n := range s.world.NATGateways {
		if token != "" && n.Token == token {
			if n.Subnet != aws.ToString(in.SubnetId) || n.Address != aws.ToString(in.AllocationId) {
				return nil, fail("IdempotentParameterMismatch", "The client token was used with other parameters.")
			}
			return &ec2.CreateNatGatewayOutput{NatGateway: n.describe(), ClientToken: in.ClientToken}, nil
		}
	}
	tags, err := ec2Tags(in.TagSpecifications, types.ResourceTypeNatgateway)
	if err != nil {
		return nil, err
	}
	subnet, err := s.subnet(aws.ToString(in.SubnetId))
	if err != nil {
		return nil, err
	}
	a := s.world.Addresses[aws.ToString(in.AllocationId)]
	if a == nil || !s.visible(a.Created) {
		return nil, fail("InvalidAllocationID.NotFound", "The allocation ID '%s' does not exist", aws.ToString(in.AllocationId))
	}
	if a.HeldBy != "" {
		return nil, fail("Resource.AlreadyAssociated", "resource %s is already associated with %s", a.ID, a.HeldBy)
	}
	if slices.Contains(s.world.ZonesWithoutNAT, subnet.AZ) { // https://github.com/aws-ia/terraform-aws-eks-blueprints/pull/1095
		return nil, fail("NotAvailableInZone", "Nat Gateway is not available in this availability zone")
	}
	if s.natGatewaysIn(subnet.AZ) >= natQuota {
		return nil, fail("NatGatewayLimitExceeded", "The maximum number of NAT gateways has been reached.")
	}
	n := &NATGateway{
		ID: s.world.id("nat"), Subnet: subnet.ID, VPC: subnet.VPC, Address: a.ID, State: types.NatGatewayStatePending,
		Token: token, Tags: tags, Created: s.now(),
	}
	if !s.hasInternetGateway(subnet.VPC) {
		n.Failure = "Gateway.NotAttached"
	}
	a.HeldBy = n.ID
	eni := s.attachNetworkInterface(subnet.ID, nil, "nat_gateway", "Interface for NAT Gateway "+n.ID, "440853647557", false)
	eni.PublicIP, n.PublicIP, n.PrivateIP, n.Interface = a.IP, a.IP, eni.PrivateIP, eni.ID
	s.world.NATGateways[n.ID] = n
	return &ec2.CreateNatGatewayOutput{NatGateway: n.describe(), ClientToken: in.ClientToken}, nil
}

// natQuota is AWS's default of NAT gateways a zone; gateways that failed or are
// deleted do not count.
const natQuota = 5

func (s *Sim) natGatewaysIn(az string) int {
	count := 0
	for _, n := range s.world.NATGateways {
		sub := s.world.Subnets[n.Subnet]
		if sub != nil && sub.AZ == az && n.State != types.NatGatewayStateFailed && n.State != types.NatGatewayStateDeleted {
			count++
		}
	}
	return count
}

func (n *NATGateway) describe() *types.NatGateway {
	d := &types.NatGateway{
		NatGatewayId: &n.ID, SubnetId: &n.Subnet, VpcId: &n.VPC, State: n.State, CreateTime: &n.Created,
		NatGatewayAddresses: []types.NatGatewayAddress{{
			AllocationId: &n.Address, PublicIp: &n.PublicIP, IsPrimary: aws.Bool(true), NetworkInterfaceId: optional(n.Interface), PrivateIp: optional(n.PrivateIP),
		}},
		Tags: toEC2Tags(n.Tags),
	}
	if n.State == types.NatGatewayStateFailed {
		d.FailureCode, d.FailureMessage = &n.Failure, aws.String("Network "+n.VPC+" has no Internet gateway attached")
	}
	return d
}

func (s *Sim) describeNatGateways(in *ec2.DescribeNatGatewaysInput) (*ec2.DescribeNatGatewaysOutput, error) {
	seen := func(n *NATGateway) bool { return s.visible(n.Created) }
	if err := only(in.NatGatewayIds, s.world.NATGateways, seen, "NatGatewayNotFound"); err != nil {
		return nil, err
	}
	out := &ec2.DescribeNatGatewaysOutput{}
	for _, n := range sorted(s.world.NATGateways) {
		ok, err := ec2Filters(in.Filter, n.Tags, map[string]string{
			"nat-gateway-id": n.ID, "state": string(n.State), "subnet-id": n.Subnet, "vpc-id": n.VPC,
		})
		if err != nil {
			return nil, err
		}
		if ok && seen(n) && wanted(in.NatGatewayIds, n.ID) {
			out.NatGateways = append(out.NatGateways, *n.describe())
		}
	}
	return out, nil
}

func (s *Sim) deleteNatGateway(in *ec2.DeleteNatGatewayInput) (*ec2.DeleteNatGatewayOutput, error) {
	n := s.world.NATGateways[aws.ToString(in.NatGatewayId)]
	if n == nil {
		return nil, fail("NatGatewayNotFound", "The Nat Gateway %s was not found", aws.ToString(in.NatGatewayId))
	}
	if n.State != types.NatGatewayStateDeleted && n.State != types.NatGatewayStateDeleting {
		n.State, n.Deleted = types.NatGatewayStateDeleting, s.now()
	}
	return &ec2.DeleteNatGatewayOutput{NatGatewayId: &n.ID}, nil
}
