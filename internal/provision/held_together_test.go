package provision

import (
	"fmt"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/google/go-cmp/cmp"
)

func TestInterfacesOfOneKindAreSaidOnce(t *testing.T) {
	got := Together([]string{
		"ECS service web", "network interface eni-1 (a function, lambda, owner 1)", "network interface eni-2 (a function, lambda, owner 1)",
		"network interface eni-3 (a database, interface, owner amazon-rds)", "network interface eni-4 (a function, lambda, owner 1)",
	})
	want := []string{
		"ECS service web", "3 network interfaces (a function, lambda, owner 1): eni-1, eni-2, eni-4",
		"network interface eni-3 (a database, interface, owner amazon-rds)",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestManyInterfacesOfOneKindAreAShortLine(t *testing.T) {
	var described []string
	for i := range 40 {
		described = append(described, describeInterface(types.NetworkInterface{
			NetworkInterfaceId: aws.String(fmt.Sprintf("eni-%02d", i)), InterfaceType: "interface", OwnerId: aws.String("1"),
			Description: aws.String(fmt.Sprintf("arn:aws:ecs:us-east-1:1:attachment/%02d", i)),
		}))
	}
	want := []string{"40 network interfaces (a task of ECS, interface, owner 1): eni-00, eni-01, eni-02, eni-03, eni-04 and 35 more"}
	if diff := cmp.Diff(want, Together(described)); diff != "" {
		t.Error(diff)
	}
}
