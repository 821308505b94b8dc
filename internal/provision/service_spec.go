package provision

import (
	"fmt"
	"math"
	"slices"
	"sort"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/karmacadabra/karmactl/internal/agents"
	"github.com/karmacadabra/karmactl/internal/cloud"
	"github.com/karmacadabra/karmactl/internal/engine"
)

// ServiceSpec is what we own of a service.
type ServiceSpec struct {
	// Name cannot change.
	Name           string
	TaskDefinition string
	// Tasks is the desired count: what ECS runs in a service that was found, and what a
	// new one begins with. After that it belongs to autoscaling and to karmactl scale,
	// so a difference is no change.
	Tasks    int
	Capacity Strategy
	// Asked is the capacity of the file. Capacity is another one while Spot has none: see FallBack.
	Asked Strategy
	// FallBack is after how long without Spot capacity it is put on demand; 0 is never. Dry is
	// for how long a service that was found has lacked it. See SpotTurn.
	FallBack, Dry time.Duration
	Network       Network
	Target        Target
	Connect       Connect
	Timeout       ConnectTimeout
	// IPv6: its tasks have addresses of that kind, too, since a deployment that began when their subnets
	// assigned them. AWS does not tell, so that the service has a tag for it.
	IPv6 bool
	// Resolves are the callees that its tasks find: the ones that were there when its
	// deployment began.
	Resolves Set
	// Awaits are the callees that are not there yet. A new service that awaits some begins
	// without tasks, which would have to be replaced as soon as the names are there.
	Awaits Set
	// Empty is a service that was made so, and has not begun: with no task and without a
	// circuit breaker, which tells it from one that was scaled to zero.
	Empty   bool
	Breaker Breaker
	Rollout Rollout
	Exec    bool
	// Grace is in seconds.
	Grace         int
	PropagateTags string
	ManagedTags   bool
	ZoneRebalance string
	// Release is the command that runs once, in a task of a new revision, before the
	// revision is rolled out. AWS knows nothing of it.
	Release Command
	// Failed is the id of the primary deployment when it has failed: ECS starts no more
	// tasks for it, and nothing but a new deployment ends that:
	// https://docs.aws.amazon.com/AmazonECS/latest/developerguide/deployment-circuit-breaker.html
	Failed string
	Tags   cloud.Tags
}

// Capacity is a capacity provider's part of a service's tasks: Base tasks at least, and
// of the rest its share by Weight.
type Capacity struct {
	// Provider is FARGATE or FARGATE_SPOT.
	Provider     string
	Base, Weight int
}

// The capacity providers of Fargate.
const (
	OnDemand    = "FARGATE"
	FargateSpot = "FARGATE_SPOT"
)

// Strategy is a capacity provider strategy, sorted by provider.
type Strategy []Capacity

// strategyOf puts the base on demand and divides the rest by weight. Spot alone
// has no way back: when it has no capacity, AWS does not fall back by itself.
func strategyOf(spot agents.Spot) Strategy {
	if !spot.Enabled {
		return Strategy{{Provider: OnDemand, Weight: 1}}
	}
	var out Strategy
	if spot.Base > 0 || spot.OnDemandWeight > 0 {
		out = append(out, Capacity{OnDemand, spot.Base, spot.OnDemandWeight})
	}
	return append(out, Capacity{Provider: FargateSpot, Weight: max(1, spot.SpotWeight)})
}

// Equal tells whether both divide tasks alike.
func (s Strategy) Equal(other Strategy) bool { return slices.Equal(s, other) }

func (s Strategy) String() string {
	var out []string
	for _, c := range s {
		out = append(out, fmt.Sprintf("%s base %d weight %d", c.Provider, c.Base, c.Weight))
	}
	return strings.Join(out, ", ")
}

// Divide is how many of so many tasks each provider gets, as ECS divides them: the
// base first, the rest by weight. The parts of the rest are not rounded.
func (s Strategy) Divide(tasks float64) map[string]float64 {
	out := map[string]float64{}
	left, weights := tasks, 0
	for _, c := range s {
		base := min(left, float64(c.Base))
		out[c.Provider] += base
		left, weights = left-base, weights+c.Weight
	}
	for _, c := range s {
		out[c.Provider] += left * float64(c.Weight) / float64(max(1, weights))
	}
	return out
}

