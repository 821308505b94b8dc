package awssim

import (
	"context"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/karmacadabra/karmactl/internal/cloud"
	"github.com/karmacadabra/karmactl/internal/engine"
)

// ecsBench is an account with a cluster, a network and nothing that runs.
type ecsBench struct {
	t   *testing.T
	sim *Sim
	api *ecs.Client
}

func newECSBench(t *testing.T) *ecsBench {
	t.Helper()
	s, err := New(Options{Clock: engine.RealClock{}})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Edit(foundECS); err != nil {
		t.Fatal(err)
	}
	return &ecsBench{t: t, sim: s, api: ecs.NewFromConfig(s.Config())}
}

// foundECS puts a cluster, a subnet and an execution role into a world.
func foundECS(w *World) {
	w.Clusters["c"] = &Cluster{Name: "c", ARN: w.arn("ecs", "cluster/c"), Providers: []string{"FARGATE", "FARGATE_SPOT"}, Tags: cloud.Tags{}}
	w.Subnets["subnet-1"] = &Subnet{ID: "subnet-1", VPC: "vpc-1", CIDR: "10.0.0.0/24", AZ: "us-east-1a"}
	w.Roles["execution"] = &IAMRole{
		Name: "execution", ARN: "arn:aws:iam::" + w.Account + ":role/execution", Tags: cloud.Tags{},
		Trust:  `{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"Service": "ecs-tasks.amazonaws.com"}, "Action": "sts:AssumeRole"}]}`,
		Inline: map[string]string{"all": `{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "logs:*", "Resource": "*"}]}`},
	}
}

func definition(image string) *ecs.RegisterTaskDefinitionInput {
	return &ecs.RegisterTaskDefinitionInput{
		Family: aws.String("f"), Cpu: aws.String("256"), Memory: aws.String("512"), NetworkMode: types.NetworkModeAwsvpc, RequiresCompatibilities: []types.Compatibility{types.CompatibilityFargate},
		ContainerDefinitions: []types.ContainerDefinition{{Name: aws.String("a"), Image: aws.String(image), PortMappings: []types.PortMapping{{ContainerPort: aws.Int32(80), Name: aws.String("a")}}}},
	}
}

func (b *ecsBench) register(image string) string {
	b.t.Helper()
	out, err := b.api.RegisterTaskDefinition(context.Background(), definition(image))
	if err != nil {
		b.t.Fatal(err)
	}
	return *out.TaskDefinition.TaskDefinitionArn
}

func (b *ecsBench) serviceInput(image string) *ecs.CreateServiceInput {
	return &ecs.CreateServiceInput{
		Cluster: aws.String("c"), ServiceName: aws.String("s"), TaskDefinition: aws.String(b.register(image)), DesiredCount: aws.Int32(1),
		NetworkConfiguration: &types.NetworkConfiguration{AwsvpcConfiguration: &types.AwsVpcConfiguration{Subnets: []string{"subnet-1"}}},
		DeploymentConfiguration: &types.DeploymentConfiguration{MinimumHealthyPercent: aws.Int32(100), MaximumPercent: aws.Int32(200), DeploymentCircuitBreaker: &types.DeploymentCircuitBreaker{
			Enable: true, Rollback: true, ThresholdConfiguration: &types.ThresholdConfiguration{Type: types.ThresholdTypeCount, Value: 2},
		}},
	}
}

func (b *ecsBench) create(image string) {
	b.t.Helper()
	if _, err := b.api.CreateService(context.Background(), b.serviceInput(image)); err != nil {
		b.t.Fatal(err)
	}
}

func (b *ecsBench) update(f func(*ecs.UpdateServiceInput)) {
	b.t.Helper()
	in := &ecs.UpdateServiceInput{Cluster: aws.String("c"), Service: aws.String("s")}
	f(in)
	if _, err := b.api.UpdateService(context.Background(), in); err != nil {
		b.t.Fatal(err)
	}
}

func (b *ecsBench) service() types.Service {
	b.t.Helper()
	out, err := b.api.DescribeServices(context.Background(), &ecs.DescribeServicesInput{Cluster: aws.String("c"), Services: []string{"s"}})
	if err != nil {
		b.t.Fatal(err)
	}
	return out.Services[0]
}

