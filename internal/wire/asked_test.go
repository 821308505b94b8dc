//go:build wire

package wire

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/aws/aws-sdk-go-v2/service/servicediscovery"

	"github.com/karmacadabra/karmactl/internal/cloud"
)

// asked calls what karmactl calls only when AWS is slow or refuses, which an
// emulator never does: who holds a subnet, and how far a create has come.
func (a *account) asked(t *testing.T) {
	t.Helper()
	c := cloud.NewClients(a.cfg)
	if _, err := c.EC2.DescribeNetworkInterfaces(t.Context(), &ec2.DescribeNetworkInterfacesInput{
		Filters: []types.Filter{{Name: aws.String("vpc-id"), Values: []string{"vpc-0123456789abcdef0"}}},
	}); err != nil {
		t.Errorf("%s is asked for network interfaces: %v", a.name, err)
	}
	made, err := c.Discovery.CreateHttpNamespace(t.Context(), &servicediscovery.CreateHttpNamespaceInput{
		Name: aws.String("asked.local"), CreatorRequestId: aws.String("asked"),
	})
	if err != nil {
		t.Fatal(err)
	}
	op, err := c.Discovery.GetOperation(t.Context(), &servicediscovery.GetOperationInput{OperationId: made.OperationId})
	if err != nil || op.Operation == nil || op.Operation.Status == "" {
		t.Errorf("%s is asked for an operation of its own: %+v: %v", a.name, op, err)
	}
}
