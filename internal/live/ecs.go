package live

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecr"
	ecrtypes "github.com/aws/aws-sdk-go-v2/service/ecr/types"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
	"github.com/aws/aws-sdk-go-v2/service/servicediscovery"
	discoverytypes "github.com/aws/aws-sdk-go-v2/service/servicediscovery/types"

	"github.com/karmacadabra/karmactl/internal/cloud"
)

func (r *reader) cluster(ctx context.Context) error {
	out, err := r.clients.ECS.DescribeClusters(ctx, &ecs.DescribeClustersInput{
		Clusters: []string{r.name}, Include: []types.ClusterField{types.ClusterFieldSettings, types.ClusterFieldTags},
	})
	if err != nil {
		return err
	}
	for _, c := range out.Clusters {
		if aws.ToString(c.Status) != "INACTIVE" { // a deleted one is still described
			r.fleet.Cluster = c
			return nil
		}
	}
	return errors.New("there is no cluster of this name in the region")
}

// mostServices is how many services one call describes:
// https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DescribeServices.html
const mostServices = 10

func (r *reader) services(ctx context.Context) error {
	arns, err := cloud.Pages(ctx, ecs.NewListServicesPaginator(r.clients.ECS, &ecs.ListServicesInput{Cluster: &r.name, MaxResults: aws.Int32(100)}),
		func(out *ecs.ListServicesOutput) []string { return out.ServiceArns })
	if err != nil {
		return err
	}
	slices.Sort(arns)
	for some := range slices.Chunk(arns, mostServices) {
		out, err := r.clients.ECS.DescribeServices(ctx, &ecs.DescribeServicesInput{
			Cluster: &r.name, Services: some, Include: []types.ServiceField{types.ServiceFieldTags},
		})
		if err != nil {
			return err
		}
		for _, s := range out.Services {
			if s.TaskDefinition = DefinitionOf(s); s.TaskDefinition == nil { // it has never run
				r.fleet.Services = append(r.fleet.Services, Service{Service: s})
				continue
			}
			d, err := r.clients.ECS.DescribeTaskDefinition(ctx, &ecs.DescribeTaskDefinitionInput{
				TaskDefinition: s.TaskDefinition, Include: []types.TaskDefinitionField{types.TaskDefinitionFieldTags},
			})
			if err != nil {
				return err
			}
			r.fleet.Services = append(r.fleet.Services, Service{Service: s, Definition: *d.TaskDefinition, DefinitionTags: d.Tags})
		}
	}
	return nil
}

// DefinitionOf is what a service runs: its own task definition, or, of a service whose deployments another
// program makes (EXTERNAL, CODE_DEPLOY), that of its primary task set. Nil is none.
func DefinitionOf(s types.Service) *string {
	if aws.ToString(s.TaskDefinition) != "" {
		return s.TaskDefinition
	}
	for _, set := range s.TaskSets {
		if aws.ToString(set.Status) == "PRIMARY" {
			return set.TaskDefinition
		}
	}
	return nil
}

// mostTasks is how many tasks one call describes:
// https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DescribeTasks.html
const mostTasks = 100

func (r *reader) tasks(ctx context.Context) error {
	arns, err := cloud.Pages(ctx, ecs.NewListTasksPaginator(r.clients.ECS, &ecs.ListTasksInput{Cluster: &r.name, DesiredStatus: types.DesiredStatusRunning}),
		func(out *ecs.ListTasksOutput) []string { return out.TaskArns })
	if err != nil {
		return err
	}
	for some := range slices.Chunk(arns, mostTasks) {
		out, err := r.clients.ECS.DescribeTasks(ctx, &ecs.DescribeTasksInput{Cluster: &r.name, Tasks: some})
		if err != nil {
			return err
		}
		r.fleet.Tasks = append(r.fleet.Tasks, out.Tasks...)
	}
	return nil
}

// namespaces reads the namespaces of Service Connect that the services are in.
func (r *reader) namespaces(ctx context.Context) error {
	used := map[string]bool{}
	for _, s := range r.fleet.Services {
		if sc := s.Connect(); sc != nil {
			used[aws.ToString(sc.Namespace)] = true
		}
	}
	if len(used) == 0 {
		return nil
	}
	all, err := cloud.Pages(ctx, servicediscovery.NewListNamespacesPaginator(r.clients.Discovery, &servicediscovery.ListNamespacesInput{}),
		func(out *servicediscovery.ListNamespacesOutput) []discoverytypes.NamespaceSummary {
			return out.Namespaces
		})
	for _, n := range all {
		if used[aws.ToString(n.Arn)] || used[aws.ToString(n.Name)] {
			r.fleet.Namespaces = append(r.fleet.Namespaces, n)
		}
	}
	return err
}

// Connect is how the tasks that run use Service Connect; nil when they do not.
func (s Service) Connect() *types.ServiceConnectConfiguration {
	for _, d := range s.Deployments {
		if aws.ToString(d.Status) == "PRIMARY" && d.ServiceConnectConfiguration != nil && d.ServiceConnectConfiguration.Enabled {
			return d.ServiceConnectConfiguration
		}
	}
	return nil
}

// OwnRepository is the repository of an image in a private registry of an account and
// region; ok is false for an image from elsewhere.
func OwnRepository(image, account, region string) (repository string, ok bool) {
	host, rest, _ := strings.Cut(image, "/")
	if !strings.HasPrefix(host, account+".dkr.ecr."+region+".") {
		return "", false
	}
	rest, _, _ = strings.Cut(rest, "@")
	repository, _, _ = strings.Cut(rest, ":")
	return repository, repository != ""
}

// repositories reads those of the account that the services' images are in.
func (r *reader) repositories(ctx context.Context) error {
	parts := strings.Split(aws.ToString(r.fleet.Cluster.ClusterArn), ":")
	if len(parts) < 6 {
		return nil
	}
	var names []string
	for _, s := range r.fleet.Services {
		for _, c := range s.Definition.ContainerDefinitions {
			if name, ok := OwnRepository(aws.ToString(c.Image), parts[4], parts[3]); ok && !slices.Contains(names, name) {
				names = append(names, name)
			}
		}
	}
	slices.Sort(names)
	for _, name := range names {
		out, err := r.clients.ECR.DescribeRepositories(ctx, &ecr.DescribeRepositoriesInput{RepositoryNames: []string{name}})
		if cloud.IsNotFound(err) {
			continue
		}
		if err != nil {
			return err
		}
		images, err := cloud.Pages(ctx, ecr.NewDescribeImagesPaginator(r.clients.ECR, &ecr.DescribeImagesInput{RepositoryName: &name}),
			func(out *ecr.DescribeImagesOutput) []ecrtypes.ImageDetail { return out.ImageDetails })
		if err != nil {
			return err
		}
		x := Repository{Repository: out.Repositories[0], Digests: map[string]bool{}}
		for _, i := range images {
			x.Digests[aws.ToString(i.ImageDigest)] = true
		}
		r.fleet.Repositories = append(r.fleet.Repositories, x)
	}
	return nil
}
