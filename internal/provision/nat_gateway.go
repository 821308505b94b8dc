package provision

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"github.com/karmacadabra/karmactl/internal/cloud"
	"github.com/karmacadabra/karmactl/internal/engine"
)

// NATGatewaySpec is what we own of a NAT gateway.
type NATGatewaySpec struct {
	Subnet  string
	Address string
	Tags    cloud.Tags
}

// NATGateway lets the private subnets out. It costs $32.85 a month and $0.045 a
// GB, takes 85 to 120 s to make and about 50 s to delete.
type NATGateway struct {
	engine.Ref
	*Env
	AZ      string
	Subnet  *Subnet
	Address *ElasticIP
	// Gateway has to be attached first: a NAT gateway made without it fails
	// later, by itself, with Gateway.NotAttached.
	Gateway *InternetGateway
}

func (n *NATGateway) Key() engine.Key      { return engine.Key("nat/" + n.AZ) }
func (n *NATGateway) Needs() []engine.Node { return []engine.Node{n.Subnet, n.Address, n.Gateway} }

func (n *NATGateway) Want() NATGatewaySpec {
	return NATGatewaySpec{Subnet: n.Subnet.ID(), Address: n.Address.ID(), Tags: n.TagsOf(n.Key())}
}

// Find looks among the stack's NAT gateways. AWS lists a deleted one for about
// an hour.
func (n *NATGateway) Find(ctx context.Context, look engine.Look) (engine.Found[NATGatewaySpec], error) {
	return find(ctx, n.Env, n.Key(), look, n.list, readNATGateway)
}

func readNATGateway(nat types.NatGateway, tags cloud.Tags) engine.Found[NATGatewaySpec] {
	found := engine.Found[NATGatewaySpec]{Spec: NATGatewaySpec{Subnet: aws.ToString(nat.SubnetId), Tags: tags}}
	for _, a := range nat.NatGatewayAddresses {
		found.Spec.Address = aws.ToString(a.AllocationId)
		found.Outputs = map[string]string{"public_ip": aws.ToString(a.PublicIp)}
	}
	switch nat.State {
	case types.NatGatewayStatePending:
		found.Phase, found.Why = engine.Pending, "NAT gateway pending"
	case types.NatGatewayStateDeleting:
		found.Phase, found.Why = engine.Leaving, "NAT gateway deleting"
	case types.NatGatewayStateFailed:
		found.Phase, found.Discard = engine.Broken, true
		found.Why = fmt.Sprintf("%s: %s", aws.ToString(nat.FailureCode), aws.ToString(nat.FailureMessage))
	}
	return found
}

func (n *NATGateway) list(ctx context.Context) ([]candidate[types.NatGateway], error) {
	all, err := cloud.Pages(ctx, ec2.NewDescribeNatGatewaysPaginator(n.Clients.EC2, &ec2.DescribeNatGatewaysInput{Filter: n.ofStack()}),
		func(out *ec2.DescribeNatGatewaysOutput) []types.NatGateway { return out.NatGateways })
	found := ec2Candidates(all, func(x types.NatGateway) (*string, []types.Tag) { return x.NatGatewayId, x.Tags })
	for i, x := range all {
		found[i].Gone, found[i].Leaving = x.State == types.NatGatewayStateDeleted, x.State == types.NatGatewayStateDeleting
	}
	return found, err
}

// Diff compares. A NAT gateway cannot move.
func (n *NATGateway) Diff(have, want NATGatewaySpec) []engine.Change {
	return changes(
		essential(fixed("subnet", have.Subnet, want.Subnet)),
		essential(fixed("address", have.Address, want.Address)),
		cloud.DiffTags(have.Tags, want.Tags),
	)
}

// Create makes the NAT gateway; a repeated call with the token gives the same one.
func (n *NATGateway) Create(ctx context.Context, want NATGatewaySpec, token string) (string, error) {
	out, err := n.Clients.EC2.CreateNatGateway(ctx, &ec2.CreateNatGatewayInput{
		SubnetId:          &want.Subnet,
		AllocationId:      &want.Address,
		ConnectivityType:  types.ConnectivityTypePublic,
		ClientToken:       aws.String(token),
		TagSpecifications: ec2Tags(types.ResourceTypeNatgateway, want.Tags),
	})
	if err != nil {
		return "", err
	}
	return aws.ToString(out.NatGateway.NatGatewayId), nil
}

func (n *NATGateway) Update(ctx context.Context, id string, have, want NATGatewaySpec) error {
	return updateEC2Tags(ctx, n.Clients.EC2, id, have.Tags, want.Tags)
}

// Delete deletes the NAT gateway. Its address stays and still costs.
func (n *NATGateway) Delete(ctx context.Context, id string) error {
	return failure(n.Clients.EC2.DeleteNatGateway(ctx, &ec2.DeleteNatGatewayInput{NatGatewayId: &id}))
}