func (b *ecsBench) ledger() []types.ServiceDeploymentBrief {
	b.t.Helper()
	out, err := b.api.ListServiceDeployments(context.Background(), &ecs.ListServiceDeploymentsInput{Cluster: aws.String("c"), Service: aws.String("s")})
	if err != nil {
		b.t.Fatal(err)
	}
	return out.ServiceDeployments
}

const image = "public.ecr.aws/docker/library/python:3.12"

func TestTaskDefinitionsAreRefusedAsAWSDoes(t *testing.T) {
	b := newECSBench(t)
	for name, c := range map[string]struct {
		change func(*ecs.RegisterTaskDefinitionInput)
		want   string
	}{
		"a size Fargate has not": {func(in *ecs.RegisterTaskDefinitionInput) { in.Memory = aws.String("4096") }, "No Fargate configuration exists for given values"},
		"bridge networking":      {func(in *ecs.RegisterTaskDefinitionInput) { in.NetworkMode = types.NetworkModeBridge }, "Fargate only supports network mode"},
		"more than 64 KB": {func(in *ecs.RegisterTaskDefinitionInput) {
			in.ContainerDefinitions[0].Command = []string{strings.Repeat("x", 70000)}
		}, "Max allowed length is '65536' bytes"},
		"a stop timeout over 120 s": {func(in *ecs.RegisterTaskDefinitionInput) { in.ContainerDefinitions[0].StopTimeout = aws.Int32(121) }, "between 2 and 120 seconds"},
		"a secret with a path of three": {func(in *ecs.RegisterTaskDefinitionInput) {
			in.ExecutionRoleArn = aws.String("r")
			in.ContainerDefinitions[0].Secrets = []types.Secret{{Name: aws.String("X"), ValueFrom: aws.String("arn:aws:secretsmanager:us-east-1:123456789012:secret:x:key")}}
		}, "an invalid ARN format"},
		"a disk of 20 GiB": {func(in *ecs.RegisterTaskDefinitionInput) {
			in.EphemeralStorage = &types.EphemeralStorage{SizeInGiB: 20}
		}, "between 21 and 200 GiB"},
		"a limit that Fargate sets itself": {func(in *ecs.RegisterTaskDefinitionInput) {
			in.ContainerDefinitions[0].Ulimits = []types.Ulimit{{Name: types.UlimitNameCore, SoftLimit: 1, HardLimit: 1}}
		}, "do not support the ulimit core"},
		"a soft limit above the hard one": {func(in *ecs.RegisterTaskDefinitionInput) {
			in.ContainerDefinitions[0].Ulimits = []types.Ulimit{{Name: types.UlimitNameNofile, SoftLimit: 2, HardLimit: 1}}
		}, "Invalid ulimit nofile"},
		"an upper-case port name": {func(in *ecs.RegisterTaskDefinitionInput) {
			in.ContainerDefinitions[0].PortMappings[0].Name = aws.String("A")
		}, "contains invalid characters"},
	} {
		in := definition(image)
		c.change(in)
		if _, err := b.api.RegisterTaskDefinition(context.Background(), in); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestContainersThatWaitAreRefusedAsAWSDoes has a second container beside the first.
func TestContainersThatWaitAreRefusedAsAWSDoes(t *testing.T) {
	for want, edit := range map[string]func(a, b *types.ContainerDefinition){
		"": func(a, b *types.ContainerDefinition) {
			b.Essential, b.Cpu, b.Memory = aws.Bool(false), 256, aws.Int32(512)
			a.DependsOn = []types.ContainerDependency{{ContainerName: aws.String("b"), Condition: types.ContainerConditionSuccess}}
		},
		"cannot be an essential container": func(a, _ *types.ContainerDefinition) {
			a.DependsOn = []types.ContainerDependency{{ContainerName: aws.String("b"), Condition: types.ContainerConditionSuccess}}
		},
		"must have a health check": func(a, _ *types.ContainerDefinition) {
			a.DependsOn = []types.ContainerDependency{{ContainerName: aws.String("b"), Condition: types.ContainerConditionHealthy}}
		},
		"is not in the task definition": func(a, _ *types.ContainerDefinition) {
			a.DependsOn = []types.ContainerDependency{{ContainerName: aws.String("c"), Condition: types.ContainerConditionStart}}
		},
		"Invalid dependency condition": func(a, _ *types.ContainerDefinition) {
			a.DependsOn = []types.ContainerDependency{{ContainerName: aws.String("b"), Condition: "STARTED"}}
		},
		"form a cycle": func(a, b *types.ContainerDefinition) {
			a.DependsOn = []types.ContainerDependency{{ContainerName: aws.String("b"), Condition: types.ContainerConditionStart}}
			b.DependsOn = []types.ContainerDependency{{ContainerName: aws.String("a"), Condition: types.ContainerConditionStart}}
		},
		"sum of all container 'cpu' values": func(a, b *types.ContainerDefinition) { a.Cpu, b.Cpu = 128, 129 },
		"sum of all container 'memoryReservation' values": func(a, b *types.ContainerDefinition) {
			a.Memory, b.MemoryReservation = aws.Int32(256), aws.Int32(257)
		},
		"'memory' setting for container 'b' is greater than for the task": func(_, b *types.ContainerDefinition) { b.Memory = aws.Int32(513) },
		"must be at least 6 MiB":          func(_, b *types.ContainerDefinition) { b.Memory = aws.Int32(5) },
		"Container.name should be unique": func(_, b *types.ContainerDefinition) { b.Name = aws.String("a") },
	} {
		in := definition("x:1")
		in.ContainerDefinitions = append(in.ContainerDefinitions, types.ContainerDefinition{Name: aws.String("b"), Image: aws.String("x:1")})
		edit(&in.ContainerDefinitions[0], &in.ContainerDefinitions[1])
		err := checkTaskDefinition(in)
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v", want, err)
		}
	}
}

func TestAServiceIsNotMadeTwiceNorWhileItDrains(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newECSBench(t)
		b.create(image)
		time.Sleep(2 * time.Minute)
		if _, err := b.api.CreateService(context.Background(), b.serviceInput(image)); err == nil || !strings.Contains(err.Error(), "Creation of service was not idempotent.") {
			t.Fatalf("got %v", err)
		}
		if _, err := b.api.DeleteService(context.Background(), &ecs.DeleteServiceInput{Cluster: aws.String("c"), Service: aws.String("s"), Force: aws.Bool(true)}); err != nil {
			t.Fatal(err)
		}
		if _, err := b.api.CreateService(context.Background(), b.serviceInput(image)); err == nil || !strings.Contains(err.Error(), "Unable to Start a service that is still Draining.") {
			t.Fatalf("got %v", err)
		}
		time.Sleep(time.Minute)
		b.create(image)
	})
}

