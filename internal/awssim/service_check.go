package awssim

import (
	"cmp"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
)

// checkService holds ECS's rules for what goes together, and resolves the task definition.
func (s *Sim) checkService(c *Cluster, x *Service) error {
	d := s.taskDefinition(x.Config.TaskDefinition)
	if d == nil || !s.visible(d.Created) {
		return fail("ClientException", "TaskDefinition not found.")
	}
	if d.status() != types.TaskDefinitionStatusActive {
		return fail("ClientException", "TaskDefinition is inactive")
	}
	x.Config.TaskDefinition = *d.Definition.TaskDefinitionArn
	if x.Config.Network == nil || x.Config.Network.AwsvpcConfiguration == nil {
		return invalid("Network Configuration must be provided when networkMode 'awsvpc' is specified.")
	}
	vpc := x.Config.Network.AwsvpcConfiguration
	if len(vpc.Subnets) == 0 || len(vpc.Subnets) > 16 || len(vpc.SecurityGroups) > 5 {
		return invalid("subnets must have 1 to 16 items and security groups 5 at most.")
	}
	for _, id := range vpc.Subnets {
		if n := s.world.Subnets[id]; n == nil || !s.visible(n.Created) {
			return invalid("Error retrieving subnet information for [%s]: The subnet ID '%s' does not exist (ErrorCode: InvalidSubnetID.NotFound)", id, id)
		}
	}
	for _, id := range vpc.SecurityGroups {
		if g := s.world.SecurityGroups[id]; g == nil || !s.visible(g.Created) {
			return invalid("Error retrieving security group information for [%s]: The security group '%s' does not exist (ErrorCode: InvalidGroup.NotFound)", id, id)
		}
	}
	if err := checkStrategy(c, x.Config.Strategy); err != nil {
		return err
	}
	if x.Grace != nil && len(x.Config.LoadBalancers) == 0 && *x.Grace > 0 {
		return invalid("Health check grace period is only valid for services configured to use load balancers")
	}
	if most := aws.ToInt32(cmp.Or(x.Deploy.MaximumPercent, aws.Int32(200))); most <= 100 && x.ZoneRebalance == types.AvailabilityZoneRebalancingEnabled {
		return invalid("Availability Zone Rebalancing does not support maximumPercent <= 100.")
	}
	if b := x.Deploy.DeploymentCircuitBreaker; b != nil && b.ThresholdConfiguration != nil && (b.ThresholdConfiguration.Type == "" || b.ThresholdConfiguration.Value < 1) {
		return invalid("The threshold configuration of the deployment circuit breaker is not valid.")
	}
	if e := x.Deploy.EarlySuccessCriteria; e != nil && e.Enable {
		healthy, least := int(aws.ToInt32(e.HealthyPercent)), int(aws.ToInt32(cmp.Or(x.Deploy.MinimumHealthyPercent, aws.Int32(100))))
		if e.HealthyPercent == nil || healthy < least || healthy > 100 || !slices.Contains(e.SourceServiceRevisionCleanup.Values(), e.SourceServiceRevisionCleanup) {
			return invalid("earlySuccessCriteria must have a healthyPercent from minimumHealthyPercent to 100 and a sourceServiceRevisionCleanup.")
		}
	}
	return s.checkEndpoints(x, d)
}

func checkStrategy(c *Cluster, strategy []types.CapacityProviderStrategyItem) error {
	bases, weights := 0, int32(0)
	for _, i := range strategy {
		if !slices.Contains(c.Providers, aws.ToString(i.CapacityProvider)) {
			return invalid("The specified capacity provider strategy contains a capacity provider that is not associated with the cluster: %s", aws.ToString(i.CapacityProvider))
		}
		if i.Base > 0 {
			bases++
		}
		weights += i.Weight
	}
	if bases > 1 {
		return invalid("The specified capacity provider strategy cannot contain more than one capacity provider with a base.")
	}
	if len(strategy) > 0 && weights == 0 {
		return invalid("The specified capacity provider strategy needs a capacity provider with a weight greater than 0.")
	}
	return nil
}

// checkEndpoints looks at the load balancer and Service Connect.
func (s *Sim) checkEndpoints(x *Service, d *TaskDefinition) error {
	for _, lb := range x.Config.LoadBalancers {
		g, err := s.targetGroup(aws.ToString(lb.TargetGroupArn))
		if err != nil {
			return invalid("The specified target group does not exist: %s: verify that it exists and try again.", aws.ToString(lb.TargetGroupArn))
		}
		if g.Attached.IsZero() {
			return invalid("The target group with targetGroupArn %s does not have an associated load balancer.", g.ARN)
		}
		if port, ok := containerPort(d, aws.ToString(lb.ContainerName), aws.ToInt32(lb.ContainerPort)); !ok {
			return invalid("The container %s did not have a container port %d defined.", aws.ToString(lb.ContainerName), port)
		}
	}
	sc := x.Config.Connect
	if sc == nil || !sc.Enabled {
		return nil
	}
	ns := s.namespace(aws.ToString(sc.Namespace))
	if sc.Namespace != nil && ns == nil {
		return fail("NamespaceNotFoundException", "The specified namespace wasn't found: %s", *sc.Namespace)
	}
	for _, svc := range sc.Services {
		port := portNamed(d, aws.ToString(svc.PortName))
		if port == nil {
			return invalid("The Service Connect service with portName %s does not match a named port of the task definition.", aws.ToString(svc.PortName))
		}
		if len(svc.ClientAliases) > 1 {
			return invalid("A Service Connect service takes one client alias.")
		}
		if ns != nil {
			if err := s.taken(x, ns, aws.ToString(svc.DiscoveryName)); err != nil {
				return err
			}
		}
		if err := checkTimeout(svc.Timeout, port.AppProtocol); err != nil {
			return err
		}
	}
	return nil
}

func containerPort(d *TaskDefinition, container string, port int32) (int32, bool) {
	for _, c := range d.Definition.ContainerDefinitions {
		for _, p := range c.PortMappings {
			if aws.ToString(c.Name) == container && aws.ToInt32(p.ContainerPort) == port {
				return port, true
			}
		}
	}
	return port, false
}

// portNamed is the port of a name; nil when the task definition has none.
func portNamed(d *TaskDefinition, name string) *types.PortMapping {
	for _, c := range d.Definition.ContainerDefinitions {
		for _, p := range c.PortMappings {
			if aws.ToString(p.Name) == name {
				return &p
			}
		}
	}
	return nil
}
