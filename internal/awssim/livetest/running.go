package livetest

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
)

// Running is what an agent's service runs: its revision, and the digest that its one task
// was started with.
func (f *Fleet) Running(ctx context.Context, agent string) (revision, digest string, err error) {
	service := Cluster + "-" + agent
	s, err := f.clients.ECS.DescribeServices(ctx, &ecs.DescribeServicesInput{Cluster: aws.String(Cluster), Services: []string{service}})
	if err != nil {
		return "", "", err
	}
	list, err := f.clients.ECS.ListTasks(ctx, &ecs.ListTasksInput{Cluster: aws.String(Cluster), ServiceName: &service})
	if err != nil {
		return "", "", err
	}
	if len(list.TaskArns) != 1 || len(s.Services) != 1 {
		return "", "", fmt.Errorf("%s has %d tasks", service, len(list.TaskArns))
	}
	out, err := f.clients.ECS.DescribeTasks(ctx, &ecs.DescribeTasksInput{Cluster: aws.String(Cluster), Tasks: list.TaskArns})
	if err != nil {
		return "", "", err
	}
	return aws.ToString(s.Services[0].TaskDefinition), aws.ToString(out.Tasks[0].Containers[0].ImageDigest), nil
}
