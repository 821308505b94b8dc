package provision

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"github.com/karmacadabra/karmactl/internal/cloud"
	"github.com/karmacadabra/karmactl/internal/engine"
)

// InternetGatewaySpec is what we own of an internet gateway.
type InternetGatewaySpec struct {
	// VPC is the one that it is attached to, "" for none.
	VPC  string
	Tags cloud.Tags
}

// InternetGateway is the VPC's way to the internet. It costs nothing.
type InternetGateway struct {
	engine.Ref
	*Env
	VPC *VPC
}

func (g *InternetGateway) Key() engine.Key      { return "igw" }
func (g *InternetGateway) Needs() []engine.Node { return nodes(g.VPC) }

func (g *InternetGateway) Want() InternetGatewaySpec {
	return InternetGatewaySpec{VPC: g.VPC.ID(), Tags: g.TagsOf(g.Key())}
}

func (g *InternetGateway) Find(ctx context.Context, look engine.Look) (engine.Found[InternetGatewaySpec], error) {
	return find(ctx, g.Env, g.Key(), look, g.list, func(igw types.InternetGateway, tags cloud.Tags) engine.Found[InternetGatewaySpec] {
		found := engine.Found[InternetGatewaySpec]{Spec: InternetGatewaySpec{Tags: tags}}
		for _, a := range igw.Attachments {
			found.Spec.VPC = aws.ToString(a.VpcId)
		}
		return found
	})
}

func (g *InternetGateway) list(ctx context.Context) ([]candidate[types.InternetGateway], error) {
	all, err := cloud.Pages(ctx, ec2.NewDescribeInternetGatewaysPaginator(g.Clients.EC2, &ec2.DescribeInternetGatewaysInput{Filters: g.ofStack()}),
		func(out *ec2.DescribeInternetGatewaysOutput) []types.InternetGateway { return out.InternetGateways })
	return ec2Candidates(all, func(x types.InternetGateway) (*string, []types.Tag) { return x.InternetGatewayId, x.Tags }), err
}

// Diff compares. A loose gateway is attached; one of another VPC is left alone.
func (g *InternetGateway) Diff(have, want InternetGatewaySpec) []engine.Change {
	vpc := essential(fixed("vpc", have.VPC, want.VPC))
	if have.VPC == "" {
		vpc = essential(field("vpc", have.VPC, want.VPC))
	}
	return changes(vpc, cloud.DiffTags(have.Tags, want.Tags))
}

// Create makes the gateway; it is attached by Update.
func (g *InternetGateway) Create(ctx context.Context, want InternetGatewaySpec, _ string) (string, error) {
	out, err := g.Clients.EC2.CreateInternetGateway(ctx, &ec2.CreateInternetGatewayInput{
		TagSpecifications: ec2Tags(types.ResourceTypeInternetGateway, want.Tags),
	})
	if err != nil {
		return "", err
	}
	return aws.ToString(out.InternetGateway.InternetGatewayId), nil
}

// Update attaches the gateway and sets the tags. That it is attached already is
// what AWS answers when the reply to the first attempt was lost.
func (g *InternetGateway) Update(ctx context.Context, id string, have, want InternetGatewaySpec) error {
	if have.VPC != want.VPC {
		_, err := g.Clients.EC2.AttachInternetGateway(ctx, &ec2.AttachInternetGatewayInput{InternetGatewayId: &id, VpcId: &want.VPC})
		if err != nil && !cloud.Is(err, "Resource.AlreadyAssociated") {
			return err
		}
	}
	return updateEC2Tags(ctx, g.Clients.EC2, id, have.Tags, want.Tags)
}

// Delete detaches the gateway, which AWS refuses while anything in the VPC has a
// public address, and deletes it.
func (g *InternetGateway) Delete(ctx context.Context, id string) error {
	out, err := g.Clients.EC2.DescribeInternetGateways(ctx, &ec2.DescribeInternetGatewaysInput{InternetGatewayIds: []string{id}})
	if err != nil {
		return err
	}
	for _, igw := range out.InternetGateways {
		for _, a := range igw.Attachments {
			_, err := g.Clients.EC2.DetachInternetGateway(ctx, &ec2.DetachInternetGatewayInput{InternetGatewayId: &id, VpcId: a.VpcId})
			if err != nil && !cloud.Is(err, "Gateway.NotAttached") {
				return g.held(ctx, err, func(n types.NetworkInterface) bool { return n.Association != nil })
			}
		}
	}
	return failure(g.Clients.EC2.DeleteInternetGateway(ctx, &ec2.DeleteInternetGatewayInput{InternetGatewayId: &id}))
}
