package provision

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
)

func TestTheInterfaceOfOurNATGatewayIsOurs(t *testing.T) {
	h := &Env{Stack: "karmacadabra-prod"}
	ours := []candidate[types.NatGateway]{{ID: "nat-0123456789abcdef0"}}
	// As EC2 sends it: the SDK has natGateway.
	n := types.NetworkInterface{InterfaceType: "nat_gateway", Description: aws.String("Interface for NAT Gateway nat-0123456789abcdef0")}
	if !h.leavesByItself(n, ours) {
		t.Error("the stack's own NAT gateway is somebody else's")
	}
	n.Description = aws.String("Interface for NAT Gateway nat-0fedcba9876543210")
	if h.leavesByItself(n, ours) {
		t.Error("somebody else's NAT gateway is the stack's")
	}
}

func TestInterfacesThatLeaveByThemselvesAreCountedInOneLine(t *testing.T) {
	got := interfacesOf(map[string][]string{"tasks": {"eni-3", "eni-1", "eni-2"}, "the load balancer": {"eni-4"}})
	if got != "3 network interfaces of tasks, network interface eni-4 of the load balancer" {
		t.Errorf("it says %q", got)
	}
}
