package importer

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/applicationautoscaling"
	scalingtypes "github.com/aws/aws-sdk-go-v2/service/applicationautoscaling/types"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"

	"github.com/karmacadabra/karmactl/internal/cloud"
	"github.com/karmacadabra/karmactl/internal/tasks"
)

// object is what AWS says of something, under the names that Terraform gives it:
// what runs is read by the same rules as a state.
type object map[string]any

// ReadECS reads a cluster as it runs. Nothing is written.
func ReadECS(ctx context.Context, c *cloud.Clients, cluster string, o Options) (*Result, error) {
	x := &terraform{reading: &reading{opts: o}, declared: map[string]int{}, vars: map[string]*tree{}, locals: map[string]*tree{}, of: map[string]*agent{}}
	l := live{x: x, clients: c, cluster: cluster, groups: map[string]bool{}}
	for _, read := range []func(context.Context) error{l.readCluster, l.readServices, l.readGroups, l.readScaling} {
		if err := read(ctx); err != nil {
			return nil, fmt.Errorf("the cluster %s cannot be read: %w", cluster, err)
		}
	}
	x.notes = append(x.notes, "what runs stays as it is: this file makes a fleet of its own beside it, under names of its own")
	return x.made("the ECS cluster " + cluster)
}

// live is a cluster being read.
type live struct {
	x       *terraform
	clients *cloud.Clients
	cluster string
	// groups are the target groups of the services, by ARN.
	groups map[string]bool
}

// add makes a resource of what AWS says. Its place is the thing's own name.
func (l *live) add(kind, name string, o object) error {
	b, err := json.Marshal(o)
	if err != nil {
		return err
	}
	body, err := jsonTree("", b)
	if err != nil {
		return err
	}
	where := Place{File: strings.TrimPrefix(kind, "aws_") + " " + name}
	flatten(body, where, nil)
	l.x.addState(kind+"."+name, kind, name, false, nil, body)
	return nil
}

func (l *live) readCluster(ctx context.Context) error {
	out, err := l.clients.ECS.DescribeClusters(ctx, &ecs.DescribeClustersInput{Clusters: []string{l.cluster}, Include: []types.ClusterField{types.ClusterFieldSettings, types.ClusterFieldTags}})
	if err != nil {
		return err
	}
	if len(out.Clusters) == 0 {
		return fmt.Errorf("there is no cluster of this name in the region")
	}
	c := out.Clusters[0]
	var settings []object
	for _, s := range c.Settings {
		settings = append(settings, object{"name": string(s.Name), "value": aws.ToString(s.Value)})
	}
	var strategy []object
	for _, s := range c.DefaultCapacityProviderStrategy {
		strategy = append(strategy, object{"capacity_provider": aws.ToString(s.CapacityProvider), "weight": s.Weight, "base": s.Base})
	}
	if len(strategy) > 0 {
		if err := l.add("aws_ecs_cluster_capacity_providers", l.cluster, object{"default_capacity_provider_strategy": strategy}); err != nil {
			return err
		}
	}
	tags := object{}
	for _, t := range c.Tags {
		if k := aws.ToString(t.Key); !strings.HasPrefix(k, "karmactl:") && !strings.HasPrefix(k, "aws:") {
			tags[k] = aws.ToString(t.Value)
		}
	}
	return l.add("aws_ecs_cluster", l.cluster, object{"arn": aws.ToString(c.ClusterArn), "name": aws.ToString(c.ClusterName), "setting": settings, "tags": tags})
}

func (l *live) readServices(ctx context.Context) error {
	arns, err := cloud.Pages(ctx, ecs.NewListServicesPaginator(l.clients.ECS, &ecs.ListServicesInput{Cluster: &l.cluster, MaxResults: aws.Int32(100)}),
		func(out *ecs.ListServicesOutput) []string { return out.ServiceArns })
	if err != nil {
		return err
	}
	services, err := tasks.Services(ctx, l.clients.ECS, l.cluster, arns)
	if err != nil {
		return err
	}
	for _, s := range services {
		if err := l.readService(ctx, s); err != nil {
			return err
		}
	}
	return nil
}

