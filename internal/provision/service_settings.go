package provision

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/karmacadabra/karmactl/internal/engine"
	"github.com/karmacadabra/karmactl/internal/tasks"
)

func (s *Service) namespace() string {
	if arn := s.Namespace.Output("arn"); arn != "" {
		return arn
	}
	return engine.Unknown(s.Namespace.Key())
}

// callees are the names of those that something is true of.
func (s *Service) callees(that func(*Service) bool) []string {
	var out []string
	for _, c := range s.Callees {
		if that(c) {
			out = append(out, c.Agent.Name)
		}
	}
	return out
}

// resolves are the callees that were made before the deployment that goes on. The
// Service Connect names of a deployment are fixed when it begins, so one that came
// later takes one more roll:
// https://docs.aws.amazon.com/AmazonECS/latest/developerguide/service-connect-concepts-deploy.html
func (s *Service) resolves(x types.Service, all []types.Service) string {
	var began time.Time
	if d := tasks.Primary(x); d != nil {
		began = aws.ToTime(d.CreatedAt)
	}
	return joined(s.callees(func(c *Service) bool {
		return slices.ContainsFunc(all, func(other types.Service) bool {
			return aws.ToString(other.ServiceName) == c.serviceName(c.Agent.Name) && aws.ToString(other.Status) == "ACTIVE" &&
				!aws.ToTime(other.CreatedAt).After(began)
		})
	}))
}

func joined(ids []string) string {
	ids = slices.Clone(ids)
	slices.Sort(ids)
	return strings.Join(ids, " ")
}

// strategy puts the base on demand and divides the rest by weight. Spot alone
// has no way back: when it has no capacity, AWS does not fall back by itself.
func (s *Service) strategy() []types.CapacityProviderStrategyItem {
	spot := s.Agent.Spot
	if !spot.Enabled {
		return []types.CapacityProviderStrategyItem{{CapacityProvider: aws.String("FARGATE"), Weight: 1}}
	}
	var out []types.CapacityProviderStrategyItem
	if spot.Base > 0 || spot.OnDemandWeight > 0 {
		out = append(out, types.CapacityProviderStrategyItem{CapacityProvider: aws.String("FARGATE"), Base: int32(spot.Base), Weight: int32(spot.OnDemandWeight)})
	}
	return append(out, types.CapacityProviderStrategyItem{CapacityProvider: aws.String("FARGATE_SPOT"), Weight: int32(max(1, spot.SpotWeight))})
}

func strategyText(items []types.CapacityProviderStrategyItem) string {
	var out []string
	for _, i := range items {
		out = append(out, fmt.Sprintf("%s base %d weight %d", aws.ToString(i.CapacityProvider), i.Base, i.Weight))
	}
	slices.Sort(out)
	return strings.Join(out, ", ")
}

