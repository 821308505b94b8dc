package awssim

import (
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/karmacadabra/karmactl/internal/cloud"
	"github.com/karmacadabra/karmactl/internal/lazyregexp"
)

const (
	// providersTake is how long a change of capacity providers is under way.
	providersTake = 5 * time.Second
	// clusterListed is how long a deleted cluster shows as INACTIVE.
	clusterListed = time.Hour
)

// Cluster is a simulated ECS cluster.
type Cluster struct {
	Name      string
	ARN       string
	Inactive  bool
	Insights  string
	Providers []string
	Strategy  []types.CapacityProviderStrategyItem
	// Namespace is the ARN of the default one for Service Connect.
	Namespace string
	Tags      cloud.Tags
	Created   time.Time
	Deleted   time.Time
	// ProvidersUntil is when the change of capacity providers ends.
	ProvidersUntil time.Time
}

func (s *Sim) clusterNoun() noun {
	return noun{
		ops: []operation{
			on("ECS.CreateCluster", s.createCluster, "ClusterName", "CapacityProviders", "DefaultCapacityProviderStrategy", "Settings", "ServiceConnectDefaults", "Tags"),
			on("ECS.ListClusters", s.listClusters).pages("ClusterArns", 100, 100),
			on("ECS.DescribeClusters", s.describeClusters, "Clusters", "Include"),
			on("ECS.UpdateCluster", s.updateCluster, "Cluster", "Settings", "ServiceConnectDefaults"),
			on("ECS.PutClusterCapacityProviders", s.putClusterCapacityProviders, "Cluster", "CapacityProviders", "DefaultCapacityProviderStrategy"),
			on("ECS.DeleteCluster", s.deleteCluster, "Cluster"),
		},
		settle: s.settleClusters,
		each: func(tell func(thing)) {
			for _, c := range s.world.Clusters {
				tell(thing{kind: "cluster", name: c.Name, tags: c.Tags, gone: c.Inactive, arn: c.ARN, since: c.Created})
			}
		},
	}
}

// listClusters lists the clusters that are not deleted.
func (s *Sim) listClusters(*ecs.ListClustersInput) (*ecs.ListClustersOutput, error) {
	var all []string
	for _, c := range sorted(s.world.Clusters) {
		if !c.Inactive && s.visible(c.Created) {
			all = append(all, c.ARN)
		}
	}
	return &ecs.ListClustersOutput{ClusterArns: all}, nil
}

func (s *Sim) settleClusters() {
	for name, c := range s.world.Clusters {
		if c.Inactive && !s.now().Before(c.Deleted.Add(clusterListed)) {
			delete(s.world.Clusters, name)
		}
	}
}

var ecsName = lazyregexp.New(`^[A-Za-z0-9_-]{1,255}$`)

// cluster is an active one, by name or ARN.
func (s *Sim) cluster(ref string) (*Cluster, error) {
	name := ref[strings.LastIndexByte(ref, '/')+1:]
	c := s.world.Clusters[name]
	if c == nil || c.Inactive || !s.visible(c.Created) {
		return nil, fail("ClusterNotFoundException", "Cluster not found.")
	}
	return c, nil
}

func (s *Sim) createCluster(in *ecs.CreateClusterInput) (*ecs.CreateClusterOutput, error) {
	name := aws.ToString(in.ClusterName)
	if name == "" {
		name = "default"
	}
	if !ecsName.MatchString(name) {
		return nil, fail("InvalidParameterException", "Identifier was empty or contains invalid characters: %s", name)
	}
	if c := s.world.Clusters[name]; c != nil && !c.Inactive {
		// The same name gives the existing cluster back; its settings stay.
		return &ecs.CreateClusterOutput{Cluster: new(s.describeCluster(c))}, nil
	}
	c := &Cluster{Name: name, ARN: s.world.arn("ecs", "cluster/"+name), Insights: "disabled", Created: s.now(), Tags: fromECSTags(in.Tags)}
	if err := validTags(c.Tags, "InvalidParameterException"); err != nil {
		return nil, err
	}
	if err := s.setCluster(c, in.Settings, in.ServiceConnectDefaults); err != nil {
		return nil, err
	}
	if err := setProviders(c, in.CapacityProviders, in.DefaultCapacityProviderStrategy); err != nil {
		return nil, err
	}
	s.linkRole("ecs")
	s.world.Clusters[name] = c
	return &ecs.CreateClusterOutput{Cluster: new(s.describeCluster(c))}, nil
}

// setCluster applies settings, or nothing when they are not valid.
func (s *Sim) setCluster(c *Cluster, settings []types.ClusterSetting, connect *types.ClusterServiceConnectDefaultsRequest) error {
	insights, namespace := c.Insights, c.Namespace
	for _, set := range settings {
		if v := aws.ToString(set.Value); set.Name != types.ClusterSettingNameContainerInsights || !slices.Contains([]string{"enabled", "disabled", "enhanced"}, v) {
			return fail("InvalidParameterException", "Invalid cluster setting %s=%s", set.Name, v)
		}
		insights = aws.ToString(set.Value)
	}
	if connect != nil {
		if namespace = aws.ToString(connect.Namespace); namespace != "" {
			n := s.namespace(namespace)
			if n == nil && strings.HasPrefix(namespace, "arn:") {
				return fail("NamespaceNotFoundException", "The specified namespace wasn't found: %s", namespace)
			}
			if n == nil { // a name makes ECS make the namespace: nothing here relies on that
				return fail("InvalidParameterException", "a namespace by name is not simulated: %s", namespace)
			}
			namespace = n.ARN
		}
	}
	c.Insights, c.Namespace = insights, namespace
	return nil
}

