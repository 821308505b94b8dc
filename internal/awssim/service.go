package awssim

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/karmacadabra/karmactl/internal/cloud"
)

// Service is a simulated ECS service.
type Service struct {
	ARN     string
	Name    string
	Cluster string
	Status  string // ACTIVE, DRAINING, INACTIVE
	Desired int
	// Config is what the next task will be started with; each deployment has
	// its own copy of what it was begun with.
	Config ServiceConfig
	// The rest of the settings do not make a deployment.
	Deploy        types.DeploymentConfiguration
	Grace         *int32
	ManagedTags   bool
	PropagateTags types.PropagateTags
	ZoneRebalance types.AvailabilityZoneRebalancing
	Deployments   []*Deployment // the primary one first
	Events        []types.ServiceEvent
	Token         string
	Tags          cloud.Tags
	Created       time.Time
	Deleted       time.Time
	LastCompleted *ServiceConfig
	CompletedRev  string
	PlacementTold time.Time
}

// ServiceConfig is what tasks are started with.
type ServiceConfig struct {
	TaskDefinition string
	Strategy       []types.CapacityProviderStrategyItem
	Network        *types.NetworkConfiguration
	LoadBalancers  []types.LoadBalancer
	Connect        *types.ServiceConnectConfiguration
	Platform       string
	Exec           bool
}

func (s *Sim) serviceNoun() noun {
	return noun{
		ops: []operation{
			on("ECS.CreateService", s.createService, "ServiceName", "Cluster", "ClientToken", "TaskDefinition", "DesiredCount", "CapacityProviderStrategy",
				"NetworkConfiguration", "LoadBalancers", "ServiceConnectConfiguration", "DeploymentConfiguration", "HealthCheckGracePeriodSeconds",
				"EnableExecuteCommand", "EnableECSManagedTags", "PropagateTags", "AvailabilityZoneRebalancing", "PlatformVersion", "SchedulingStrategy", "Tags"),
			on("ECS.UpdateService", s.updateService, "Service", "Cluster", "TaskDefinition", "DesiredCount", "CapacityProviderStrategy",
				"NetworkConfiguration", "LoadBalancers", "ServiceConnectConfiguration", "DeploymentConfiguration", "HealthCheckGracePeriodSeconds",
				"EnableExecuteCommand", "EnableECSManagedTags", "PropagateTags", "AvailabilityZoneRebalancing", "PlatformVersion", "ForceNewDeployment"),
			on("ECS.DeleteService", s.deleteService, "Service", "Cluster", "Force"),
			on("ECS.DescribeServices", s.describeServices, "Services", "Cluster", "Include"),
			on("ECS.ListServices", s.listServices, "Cluster").pages("ServiceArns", 10, 100),
		},
		settle: s.settleECS,
		each: func(tell func(thing)) {
			for _, x := range s.world.Services {
				tell(thing{kind: "service", name: x.Name, tags: x.Tags, gone: x.Status == "INACTIVE", arn: x.ARN, since: x.Created})
			}
		},
	}
}

func invalid(format string, args ...any) error {
	return fail("InvalidParameterException", format, args...)
}

func (s *Sim) serviceARN(cluster, name string) string {
	return s.world.arn("ecs", "service/"+cluster+"/"+name)
}

// service finds by name or ARN in a cluster.
func (s *Sim) service(cluster, ref *string) (*Service, error) {
	c, err := s.cluster(aws.ToString(cluster))
	if err != nil {
		return nil, err
	}
	if x := s.world.Services[s.serviceARN(c.Name, aws.ToString(ref)[strings.LastIndexByte(aws.ToString(ref), '/')+1:])]; x != nil {
		return x, nil
	}
	return nil, fail("ServiceNotFoundException", "Service not found.")
}

