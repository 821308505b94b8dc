package provision

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/karmacadabra/karmactl/internal/agents"
	"github.com/karmacadabra/karmactl/internal/cloud"
	"github.com/karmacadabra/karmactl/internal/engine"
	"github.com/karmacadabra/karmactl/internal/tasks"
)

// Service keeps an agent's tasks running. Its id is its ARN.
type Service struct {
	engine.Ref
	*Env
	Agent          agents.Agent
	Cluster        *Cluster
	Namespace      *Namespace
	TaskDefinition *TaskDefinition
	TargetGroup    *TargetGroup
	Group          *SecurityGroup
	Subnets        []*Subnet
	MountTargets   []*MountTarget
	// PublicIP gives each task a public address: without a NAT gateway it is the
	// way to the registry.
	PublicIP bool
	// Blocks are the subnets' IPv6 addresses, of which each task has one from its start on.
	Blocks []*SubnetCIDRBlock
	// Callees are the agents that this one calls. Tasks resolve only the Service
	// Connect names that were there before their deployment began. Those of Circle call
	// this one in turn, directly or not, and cannot all be made before it.
	Callees, Circle []*Service
	// Order is what has to be there first without being held on to: the routes and
	// endpoints on the way to the registry, and the rules that lead to the target
	// group, without which ECS refuses it.
	Order []engine.Node
	// NoWait does not wait for tasks: a deploy follows its deployment itself,
	// by its ARN and without the lock.
	NoWait bool
	// Looks makes a deployment that fails a note and no error: for a walk that only tells what is there.
	Looks bool

	// fails is why the deployment that was found fails.
	fails string
	// retried is the deployment that failed and that an update has begun again: AWS may
	// tell of it for a moment longer.
	retried string
	// seen is the service as it was found last.
	seen ServiceSpec
	// noRoom is since when this run has seen that a quota keeps its tasks from being placed.
	noRoom time.Time
}

// ServiceName is the name of an agent's service in the stack's own cluster.
func (h *Env) ServiceName(agent string) string { return cmp.Or(h.Services[agent], agent) }

func (s *Service) Key() engine.Key { return engine.Key("service/" + s.Agent.Name) }
func (s *Service) OfAgent() string { return s.Agent.Name }

// Needs the cluster, the namespace, the target group, the security group, the subnets, and
// the mount targets that its tasks write through until they end.
func (s *Service) Needs() []engine.Node {
	return slices.Concat(nodes(s.Cluster), nodes(s.Namespace), nodes(s.TargetGroup), nodes(s.Group), nodes(s.Subnets...), nodes(s.MountTargets...))
}

// After the task definition, the callees and the way to the registry. What runs goes
// on running when its task definition is deregistered and deleted
// (https://docs.aws.amazon.com/AmazonECS/latest/developerguide/delete-task-definition-v2.html),
// so on the way down neither waits: with fifty agents AWS's limit of one
// deregistration a second would otherwise come after the tasks have stopped.
func (s *Service) After() []engine.Node {
	return slices.Concat(nodes(s.TaskDefinition), nodes(s.Callees...), s.Order)
}

// Peers are the callees in a circle with it.
func (s *Service) Peers() []engine.Node { return nodes(s.Circle...) }

const (
	// breakerFailures is how many tasks may fail before a deployment has failed.
	// AWS's own threshold is three at least, of which a service with one task
	// waits for each.
	breakerFailures = 2
	// A rollout starts the new tasks beside the old ones: a service with one task
	// never has none.
	minHealthy, maxHealthy = 100, 200
)

func (s *Service) Want() ServiceSpec {
	w := ServiceSpec{
		Name: s.ServiceName(s.Agent.Name), Tasks: s.Agent.Scale.Min, Capacity: strategyOf(s.Agent.Spot), Asked: strategyOf(s.Agent.Spot), FallBack: s.Agent.Spot.Fallback, Network: Network{Subnets: idsOf(s.Subnets...), PublicIP: s.PublicIP}, Exec: s.Agent.Exec,
		Rollout: Rollout{MinHealthy: minHealthy, MaxHealthy: maxHealthy, Early: true}, Breaker: Breaker{On: true, Rollback: true, Type: string(types.ThresholdTypeCount), Failures: breakerFailures},
		Release: s.Agent.Release, PropagateTags: string(types.PropagateTagsService), ManagedTags: true, ZoneRebalance: string(types.AvailabilityZoneRebalancingEnabled), Tags: s.TagsOf(s.Key()),
	}
	if s.TaskDefinition != nil {
		w.TaskDefinition = s.TaskDefinition.ID()
	}
	if s.Group != nil {
		w.Network.Groups = Set{s.Group.ID()}
	}
	if s.TargetGroup != nil {
		w.Target = Target{Group: s.TargetGroup.ID(), Container: s.Agent.Name, Port: s.Agent.Port}
		w.Grace = int(s.Agent.Health.Grace.Seconds())
	}
	if s.Namespace != nil {
		w.Connect = Connect{Namespace: s.namespace()}
		if s.Agent.Port > 0 {
			w.Connect.Name, w.Connect.Port = s.Agent.Name, s.Agent.Port
			w.Timeout = connectTimeout(s.Agent.RequestTimeout)
		}
	}
	w.IPv6 = s.dual()
	w.Resolves = s.callees(func(c *Service) bool { return c.ID() != "" })
	w.Awaits = s.callees(func(c *Service) bool { return engine.IsUnknown(c.ID()) })
	return turned(s.seen, w, s.Clock)
}

