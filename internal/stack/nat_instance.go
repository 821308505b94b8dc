package stack

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ssm"

	"github.com/karmacadabra/karmactl/internal/engine"
	"github.com/karmacadabra/karmactl/internal/provision"
)

// natInstance is the name in the keys of what a NAT instance consists of, and of its address, which is
// another than that of a gateway: both are there while a stack goes from one to the other.
const natInstance = "nat-instance"

// instanceWay is one instance that the private subnets of all zones share.
type instanceWay struct {
	eni   *provision.NetworkInterface
	group *provision.AutoScalingGroup
}

// natInstance is an interface that stays, with the address, and a group that keeps one instance behind it.
// Only the private subnets reach it. first is the public subnet of the first zone, and ways lead it out.
func (s *Stack) natInstance(n *networkPart, first *provision.Subnet, private []*provision.Subnet, ways ...engine.Node) instanceWay {
	h := s.Env
	var inside []provision.Rule
	for _, subnet := range private {
		inside = append(inside, provision.Rule{All: true, CIDR: subnet.CIDR, Description: "what the agents send to the internet"})
	}
	group := add(s, groupNetwork, &provision.SecurityGroup{Env: h, VPC: n.vpc, Name: natInstance, Purpose: "The NAT instance of " + s.Stack, Ingress: inside})
	address := add(s, groupNetwork, &provision.ElasticIP{Env: h, AZ: natInstance})
	eni := add(s, groupNetwork, &provision.NetworkInterface{Env: h, Name: natInstance, Subnet: first, Group: group, Address: address, Gateway: n.gateway})
	template := add(s, groupNetwork, &provision.LaunchTemplate{
		Env: h, Name: natInstance, Image: s.Lookup.Image, Type: s.Config.Network.InstanceType, CIDR: s.Config.Network.CIDR, Interface: eni,
	})
	return instanceWay{eni, add(s, groupNetwork, &provision.AutoScalingGroup{
		Env: h, Name: natInstance, AZ: first.AZ, Template: template, Ways: ways,
		Role: add(s, groupNetwork, &provision.ServiceLinkedRole{Env: h, Service: "autoscaling"}),
	})}
}

// linuxParameter is where Amazon publishes the id of the newest image of Amazon Linux 2023 for ARM, in each region:
// https://docs.aws.amazon.com/linux/al2023/ug/ec2.html
const linuxParameter = "/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-arm64"

// newestLinux is the image that a NAT instance is started with.
func newestLinux(ctx context.Context, h *provision.Env) (string, error) {
	out, err := h.Clients.SSM.GetParameter(ctx, &ssm.GetParameterInput{Name: aws.String(linuxParameter)})
	if err != nil {
		return "", fmt.Errorf("nat: instance needs the newest image of Amazon Linux, which cannot be read: %w", err)
	}
	return aws.ToString(out.Parameter.Value), nil
}