func (s *Sim) createService(in *ecs.CreateServiceInput) (*ecs.CreateServiceOutput, error) {
	c, err := s.cluster(aws.ToString(in.Cluster))
	if err != nil {
		return nil, err
	}
	name, token := aws.ToString(in.ServiceName), aws.ToString(in.ClientToken)
	if !ecsFamily.MatchString(name) {
		return nil, invalid("Invalid service name: up to 255 letters, numbers, underscores and hyphens are allowed.")
	}
	if len(token) > 36 {
		return nil, invalid("Client token must be 36 characters or less.")
	}
	arn := s.serviceARN(c.Name, name)
	if x := s.world.Services[arn]; x != nil {
		switch {
		case x.Status == "ACTIVE" && token != "" && x.Token == token:
			return &ecs.CreateServiceOutput{Service: s.describeService(x, true)}, nil
		case x.Status == "ACTIVE":
			return nil, invalid("Creation of service was not idempotent.")
		case x.Status == "DRAINING":
			return nil, invalid("Unable to Start a service that is still Draining.")
		}
	}
	x := &Service{
		ARN: arn, Name: name, Cluster: c.Name, Status: "ACTIVE", Desired: int(aws.ToInt32(in.DesiredCount)), Token: token, Created: s.now(),
		Grace: in.HealthCheckGracePeriodSeconds, ManagedTags: in.EnableECSManagedTags, PropagateTags: cmp.Or(in.PropagateTags, types.PropagateTagsNone),
		ZoneRebalance: cmp.Or(in.AvailabilityZoneRebalancing, types.AvailabilityZoneRebalancingEnabled), Tags: fromECSTags(in.Tags),
		Config: ServiceConfig{
			TaskDefinition: aws.ToString(in.TaskDefinition), Strategy: in.CapacityProviderStrategy, Network: in.NetworkConfiguration, LoadBalancers: in.LoadBalancers,
			Connect: in.ServiceConnectConfiguration, Platform: aws.ToString(in.PlatformVersion), Exec: in.EnableExecuteCommand,
		},
	}
	if in.DeploymentConfiguration != nil {
		x.Deploy = *in.DeploymentConfiguration
	}
	x.Deploy.MaximumPercent = cmp.Or(x.Deploy.MaximumPercent, aws.Int32(200))
	x.Deploy.MinimumHealthyPercent = cmp.Or(x.Deploy.MinimumHealthyPercent, aws.Int32(100))
	if err := checkECSTags(x.Tags); err != nil {
		return nil, err
	}
	if err := s.checkService(c, x); err != nil {
		return nil, err
	}
	s.world.Services[arn] = x
	s.deploy(x, "")
	s.schedule(s.now())
	return &ecs.CreateServiceOutput{Service: s.describeService(x, true)}, nil
}

