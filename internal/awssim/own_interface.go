package awssim

import (
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
)

// createNetworkInterface makes one that belongs to nothing. EC2 knows a repeated call by its token:
// https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateNetworkInterface.html
func (s *Sim) createNetworkInterface(in *ec2.CreateNetworkInterfaceInput) (*ec2.CreateNetworkInterfaceOutput, error) {
	token := aws.ToString(in.ClientToken)
	for _, n := range s.world.NetworkInterfaces {
		if token != "" && n.Token == token {
			if n.Subnet != aws.ToString(in.SubnetId) {
				return nil, fail("IdempotentParameterMismatch", "The client token was used with other parameters.")
			}
			d := s.describeNetworkInterface(n)
			return &ec2.CreateNetworkInterfaceOutput{NetworkInterface: &d, ClientToken: in.ClientToken}, nil
		}
	}
	tags, err := ec2Tags(in.TagSpecifications, types.ResourceTypeNetworkInterface)
	if err != nil {
		return nil, err
	}
	subnet, err := s.subnet(aws.ToString(in.SubnetId))
	if err != nil {
		return nil, err
	}
	if err := s.interfaceGroups(in.Groups, subnet.VPC); err != nil {
		return nil, err
	}
	n := s.attachNetworkInterface(subnet.ID, in.Groups, "interface", aws.ToString(in.Description), "", false)
	n.Own, n.Token, n.Tags = true, token, tags
	d := s.describeNetworkInterface(n)
	return &ec2.CreateNetworkInterfaceOutput{NetworkInterface: &d, ClientToken: in.ClientToken}, nil
}

func (s *Sim) interfaceGroups(groups []string, vpc string) error {
	if len(groups) == 0 {
		return fail("MissingParameter", "The request must contain a security group")
	}
	for _, id := range groups {
		g, err := s.securityGroup(id)
		if err != nil {
			return err
		}
		if g.VPC != vpc {
			return fail("InvalidGroup.NotFound", "The security group '%s' does not exist in VPC '%s'", id, vpc)
		}
	}
	return nil
}

// ownInterface is one that the user made; AWS's own may not be changed.
func (s *Sim) ownInterface(id string) (*NetworkInterface, error) {
	n := s.world.NetworkInterfaces[id]
	if n == nil || n.Own && !s.visible(n.Created) {
		return nil, fail("InvalidNetworkInterfaceID.NotFound", "The networkInterface ID '%s' does not exist", id)
	}
	if !n.Own {
		return nil, fail("AuthFailure", "You do not have permission to access the specified resource.")
	}
	return n, nil
}

// modifyNetworkInterface changes one attribute in a call:
// https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_ModifyNetworkInterfaceAttribute.html
func (s *Sim) modifyNetworkInterface(in *ec2.ModifyNetworkInterfaceAttributeInput) (*ec2.ModifyNetworkInterfaceAttributeOutput, error) {
	n, err := s.ownInterface(aws.ToString(in.NetworkInterfaceId))
	if err != nil {
		return nil, err
	}
	switch {
	case (in.SourceDestCheck != nil) == (len(in.Groups) > 0):
		return nil, fail("InvalidParameterCombination", "Specify exactly one attribute")
	case in.SourceDestCheck != nil:
		n.Forwards = !aws.ToBool(in.SourceDestCheck.Value)
	default:
		if err := s.interfaceGroups(in.Groups, n.VPC); err != nil {
			return nil, err
		}
		n.Groups = slices.Sorted(slices.Values(in.Groups))
	}
	return &ec2.ModifyNetworkInterfaceAttributeOutput{}, nil
}

// deleteNetworkInterface refuses what an instance has, and lets go of the address:
// https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/delete_eni.html
func (s *Sim) deleteNetworkInterface(in *ec2.DeleteNetworkInterfaceInput) (*ec2.DeleteNetworkInterfaceOutput, error) {
	n, err := s.ownInterface(aws.ToString(in.NetworkInterfaceId))
	if err != nil {
		return nil, err
	}
	if n.Instance != "" {
		return nil, fail("InvalidParameterValue", "Network interface '%s' is currently in use.", n.ID)
	}
	if a := s.world.Addresses[n.Address]; a != nil && a.HeldBy == n.ID {
		a.HeldBy = ""
	}
	delete(s.world.NetworkInterfaces, n.ID)
	return &ec2.DeleteNetworkInterfaceOutput{}, nil
}

// associateAddress gives an address to an interface. One that another has is taken away from it only
// when that is asked: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_AssociateAddress.html
func (s *Sim) associateAddress(in *ec2.AssociateAddressInput) (*ec2.AssociateAddressOutput, error) {
	n, err := s.ownInterface(aws.ToString(in.NetworkInterfaceId))
	if err != nil {
		return nil, err
	}
	a := s.world.Addresses[aws.ToString(in.AllocationId)]
	if a == nil || !s.visible(a.Created) {
		return nil, fail("InvalidAllocationID.NotFound", "The allocation ID '%s' does not exist", aws.ToString(in.AllocationId))
	}
	if a.HeldBy != "" && a.HeldBy != n.ID && !aws.ToBool(in.AllowReassociation) {
		return nil, fail("Resource.AlreadyAssociated", "resource %s is already associated with associate-id %s", a.ID, a.HeldBy)
	}
	if !s.hasInternetGateway(n.VPC) {
		return nil, fail("Gateway.NotAttached", "Network %s is not attached to any internet gateway", n.VPC)
	}
	if other := s.world.NetworkInterfaces[a.HeldBy]; other != nil {
		other.Address, other.PublicIP = "", ""
	}
	if old := s.world.Addresses[n.Address]; old != nil && old.HeldBy == n.ID {
		old.HeldBy = ""
	}
	a.HeldBy, n.Address, n.PublicIP = n.ID, a.ID, a.IP
	return &ec2.AssociateAddressOutput{AssociationId: aws.String(associationOf(a))}, nil
}

func associationOf(a *Address) string { return "eipassoc-" + a.ID[len("eipalloc-"):] }
