package awssim

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
)

// crew registers a first container, one that comes before it and one beside it, and starts
// a task of them.
func (b *ecsBench) crew(before []string, beside string, condition types.ContainerCondition) string {
	b.t.Helper()
	in := definition(image)
	in.ContainerDefinitions[0].DependsOn = []types.ContainerDependency{
		{ContainerName: aws.String("before"), Condition: types.ContainerConditionSuccess}, {ContainerName: aws.String("beside"), Condition: condition},
	}
	in.ContainerDefinitions = append(in.ContainerDefinitions,
		types.ContainerDefinition{Name: aws.String("before"), Image: aws.String(image), Essential: aws.Bool(false), Command: before},
		types.ContainerDefinition{Name: aws.String("beside"), Image: aws.String(beside), HealthCheck: &types.HealthCheck{Command: []string{"CMD", "true"}}})
	ctx := context.Background()
	d, err := b.api.RegisterTaskDefinition(ctx, in)
	if err != nil {
		b.t.Fatal(err)
	}
	time.Sleep(10 * time.Second) // until it can be seen
	out, err := b.api.RunTask(ctx, &ecs.RunTaskInput{
		Cluster: aws.String("c"), TaskDefinition: d.TaskDefinition.TaskDefinitionArn, NetworkConfiguration: b.serviceInput(image).NetworkConfiguration,
		Overrides: &types.TaskOverride{ContainerOverrides: []types.ContainerOverride{{Name: aws.String("a"), Command: []string{"sh", "-c", "sleep 300"}}}},
	})
	if err != nil {
		b.t.Fatal(err)
	}
	return *out.Tasks[0].TaskArn
}

// at is the task's status, then each container's and its exit code, after a time.
func (b *ecsBench) at(arn string, after time.Duration) string {
	b.t.Helper()
	time.Sleep(after)
	out, err := b.api.DescribeTasks(context.Background(), &ecs.DescribeTasksInput{Cluster: aws.String("c"), Tasks: []string{arn}})
	if err != nil {
		b.t.Fatal(err)
	}
	text := *out.Tasks[0].LastStatus
	for _, c := range out.Tasks[0].Containers {
		text += " " + *c.LastStatus
		if c.ExitCode != nil {
			text += "(" + string(rune('0'+*c.ExitCode%10)) + ")"
		}
	}
	return text
}

func TestContainersStartWhenWhatTheyWaitForIsThere(t *testing.T) {
	type look struct {
		after time.Duration
		want  string
	}
	for name, c := range map[string]struct {
		before    []string
		beside    string
		condition types.ContainerCondition
		looks     []look
		reason    string
	}{
		"a program that ends well, and a server": {
			[]string{"sh", "-c", "sleep 20"},
			image, types.ContainerConditionStart,
			[]look{{50 * time.Second, "PENDING PENDING RUNNING RUNNING"}, {20 * time.Second, "RUNNING RUNNING STOPPED(0) RUNNING"}, {340 * time.Second, "STOPPED STOPPED(0) STOPPED(0) STOPPED(0)"}},
			"",
		},
		"a program that fails": {
			[]string{"sh", "-c", "sleep 5; exit 3"},
			image, types.ContainerConditionStart,
			[]look{{60 * time.Second, "STOPPED STOPPED(3) STOPPED(3) STOPPED(0)"}},
			"CannotStartContainerError: dependency graph: failed to resolve container ordering dependency [before] for target [a] as dependency did not exit successfully.",
		},
		"a server that becomes healthy": {
			[]string{"true"},
			image, types.ContainerConditionHealthy,
			[]look{{50 * time.Second, "PENDING PENDING STOPPED(0) RUNNING"}, {15 * time.Second, "RUNNING RUNNING STOPPED(0) RUNNING"}},
			"",
		},
		"a server that does not": {
			[]string{"true"},
			"public.ecr.aws/x/y:unhealthy", types.ContainerConditionHealthy,
			[]look{{200 * time.Second, "PENDING PENDING STOPPED(0) RUNNING"}, {40 * time.Second, "STOPPED STOPPED(3) STOPPED(0) STOPPED(0)"}},
			"CannotStartContainerError: dependency graph: container ordering dependency [beside] for target [a] has timed out.",
		},
		"an essential server that ends": {
			[]string{"sh", "-c", "exit 0"},
			"public.ecr.aws/x/y:crash", types.ContainerConditionStart,
			[]look{{120 * time.Second, "STOPPED STOPPED(3) STOPPED(0) STOPPED(1)"}},
			"",
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := newECSBench(t)
				arn := b.crew(c.before, c.beside, c.condition)
				for _, l := range c.looks {
					if got := b.at(arn, l.after); got != l.want {
						t.Errorf("after %s it is %q, want %q", l.after, got, l.want)
					}
				}
				out, err := b.api.DescribeTasks(context.Background(), &ecs.DescribeTasksInput{Cluster: aws.String("c"), Tasks: []string{arn}})
				if err != nil {
					t.Fatal(err)
				}
				if got := aws.ToString(out.Tasks[0].Containers[0].Reason); got != c.reason {
					t.Errorf("the reason is %q", got)
				}
			})
		})
	}
}
