package tasks

import (
	"context"
	"slices"

	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/karmacadabra/karmactl/internal/cloud"
)

// API is what reading tasks needs of *ecs.Client.
type API interface {
	ListTasks(context.Context, *ecs.ListTasksInput, ...func(*ecs.Options)) (*ecs.ListTasksOutput, error)
	DescribeTasks(context.Context, *ecs.DescribeTasksInput, ...func(*ecs.Options)) (*ecs.DescribeTasksOutput, error)
}

// MaxDescribed is how many tasks one call describes:
// https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DescribeTasks.html
const MaxDescribed = 100

// List gives the ARNs of the tasks of a cluster, or of one of its services when
// service is not "", that are to run, or that have stopped within the last hour.
func List(ctx context.Context, api API, cluster, service string, wanted types.DesiredStatus) ([]string, error) {
	in := &ecs.ListTasksInput{Cluster: &cluster, DesiredStatus: wanted}
	if service != "" {
		in.ServiceName = &service
	}
	return cloud.Pages(ctx, ecs.NewListTasksPaginator(api, in), func(out *ecs.ListTasksOutput) []string { return out.TaskArns })
}

// Describe reads tasks by their ARNs, with what AWS gives only when it is asked to include it: their
// tags. One that is gone is left out.
func Describe(ctx context.Context, api API, cluster string, arns []string, include ...types.TaskField) ([]types.Task, error) {
	var all []types.Task
	for part := range slices.Chunk(arns, MaxDescribed) {
		out, err := api.DescribeTasks(ctx, &ecs.DescribeTasksInput{Cluster: &cluster, Tasks: part, Include: include})
		if err != nil {
			return nil, err
		}
		all = append(all, out.Tasks...)
	}
	return all, nil
}

// Of reads the tasks of a cluster, or of one service, in each of the statuses wanted.
func Of(ctx context.Context, api API, cluster, service string, wanted ...types.DesiredStatus) ([]types.Task, error) {
	var arns []string
	for _, w := range wanted {
		some, err := List(ctx, api, cluster, service, w)
		if err != nil {
			return nil, err
		}
		arns = append(arns, some...)
	}
	return Describe(ctx, api, cluster, arns)
}
