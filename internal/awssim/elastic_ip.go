package awssim

import (
	"fmt"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"github.com/karmacadabra/karmactl/internal/cloud"
)

// Address is a simulated elastic IP address.
type Address struct {
	ID string
	IP string
	// HeldBy is the NAT gateway or the user's network interface that has it, "" when idle.
	HeldBy  string
	Tags    cloud.Tags
	Created time.Time
}

// addressQuota is AWS's default of elastic IP addresses a region.
const addressQuota = 5

func (s *Sim) elasticIPNoun() noun {
	return noun{
		ops: []operation{
			on("EC2.AllocateAddress", s.allocateAddress, "Domain", "TagSpecifications"),
			on("EC2.DescribeAddresses", s.describeAddresses, "AllocationIds", "Filters"),
			on("EC2.ReleaseAddress", s.releaseAddress, "AllocationId"),
			on("EC2.AssociateAddress", s.associateAddress, "AllocationId", "NetworkInterfaceId", "AllowReassociation"),
		},
		each: func(tell func(thing)) {
			for _, a := range s.world.Addresses {
				tell(thing{
					kind: "address", name: a.ID, tags: a.Tags, since: a.Created,
					bills: []metered{{noun: "elastic_ip", service: "Amazon Virtual Private Cloud", hourly: rates.address}},
				})
			}
		},
	}
}

func (s *Sim) allocateAddress(in *ec2.AllocateAddressInput) (*ec2.AllocateAddressOutput, error) {
	tags, err := ec2Tags(in.TagSpecifications, types.ResourceTypeElasticIp)
	if err != nil {
		return nil, err
	}
	if len(s.world.Addresses) >= addressQuota {
		return nil, fail("AddressLimitExceeded", "The maximum number of addresses has been reached.")
	}
	a := &Address{ID: s.world.id("eipalloc"), Tags: tags, Created: s.now()}
	a.IP = fmt.Sprintf("203.0.113.%d", s.world.Serial%254+1)
	s.world.Addresses[a.ID] = a
	return &ec2.AllocateAddressOutput{AllocationId: &a.ID, PublicIp: &a.IP, Domain: types.DomainTypeVpc}, nil
}

func (s *Sim) describeAddresses(in *ec2.DescribeAddressesInput) (*ec2.DescribeAddressesOutput, error) {
	seen := func(a *Address) bool { return s.visible(a.Created) }
	if err := only(in.AllocationIds, s.world.Addresses, seen, "InvalidAllocationID.NotFound"); err != nil {
		return nil, err
	}
	out := &ec2.DescribeAddressesOutput{}
	for _, a := range sorted(s.world.Addresses) {
		ok, err := ec2Filters(in.Filters, a.Tags, map[string]string{"allocation-id": a.ID, "public-ip": a.IP, "domain": "vpc"})
		if err != nil {
			return nil, err
		}
		if !ok || !seen(a) || !wanted(in.AllocationIds, a.ID) {
			continue
		}
		d := types.Address{AllocationId: &a.ID, PublicIp: &a.IP, Domain: types.DomainTypeVpc, Tags: toEC2Tags(a.Tags)}
		if a.HeldBy != "" {
			d.AssociationId = aws.String(associationOf(a))
			if strings.HasPrefix(a.HeldBy, "eni-") {
				d.NetworkInterfaceId, d.NetworkInterfaceOwnerId = &a.HeldBy, &s.world.Account
				if n := s.world.NetworkInterfaces[a.HeldBy]; n != nil {
					d.InstanceId = optional(n.Instance)
				}
			}
		}
		out.Addresses = append(out.Addresses, d)
	}
	return out, nil
}

// releaseAddress answers the misleading AuthFailure while a NAT gateway that is
// being deleted still holds the address. What the user has given to an interface
// of his own is disassociated first:
// https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_ReleaseAddress.html
func (s *Sim) releaseAddress(in *ec2.ReleaseAddressInput) (*ec2.ReleaseAddressOutput, error) {
	a := s.world.Addresses[aws.ToString(in.AllocationId)]
	if a == nil {
		return nil, fail("InvalidAllocationID.NotFound", "The allocation ID '%s' does not exist", aws.ToString(in.AllocationId))
	}
	if strings.HasPrefix(a.HeldBy, "eni-") {
		return nil, fail("InvalidIPAddress.InUse", "Address %s is in use.", a.IP)
	}
	if a.HeldBy != "" {
		return nil, fail("AuthFailure", "You do not have permission to access the specified resource.")
	}
	delete(s.world.Addresses, a.ID)
	return &ec2.ReleaseAddressOutput{}, nil
}
