package stack

import (
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	ecstypes "github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/karmacadabra/karmactl/internal/awssim"
)

// service edits the validator's; what runs was begun with it.
func service(edit func(*awssim.World, *awssim.Service)) func(*awssim.World) bool {
	return func(w *awssim.World) bool {
		for _, s := range w.Services {
			if s.Name == "validator" {
				edit(w, s)
				for _, d := range s.Deployments {
					d.Config = s.Config
				}
				return true
			}
		}
		return false
	}
}

func serviceDrifts() []drift {
	const key = "service/validator"
	edited := func(edit func(*awssim.Service)) func(*awssim.World) bool {
		return service(func(_ *awssim.World, s *awssim.Service) { edit(s) })
	}
	network := func(edit func(*awssim.World, *ecstypes.AwsVpcConfiguration)) func(*awssim.World) bool {
		return service(func(w *awssim.World, s *awssim.Service) {
			vpc := *s.Config.Network.AwsvpcConfiguration
			edit(w, &vpc)
			s.Config.Network = &ecstypes.NetworkConfiguration{AwsvpcConfiguration: &vpc}
		})
	}
	return []drift{
		{key, "exec", edited(func(s *awssim.Service) { s.Config.Exec = !s.Config.Exec })},
		{key, "grace_seconds", edited(func(s *awssim.Service) { s.Grace = aws.Int32(1) })},
		{key, "zone_rebalancing", edited(func(s *awssim.Service) { s.ZoneRebalance = ecstypes.AvailabilityZoneRebalancingDisabled })},
		{key, "managed_tags", edited(func(s *awssim.Service) { s.ManagedTags = !s.ManagedTags })},
		{key, "propagate_tags", edited(func(s *awssim.Service) { s.PropagateTags = ecstypes.PropagateTagsNone })},
		{key, "circuit_breaker", edited(func(s *awssim.Service) { s.Deploy.DeploymentCircuitBreaker = &ecstypes.DeploymentCircuitBreaker{} })},
		{key, "rollout", edited(func(s *awssim.Service) { s.Deploy.MinimumHealthyPercent = aws.Int32(0) })},
		{key, "rollout", edited(func(s *awssim.Service) { s.Deploy.EarlySuccessCriteria = nil })},
		{key, "capacity", edited(func(s *awssim.Service) {
			s.Config.Strategy = []ecstypes.CapacityProviderStrategyItem{{CapacityProvider: aws.String("FARGATE"), Weight: 7}}
		})},
		{key, "service_connect", edited(func(s *awssim.Service) { s.Config.Connect = nil })},
		{key, "request_timeout", edited(func(s *awssim.Service) {
			setTimeout(s, &ecstypes.TimeoutConfiguration{PerRequestTimeoutSeconds: aws.Int32(1)})
		})},
		{key, "target_group", edited(func(s *awssim.Service) { s.Config.LoadBalancers = nil })},
		{key, "subnets", network(func(_ *awssim.World, vpc *ecstypes.AwsVpcConfiguration) { vpc.Subnets = vpc.Subnets[:1] })},
		{key, "security_groups", network(func(w *awssim.World, vpc *ecstypes.AwsVpcConfiguration) {
			vpc.SecurityGroups = append(slices.Clone(vpc.SecurityGroups), idOf(w.SecurityGroups, "sg/alb", securityGroupTags))
		})},
		{key, "public_ip", network(func(_ *awssim.World, vpc *ecstypes.AwsVpcConfiguration) {
			vpc.AssignPublicIp = ecstypes.AssignPublicIpEnabled
		})},
		{key, "task_definition", service(func(w *awssim.World, s *awssim.Service) {
			s.Config.TaskDefinition = register(w, s.Config.TaskDefinition, "somebody-elses", func(*awssim.TaskDefinition) {})
		})},
		{key, "deployment", edited(func(s *awssim.Service) { s.Deployments[0].Rollout = ecstypes.DeploymentRolloutStateFailed })},
		{"service/karma-hello", "resolves", madeAgain},
		{key, "tasks", edited(func(s *awssim.Service) { s.Desired, s.Deploy.DeploymentCircuitBreaker = 0, nil })},
	}
}

// setTimeout gives a service, and what runs of it, another timeout in Service Connect.
func setTimeout(s *awssim.Service, t *ecstypes.TimeoutConfiguration) {
	c := *s.Config.Connect
	c.Services = slices.Clone(c.Services)
	c.Services[0].Timeout = t
	s.Config.Connect = &c
	for _, d := range s.Deployments {
		d.Config = s.Config
	}
}

// madeAgain is a validator that was made again after the agents that call it
// were deployed: these do not find it.
func madeAgain(w *awssim.World) bool {
	var last time.Time
	for _, s := range w.Services {
		if s.Name == "karma-hello" {
			last = s.Deployments[0].Created
		}
	}
	return service(func(_ *awssim.World, s *awssim.Service) { s.Created = last.Add(time.Second) })(w)
}