func TestACrashingRevisionIsRolledBackToTheLastThatCompleted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newECSBench(t)
		b.create(image)
		time.Sleep(3 * time.Minute)
		good := *b.service().TaskDefinition
		b.update(func(in *ecs.UpdateServiceInput) {
			in.TaskDefinition = aws.String(b.register("public.ecr.aws/docker/library/python:crash"))
		})
		time.Sleep(10 * time.Minute)
		x := b.service()
		if *x.TaskDefinition != good || x.RunningCount != 1 || x.Deployments[0].RolloutState != types.DeploymentRolloutStateCompleted {
			t.Fatalf("the service runs %s with %d tasks, %s", *x.TaskDefinition, x.RunningCount, x.Deployments[0].RolloutState)
		}
		if l := b.ledger(); len(l) != 2 || l[0].Status != types.ServiceDeploymentStatusRollbackSuccessful {
			t.Fatalf("the ledger has %d lines, the last %s", len(l), l[0].Status)
		}
	})
}

func TestAFirstDeploymentThatFailsHasNothingToGoBackTo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for image, want := range map[string]string{
			"public.ecr.aws/docker/library/python:oom":     "Essential container in task exited",
			"public.ecr.aws/docker/library/python:missing": "CannotPullContainerError",
		} {
			b := newECSBench(t)
			b.create(image)
			time.Sleep(10 * time.Minute)
			x := b.service()
			if d := x.Deployments[0]; d.RolloutState != types.DeploymentRolloutStateFailed || d.FailedTasks != 2 || x.RunningCount+x.PendingCount != 0 {
				t.Errorf("%s: %s after %d failures", image, d.RolloutState, d.FailedTasks)
			}
			list, err := b.api.ListTasks(context.Background(), &ecs.ListTasksInput{Cluster: aws.String("c"), ServiceName: aws.String("s"), DesiredStatus: types.DesiredStatusStopped})
			if err != nil || len(list.TaskArns) != 2 {
				t.Fatalf("stopped are %v, %v", list, err)
			}
			tasks, err := b.api.DescribeTasks(context.Background(), &ecs.DescribeTasksInput{Cluster: aws.String("c"), Tasks: list.TaskArns})
			if err != nil || !strings.Contains(*tasks.Tasks[0].StoppedReason, want) {
				t.Errorf("%s: %v, %v", image, *tasks.Tasks[0].StoppedReason, err)
			}
		}
	})
}