// setProviders replaces the providers: the ones that are left out are removed.
func setProviders(c *Cluster, providers []string, strategy []types.CapacityProviderStrategyItem) error {
	for _, p := range providers {
		if p != "FARGATE" && p != "FARGATE_SPOT" {
			return fail("InvalidParameterException", "The specified capacity provider '%s' was not found. Specify a valid name or ARN and try again.", p)
		}
	}
	for _, item := range strategy {
		if !slices.Contains(providers, aws.ToString(item.CapacityProvider)) {
			return fail("InvalidParameterException", "The capacity provider %s is not associated with the cluster", aws.ToString(item.CapacityProvider))
		}
	}
	c.Providers, c.Strategy = slices.Clone(providers), strategy
	return nil
}

func (s *Sim) describeCluster(c *Cluster) types.Cluster {
	d := types.Cluster{
		ClusterName: &c.Name, ClusterArn: &c.ARN, Status: aws.String("ACTIVE"),
		CapacityProviders: slices.Clone(c.Providers), DefaultCapacityProviderStrategy: slices.Clone(c.Strategy),
		ActiveServicesCount: int32(s.servicesIn(c.Name)),
	}
	if c.Inactive {
		d.Status = aws.String("INACTIVE")
	}
	if c.Namespace != "" {
		d.ServiceConnectDefaults = &types.ClusterServiceConnectDefaults{Namespace: &c.Namespace}
	}
	if !c.ProvidersUntil.IsZero() {
		d.AttachmentsStatus = aws.String("UPDATE_COMPLETE")
		if s.now().Before(c.ProvidersUntil) {
			d.AttachmentsStatus = aws.String("UPDATE_IN_PROGRESS")
		}
	}
	return d
}

func (s *Sim) describeClusters(in *ecs.DescribeClustersInput) (*ecs.DescribeClustersOutput, error) {
	if len(in.Clusters) > 100 {
		return nil, fail("InvalidParameterException", "clusters can have at most 100 items.")
	}
	refs := in.Clusters
	if len(refs) == 0 {
		refs = []string{"default"}
	}
	out := &ecs.DescribeClustersOutput{}
	for _, ref := range refs {
		c := s.world.Clusters[ref[strings.LastIndexByte(ref, '/')+1:]]
		if c == nil || !s.visible(c.Created) {
			out.Failures = append(out.Failures, types.Failure{Arn: aws.String(s.world.arn("ecs", "cluster/"+ref)), Reason: aws.String("MISSING")})
			continue
		}
		d := s.describeCluster(c)
		if slices.Contains(in.Include, types.ClusterFieldTags) {
			d.Tags = toECSTags(c.Tags)
		}
		if slices.Contains(in.Include, types.ClusterFieldSettings) {
			d.Settings = []types.ClusterSetting{{Name: types.ClusterSettingNameContainerInsights, Value: &c.Insights}}
		}
		out.Clusters = append(out.Clusters, d)
	}
	return out, nil
}

func (s *Sim) updateCluster(in *ecs.UpdateClusterInput) (*ecs.UpdateClusterOutput, error) {
	c, err := s.cluster(aws.ToString(in.Cluster))
	if err != nil {
		return nil, err
	}
	if err := s.setCluster(c, in.Settings, in.ServiceConnectDefaults); err != nil {
		return nil, err
	}
	return &ecs.UpdateClusterOutput{Cluster: new(s.describeCluster(c))}, nil
}

func (s *Sim) putClusterCapacityProviders(in *ecs.PutClusterCapacityProvidersInput) (*ecs.PutClusterCapacityProvidersOutput, error) {
	c, err := s.cluster(aws.ToString(in.Cluster))
	if err != nil {
		return nil, err
	}
	if s.now().Before(c.ProvidersUntil) {
		return nil, fail("UpdateInProgressException", "The specified cluster is in a busy state. Please try again after the current update completes.")
	}
	if err := setProviders(c, in.CapacityProviders, in.DefaultCapacityProviderStrategy); err != nil {
		return nil, err
	}
	c.ProvidersUntil = s.now().Add(providersTake)
	return &ecs.PutClusterCapacityProvidersOutput{Cluster: new(s.describeCluster(c))}, nil
}

func (s *Sim) deleteCluster(in *ecs.DeleteClusterInput) (*ecs.DeleteClusterOutput, error) {
	c, err := s.cluster(aws.ToString(in.Cluster))
	if err != nil {
		return nil, err
	}
	switch {
	case s.servicesIn(c.Name) > 0:
		return nil, fail("ClusterContainsServicesException", "The Cluster cannot be deleted while Services are active.")
	case s.tasksIn(c.Name) > 0:
		return nil, fail("ClusterContainsTasksException", "The Cluster cannot be deleted while Tasks are active.")
	case s.now().Before(c.ProvidersUntil):
		return nil, fail("UpdateInProgressException", "The specified cluster is in a busy state. Please try again after the current update completes.")
	}
	c.Inactive, c.Deleted = true, s.now()
	return &ecs.DeleteClusterOutput{Cluster: new(s.describeCluster(c))}, nil
}

// clusterTags are an active cluster's tags, by its ARN.
func (s *Sim) clusterTags(arn string) cloud.Tags {
	for _, c := range s.world.Clusters {
		if c.ARN == arn && !c.Inactive {
			return c.Tags
		}
	}
	return nil
}
