package importer

import (
	"context"
	"encoding/json"
	"maps"
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

func (l *running) addService(s live.Service) error {
	o, err := settingsOf(s.Service)
	if err != nil {
		return err
	}
	o["task_definition"] = aws.ToString(s.Definition.TaskDefinitionArn)
	if d := tasks.Primary(s.Service); d != nil { // ECS tells these with each deployment
		of, err := inTerraformsWords(struct {
			ServiceConnectConfiguration *types.ServiceConnectConfiguration
			VolumeConfiguration         []types.ServiceVolumeConfiguration
			VpcLatticeConfigurations    []types.VpcLatticeConfiguration
		}{s.Connect(), d.VolumeConfigurations, d.VpcLatticeConfigurations})
		if err != nil {
			return err
		}
		maps.Copy(o, of)
	}
	if err := l.add("aws_ecs_service", aws.ToString(s.ServiceName), o); err != nil || s.Definition.TaskDefinitionArn == nil {
		return err
	}
	d := s.Definition
	if o, err = settingsOf(d); err != nil {
		return err
	}
	var containers, volumes []object
	for _, c := range d.ContainerDefinitions {
		x, err := containerObject(c)
		if err != nil {
			return err
		}
		containers = append(containers, x)
	}
	for _, v := range d.Volumes {
		x, err := volumeObject(v)
		if err != nil {
			return err
		}
		volumes = append(volumes, x)
	}
	o["container_definitions"], o["volume"] = containers, volumes
	return l.add("aws_ecs_task_definition", aws.ToString(d.Family), o)
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
