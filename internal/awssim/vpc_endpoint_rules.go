package awssim

import (
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
)

// checkEndpoint holds AWS's rules for services, quotas and private names.
func (s *Sim) checkEndpoint(vpc *VPC, e *VPCEndpoint, private bool) error {
	service, here := strings.CutPrefix(e.Service, s.endpointPrefix(e.Service))
	gateway, ok := endpointServices[service]
	if !ok || !here {
		return fail("InvalidServiceName", "The Vpc Endpoint Service '%s' does not exist", e.Service)
	}
	if e.Kind == types.VpcEndpointTypeGateway && !gateway {
		return fail("InvalidParameter", "VPC endpoint type (Gateway) does not match the type of the service: %s", e.Service)
	}
	if e.Kind == types.VpcEndpointTypeGateway && private {
		return fail("InvalidParameter", "Private DNS can't be enabled because the service %s does not provide a private DNS name.", e.Service)
	}
	if private && (!vpc.DNSSupport || !vpc.DNSHostnames) {
		return fail("InvalidParameter", "Enabling private DNS requires both enableDnsSupport and enableDnsHostnames VPC attributes set to true for %s", vpc.ID)
	}
	n := 0
	for _, other := range s.world.VPCEndpoints {
		if other.VPC != vpc.ID || other.Kind != e.Kind {
			continue
		}
		n++
		if private && other.PrivateDNS && other.Service == e.Service && other != e {
			return fail("InvalidParameter", "private-dns-enabled cannot be set because there is already a conflicting DNS domain for %s in the VPC %s", e.Service, vpc.ID)
		}
	}
	if (e.Kind == types.VpcEndpointTypeGateway && n >= gatewayEndpointQuota) || n >= interfaceEndpointQuota {
		return fail("VpcEndpointLimitExceeded", "The maximum number of VPC endpoints has been reached.")
	}
	return nil
}

// endpointChange is what a create or a modify adds and takes away.
type endpointChange struct {
	addTables, addSubnets, addGroups    []string
	dropTables, dropSubnets, dropGroups []string
}

func (s *Sim) checkEndpointChange(e *VPCEndpoint, c endpointChange) error {
	if e.Kind == types.VpcEndpointTypeGateway && len(c.addSubnets)+len(c.addGroups) > 0 {
		return fail("InvalidParameter", "Subnets and security groups are not supported for Gateway endpoints")
	}
	if e.Kind == types.VpcEndpointTypeInterface && len(c.addTables) > 0 {
		return fail("InvalidParameter", "Route table IDs are not supported for Interface endpoints")
	}
	for _, id := range c.addTables {
		t, err := s.routeTable(id)
		if err != nil {
			return err
		}
		if t.VPC != e.VPC {
			return fail("InvalidParameter", "Route table %s belongs to a different network", id)
		}
		if slices.ContainsFunc(t.Routes, func(r Route) bool { return r.Destination == prefixList(e.Service) }) {
			return fail("RouteAlreadyExists", "route table %s already has a route with destination-prefix-list-id %s", id, prefixList(e.Service))
		}
	}
	zones := map[string]bool{}
	for _, id := range e.Subnets {
		if sub := s.world.Subnets[id]; sub != nil && !slices.Contains(c.dropSubnets, id) {
			zones[sub.AZ] = true
		}
	}
	for _, id := range c.addSubnets {
		sub, err := s.subnet(id)
		if err != nil {
			return err
		}
		if sub.VPC != e.VPC {
			return fail("InvalidParameter", "Subnet %s belongs to a different network", id)
		}
		if zones[sub.AZ] {
			return fail("DuplicateSubnetsInSameZone", "Found another VPC endpoint subnet in the availability zone of %s. VPC endpoint subnets should be in different availability zones supported by the VPC endpoint service.", id)
		}
		zones[sub.AZ] = true
	}
	for _, id := range c.addGroups {
		if _, err := s.securityGroup(id); err != nil {
			return err
		}
	}
	return nil
}
