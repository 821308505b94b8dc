package provision

import (
	"cmp"
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/karmacadabra/karmactl/internal/cloud"
	"github.com/karmacadabra/karmactl/internal/engine"
)

// ClusterSpec is what we own of a cluster.
type ClusterSpec struct {
	// Insights is disabled, enabled or enhanced. Enabled costs about $38 a month
	// for five agents.
	Insights string
	// Providers are the capacity providers that its services may use.
	Providers Set
	// Namespace is the ARN that Service Connect uses by default, or "".
	Namespace string
	Tags      cloud.Tags
}

// Cluster is where the agents run. It costs nothing itself. Its id is its name,
// which is the stack's.
type Cluster struct {
	engine.Ref
	*Env
	Insights  string
	Namespace *Namespace
	// ServiceRole is ECS's own role. CreateCluster makes it when it can; a
	// fresh account sometimes is not quick enough.
	ServiceRole *ServiceLinkedRole
}

// ClusterName of a stack is its own.
func ClusterName(stack string) string { return stack }

// ClusterName is the name of the stack's cluster, and what the services' ids and alarms are built from.
func (h *Env) ClusterName() string { return ClusterName(h.Stack) }

func (c *Cluster) Key() engine.Key      { return "cluster" }
func (c *Cluster) Needs() []engine.Node { return nodes(c.Namespace) }
func (c *Cluster) After() []engine.Node { return nodes(c.ServiceRole) }

func (c *Cluster) Want() ClusterSpec {
	s := ClusterSpec{Insights: cmp.Or(c.Insights, "disabled"), Providers: Set{OnDemand, FargateSpot}, Tags: c.TagsOf(c.Key())}
	if c.Namespace != nil {
		if s.Namespace = c.Namespace.Output("arn"); s.Namespace == "" {
			s.Namespace = engine.Unknown(c.Namespace.Key())
		}
	}
	return s
}

// Find describes the cluster by its name. A deleted one is listed as INACTIVE.
func (c *Cluster) Find(ctx context.Context, look engine.Look) (engine.Found[ClusterSpec], error) {
	var found engine.Found[ClusterSpec]
	name := c.ClusterName()
	all, err := cloud.List(ctx, c.Inventory, "cluster", look.NotOlder, func(ctx context.Context) ([]types.Cluster, error) {
		out, err := c.Clients.ECS.DescribeClusters(ctx, &ecs.DescribeClustersInput{
			Clusters: []string{name}, Include: []types.ClusterField{types.ClusterFieldTags, types.ClusterFieldSettings},
		})
		if err != nil {
			return nil, err
		}
		return out.Clusters, nil
	})
	if err != nil {
		return found, err
	}
	for _, k := range all {
		status := aws.ToString(k.Status)
		if aws.ToString(k.ClusterName) != name || status == "INACTIVE" {
			continue
		}
		found.Phase, found.ID, found.Spec = engine.Ready, name, clusterSpec(k)
		found.Outputs = map[string]string{"arn": aws.ToString(k.ClusterArn)}
		if err := c.ours(look, c.Key(), found.Spec.Tags, "ECS cluster "+name, aws.ToString(k.ClusterArn)); err != nil {
			return engine.Found[ClusterSpec]{}, err
		}
		switch {
		case status == "DEPROVISIONING":
			found.Phase, found.Why = engine.Leaving, "cluster deprovisioning"
		case status == "FAILED":
			found.Phase, found.Discard, found.Why = engine.Broken, true, "its capacity providers could not be made"
		case status == "PROVISIONING" || aws.ToString(k.AttachmentsStatus) == "UPDATE_IN_PROGRESS":
			found.Phase, found.Why, found.Usable = engine.Pending, "capacity providers being attached", true
		}
	}
	return found, nil
}

func clusterSpec(k types.Cluster) ClusterSpec {
	s := ClusterSpec{Insights: "disabled", Tags: fromECSTags(k.Tags)}
	for _, set := range k.Settings {
		if set.Name == types.ClusterSettingNameContainerInsights {
			s.Insights = aws.ToString(set.Value)
		}
	}
	s.Providers = setOf(k.CapacityProviders)
	if k.ServiceConnectDefaults != nil {
		s.Namespace = aws.ToString(k.ServiceConnectDefaults.Namespace)
	}
	return s
}

func (c *Cluster) Diff(have, want ClusterSpec) []engine.Change {
	return changes(
		field("container_insights", have.Insights, want.Insights),
		essential(same("capacity_providers", have.Providers, want.Providers)),
		field("service_connect_namespace", have.Namespace, want.Namespace),
		cloud.DiffTags(have.Tags, want.Tags),
	)
}

// Create makes the cluster. The same name gives the existing one back, with its
// own settings.
func (c *Cluster) Create(ctx context.Context, want ClusterSpec, _ string) (string, error) {
	in := &ecs.CreateClusterInput{
		ClusterName:       aws.String(c.ClusterName()),
		CapacityProviders: want.Providers,
		Settings:          insights(want.Insights),
		Tags:              toECSTags(want.Tags),
	}
	if want.Namespace != "" {
		in.ServiceConnectDefaults = &types.ClusterServiceConnectDefaultsRequest{Namespace: &want.Namespace}
	}
	if _, err := c.Clients.ECS.CreateCluster(ctx, in); err != nil {
		return "", err
	}
	return c.ClusterName(), nil
}

func (c *Cluster) Update(ctx context.Context, id string, have, want ClusterSpec) error {
	if have.Insights != want.Insights || have.Namespace != want.Namespace {
		_, err := c.Clients.ECS.UpdateCluster(ctx, &ecs.UpdateClusterInput{
			Cluster: &id, Settings: insights(want.Insights),
			ServiceConnectDefaults: &types.ClusterServiceConnectDefaultsRequest{Namespace: &want.Namespace},
		})
		if err != nil {
			return err
		}
	}
	if !have.Providers.Equal(want.Providers) {
		_, err := c.Clients.ECS.PutClusterCapacityProviders(ctx, &ecs.PutClusterCapacityProvidersInput{
			Cluster: &id, CapacityProviders: want.Providers, DefaultCapacityProviderStrategy: []types.CapacityProviderStrategyItem{},
		})
		// A repeat of a call whose reply was lost meets its own change under way;
		// reading back tells whether it was ours.
		if err != nil && !cloud.Is(err, "UpdateInProgressException") {
			return err
		}
	}
	return updateECSTags(ctx, c.Clients.ECS, c.Account.ARN("ecs", "cluster/"+id), have.Tags, want.Tags)
}

// Delete deletes the cluster; services and tasks in it are waited for.
func (c *Cluster) Delete(ctx context.Context, id string) error {
	if err := c.StopRuns(ctx); err != nil {
		return err
	}
	return failure(c.Clients.ECS.DeleteCluster(ctx, &ecs.DeleteClusterInput{Cluster: &id}))
}

func insights(value string) []types.ClusterSetting {
	return []types.ClusterSetting{{Name: types.ClusterSettingNameContainerInsights, Value: &value}}
}
