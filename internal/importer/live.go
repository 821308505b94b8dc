package importer

import (
	"context"
	"encoding/json"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	scalingtypes "github.com/aws/aws-sdk-go-v2/service/applicationautoscaling/types"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/karmacadabra/karmactl/internal/cloud"
	"github.com/karmacadabra/karmactl/internal/live"
	"github.com/karmacadabra/karmactl/internal/tasks"
)

// object is what AWS says of something, under the names that Terraform gives it:
// what runs is read by the same rules as a state.
type object map[string]any

// ReadECS reads a cluster as it runs. Nothing is written.
func ReadECS(ctx context.Context, c *cloud.Clients, cluster string, o Options) (*Result, error) {
	f, err := live.Read(ctx, c, cluster)
	if err != nil {
		return nil, err
	}
	return OfFleet(f, o, "what runs stays as it is: this file makes a fleet of its own beside it, under names of its own")
}

// OfFleet is the agents.yaml of a fleet that runs. The notes are put before those of the import.
func OfFleet(f *live.Fleet, o Options, notes ...string) (*Result, error) {
	x := newTerraform(o)
	l := running{x: x, fleet: f, cluster: aws.ToString(f.Cluster.ClusterName)}
	for _, add := range []func() error{l.addCluster, l.addRoles, l.addServices, l.addGroups, l.addScaling, l.addNetwork, l.addBalancers, l.addDomain, l.addWatching} {
		if err := add(); err != nil {
			return nil, err
		}
	}
	if o.Services {
		x.took = &l
	}
	x.notes = append(x.notes, notes...)
	return x.made("the ECS cluster " + l.cluster)
}

// running is a fleet that runs, on its way into the words of Terraform.
type running struct {
	x       *terraform
	fleet   *live.Fleet
	cluster string
}