// Network is where tasks are and what may reach them.
type Network struct {
	Subnets, Groups Set
	PublicIP        bool
}

// Equal tells whether both are the same place.
func (n Network) Equal(other Network) bool {
	return n.Subnets.Equal(other.Subnets) && n.Groups.Equal(other.Groups) && n.PublicIP == other.PublicIP
}

// Target is the target group that tasks are registered in, and where in a task its
// requests go. Without Group there is none.
type Target struct {
	// Group is an ARN.
	Group, Container string
	Port             int
}

func (t Target) String() string {
	if t.Group == "" {
		return ""
	}
	return fmt.Sprintf("%s %s:%d", t.Group, t.Container, t.Port)
}

// Breaker is the circuit breaker: when a deployment has failed, and what happens then.
type Breaker struct {
	On, Rollback bool
	// Type is that of the threshold, COUNT; "" leaves the threshold to AWS.
	Type     string
	Failures int
}

func (b Breaker) String() string {
	if !b.On {
		return ""
	}
	out := "on"
	if b.Type != "" {
		out = fmt.Sprintf("after %s %d", b.Type, b.Failures)
	}
	if b.Rollback {
		out = "rollback " + out
	}
	return out
}

// Rollout is the minimum and maximum of healthy tasks in a deployment, in percent, and when
// it is done.
type Rollout struct {
	MinHealthy, MaxHealthy int
	// Early is a deployment that is done when all of its tasks are healthy: the ones before
	// them drain and stop in the background, as long as their requests take.
	// https://docs.aws.amazon.com/AmazonECS/latest/developerguide/early-success-criteria.html
	Early bool
}

func (r Rollout) String() string {
	if r == (Rollout{}) {
		return ""
	}
	out := fmt.Sprintf("%d to %d %%", r.MinHealthy, r.MaxHealthy)
	if r.Early {
		out += ", done when healthy"
	}
	return out
}

// earlySuccess is nil for a deployment that waits until the tasks before are gone.
func (r Rollout) earlySuccess() *types.DeploymentEarlySuccessCriteria {
	if !r.Early {
		return nil
	}
	return &types.DeploymentEarlySuccessCriteria{Enable: true, HealthyPercent: aws.Int32(100), SourceServiceRevisionCleanup: types.ServiceRevisionCleanupDeferred}
}

// readEarly tells whether the tasks before are not waited for, once all new ones are healthy.
func readEarly(e *types.DeploymentEarlySuccessCriteria) bool {
	return e != nil && e.Enable && aws.ToInt32(e.HealthyPercent) == 100 && e.SourceServiceRevisionCleanup == types.ServiceRevisionCleanupDeferred
}

func readService(x types.Service) ServiceSpec {
	w := ServiceSpec{
		Name: aws.ToString(x.ServiceName), TaskDefinition: aws.ToString(x.TaskDefinition), Tasks: int(x.DesiredCount), Capacity: readStrategy(x.CapacityProviderStrategy), Exec: x.EnableExecuteCommand,
		Grace: int(aws.ToInt32(x.HealthCheckGracePeriodSeconds)), PropagateTags: string(x.PropagateTags), ManagedTags: x.EnableECSManagedTags,
		ZoneRebalance: string(x.AvailabilityZoneRebalancing), Tags: fromECSTags(x.Tags),
	}
	w.IPv6 = w.Tags[tagIPv6] != ""
	delete(w.Tags, tagIPv6)
	if n := x.NetworkConfiguration; n != nil && n.AwsvpcConfiguration != nil {
		w.Network = Network{
			Subnets: setOf(n.AwsvpcConfiguration.Subnets), Groups: setOf(n.AwsvpcConfiguration.SecurityGroups),
			PublicIP: n.AwsvpcConfiguration.AssignPublicIp == types.AssignPublicIpEnabled,
		}
	}
	for _, lb := range x.LoadBalancers {
		w.Target = Target{Group: aws.ToString(lb.TargetGroupArn), Container: aws.ToString(lb.ContainerName), Port: int(aws.ToInt32(lb.ContainerPort))}
	}
	if d := x.DeploymentConfiguration; d != nil {
		w.Rollout = Rollout{MinHealthy: int(aws.ToInt32(d.MinimumHealthyPercent)), MaxHealthy: int(aws.ToInt32(d.MaximumPercent)), Early: readEarly(d.EarlySuccessCriteria)}
		if b := d.DeploymentCircuitBreaker; b != nil && b.Enable {
			w.Breaker = Breaker{On: true, Rollback: b.Rollback}
			if b.ThresholdConfiguration != nil {
				w.Breaker.Type, w.Breaker.Failures = string(b.ThresholdConfiguration.Type), int(b.ThresholdConfiguration.Value)
			}
		}
	}
	w.Empty = w.Tasks == 0 && !w.Breaker.On
	for _, d := range x.Deployments {
		if aws.ToString(d.Status) == "PRIMARY" {
			w.Connect, w.Timeout = readConnect(d.ServiceConnectConfiguration)
		}
	}
	return w
}