func (s *Service) Find(ctx context.Context, look engine.Look) (engine.Found[ServiceSpec], error) {
	var found engine.Found[ServiceSpec]
	all, err := cloud.List(ctx, s.Inventory, "service", look.NotOlder, s.list)
	if err != nil {
		return found, err
	}
	if x, ok := s.among(all, look); ok {
		arn := aws.ToString(x.ServiceArn)
		found = engine.Found[ServiceSpec]{Phase: engine.Ready, ID: arn, Spec: readService(x), Usable: true}
		found.Spec.Resolves = s.resolves(x, all)
		if since := tasks.DrySince(x); !since.IsZero() {
			found.Spec.Dry = s.Clock.Now().Sub(since)
		}
		s.seen = found.Spec
		if !found.Spec.Tags.Ours(s.Stack, s.Key()) && look.ID != arn {
			return engine.Found[ServiceSpec]{}, s.foreign(s.Key(), "service "+aws.ToString(x.ServiceName), arn)
		}
		if err := s.judge(ctx, x, &found); err != nil {
			return found, err
		}
	}
	return found, nil
}

// among chooses the agent's service: by the recorded id, else by its tags, else by its
// name, which another owner's may have.
func (s *Service) among(all []types.Service, look engine.Look) (types.Service, bool) {
	for _, is := range []func(types.Service) bool{
		func(x types.Service) bool { return aws.ToString(x.ServiceArn) == look.ID },
		func(x types.Service) bool { return fromECSTags(x.Tags).Ours(s.Stack, s.Key()) },
		func(x types.Service) bool { return aws.ToString(x.ServiceName) == s.ServiceName(s.Agent.Name) },
	} {
		for _, x := range all {
			if is(x) && aws.ToString(x.Status) != "INACTIVE" {
				return x, true
			}
		}
	}
	return types.Service{}, false
}

// servicesPerCall: https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DescribeServices.html
const servicesPerCall = 10

func (s *Service) list(ctx context.Context) ([]types.Service, error) {
	cluster := s.ClusterName()
	arns, err := unlessGone(cloud.Pages(ctx, ecs.NewListServicesPaginator(s.Clients.ECS, &ecs.ListServicesInput{Cluster: &cluster, MaxResults: aws.Int32(100)}),
		func(out *ecs.ListServicesOutput) []string { return out.ServiceArns }))
	if err != nil {
		return nil, err
	}
	return cloud.Chunks(ctx, arns, servicesPerCall, func(ctx context.Context, some []string) ([]types.Service, error) {
		out, err := s.Clients.ECS.DescribeServices(ctx, &ecs.DescribeServicesInput{Cluster: &cluster, Services: some, Include: []types.ServiceField{types.ServiceFieldTags}})
		if err != nil {
			return nil, err
		}
		return out.Services, nil
	})
}

func (s *Service) Diff(have, want ServiceSpec) []engine.Change {
	want = turned(have, want, s.Clock)
	return changes(
		fixed("name", have.Name, want.Name),
		essential(field("task_definition", have.TaskDefinition, want.TaskDefinition)),
		releaseFirst(have, want),
		capacityChange(have, want),
		essential(same("subnets", have.Network.Subnets, want.Network.Subnets)),
		essential(same("security_groups", have.Network.Groups, want.Network.Groups)),
		essential(field("public_ip", have.Network.PublicIP, want.Network.PublicIP)),
		essential(field("target_group", have.Target, want.Target)),
		essential(field("service_connect", have.Connect, want.Connect)),
		field("ipv6", have.IPv6, want.IPv6),
		field("request_timeout", have.Timeout, want.Timeout),
		same("resolves", have.Resolves, want.Resolves),
		begins(have, want),
		field("circuit_breaker", have.Breaker, want.Breaker),
		field("rollout", have.Rollout, want.Rollout),
		field("exec", have.Exec, want.Exec),
		field("grace_seconds", have.Grace, want.Grace),
		field("propagate_tags", have.PropagateTags, want.PropagateTags),
		field("managed_tags", have.ManagedTags, want.ManagedTags),
		field("zone_rebalancing", have.ZoneRebalance, want.ZoneRebalance),
		failedDeployment(have.Failed, want.Failed),
		cloud.DiffTags(have.Tags, want.Tags),
	)
}

// Returned is a service as it was taken over, with what AWS makes of it now: how many
// tasks there are, and which callees they find.
func (s *Service) Returned(have, taken ServiceSpec) ServiceSpec {
	taken.Tasks, taken.Empty, taken.Resolves, taken.Awaits = have.Tasks, have.Empty, have.Resolves, have.Awaits
	return taken
}

