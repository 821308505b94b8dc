package livetest

import (
	"context"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
)

// Running is what an agent's service runs: its revision, and the digest that all of its
// tasks were started with.
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
	if len(list.TaskArns) == 0 || len(s.Services) != 1 {
		return "", "", fmt.Errorf("%s has %d tasks", service, len(list.TaskArns))
	}
	out, err := f.clients.ECS.DescribeTasks(ctx, &ecs.DescribeTasksInput{Cluster: aws.String(Cluster), Tasks: list.TaskArns})
	if err != nil {
		return "", "", err
	}
	for _, t := range out.Tasks {
		d := aws.ToString(t.Containers[0].ImageDigest)
		if digest != "" && d != digest {
			return "", "", fmt.Errorf("%s runs %s and %s", service, digest, d)
		}
		digest = d
	}
	return aws.ToString(s.Services[0].TaskDefinition), digest, nil
}

// Register registers another revision of an agent with less memory, which no service runs.
func (f *Fleet) Register(ctx context.Context, agent string) error {
	family := Cluster + "-" + agent
	out, err := f.clients.ECS.DescribeTaskDefinition(ctx, &ecs.DescribeTaskDefinitionInput{TaskDefinition: &family})
	if err != nil {
		return err
	}
	d := out.TaskDefinition
	_, err = f.clients.ECS.RegisterTaskDefinition(ctx, &ecs.RegisterTaskDefinitionInput{
		Family: &family, NetworkMode: d.NetworkMode, RequiresCompatibilities: d.RequiresCompatibilities, Cpu: d.Cpu, Memory: aws.String("1024"),
		ExecutionRoleArn: d.ExecutionRoleArn, TaskRoleArn: d.TaskRoleArn, ContainerDefinitions: d.ContainerDefinitions, Tags: ecsTags(agent),
	})
	if err != nil {
		return err
	}
	return f.clock.Wait(ctx, 5*time.Second)
}
