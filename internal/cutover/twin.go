package cutover

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/karmacadabra/karmactl/internal/agents"
	"github.com/karmacadabra/karmactl/internal/cloud"
	"github.com/karmacadabra/karmactl/internal/provision"
	"github.com/karmacadabra/karmactl/internal/tasks"
)

// Twins are the agents that run in another cluster of the account and region, too, from the same
// image by its digest, each with where: "bot (service old-bot in acme-prod)". A web server may;
// what acts on its own acts twice.
func (f *Fleet) Twins(ctx context.Context, all []agents.Agent) ([]string, error) {
	own := provision.ClusterName(f.Stack)
	running, err := f.running(ctx, own)
	if err != nil {
		return nil, err
	}
	digests := map[string]string{} // agents by what they run
	for _, t := range tasks.Names(f.Services).ByAgent(running) {
		for _, a := range all {
			if c, has := tasks.Container(t, a.Name); has && tasks.Agent(t) == a.Name && c.ImageDigest != nil {
				digests[*c.ImageDigest+" "+a.Name] = a.Name
			}
		}
	}
	arns, err := cloud.Pages(ctx, ecs.NewListClustersPaginator(f.Clients.ECS, &ecs.ListClustersInput{}), func(out *ecs.ListClustersOutput) []string { return out.ClusterArns })
	if err != nil {
		return nil, fmt.Errorf("list the clusters: %w", err)
	}
	var out []string
	for _, arn := range arns {
		cluster := tasks.ID(arn)
		if cluster == own {
			continue
		}
		others, err := f.running(ctx, cluster)
		if err != nil {
			return nil, err
		}
		for _, a := range all {
			for _, t := range others {
				runs := slices.ContainsFunc(t.Containers, func(c types.Container) bool { return digests[aws.ToString(c.ImageDigest)+" "+a.Name] != "" })
				if runs {
					out = append(out, fmt.Sprintf("%s (%s in %s)", a.Name, strings.Replace(aws.ToString(t.Group), ":", " ", 1), cluster))
					break
				}
			}
		}
	}
	return out, nil
}

func (f *Fleet) running(ctx context.Context, cluster string) ([]types.Task, error) {
	all, err := tasks.Of(ctx, f.Clients.ECS, cluster, "", types.DesiredStatusRunning)
	if err != nil {
		return nil, fmt.Errorf("read the tasks of %s: %w", cluster, err)
	}
	return all, nil
}