// readService is a service in our words.
func readService(x types.Service) ServiceSpec {
	w := ServiceSpec{
		TaskDefinition: aws.ToString(x.TaskDefinition), Strategy: strategyText(x.CapacityProviderStrategy), Exec: x.EnableExecuteCommand,
		Grace: int(aws.ToInt32(x.HealthCheckGracePeriodSeconds)), PropagateTags: string(x.PropagateTags), ManagedTags: x.EnableECSManagedTags,
		ZoneRebalance: string(x.AvailabilityZoneRebalancing), Tags: fromECSTags(x.Tags),
	}
	if n := x.NetworkConfiguration; n != nil && n.AwsvpcConfiguration != nil {
		w.Subnets, w.Groups = joined(n.AwsvpcConfiguration.Subnets), joined(n.AwsvpcConfiguration.SecurityGroups)
		w.PublicIP = n.AwsvpcConfiguration.AssignPublicIp == types.AssignPublicIpEnabled
	}
	for _, lb := range x.LoadBalancers {
		w.Target = fmt.Sprintf("%s %s:%d", aws.ToString(lb.TargetGroupArn), aws.ToString(lb.ContainerName), aws.ToInt32(lb.ContainerPort))
	}
	if d := x.DeploymentConfiguration; d != nil {
		w.Rollout = fmt.Sprintf("%d to %d %%", aws.ToInt32(d.MinimumHealthyPercent), aws.ToInt32(d.MaximumPercent))
		if b := d.DeploymentCircuitBreaker; b != nil && b.Enable {
			w.Breaker = "on"
			if b.ThresholdConfiguration != nil {
				w.Breaker = fmt.Sprintf("after %s %d", b.ThresholdConfiguration.Type, b.ThresholdConfiguration.Value)
			}
			if b.Rollback {
				w.Breaker = "rollback " + w.Breaker
			}
		}
	}
	for _, d := range x.Deployments {
		if aws.ToString(d.Status) != "PRIMARY" || d.ServiceConnectConfiguration == nil || !d.ServiceConnectConfiguration.Enabled {
			continue
		}
		for _, c := range d.ServiceConnectConfiguration.Services {
			for _, alias := range c.ClientAliases {
				w.Connect = fmt.Sprintf("%s %s:%d", aws.ToString(d.ServiceConnectConfiguration.Namespace), aws.ToString(alias.DnsName), aws.ToInt32(alias.Port))
			}
		}
	}
	return w
}

func awsvpc(want ServiceSpec) *types.NetworkConfiguration {
	vpc := &types.AwsVpcConfiguration{Subnets: strings.Fields(want.Subnets), SecurityGroups: strings.Fields(want.Groups), AssignPublicIp: types.AssignPublicIpDisabled}
	if want.PublicIP {
		vpc.AssignPublicIp = types.AssignPublicIpEnabled
	}
	return &types.NetworkConfiguration{AwsvpcConfiguration: vpc}
}

// targets is empty and not nil without a target group: nil would leave things as they are.
func (s *Service) targets(want ServiceSpec) []types.LoadBalancer {
	if want.Target == "" {
		return []types.LoadBalancer{}
	}
	arn, _, _ := strings.Cut(want.Target, " ")
	return []types.LoadBalancer{{TargetGroupArn: &arn, ContainerName: &s.Agent.Name, ContainerPort: aws.Int32(int32(s.Agent.Port))}}
}

// connect makes the agent known to the others as its name and port.
func (s *Service) connect() *types.ServiceConnectConfiguration {
	if s.Namespace == nil {
		return &types.ServiceConnectConfiguration{Enabled: false}
	}
	name := s.Agent.Name
	return &types.ServiceConnectConfiguration{Enabled: true, Namespace: aws.String(s.namespace()), Services: []types.ServiceConnectService{{
		PortName: &name, DiscoveryName: &name, ClientAliases: []types.ServiceConnectClientAlias{{DnsName: &name, Port: aws.Int32(int32(s.Agent.Port))}},
	}}}
}

func rollout() *types.DeploymentConfiguration {
	return &types.DeploymentConfiguration{
		MinimumHealthyPercent: aws.Int32(minHealthy), MaximumPercent: aws.Int32(maxHealthy),
		DeploymentCircuitBreaker: &types.DeploymentCircuitBreaker{
			Enable: true, Rollback: true, ThresholdConfiguration: &types.ThresholdConfiguration{Type: types.ThresholdTypeCount, Value: breakerFailures},
		},
	}
}

// VCPU of so many tasks by capacity provider, as ECS divides them: the base
// first, the rest by weight.
func (s *Service) VCPU(tasks int) map[string]float64 {
	out := map[string]float64{}
	left, weights := float64(tasks), 0
	for _, i := range s.strategy() {
		base := min(left, float64(i.Base))
		out[aws.ToString(i.CapacityProvider)] += base
		left, weights = left-base, weights+int(i.Weight)
	}
	for _, i := range s.strategy() {
		out[aws.ToString(i.CapacityProvider)] += math.Ceil(left * float64(i.Weight) / float64(max(1, weights)))
	}
	for provider := range out {
		out[provider] *= float64(s.Agent.CPU) / 1024
	}
	return out
}