func (s *Sim) updateService(in *ecs.UpdateServiceInput) (*ecs.UpdateServiceOutput, error) {
	x, err := s.service(in.Cluster, in.Service)
	if err != nil {
		return nil, err
	}
	if x.Status != "ACTIVE" {
		return nil, fail("ServiceNotActiveException", "Service was not ACTIVE.")
	}
	next := *x
	if in.TaskDefinition != nil {
		next.Config.TaskDefinition = *in.TaskDefinition
	}
	if in.NetworkConfiguration != nil {
		next.Config.Network = in.NetworkConfiguration
	}
	if in.LoadBalancers != nil { // an empty list takes them away
		next.Config.LoadBalancers = in.LoadBalancers
	}
	if in.ServiceConnectConfiguration != nil {
		next.Config.Connect = in.ServiceConnectConfiguration
	}
	if in.CapacityProviderStrategy != nil {
		next.Config.Strategy = in.CapacityProviderStrategy
	}
	if in.EnableExecuteCommand != nil {
		next.Config.Exec = *in.EnableExecuteCommand
	}
	if in.DeploymentConfiguration != nil {
		next.Deploy = *in.DeploymentConfiguration
		next.Deploy.MaximumPercent = cmp.Or(next.Deploy.MaximumPercent, x.Deploy.MaximumPercent)
		next.Deploy.MinimumHealthyPercent = cmp.Or(next.Deploy.MinimumHealthyPercent, x.Deploy.MinimumHealthyPercent)
	}
	if in.HealthCheckGracePeriodSeconds != nil {
		next.Grace = in.HealthCheckGracePeriodSeconds
	}
	if in.EnableECSManagedTags != nil {
		next.ManagedTags = *in.EnableECSManagedTags
	}
	next.PropagateTags = cmp.Or(in.PropagateTags, next.PropagateTags)
	next.ZoneRebalance = cmp.Or(in.AvailabilityZoneRebalancing, next.ZoneRebalance)
	if in.DesiredCount != nil {
		next.Desired = int(*in.DesiredCount)
	}
	c, err := s.cluster(x.Cluster)
	if err != nil {
		return nil, err
	}
	if err := s.checkService(c, &next); err != nil {
		return nil, err
	}
	before := x.Config.TaskDefinition
	*x = next
	if in.ForceNewDeployment || before != x.Config.TaskDefinition || in.NetworkConfiguration != nil || in.LoadBalancers != nil || in.ServiceConnectConfiguration != nil || in.PlatformVersion != nil {
		s.deploy(x, "")
	}
	s.schedule(s.now())
	return &ecs.UpdateServiceOutput{Service: s.describeService(x, true)}, nil
}

func (s *Sim) deleteService(in *ecs.DeleteServiceInput) (*ecs.DeleteServiceOutput, error) {
	x, err := s.service(in.Cluster, in.Service)
	if err != nil {
		return nil, err
	}
	if x.Status == "INACTIVE" {
		return nil, fail("ServiceNotFoundException", "Service not found.")
	}
	if x.Status == "ACTIVE" && x.Desired > 0 && !aws.ToBool(in.Force) {
		return nil, invalid("The service cannot be stopped while it is scaled above 0.")
	}
	if x.Status == "ACTIVE" {
		x.Status, x.Desired, x.Deleted = "DRAINING", 0, s.now()
		for _, d := range x.Deployments {
			s.closeLedger(d, types.ServiceDeploymentStatusStopped, "Service was deleted.", s.now())
		}
		s.schedule(s.now())
	}
	return &ecs.DeleteServiceOutput{Service: s.describeService(x, true)}, nil
}

func (s *Sim) describeServices(in *ecs.DescribeServicesInput) (*ecs.DescribeServicesOutput, error) {
	if _, err := s.cluster(aws.ToString(in.Cluster)); err != nil {
		return nil, err
	}
	if n := len(in.Services); n == 0 || n > 10 {
		return nil, invalid("Services cannot be empty and has 10 items at most.")
	}
	out := &ecs.DescribeServicesOutput{}
	for _, ref := range in.Services {
		x, err := s.service(in.Cluster, &ref)
		if err != nil || !s.visible(x.Created) {
			name := ref[strings.LastIndexByte(ref, '/')+1:]
			out.Failures = append(out.Failures, types.Failure{Arn: aws.String(s.world.arn("ecs", "service/"+name)), Reason: aws.String("MISSING")})
			continue
		}
		out.Services = append(out.Services, *s.describeService(x, slices.Contains(in.Include, types.ServiceFieldTags)))
	}
	return out, nil
}