// add makes a resource of what AWS says. Its place is the thing's own name.
func (l *running) add(kind, name string, o object) error {
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

func (l *running) addCluster() error {
	c := l.fleet.Cluster
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
	return l.add("aws_ecs_cluster", l.cluster, object{"arn": aws.ToString(c.ClusterArn), "name": l.cluster, "setting": settings, "tags": tags})
}

func (l *running) addServices() error {
	for _, s := range l.fleet.Services {
		if err := l.addService(s); err != nil {
			return err
		}
	}
	return nil
}

// connectOf is the Service Connect of what runs, which ECS tells with each deployment.
func connectOf(s types.Service) []object {
	d := tasks.Primary(s)
	if d == nil || d.ServiceConnectConfiguration == nil || !d.ServiceConnectConfiguration.Enabled {
		return nil
	}
	var services []object
	for _, x := range d.ServiceConnectConfiguration.Services {
		var aliases []object
		for _, c := range x.ClientAliases {
			aliases = append(aliases, object{"dns_name": aws.ToString(c.DnsName), "port": aws.ToInt32(c.Port)})
		}
		services = append(services, object{"port_name": aws.ToString(x.PortName), "client_alias": aliases})
	}
	return []object{{"enabled": true, "namespace": aws.ToString(d.ServiceConnectConfiguration.Namespace), "service": services}}
}

func (l *running) addService(s live.Service) error {
	var balancers, strategy []object
	for _, b := range s.LoadBalancers {
		balancers = append(balancers, object{"target_group_arn": aws.ToString(b.TargetGroupArn), "container_name": aws.ToString(b.ContainerName), "container_port": b.ContainerPort})
	}
	for _, c := range s.CapacityProviderStrategy {
		strategy = append(strategy, object{"capacity_provider": aws.ToString(c.CapacityProvider), "weight": c.Weight, "base": c.Base})
	}
	err := l.add("aws_ecs_service", aws.ToString(s.ServiceName), object{
		"arn": aws.ToString(s.ServiceArn), "name": aws.ToString(s.ServiceName), "task_definition": aws.ToString(s.TaskDefinition), "desired_count": s.DesiredCount,
		"launch_type": string(s.LaunchType), "enable_execute_command": s.EnableExecuteCommand, "health_check_grace_period_seconds": s.HealthCheckGracePeriodSeconds,
		"load_balancer": balancers, "capacity_provider_strategy": strategy, "scheduling_strategy": string(s.SchedulingStrategy),
		"service_connect_configuration": connectOf(s.Service),
	})
	if err != nil {
		return err
	}
	d := s.Definition
	var containers, volumes []object
	for _, c := range d.ContainerDefinitions {
		containers = append(containers, containerObject(c))
	}
	for _, v := range d.Volumes {
		volumes = append(volumes, volumeObject(v))
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

// volumeObject is a volume under Terraform's names for its parts.
func volumeObject(v types.Volume) object {
	out := object{"name": aws.ToString(v.Name)}
	if h := v.Host; h != nil && h.SourcePath != nil {
		out["host_path"] = *h.SourcePath
	}
	if e := v.EfsVolumeConfiguration; e != nil {
		efs := object{"file_system_id": aws.ToString(e.FileSystemId), "root_directory": aws.ToString(e.RootDirectory), "transit_encryption": string(e.TransitEncryption)}
		if a := e.AuthorizationConfig; a != nil {
			efs["authorization_config"] = []object{{"access_point_id": aws.ToString(a.AccessPointId), "iam": string(a.Iam)}}
		}
		out["efs_volume_configuration"] = []object{efs}
	}
	return out
}

// containerObject is a container definition under ECS's own names.
func containerObject(c types.ContainerDefinition) object {
	var ports, env, secrets, mounts, after, files, from []object
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
		mounts = append(mounts, object{"sourceVolume": aws.ToString(m.SourceVolume), "containerPath": aws.ToString(m.ContainerPath), "readOnly": m.ReadOnly})
	}
	for _, d := range c.DependsOn {
		after = append(after, object{"containerName": aws.ToString(d.ContainerName), "condition": string(d.Condition)})
	}
	for _, e := range c.EnvironmentFiles {
		files = append(files, object{"value": aws.ToString(e.Value), "type": string(e.Type)})
	}
	for _, v := range c.VolumesFrom {
		from = append(from, object{"sourceContainer": aws.ToString(v.SourceContainer)})
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
	if len(after) > 0 {
		out["dependsOn"] = after
	}
	if c.Cpu > 0 {
		out["cpu"] = c.Cpu
	}
	if c.Memory != nil {
		out["memory"] = *c.Memory
	}
	if f := c.FirelensConfiguration; f != nil {
		out["firelensConfiguration"] = object{"type": string(f.Type)}
	}
	if len(files) > 0 {
		out["environmentFiles"] = files
	}
	if len(from) > 0 {
		out["volumesFrom"] = from
	}
	if g := c.LogConfiguration; g != nil {
		out["logConfiguration"] = object{"logDriver": string(g.LogDriver)}
	}
	return out
}

// addScaling adds what scales the services.
func (l *running) addScaling() error {
	theirs := "service/" + l.cluster + "/"
	for _, t := range l.fleet.Targets {
		id := aws.ToString(t.ResourceId)
		if err := l.add("aws_appautoscaling_target", strings.TrimPrefix(id, theirs), object{"resource_id": id, "min_capacity": t.MinCapacity, "max_capacity": t.MaxCapacity}); err != nil {
			return err
		}
	}
	for _, p := range l.fleet.Policies {
		if err := l.addPolicy(p); err != nil {
			return err
		}
	}
	return nil
}

// addPolicy takes a scaling policy. One that has no counterpart is named as such by
// whatever reads it.
func (l *running) addPolicy(p scalingtypes.ScalingPolicy) error {
	c := p.TargetTrackingScalingPolicyConfiguration
	if c == nil || c.PredefinedMetricSpecification == nil {
		return l.add("aws_appautoscaling_policy", aws.ToString(p.PolicyName), object{"resource_id": aws.ToString(p.ResourceId)})
	}
	return l.add("aws_appautoscaling_policy", aws.ToString(p.PolicyName), object{"resource_id": aws.ToString(p.ResourceId), "target_tracking_scaling_policy_configuration": []object{{
		"target_value": c.TargetValue, "predefined_metric_specification": []object{{"predefined_metric_type": string(c.PredefinedMetricSpecification.PredefinedMetricType)}},
	}}})
}
