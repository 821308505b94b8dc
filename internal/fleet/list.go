package fleet

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/arn"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
	"github.com/aws/aws-sdk-go-v2/service/resourcegroupstaggingapi"
	taggingtypes "github.com/aws/aws-sdk-go-v2/service/resourcegroupstaggingapi/types"

	"github.com/karmacadabra/karmactl/internal/cloud"
	"github.com/karmacadabra/karmactl/internal/engine"
	"github.com/karmacadabra/karmactl/internal/tasks"
)

// Tagged is what a region has of a stack: an ARN by the key of each resource.
type Tagged map[engine.Key]string

// TaggedStacks are the stacks of a region by their tags. What AWS keeps for all regions together, such as
// roles, is left out: it does not say where its stack is.
func TaggedStacks(ctx context.Context, api resourcegroupstaggingapi.GetResourcesAPIClient, region string) (map[string]Tagged, error) {
	all, err := cloud.Pages(ctx, resourcegroupstaggingapi.NewGetResourcesPaginator(api, &resourcegroupstaggingapi.GetResourcesInput{
		ResourcesPerPage: aws.Int32(100), TagFilters: []taggingtypes.TagFilter{{Key: aws.String(cloud.TagStack)}},
	}), func(out *resourcegroupstaggingapi.GetResourcesOutput) []taggingtypes.ResourceTagMapping {
		return out.ResourceTagMappingList
	})
	if err != nil {
		return nil, fmt.Errorf("list what karmactl tagged: %w", err)
	}
	stacks := map[string]Tagged{}
	for _, r := range all {
		tags := cloud.FromSDK(r.Tags, func(t taggingtypes.Tag) (string, string) { return aws.ToString(t.Key), aws.ToString(t.Value) })
		a, err := arn.Parse(aws.ToString(r.ResourceARN))
		if err != nil || a.Region != region || tags[cloud.TagKey] == "" {
			continue
		}
		name := tags[cloud.TagStack]
		if stacks[name] == nil {
			stacks[name] = Tagged{}
		}
		stacks[name][engine.Key(tags[cloud.TagKey])] = aws.ToString(r.ResourceARN)
	}
	return stacks, nil
}

// Running is what runs of a stack.
type Running struct {
	// Agents are its services, Desired and Tasks how many tasks they want and have.
	Agents, Desired, Tasks int
	// Sizes are those of the tasks, Addresses how many of them have a public address.
	Sizes     []tasks.Size
	Addresses int
}

// RunningOf reads the services of a stack by their ARNs: service/CLUSTER/NAME.
func RunningOf(ctx context.Context, api *ecs.Client, services []string) (Running, error) {
	clusters := map[string][]string{}
	for _, s := range services {
		if parts := strings.Split(s, "/"); len(parts) == 3 {
			clusters[parts[1]] = append(clusters[parts[1]], parts[2])
		}
	}
	var r Running
	for _, cluster := range slices.Sorted(maps.Keys(clusters)) {
		found, err := tasks.Services(ctx, api, cluster, clusters[cluster])
		if cloud.Is(err, "ClusterNotFoundException") {
			continue
		}
		if err != nil {
			return r, fmt.Errorf("read the services of %s: %w", cluster, err)
		}
		public := map[string]bool{}
		for _, s := range found {
			r.Agents++
			r.Desired += int(s.DesiredCount)
			r.Tasks += int(s.RunningCount)
			public[aws.ToString(s.ServiceName)] = hasAddress(s)
		}
		running, err := tasks.Of(ctx, api, cluster, "", types.DesiredStatusRunning)
		if err != nil {
			return r, fmt.Errorf("read the tasks of %s: %w", cluster, err)
		}
		r.Sizes = append(r.Sizes, tasks.Sizes(running)...)
		for _, t := range running {
			if public[tasks.Agent(t)] {
				r.Addresses++
			}
		}
	}
	return r, nil
}

func hasAddress(s types.Service) bool {
	n := s.NetworkConfiguration
	return n != nil && n.AwsvpcConfiguration != nil && n.AwsvpcConfiguration.AssignPublicIp == types.AssignPublicIpEnabled
}