func (l *live) readService(ctx context.Context, s types.Service) error {
	var balancers, strategy []object
	for _, b := range s.LoadBalancers {
		l.groups[aws.ToString(b.TargetGroupArn)] = true
		balancers = append(balancers, object{"target_group_arn": aws.ToString(b.TargetGroupArn), "container_name": aws.ToString(b.ContainerName), "container_port": b.ContainerPort})
	}
	for _, c := range s.CapacityProviderStrategy {
		strategy = append(strategy, object{"capacity_provider": aws.ToString(c.CapacityProvider), "weight": c.Weight, "base": c.Base})
	}
	err := l.add("aws_ecs_service", aws.ToString(s.ServiceName), object{
		"arn": aws.ToString(s.ServiceArn), "name": aws.ToString(s.ServiceName), "task_definition": aws.ToString(s.TaskDefinition), "desired_count": s.DesiredCount,
		"launch_type": string(s.LaunchType), "enable_execute_command": s.EnableExecuteCommand, "health_check_grace_period_seconds": s.HealthCheckGracePeriodSeconds,
		"load_balancer": balancers, "capacity_provider_strategy": strategy, "scheduling_strategy": string(s.SchedulingStrategy),
	})
	if err != nil {
		return err
	}
	out, err := l.clients.ECS.DescribeTaskDefinition(ctx, &ecs.DescribeTaskDefinitionInput{TaskDefinition: s.TaskDefinition})
	if err != nil {
		return err
	}
	d := out.TaskDefinition
	var containers, volumes []object
	for _, c := range d.ContainerDefinitions {
		containers = append(containers, containerObject(c))
	}
	for _, v := range d.Volumes {
		volumes = append(volumes, object{"name": aws.ToString(v.Name)})
	}
	body := object{
		"arn": aws.ToString(d.TaskDefinitionArn), "family": aws.ToString(d.Family), "cpu": aws.ToString(d.Cpu), "memory": aws.ToString(d.Memory),
		"network_mode": string(d.NetworkMode), "task_role_arn": aws.ToString(d.TaskRoleArn), "execution_role_arn": aws.ToString(d.ExecutionRoleArn),
		"container_definitions": containers, "volume": volumes,
	}
	if e := d.EphemeralStorage; e != nil {
		body["ephemeral_storage"] = []object{{"size_in_gib": e.SizeInGiB}}
	}
	if p := d.RuntimePlatform; p != nil {
		body["runtime_platform"] = []object{{"cpu_architecture": string(p.CpuArchitecture), "operating_system_family": string(p.OperatingSystemFamily)}}
	}
	return l.add("aws_ecs_task_definition", aws.ToString(d.Family), body)
}

// containerObject is a container definition under ECS's own names.
func containerObject(c types.ContainerDefinition) object {
	var ports, env, secrets, mounts []object
	for _, p := range c.PortMappings {
		ports = append(ports, object{"containerPort": p.ContainerPort, "protocol": string(p.Protocol)})
	}
	for _, e := range c.Environment {
		env = append(env, object{"name": aws.ToString(e.Name), "value": aws.ToString(e.Value)})
	}
	for _, s := range c.Secrets {
		secrets = append(secrets, object{"name": aws.ToString(s.Name), "valueFrom": aws.ToString(s.ValueFrom)})
	}
	for _, m := range c.MountPoints {
		mounts = append(mounts, object{"containerPath": aws.ToString(m.ContainerPath)})
	}
	out := object{
		"name": aws.ToString(c.Name), "image": aws.ToString(c.Image), "essential": c.Essential, "command": c.Command, "entryPoint": c.EntryPoint,
		"user": aws.ToString(c.User), "workingDirectory": aws.ToString(c.WorkingDirectory), "portMappings": ports, "environment": env, "secrets": secrets,
		"mountPoints": mounts, "stopTimeout": c.StopTimeout, "readonlyRootFilesystem": c.ReadonlyRootFilesystem,
	}
	if r := c.RepositoryCredentials; r != nil {
		out["repositoryCredentials"] = object{"credentialsParameter": aws.ToString(r.CredentialsParameter)}
	}
	if p := c.LinuxParameters; p != nil {
		out["linuxParameters"] = object{"initProcessEnabled": p.InitProcessEnabled}
	}
	var limits []object
	for _, u := range c.Ulimits {
		limits = append(limits, object{"name": string(u.Name), "softLimit": u.SoftLimit, "hardLimit": u.HardLimit})
	}
	out["ulimits"] = limits
	if h := c.HealthCheck; h != nil {
		out["healthCheck"] = object{"command": h.Command, "interval": h.Interval, "timeout": h.Timeout, "retries": h.Retries, "startPeriod": h.StartPeriod}
	}
	if g := c.LogConfiguration; g != nil {
		out["logConfiguration"] = object{"logDriver": string(g.LogDriver)}
	}
	return out
}

