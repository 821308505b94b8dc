package awssim

import (
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"github.com/karmacadabra/karmactl/internal/cloud"
)

// InternetGateway is a simulated internet gateway.
type InternetGateway struct {
	ID string
	// VPC is the one that it is attached to, "" for none.
	VPC     string
	Tags    cloud.Tags
	Created time.Time
}

func (s *Sim) internetGatewayNoun() noun {
	return noun{
		ops: []operation{
			on("EC2.CreateInternetGateway", s.createInternetGateway, "TagSpecifications"),
			on("EC2.DescribeInternetGateways", s.describeInternetGateways, "InternetGatewayIds", "Filters").pages("InternetGateways", 1000, 1000, "InternetGatewayIds"),
			on("EC2.AttachInternetGateway", s.attachInternetGateway, "InternetGatewayId", "VpcId"),
			on("EC2.DetachInternetGateway", s.detachInternetGateway, "InternetGatewayId", "VpcId"),
			on("EC2.DeleteInternetGateway", s.deleteInternetGateway, "InternetGatewayId"),
		},
		each: func(tell func(thing)) {
			for _, g := range s.world.InternetGateways {
				tell(thing{kind: "internet-gateway", name: g.ID, tags: g.Tags})
			}
		},
	}
}

// internetGatewayQuota is AWS's default of internet gateways a region.
const internetGatewayQuota = 5

func (s *Sim) createInternetGateway(in *ec2.CreateInternetGatewayInput) (*ec2.CreateInternetGatewayOutput, error) {
	tags, err := ec2Tags(in.TagSpecifications, types.ResourceTypeInternetGateway)
	if err != nil {
		return nil, err
	}
	if len(s.world.InternetGateways) >= internetGatewayQuota {
		return nil, fail("InternetGatewayLimitExceeded", "The maximum number of internet gateways has been reached.")
	}
	g := &InternetGateway{ID: s.world.id("igw"), Tags: tags, Created: s.now()}
	s.world.InternetGateways[g.ID] = g
	return &ec2.CreateInternetGatewayOutput{InternetGateway: new(g.describe())}, nil
}

// describe says "available" of an attachment, as AWS does, although the SDK has no such value.
func (g *InternetGateway) describe() types.InternetGateway {
	d := types.InternetGateway{InternetGatewayId: &g.ID, Tags: toEC2Tags(g.Tags)}
	if g.VPC != "" {
		d.Attachments = []types.InternetGatewayAttachment{{VpcId: &g.VPC, State: "available"}}
	}
	return d
}

// internetGateway is a gateway that is visible.
func (s *Sim) internetGateway(id string) (*InternetGateway, error) {
	g := s.world.InternetGateways[id]
	if g == nil || !s.visible(g.Created) {
		return nil, fail("InvalidInternetGatewayID.NotFound", "The internetGateway ID '%s' does not exist", id)
	}
	return g, nil
}

func (s *Sim) describeInternetGateways(in *ec2.DescribeInternetGatewaysInput) (*ec2.DescribeInternetGatewaysOutput, error) {
	seen := func(g *InternetGateway) bool { return s.visible(g.Created) }
	if err := only(in.InternetGatewayIds, s.world.InternetGateways, seen, "InvalidInternetGatewayID.NotFound"); err != nil {
		return nil, err
	}
	out := &ec2.DescribeInternetGatewaysOutput{}
	for _, g := range sorted(s.world.InternetGateways) {
		ok, err := ec2Filters(in.Filters, g.Tags, map[string]string{"internet-gateway-id": g.ID, "attachment.vpc-id": g.VPC})
		if err != nil {
			return nil, err
		}
		if ok && seen(g) && wanted(in.InternetGatewayIds, g.ID) {
			out.InternetGateways = append(out.InternetGateways, g.describe())
		}
	}
	return out, nil
}

func (s *Sim) attachInternetGateway(in *ec2.AttachInternetGatewayInput) (*ec2.AttachInternetGatewayOutput, error) {
	g, err := s.internetGateway(aws.ToString(in.InternetGatewayId))
	if err != nil {
		return nil, err
	}
	vpc, err := s.vpc(aws.ToString(in.VpcId))
	if err != nil {
		return nil, err
	}
	if g.VPC != "" {
		return nil, fail("Resource.AlreadyAssociated", "resource %s is already attached to network %s", g.ID, g.VPC)
	}
	if s.hasInternetGateway(vpc.ID) {
		return nil, fail("InvalidParameterValue", "Network %s already has an internet gateway attached", vpc.ID)
	}
	g.VPC = vpc.ID
	return &ec2.AttachInternetGatewayOutput{}, nil
}

// detachInternetGateway refuses while anything in the VPC has a public address.
func (s *Sim) detachInternetGateway(in *ec2.DetachInternetGatewayInput) (*ec2.DetachInternetGatewayOutput, error) {
	g, err := s.internetGateway(aws.ToString(in.InternetGatewayId))
	if err != nil {
		return nil, err
	}
	if g.VPC == "" || g.VPC != aws.ToString(in.VpcId) {
		return nil, fail("Gateway.NotAttached", "resource %s is not attached to network %s", g.ID, aws.ToString(in.VpcId))
	}
	for _, n := range s.world.NetworkInterfaces {
		if n.VPC == g.VPC && n.PublicIP != "" {
			return nil, fail("DependencyViolation", "Network %s has some mapped public address(es). Please unmap those before detaching the gateway.", g.VPC)
		}
	}
	g.VPC = ""
	return &ec2.DetachInternetGatewayOutput{}, nil
}

func (s *Sim) deleteInternetGateway(in *ec2.DeleteInternetGatewayInput) (*ec2.DeleteInternetGatewayOutput, error) {
	g, err := s.internetGateway(aws.ToString(in.InternetGatewayId))
	if err != nil {
		return nil, err
	}
	if g.VPC != "" {
		return nil, fail("DependencyViolation", "The internetGateway '%s' has dependencies and cannot be deleted.", g.ID)
	}
	delete(s.world.InternetGateways, g.ID)
	return &ec2.DeleteInternetGatewayOutput{}, nil
}

// hasInternetGateway tells whether a VPC is attached to the internet.
func (s *Sim) hasInternetGateway(vpc string) bool {
	for _, g := range s.world.InternetGateways {
		if g.VPC == vpc {
			return true
		}
	}
	return false
}