func TestSpotHasNoFallback(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newECSBench(t)
		_ = b.sim.Edit(func(w *World) { w.NoSpotCapacity = true })
		in := b.serviceInput(image)
		in.CapacityProviderStrategy = []types.CapacityProviderStrategyItem{{CapacityProvider: aws.String("FARGATE_SPOT"), Weight: 1}}
		if _, err := b.api.CreateService(context.Background(), in); err != nil {
			t.Fatal(err)
		}
		time.Sleep(5 * time.Minute)
		if x := b.service(); x.RunningCount != 0 || !strings.Contains(*x.Events[0].Message, "Capacity is unavailable at this time") {
			t.Fatalf("%d tasks run, the last event is %s", x.RunningCount, *x.Events[0].Message)
		}
		_ = b.sim.Edit(func(w *World) { w.NoSpotCapacity = false })
		time.Sleep(2 * time.Minute)
		if x := b.service(); x.RunningCount != 1 {
			t.Fatalf("%d tasks run", x.RunningCount)
		}
		_ = b.sim.Edit(func(w *World) { w.InterruptSpot = true })
		time.Sleep(130 * time.Second)
		list, err := b.api.ListTasks(context.Background(), &ecs.ListTasksInput{Cluster: aws.String("c"), DesiredStatus: types.DesiredStatusStopped})
		if err != nil || len(list.TaskArns) == 0 {
			t.Fatalf("nothing was interrupted: %v", err)
		}
	})
}

func TestAScaleInStopsTasksAndAnOffSwitchIsComplete(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newECSBench(t)
		b.create(image)
		b.update(func(in *ecs.UpdateServiceInput) { in.DesiredCount = aws.Int32(3) })
		time.Sleep(3 * time.Minute)
		if n := b.service().RunningCount; n != 3 {
			t.Fatalf("%d tasks run", n)
		}
		b.update(func(in *ecs.UpdateServiceInput) { in.DesiredCount = aws.Int32(4) })
		b.update(func(in *ecs.UpdateServiceInput) { in.DesiredCount = aws.Int32(3) })
		if n := b.service().RunningCount; n != 3 {
			t.Errorf("%d tasks run: one that ran was stopped, and the one that had just been started was kept", n)
		}
		b.update(func(in *ecs.UpdateServiceInput) { in.DesiredCount = aws.Int32(0) })
		time.Sleep(2 * time.Minute)
		x := b.service()
		if x.RunningCount != 0 || x.Deployments[0].RolloutState != types.DeploymentRolloutStateCompleted {
			t.Fatalf("%d tasks run, %s", x.RunningCount, x.Deployments[0].RolloutState)
		}
		_ = b.sim.Edit(func(w *World) {
			if n := len(w.NetworkInterfaces); n != 0 {
				t.Errorf("%d interfaces are left", n)
			}
		})
	})
}