// Create makes the service with as many tasks as its scale begins with, or with none
// while it awaits the names of others: see ServiceSpec.Awaits. A repeated call with the
// token gives the same one.
func (s *Service) Create(ctx context.Context, want ServiceSpec, token string) (string, error) {
	if len(want.Awaits) > 0 {
		want.Tasks, want.Breaker = 0, Breaker{}
	} else if err := s.release(ctx, want); err != nil {
		return "", err
	}
	in := &ecs.CreateServiceInput{
		ServiceName: &want.Name, Cluster: aws.String(s.ClusterName()), ClientToken: aws.String(token),
		TaskDefinition: &want.TaskDefinition, DesiredCount: aws.Int32(int32(want.Tasks)), CapacityProviderStrategy: want.Capacity.input(),
		NetworkConfiguration: want.Network.input(), LoadBalancers: want.Target.input(), ServiceConnectConfiguration: want.Connect.input(want.Timeout), DeploymentConfiguration: want.deployment(),
		EnableExecuteCommand: want.Exec, EnableECSManagedTags: want.ManagedTags, PropagateTags: types.PropagateTags(want.PropagateTags),
		AvailabilityZoneRebalancing: types.AvailabilityZoneRebalancing(want.ZoneRebalance), Tags: toECSTags(want.allTags()),
	}
	if want.Grace > 0 {
		in.HealthCheckGracePeriodSeconds = aws.Int32(int32(want.Grace))
	}
	out, err := s.Clients.ECS.CreateService(ctx, in)
	if err != nil {
		return "", err
	}
	return aws.ToString(out.Service.ServiceArn), nil
}

// Update sends what differs, and never the desired count, except for a service that was made
// empty: some fields begin a deployment, and a field that is left out stays as it is. Tasks that run stay on
// their capacity provider unless a deployment is forced.
func (s *Service) Update(ctx context.Context, id string, have, want ServiceSpec) error {
	want = turned(have, want, s.Clock)
	tags := have.allTags()
	have.Tags = want.Tags
	if have.TaskDefinition != want.TaskDefinition || have.Empty {
		if err := s.release(ctx, want); err != nil {
			return err
		}
	}
	if len(s.Diff(have, want)) > 0 {
		in := have.update(want)
		in.Cluster, in.Service = aws.String(s.ClusterName()), &id
		if _, err := s.Clients.ECS.UpdateService(ctx, in); err != nil {
			return err
		}
	}
	s.retried = have.Failed
	return updateECSTags(ctx, s.Clients.ECS, id, tags, want.allTags())
}

// update is what makes a service that is as have into what is wanted, its tags left out.
func (have ServiceSpec) update(want ServiceSpec) *ecs.UpdateServiceInput {
	in := &ecs.UpdateServiceInput{}
	if have.TaskDefinition != want.TaskDefinition {
		in.TaskDefinition = &want.TaskDefinition
	}
	if !have.Capacity.Equal(want.Capacity) {
		in.CapacityProviderStrategy, in.ForceNewDeployment = want.Capacity.input(), true
	}
	if !have.Network.Equal(want.Network) {
		in.NetworkConfiguration = want.Network.input()
	}
	if have.Target != want.Target {
		in.LoadBalancers = want.Target.input()
	}
	if have.Connect != want.Connect || have.Timeout != want.Timeout {
		in.ServiceConnectConfiguration = want.Connect.input(want.Timeout)
	}
	if !have.Resolves.Equal(want.Resolves) || have.Failed != want.Failed || have.IPv6 != want.IPv6 {
		in.ForceNewDeployment = true
	}
	if have.Breaker != want.Breaker || have.Rollout != want.Rollout {
		in.DeploymentConfiguration = want.deployment()
	}
	if have.Grace != want.Grace {
		in.HealthCheckGracePeriodSeconds = aws.Int32(int32(want.Grace))
	}
	if have.Empty {
		in.DesiredCount, in.ForceNewDeployment = aws.Int32(int32(want.Tasks)), true // the empty one has completed
	}
	if have.Exec != want.Exec { // tasks that run have it only after a deployment
		in.EnableExecuteCommand, in.ForceNewDeployment = &want.Exec, true
	}
	if have.ManagedTags != want.ManagedTags {
		in.EnableECSManagedTags = &want.ManagedTags
	}
	if have.PropagateTags != want.PropagateTags {
		in.PropagateTags = types.PropagateTags(want.PropagateTags)
	}
	if have.ZoneRebalance != want.ZoneRebalance {
		in.AvailabilityZoneRebalancing = types.AvailabilityZoneRebalancing(want.ZoneRebalance)
	}
	return in
}

// Delete stops the service and its tasks. It drains until they have stopped.
func (s *Service) Delete(ctx context.Context, id string) error {
	parts := strings.Split(id, "/")
	cluster := s.ClusterName()
	if len(parts) == 3 {
		cluster = parts[1]
	}
	_, err := s.Clients.ECS.DeleteService(ctx, &ecs.DeleteServiceInput{Cluster: &cluster, Service: &id, Force: aws.Bool(true)})
	if cloud.Is(err, "ClusterNotFoundException") {
		return nil
	}
	return err
}