func readStrategy(items []types.CapacityProviderStrategyItem) Strategy {
	var out Strategy
	for _, i := range items {
		out = append(out, Capacity{Provider: aws.ToString(i.CapacityProvider), Base: int(i.Base), Weight: int(i.Weight)})
	}
	sort.Slice(out, func(a, b int) bool { return out[a].Provider < out[b].Provider })
	return out
}

func (s Strategy) input() []types.CapacityProviderStrategyItem {
	var out []types.CapacityProviderStrategyItem
	for _, c := range s {
		out = append(out, types.CapacityProviderStrategyItem{CapacityProvider: aws.String(c.Provider), Base: int32(c.Base), Weight: int32(c.Weight)})
	}
	return out
}

func (n Network) input() *types.NetworkConfiguration {
	vpc := &types.AwsVpcConfiguration{Subnets: n.Subnets, SecurityGroups: n.Groups, AssignPublicIp: types.AssignPublicIpDisabled}
	if n.PublicIP {
		vpc.AssignPublicIp = types.AssignPublicIpEnabled
	}
	return &types.NetworkConfiguration{AwsvpcConfiguration: vpc}
}

// input is empty and not nil without a target group: nil would leave things as they are.
func (t Target) input() []types.LoadBalancer {
	if t.Group == "" {
		return []types.LoadBalancer{}
	}
	return []types.LoadBalancer{{TargetGroupArn: &t.Group, ContainerName: &t.Container, ContainerPort: aws.Int32(int32(t.Port))}}
}

// deployment is how a service is to be deployed.
func (s ServiceSpec) deployment() *types.DeploymentConfiguration {
	breaker := &types.DeploymentCircuitBreaker{Enable: s.Breaker.On, Rollback: s.Breaker.Rollback}
	if s.Breaker.Type != "" {
		breaker.ThresholdConfiguration = &types.ThresholdConfiguration{Type: types.ThresholdType(s.Breaker.Type), Value: int32(s.Breaker.Failures)}
	}
	return &types.DeploymentConfiguration{
		MinimumHealthyPercent: aws.Int32(int32(s.Rollout.MinHealthy)), MaximumPercent: aws.Int32(int32(s.Rollout.MaxHealthy)), DeploymentCircuitBreaker: breaker,
		EarlySuccessCriteria: s.Rollout.earlySuccess(),
	}
}

// VCPU of so many tasks by capacity provider, in whole tasks.
func (s *Service) VCPU(tasks int) map[string]float64 {
	out := strategyOf(s.Agent.Spot).Divide(float64(tasks))
	for provider, n := range out {
		out[provider] = math.Ceil(n) * float64(s.Agent.CPU) / 1024
	}
	return out
}

// Deploys tells whether a service's changes begin a deployment; tags, the circuit
// breaker and other settings do not.
func Deploys(o engine.Outcome) bool {
	have, found := o.Have.(ServiceSpec)
	want, wanted := o.Want.(ServiceSpec)
	return o.Verb == engine.Create || o.Verb == engine.Update && found && wanted && have.rolls(want)
}

// rolls tells whether AWS begins a deployment for the change to want.
func (s ServiceSpec) rolls(want ServiceSpec) bool {
	return s.TaskDefinition != want.TaskDefinition || !s.Capacity.Equal(want.Capacity) || !s.Network.Equal(want.Network) || s.Target != want.Target ||
		s.Connect != want.Connect || s.Timeout != want.Timeout || !s.Resolves.Equal(want.Resolves) || s.Exec != want.Exec || s.Failed != want.Failed || s.IPv6 != want.IPv6
}
