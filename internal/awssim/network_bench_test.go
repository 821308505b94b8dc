package awssim

import (
	"context"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"

	"github.com/karmacadabra/karmactl/internal/engine"
)

// net is an account with a client for its network.
type net struct {
	t *testing.T
	*Sim
	ec2 *ec2.Client
}

func newNet(t *testing.T, opts Options) *net {
	t.Helper()
	opts.Clock = engine.RealClock{}
	s, err := New(opts)
	if err != nil {
		t.Fatal(err)
	}
	return &net{t: t, Sim: s, ec2: ec2.NewFromConfig(s.Config())}
}

// must fails the test when a call that is to work does not.
func must[T any](t *testing.T) func(T, error) T {
	return func(out T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
}

func (n *net) vpc() string {
	n.t.Helper()
	return *must[*ec2.CreateVpcOutput](n.t)(n.ec2.CreateVpc(context.Background(), &ec2.CreateVpcInput{CidrBlock: aws.String("10.0.0.0/16")})).Vpc.VpcId
}

func (n *net) subnet(vpc, cidr, az string) string {
	n.t.Helper()
	return *must[*ec2.CreateSubnetOutput](n.t)(n.ec2.CreateSubnet(context.Background(), &ec2.CreateSubnetInput{
		VpcId: &vpc, CidrBlock: &cidr, AvailabilityZone: &az,
	})).Subnet.SubnetId
}

func (n *net) table(vpc string) string {
	n.t.Helper()
	return *must[*ec2.CreateRouteTableOutput](n.t)(n.ec2.CreateRouteTable(context.Background(), &ec2.CreateRouteTableInput{VpcId: &vpc})).RouteTable.RouteTableId
}

func (n *net) group(vpc, name string) string {
	n.t.Helper()
	return *must[*ec2.CreateSecurityGroupOutput](n.t)(n.ec2.CreateSecurityGroup(context.Background(), &ec2.CreateSecurityGroupInput{
		VpcId: &vpc, GroupName: &name, Description: aws.String("a group"),
	})).GroupId
}

func (n *net) gateway(vpc string) string {
	n.t.Helper()
	id := *must[*ec2.CreateInternetGatewayOutput](n.t)(n.ec2.CreateInternetGateway(context.Background(), &ec2.CreateInternetGatewayInput{})).InternetGateway.InternetGatewayId
	if vpc != "" {
		must[*ec2.AttachInternetGatewayOutput](n.t)(n.ec2.AttachInternetGateway(context.Background(), &ec2.AttachInternetGatewayInput{InternetGatewayId: &id, VpcId: &vpc}))
	}
	return id
}

func (n *net) nat(subnet string) string {
	n.t.Helper()
	a := must[*ec2.AllocateAddressOutput](n.t)(n.ec2.AllocateAddress(context.Background(), &ec2.AllocateAddressInput{}))
	return *must[*ec2.CreateNatGatewayOutput](n.t)(n.ec2.CreateNatGateway(context.Background(), &ec2.CreateNatGatewayInput{
		SubnetId: &subnet, AllocationId: a.AllocationId,
	})).NatGateway.NatGatewayId
}
