// Package live reads an ECS cluster and all that its services use as AWS has it: what
// another program made and what runs. It only reads. What of it becomes agents.yaml is
// decided in internal/importer, what of it is in the way of a take-over in internal/adopt.
package live

import (
	"context"
	"fmt"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	acmtypes "github.com/aws/aws-sdk-go-v2/service/acm/types"
	scalingtypes "github.com/aws/aws-sdk-go-v2/service/applicationautoscaling/types"
	watchtypes "github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"
	logtypes "github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs/types"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
	ecrtypes "github.com/aws/aws-sdk-go-v2/service/ecr/types"
	ecstypes "github.com/aws/aws-sdk-go-v2/service/ecs/types"
	elbtypes "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"
	discoverytypes "github.com/aws/aws-sdk-go-v2/service/servicediscovery/types"

	"github.com/karmacadabra/karmactl/internal/cloud"
)

// Fleet is a cluster, its services and what these use, at one moment.
type Fleet struct {
	Cluster  ecstypes.Cluster
	Services []Service
	// Tasks are the running ones, of services and without one.
	Tasks      []ecstypes.Task
	Namespaces []discoverytypes.NamespaceSummary

	TargetGroups  []elbtypes.TargetGroup
	LoadBalancers []LoadBalancer
	// EdgeTags are the tags of load balancers, listeners, rules and target groups, by ARN.
	EdgeTags map[string]cloud.Tags

	Network

	// Certificates are those of the listeners, Records the names that lead to the load balancers.
	Certificates []acmtypes.CertificateDetail
	Records      []Record
	// MissingSecrets are the secrets and parameters that a service refers to and that are not there.
	MissingSecrets []string

	LogGroups    []logtypes.LogGroup
	Alarms       []watchtypes.MetricAlarm
	Targets      []scalingtypes.ScalableTarget
	Policies     []scalingtypes.ScalingPolicy
	Repositories []Repository
	// Roles are what the services' tasks have, and are started with.
	Roles []Role
	// ResourcePolicies are those of the buckets and secrets that services refer to, once
	// ReadResourcePolicies has read them.
	ResourcePolicies []ResourcePolicy
}

// Service is a service with the task definition that it runs.
type Service struct {
	ecstypes.Service
	Definition     ecstypes.TaskDefinition
	DefinitionTags []ecstypes.Tag
}

// Own is the container that is the agent itself: the one behind the target group, else the
// one of a name.
func (s Service) Own(name string) (ecstypes.ContainerDefinition, bool) {
	for _, b := range s.LoadBalancers {
		name = aws.ToString(b.ContainerName)
	}
	i := slices.IndexFunc(s.Definition.ContainerDefinitions, func(c ecstypes.ContainerDefinition) bool { return aws.ToString(c.Name) == name })
	if i < 0 {
		return ecstypes.ContainerDefinition{}, false
	}
	return s.Definition.ContainerDefinitions[i], true
}

// LoadBalancer is one with its attributes by key, and what it listens on.
type LoadBalancer struct {
	elbtypes.LoadBalancer
	Attributes map[string]string
	Listeners  []Listener
}

// Listener is one with its rules, the default rule left out.
type Listener struct {
	elbtypes.Listener
	Rules []elbtypes.Rule
}

// Network is the VPCs that the services are in, with all that is in these.
type Network struct {
	VPCs      []ec2types.Vpc
	Subnets   []ec2types.Subnet
	Groups    []ec2types.SecurityGroup
	Tables    []ec2types.RouteTable
	Gateways  []ec2types.InternetGateway
	NATs      []ec2types.NatGateway
	Addresses []ec2types.Address
	Endpoints []ec2types.VpcEndpoint
	// Interfaces are all network interfaces in these VPCs, also of other owners.
	Interfaces []ec2types.NetworkInterface
}

// Repository is one of the account's, from which a service takes its image, with the
// digests that are in it.
type Repository struct {
	ecrtypes.Repository
	Digests map[string]bool
}

// Read reads a cluster by its name. A cluster that is not there is an error; so is
// every part that may not be read, all but roles.
func Read(ctx context.Context, c *cloud.Clients, cluster string) (*Fleet, error) {
	r := &reader{clients: c, name: cluster, fleet: &Fleet{EdgeTags: map[string]cloud.Tags{}}}
	for _, read := range []func(context.Context) error{
		r.cluster, r.services, r.tasks, r.namespaces, r.targetGroups, r.loadBalancers, r.edgeTags, r.certificates, r.records, r.secrets, r.network, r.logGroups, r.scaling, r.alarms, r.repositories, r.roles,
	} {
		if err := read(ctx); err != nil {
			return nil, fmt.Errorf("the cluster %s cannot be read: %w", cluster, err)
		}
	}
	return r.fleet, nil
}

// reader is a fleet being read.
type reader struct {
	clients *cloud.Clients
	name    string
	fleet   *Fleet
}
