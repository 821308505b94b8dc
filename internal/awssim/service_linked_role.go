package awssim

import (
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"

	"github.com/karmacadabra/karmactl/internal/cloud"
)

// serviceLinkedRoles are AWS's own names by the first part of the principal.
var serviceLinkedRoles = map[string]string{
	"ecs":                         "AWSServiceRoleForECS",
	"elasticloadbalancing":        "AWSServiceRoleForElasticLoadBalancing",
	"autoscaling":                 "AWSServiceRoleForAutoScaling",
	"ecs.application-autoscaling": "AWSServiceRoleForApplicationAutoScaling_ECSService",
}

func (s *Sim) createServiceLinkedRole(in *iam.CreateServiceLinkedRoleInput) (*iam.CreateServiceLinkedRoleOutput, error) {
	service := strings.TrimSuffix(aws.ToString(in.AWSServiceName), ".amazonaws.com")
	name, ok := serviceLinkedRoles[service]
	if !ok {
		return nil, fail("InvalidInput", "Service role for %s is not available.", aws.ToString(in.AWSServiceName))
	}
	if s.world.Roles[strings.ToLower(name)] != nil {
		return nil, fail("InvalidInput", "Service role name %s has been taken in this account, please try a different suffix.", name)
	}
	return &iam.CreateServiceLinkedRoleOutput{Role: s.linkRole(service).describe()}, nil
}

// linkRole makes the service-linked role when it is missing. CreateCluster, CreateLoadBalancer
// (https://docs.aws.amazon.com/elasticloadbalancing/latest/userguide/elb-service-linked-roles.html)
// and RegisterScalableTarget do so by themselves, with the caller's permission.
func (s *Sim) linkRole(service string) *IAMRole {
	name := serviceLinkedRoles[service]
	if r := s.world.Roles[strings.ToLower(name)]; r != nil {
		return r
	}
	principal := service + ".amazonaws.com"
	path := "/aws-service-role/" + principal + "/"
	r := &IAMRole{
		Name: name, Path: path, ARN: "arn:aws:iam::" + s.world.Account + ":role" + path + name, Linked: principal,
		Trust:  `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"` + principal + `"},"Action":"sts:AssumeRole"}]}`,
		Inline: map[string]string{}, Tags: cloud.Tags{}, Created: s.now(),
	}
	s.world.Roles[strings.ToLower(name)] = r
	return r
}
