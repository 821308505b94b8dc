package provision

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"github.com/karmacadabra/karmactl/internal/cloud"
	"github.com/karmacadabra/karmactl/internal/engine"
)

// NetworkInterfaceSpec is what we own of a network interface.
type NetworkInterfaceSpec struct {
	Subnet string
	Groups Set
	// Address is the id of its elastic IP address, "" without one.
	Address string
	// SourceDestCheck has AWS drop what is neither from nor for the interface itself.
	SourceDestCheck bool
	Tags            cloud.Tags
}

// NetworkInterface is what the private subnets' route leads to and what keeps the public address
// when nat is an instance: instances come and go, each has it from its first moment on. It is free.
type NetworkInterface struct {
	engine.Ref
	*Env
	Name    string
	Subnet  *Subnet
	Group   *SecurityGroup
	Address *ElasticIP
	// Gateway has to be attached before AWS gives the interface a public address.
	Gateway *InternetGateway
}

func (n *NetworkInterface) Key() engine.Key { return engine.Key("eni/" + n.Name) }

func (n *NetworkInterface) Needs() []engine.Node {
	return []engine.Node{n.Subnet, n.Group, n.Address, n.Gateway}
}

// Want is an interface that passes on what others send.
func (n *NetworkInterface) Want() NetworkInterfaceSpec {
	return NetworkInterfaceSpec{Subnet: n.Subnet.ID(), Groups: Set{n.Group.ID()}, Address: n.Address.ID(), Tags: n.TagsOf(n.Key())}
}

func (n *NetworkInterface) Find(ctx context.Context, look engine.Look) (engine.Found[NetworkInterfaceSpec], error) {
	return find(ctx, n.Env, n.Key(), look, n.list, func(x types.NetworkInterface, tags cloud.Tags) engine.Found[NetworkInterfaceSpec] {
		found := engine.Found[NetworkInterfaceSpec]{Spec: NetworkInterfaceSpec{
			Subnet: aws.ToString(x.SubnetId), SourceDestCheck: aws.ToBool(x.SourceDestCheck), Tags: tags,
		}}
		for _, g := range x.Groups {
			found.Spec.Groups = append(found.Spec.Groups, aws.ToString(g.GroupId))
		}
		if found.Spec.Groups = setOf(found.Spec.Groups); x.Association != nil {
			found.Spec.Address = aws.ToString(x.Association.AllocationId)
			found.Outputs = map[string]string{"public_ip": aws.ToString(x.Association.PublicIp)}
		}
		return found
	})
}

func (n *NetworkInterface) list(ctx context.Context) ([]candidate[types.NetworkInterface], error) {
	all, err := cloud.Pages(ctx, ec2.NewDescribeNetworkInterfacesPaginator(n.Clients.EC2, &ec2.DescribeNetworkInterfacesInput{Filters: n.ofStack()}),
		func(out *ec2.DescribeNetworkInterfacesOutput) []types.NetworkInterface { return out.NetworkInterfaces })
	return ec2Candidates(all, func(x types.NetworkInterface) (*string, []types.Tag) { return x.NetworkInterfaceId, x.TagSet }), err
}

// Diff compares. An interface cannot move.
func (n *NetworkInterface) Diff(have, want NetworkInterfaceSpec) []engine.Change {
	return changes(
		essential(fixed("subnet", have.Subnet, want.Subnet)),
		essential(same("groups", have.Groups, want.Groups)),
		essential(field("address", have.Address, want.Address)),
		essential(field("source_dest_check", have.SourceDestCheck, want.SourceDestCheck)),
		cloud.DiffTags(have.Tags, want.Tags),
	)
}

// Create makes the interface; the check and the address can only be set after. A repeated
// call with the token gives the same one.
func (n *NetworkInterface) Create(ctx context.Context, want NetworkInterfaceSpec, token string) (string, error) {
	out, err := n.Clients.EC2.CreateNetworkInterface(ctx, &ec2.CreateNetworkInterfaceInput{
		SubnetId: &want.Subnet, Groups: want.Groups, Description: aws.String("NAT of " + n.Stack), ClientToken: aws.String(token),
		TagSpecifications: ec2Tags(types.ResourceTypeNetworkInterface, want.Tags),
	})
	if err != nil {
		return "", err
	}
	return aws.ToString(out.NetworkInterface.NetworkInterfaceId), nil
}

// Update sets what differs, one attribute in a call as AWS wants it.
func (n *NetworkInterface) Update(ctx context.Context, id string, have, want NetworkInterfaceSpec) error {
	if !have.Groups.Equal(want.Groups) {
		if _, err := n.Clients.EC2.ModifyNetworkInterfaceAttribute(ctx, &ec2.ModifyNetworkInterfaceAttributeInput{NetworkInterfaceId: &id, Groups: want.Groups}); err != nil {
			return err
		}
	}
	if have.SourceDestCheck != want.SourceDestCheck {
		_, err := n.Clients.EC2.ModifyNetworkInterfaceAttribute(ctx, &ec2.ModifyNetworkInterfaceAttributeInput{
			NetworkInterfaceId: &id, SourceDestCheck: &types.AttributeBooleanValue{Value: &want.SourceDestCheck},
		})
		if err != nil {
			return err
		}
	}
	if have.Address != want.Address {
		_, err := n.Clients.EC2.AssociateAddress(ctx, &ec2.AssociateAddressInput{
			AllocationId: &want.Address, NetworkInterfaceId: &id, AllowReassociation: aws.Bool(true),
		})
		if err != nil {
			return err
		}
	}
	return updateEC2Tags(ctx, n.Clients.EC2, id, have.Tags, want.Tags)
}

// Delete deletes the interface, which lets go of its address. AWS refuses while an instance has it.
func (n *NetworkInterface) Delete(ctx context.Context, id string) error {
	return failure(n.Clients.EC2.DeleteNetworkInterface(ctx, &ec2.DeleteNetworkInterfaceInput{NetworkInterfaceId: &id}))
}
