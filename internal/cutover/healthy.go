package cutover

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/karmacadabra/karmactl/internal/agents"
	"github.com/karmacadabra/karmactl/internal/cloud"
	"github.com/karmacadabra/karmactl/internal/provision"
	"github.com/karmacadabra/karmactl/internal/tasks"
)

// Unhealthy says of each agent that requests would not find healthy why, in the order of the
// agents. An agent that is not public may have no tasks: what must not run twice waits for the
// other fleet's to end.
func (f *Fleet) Unhealthy(ctx context.Context, all []agents.Agent) ([]string, error) {
	names := make([]string, len(all))
	for i, a := range all {
		names[i] = a.Name
	}
	cluster := provision.ClusterName(f.Stack)
	services, err := tasks.Names(f.Services).Services(ctx, f.Clients.ECS, cluster, names)
	if err != nil && !cloud.Is(err, "ClusterNotFoundException") {
		return nil, fmt.Errorf("read the services of %s: %w", cluster, err)
	}
	var out []string
	for _, a := range all {
		why := "has no service"
		for _, s := range services {
			if aws.ToString(s.ServiceName) != a.Name {
				continue
			}
			healthy := 0
			if group := tasks.TargetGroup(s); group != "" {
				if healthy, err = f.healthyIn(ctx, group); err != nil {
					return nil, err
				}
			}
			why = unready(a.Public, int(s.DesiredCount), int(s.RunningCount), healthy)
		}
		if why != "" {
			out = append(out, a.Name+" "+why)
		}
	}
	return out, nil
}

// unready is why an agent's requests would not be answered; "" is that they would.
func unready(public bool, desired, running, healthy int) string {
	switch {
	case public && desired == 0:
		return "is scaled to 0"
	case running < desired:
		return fmt.Sprintf("has %d of %d tasks", running, desired)
	case public && healthy == 0:
		return "has no healthy target"
	case public && healthy < desired:
		return fmt.Sprintf("has %d of %d targets healthy", healthy, desired)
	}
	return ""
}