func (s *Sim) describeService(x *Service, tags bool) *types.Service {
	c := x.Config
	d := &types.Service{
		ServiceArn: &x.ARN, ServiceName: &x.Name, ClusterArn: aws.String(s.world.arn("ecs", "cluster/"+x.Cluster)), Status: aws.String(x.Status),
		DesiredCount: int32(x.Desired), TaskDefinition: &c.TaskDefinition, CapacityProviderStrategy: c.Strategy, NetworkConfiguration: c.Network,
		LoadBalancers: c.LoadBalancers, DeploymentConfiguration: &x.Deploy, HealthCheckGracePeriodSeconds: x.Grace, EnableExecuteCommand: c.Exec,
		EnableECSManagedTags: x.ManagedTags, PropagateTags: x.PropagateTags, AvailabilityZoneRebalancing: x.ZoneRebalance, CreatedAt: &x.Created,
		SchedulingStrategy: types.SchedulingStrategyReplica, PlatformFamily: aws.String("Linux"), PlatformVersion: aws.String("LATEST"),
		Events: slices.Clone(x.Events),
	}
	for _, dep := range x.Deployments {
		running, pending := s.counts(dep.ID)
		d.RunningCount += int32(running)
		d.PendingCount += int32(pending)
		out := types.Deployment{
			Id: aws.String(dep.ID), Status: aws.String(dep.Status), TaskDefinition: aws.String(dep.Config.TaskDefinition), DesiredCount: int32(dep.Desired),
			RunningCount: int32(running), PendingCount: int32(pending), FailedTasks: int32(dep.Failed), RolloutState: dep.Rollout, RolloutStateReason: aws.String(dep.Reason),
			CreatedAt: aws.Time(dep.Created), UpdatedAt: aws.Time(dep.Updated), CapacityProviderStrategy: dep.Config.Strategy, NetworkConfiguration: dep.Config.Network,
			ServiceConnectConfiguration: dep.Config.Connect, PlatformVersion: aws.String("1.4.0"), PlatformFamily: aws.String("Linux"),
		}
		if c := dep.Config.Connect; c != nil && c.Enabled { // its own; what its tasks can call is told nowhere
			for _, svc := range c.Services {
				id := discoveryID(x.Cluster, aws.ToString(svc.DiscoveryName))
				out.ServiceConnectResources = append(out.ServiceConnectResources, types.ServiceConnectServiceResource{DiscoveryName: svc.DiscoveryName, DiscoveryArn: aws.String(s.world.arn("servicediscovery", "service/"+id))})
			}
		}
		d.Deployments = append(d.Deployments, out)
		if dep.Status == "PRIMARY" {
			d.CurrentServiceDeployment = aws.String(dep.Ledger)
			d.CurrentServiceRevisions = []types.ServiceCurrentRevisionSummary{{Arn: aws.String(dep.Revision), RunningTaskCount: int32(running), PendingTaskCount: int32(pending), RequestedTaskCount: int32(dep.Desired)}}
		}
	}
	if tags {
		d.Tags = toECSTags(x.Tags)
	}
	return d
}

func (s *Sim) listServices(in *ecs.ListServicesInput) (*ecs.ListServicesOutput, error) {
	c, err := s.cluster(aws.ToString(in.Cluster))
	if err != nil {
		return nil, err
	}
	var all []string
	for _, x := range sorted(s.world.Services) {
		if x.Cluster == c.Name && x.Status != "INACTIVE" && s.visible(x.Created) {
			all = append(all, x.ARN)
		}
	}
	return &ecs.ListServicesOutput{ServiceArns: all}, nil
}

// tell puts an event before the others; a service keeps its last hundred.
func (s *Sim) tell(x *Service, at time.Time, format string, args ...any) {
	s.world.Serial++
	e := types.ServiceEvent{CreatedAt: &at, Id: aws.String(fmt.Sprintf("00000000-0000-4000-8000-%012x", s.world.Serial)), Message: aws.String("(service " + x.Name + ") " + fmt.Sprintf(format, args...))}
	x.Events = slices.Insert(x.Events, 0, e)
	x.Events = x.Events[:min(len(x.Events), 100)]
}

// serviceTags are those of a service, or nil.
func (s *Sim) serviceTags(arn string) cloud.Tags {
	if x := s.world.Services[arn]; x != nil && x.Status != "INACTIVE" {
		return x.Tags
	}
	return nil
}
