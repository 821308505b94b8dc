package awssim

import (
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"github.com/karmacadabra/karmactl/internal/cloud"
)

// EgressOnlyGateway is a simulated egress-only internet gateway: the way out for IPv6, and none in.
type EgressOnlyGateway struct {
	ID      string
	VPC     string
	Token   string
	Tags    cloud.Tags
	Created time.Time
}

func (s *Sim) egressOnlyGatewayNoun() noun {
	return noun{
		ops: []operation{
			on("EC2.CreateEgressOnlyInternetGateway", s.createEgressOnlyGateway, "VpcId", "ClientToken", "TagSpecifications"),
			on("EC2.DescribeEgressOnlyInternetGateways", s.describeEgressOnlyGateways, "EgressOnlyInternetGatewayIds", "Filters").pages("EgressOnlyInternetGateways", 255, 255, "EgressOnlyInternetGatewayIds"),
			on("EC2.DeleteEgressOnlyInternetGateway", s.deleteEgressOnlyGateway, "EgressOnlyInternetGatewayId"),
		},
		each: func(tell func(thing)) {
			for _, g := range s.world.EgressOnlyGateways {
				tell(thing{kind: "egress-only-gateway", name: g.ID, tags: g.Tags})
			}
		},
	}
}

// egressOnlyQuota is AWS's default of egress-only internet gateways a region:
// https://docs.aws.amazon.com/vpc/latest/userguide/amazon-vpc-limits.html
const egressOnlyQuota = 5

// createEgressOnlyGateway makes a gateway that is attached from the start. EC2 knows a repeated call by its token:
// https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateEgressOnlyInternetGateway.html
func (s *Sim) createEgressOnlyGateway(in *ec2.CreateEgressOnlyInternetGatewayInput) (*ec2.CreateEgressOnlyInternetGatewayOutput, error) {
	token := aws.ToString(in.ClientToken)
	for _, g := range s.world.EgressOnlyGateways {
		if token != "" && g.Token == token {
			if g.VPC != aws.ToString(in.VpcId) {
				return nil, fail("IdempotentParameterMismatch", "The client token was used with other parameters.")
			}
			return &ec2.CreateEgressOnlyInternetGatewayOutput{EgressOnlyInternetGateway: new(g.describe()), ClientToken: in.ClientToken}, nil
		}
	}
	tags, err := ec2Tags(in.TagSpecifications, types.ResourceTypeEgressOnlyInternetGateway)
	if err != nil {
		return nil, err
	}
	vpc, err := s.vpc(aws.ToString(in.VpcId))
	if err != nil {
		return nil, err
	}
	if len(s.world.EgressOnlyGateways) >= egressOnlyQuota {
		return nil, fail("EgressOnlyInternetGatewayLimitExceeded", "The maximum number of egress-only internet gateways has been reached.")
	}
	g := &EgressOnlyGateway{ID: s.world.id("eigw"), VPC: vpc.ID, Token: token, Tags: tags, Created: s.now()}
	s.world.EgressOnlyGateways[g.ID] = g
	return &ec2.CreateEgressOnlyInternetGatewayOutput{EgressOnlyInternetGateway: new(g.describe()), ClientToken: in.ClientToken}, nil
}

func (g *EgressOnlyGateway) describe() types.EgressOnlyInternetGateway {
	return types.EgressOnlyInternetGateway{
		EgressOnlyInternetGatewayId: &g.ID, Tags: toEC2Tags(g.Tags),
		Attachments: []types.InternetGatewayAttachment{{VpcId: &g.VPC, State: types.AttachmentStatusAttached}},
	}
}

// describeEgressOnlyGateways takes no filter but on tags.
func (s *Sim) describeEgressOnlyGateways(in *ec2.DescribeEgressOnlyInternetGatewaysInput) (*ec2.DescribeEgressOnlyInternetGatewaysOutput, error) {
	seen := func(g *EgressOnlyGateway) bool { return s.visible(g.Created) }
	if err := only(in.EgressOnlyInternetGatewayIds, s.world.EgressOnlyGateways, seen, "InvalidGatewayID.NotFound"); err != nil {
		return nil, err
	}
	out := &ec2.DescribeEgressOnlyInternetGatewaysOutput{}
	for _, g := range sorted(s.world.EgressOnlyGateways) {
		ok, err := ec2Filters(in.Filters, g.Tags, nil)
		if err != nil {
			return nil, err
		}
		if ok && seen(g) && wanted(in.EgressOnlyInternetGatewayIds, g.ID) {
			out.EgressOnlyInternetGateways = append(out.EgressOnlyInternetGateways, g.describe())
		}
	}
	return out, nil
}

// deleteEgressOnlyGateway leaves the routes to it, which are black holes then:
// https://docs.aws.amazon.com/vpc/latest/userguide/egress-only-internet-gateway-working-with.html
func (s *Sim) deleteEgressOnlyGateway(in *ec2.DeleteEgressOnlyInternetGatewayInput) (*ec2.DeleteEgressOnlyInternetGatewayOutput, error) {
	id := aws.ToString(in.EgressOnlyInternetGatewayId)
	if g := s.world.EgressOnlyGateways[id]; g == nil || !s.visible(g.Created) {
		return nil, fail("InvalidGatewayID.NotFound", "The eigw ID '%s' does not exist", id)
	}
	delete(s.world.EgressOnlyGateways, id)
	return &ec2.DeleteEgressOnlyInternetGatewayOutput{ReturnCode: aws.Bool(true)}, nil
}