// readGroups reads the services' target groups.
func (l *live) readGroups(ctx context.Context) error {
	for arn := range l.groups {
		out, err := l.clients.ELB.DescribeTargetGroups(ctx, &elasticloadbalancingv2.DescribeTargetGroupsInput{TargetGroupArns: []string{arn}})
		if err != nil {
			return err
		}
		for _, g := range out.TargetGroups {
			check := object{
				"path": aws.ToString(g.HealthCheckPath), "interval": g.HealthCheckIntervalSeconds, "timeout": g.HealthCheckTimeoutSeconds,
				"healthy_threshold": g.HealthyThresholdCount, "unhealthy_threshold": g.UnhealthyThresholdCount,
			}
			if g.Matcher != nil {
				check["matcher"] = aws.ToString(g.Matcher.HttpCode)
			}
			if err := l.add("aws_lb_target_group", aws.ToString(g.TargetGroupName), object{"arn": arn, "port": g.Port, "health_check": []object{check}}); err != nil {
				return err
			}
		}
	}
	return nil
}

// readScaling reads what scales the services.
func (l *live) readScaling(ctx context.Context) error {
	space := scalingtypes.ServiceNamespaceEcs
	ours := "service/" + l.cluster + "/"
	targets, err := cloud.Pages(ctx, applicationautoscaling.NewDescribeScalableTargetsPaginator(l.clients.AutoScaling, &applicationautoscaling.DescribeScalableTargetsInput{ServiceNamespace: space}),
		func(out *applicationautoscaling.DescribeScalableTargetsOutput) []scalingtypes.ScalableTarget {
			return out.ScalableTargets
		})
	if err != nil {
		return err
	}
	for _, t := range targets {
		id := aws.ToString(t.ResourceId)
		if !strings.HasPrefix(id, ours) {
			continue
		}
		if err := l.add("aws_appautoscaling_target", strings.TrimPrefix(id, ours), object{"resource_id": id, "min_capacity": t.MinCapacity, "max_capacity": t.MaxCapacity}); err != nil {
			return err
		}
	}
	policies, err := cloud.Pages(ctx, applicationautoscaling.NewDescribeScalingPoliciesPaginator(l.clients.AutoScaling, &applicationautoscaling.DescribeScalingPoliciesInput{ServiceNamespace: space}),
		func(out *applicationautoscaling.DescribeScalingPoliciesOutput) []scalingtypes.ScalingPolicy {
			return out.ScalingPolicies
		})
	if err != nil {
		return err
	}
	for _, p := range policies {
		if err := l.addPolicy(ours, p); err != nil {
			return err
		}
	}
	return nil
}

// addPolicy takes a target tracking policy of one of the cluster's services.
func (l *live) addPolicy(ours string, p scalingtypes.ScalingPolicy) error {
	id, c := aws.ToString(p.ResourceId), p.TargetTrackingScalingPolicyConfiguration
	if !strings.HasPrefix(id, ours) || c == nil || c.PredefinedMetricSpecification == nil {
		return nil
	}
	return l.add("aws_appautoscaling_policy", aws.ToString(p.PolicyName), object{"resource_id": id, "target_tracking_scaling_policy_configuration": []object{{
		"target_value": c.TargetValue, "predefined_metric_specification": []object{{"predefined_metric_type": string(c.PredefinedMetricSpecification.PredefinedMetricType)}},
	}}})
}
