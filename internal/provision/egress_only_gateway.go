package provision

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"github.com/karmacadabra/karmactl/internal/cloud"
	"github.com/karmacadabra/karmactl/internal/engine"
)

// EgressOnlyGatewaySpec is what we own of an egress-only internet gateway.
type EgressOnlyGatewaySpec struct {
	VPC  string
	Tags cloud.Tags
}

// EgressOnlyGateway is the private subnets' way out for IPv6, through which no one comes in. It costs nothing, by
// the hour or by the GB; what leaves AWS costs what it does by any other way.
type EgressOnlyGateway struct {
	engine.Ref
	*Env
	VPC   *VPC
	Block *VPCCIDRBlock

	// absent is that Find saw none.
	absent bool
}

func (g *EgressOnlyGateway) Key() engine.Key { return "egress-only-gateway" }

// Needs the VPC, and its block, which AWS takes away only after the gateway.
func (g *EgressOnlyGateway) Needs() []engine.Node { return []engine.Node{g.VPC, g.Block} }

func (g *EgressOnlyGateway) Want() EgressOnlyGatewaySpec {
	return EgressOnlyGatewaySpec{VPC: g.VPC.ID(), Tags: g.TagsOf(g.Key())}
}

func (g *EgressOnlyGateway) Find(ctx context.Context, look engine.Look) (engine.Found[EgressOnlyGatewaySpec], error) {
	found, err := find(ctx, g.Env, g.Key(), look, g.list, func(x types.EgressOnlyInternetGateway, tags cloud.Tags) engine.Found[EgressOnlyGatewaySpec] {
		found := engine.Found[EgressOnlyGatewaySpec]{Spec: EgressOnlyGatewaySpec{Tags: tags}}
		for _, a := range x.Attachments {
			found.Spec.VPC = aws.ToString(a.VpcId)
		}
		return found
	})
	g.absent = err == nil && found.Phase == engine.Absent
	return found, err
}

// Notes say, before it is made, what goes that way and what does not. Fargate's own calls are by IPv4 where a subnet has
// both kinds: https://github.com/aws/containers-roadmap/issues/2792
func (g *EgressOnlyGateway) Notes() []string {
	if !g.absent {
		return nil
	}
	return []string{
		"by IPv6 agents reach what has an AAAA record (dig +short AAAA api.example.com tells), without the NAT's price per GB; the rest, and AWS's own fetching of images and secrets and writing of logs, goes by IPv4 as before, and the estimate counts all of usage.nat_gb so",
	}
}

func (g *EgressOnlyGateway) list(ctx context.Context) ([]candidate[types.EgressOnlyInternetGateway], error) {
	all, err := cloud.Pages(ctx, ec2.NewDescribeEgressOnlyInternetGatewaysPaginator(g.Clients.EC2, &ec2.DescribeEgressOnlyInternetGatewaysInput{Filters: g.ofStack()}),
		func(out *ec2.DescribeEgressOnlyInternetGatewaysOutput) []types.EgressOnlyInternetGateway {
			return out.EgressOnlyInternetGateways
		})
	return ec2Candidates(all, func(x types.EgressOnlyInternetGateway) (*string, []types.Tag) {
		return x.EgressOnlyInternetGatewayId, x.Tags
	}), err
}

// Diff compares. A gateway cannot move.
func (g *EgressOnlyGateway) Diff(have, want EgressOnlyGatewaySpec) []engine.Change {
	return changes(essential(fixed("vpc", have.VPC, want.VPC)), cloud.DiffTags(have.Tags, want.Tags))
}

// Create makes the gateway, attached; a repeated call with the token gives the same one.
func (g *EgressOnlyGateway) Create(ctx context.Context, want EgressOnlyGatewaySpec, token string) (string, error) {
	out, err := g.Clients.EC2.CreateEgressOnlyInternetGateway(ctx, &ec2.CreateEgressOnlyInternetGatewayInput{
		VpcId: &want.VPC, ClientToken: aws.String(token), TagSpecifications: ec2Tags(types.ResourceTypeEgressOnlyInternetGateway, want.Tags),
	})
	if err != nil {
		return "", err
	}
	return aws.ToString(out.EgressOnlyInternetGateway.EgressOnlyInternetGatewayId), nil
}

func (g *EgressOnlyGateway) Update(ctx context.Context, id string, have, want EgressOnlyGatewaySpec) error {
	return updateEC2Tags(ctx, g.Clients.EC2, id, have.Tags, want.Tags)
}

func (g *EgressOnlyGateway) Delete(ctx context.Context, id string) error {
	return failure(g.Clients.EC2.DeleteEgressOnlyInternetGateway(ctx, &ec2.DeleteEgressOnlyInternetGatewayInput{EgressOnlyInternetGatewayId: &id}))
}
