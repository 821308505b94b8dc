package fleet

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/karmacadabra/karmactl/internal/tasks"
)

// Observed is what ECS knows of the agents, by agent: the service, and the tasks
// that run or have stopped within the last hour.
type Observed struct {
	Services map[string]types.Service
	Tasks    map[string][]types.Task
}

// Observe reads it. A cluster without services is empty.
func Observe(ctx context.Context, api *ecs.Client, cluster string, agents []string, names tasks.Names) (Observed, error) {
	o := Observed{Services: map[string]types.Service{}, Tasks: map[string][]types.Task{}}
	services, err := names.Services(ctx, api, cluster, agents)
	if err != nil || len(services) == 0 {
		return o, err
	}
	for _, s := range services {
		o.Services[aws.ToString(s.ServiceName)] = s
	}
	all, err := tasks.Of(ctx, api, cluster, "", types.DesiredStatusRunning, types.DesiredStatusStopped)
	for _, t := range names.ByAgent(all) {
		o.Tasks[tasks.Agent(t)] = append(o.Tasks[tasks.Agent(t)], t)
	}
	return o, err
}
