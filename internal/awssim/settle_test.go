package awssim

import (
	"fmt"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	logs "github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/karmacadabra/karmactl/internal/engine"
)

// TestTwoProcessesSeeTheSameHappen has one process deploy, and another follow the
// logs and the tasks at moments of its own: what happened when is the same for both.
func TestTwoProcessesSeeTheSameHappen(t *testing.T) {
	for _, every := range []time.Duration{300 * time.Millisecond, 700 * time.Millisecond, 3100 * time.Millisecond} {
		synctest.Test(t, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "world.json")
			open := func() *Sim {
				s, err := New(Options{Clock: engine.RealClock{}, File: file})
				if err != nil {
					t.Fatal(err)
				}
				return s
			}
			deploys := open()
			b := &ecsBench{t: t, sim: deploys, api: ecs.NewFromConfig(deploys.Config())}
			b.found(&logs.CreateLogGroupInput{LogGroupName: aws.String("/ecs/a")})
			b.loggedService("/ecs/a")

			follows := open()
			seen, tasks := map[string]map[string]bool{}, map[string]bool{}
			for from := time.Now(); time.Since(from) < 5*time.Minute; time.Sleep(every) {
				if time.Since(from) > time.Minute && len(deploys.Mutations()) < 5 {
					b.update(func(in *ecs.UpdateServiceInput) { in.ForceNewDeployment = true })
				}
				if time.Since(from)/every%7 == 0 {
					_ = b.service()
				}
				out, err := logs.NewFromConfig(follows.Config()).FilterLogEvents(t.Context(), &logs.FilterLogEventsInput{LogGroupName: aws.String("/ecs/a")})
				if err != nil {
					t.Fatal(err)
				}
				for _, e := range out.Events {
					says := *e.LogStreamName + " says " + *e.Message
					if seen[says] == nil {
						seen[says] = map[string]bool{}
					}
					seen[says][fmt.Sprint(*e.Timestamp, *e.IngestionTime, *e.EventId)] = true
				}
				list, err := ecs.NewFromConfig(follows.Config()).ListTasks(t.Context(), &ecs.ListTasksInput{Cluster: aws.String("c"), DesiredStatus: types.DesiredStatusRunning})
				if err != nil {
					t.Fatal(err)
				}
				for _, arn := range list.TaskArns {
					tasks[arn] = true
				}
			}
			if len(tasks) != 2 || len(seen) != 6 {
				t.Errorf("looking every %s shows %d tasks and %d lines: want 2 tasks, each with its three lines", every, len(tasks), len(seen))
			}
			for says, events := range seen {
				if len(events) != 1 {
					t.Errorf("looking every %s, %s at %v", every, says, events)
				}
			}
		})
	}
}

// found makes a cluster, a subnet and a log group in a world that has none.
func (b *ecsBench) found(group *logs.CreateLogGroupInput) {
	b.t.Helper()
	if err := b.sim.Edit(foundECS); err != nil {
		b.t.Fatal(err)
	}
	if _, err := logs.NewFromConfig(b.sim.Config()).CreateLogGroup(b.t.Context(), group); err != nil {
		b.t.Fatal(err)
	}
}

// loggedService makes a service of one task that writes to a log group.
func (b *ecsBench) loggedService(group string) {
	b.t.Helper()
	d := definition(image)
	d.ContainerDefinitions[0].LogConfiguration = &types.LogConfiguration{LogDriver: types.LogDriverAwslogs, Options: map[string]string{
		"awslogs-group": group, "awslogs-region": "us-east-1", "awslogs-stream-prefix": "agent",
	}}
	d.ExecutionRoleArn = aws.String("arn:aws:iam::123456789012:role/execution")
	out, err := b.api.RegisterTaskDefinition(b.t.Context(), d)
	if err != nil {
		b.t.Fatal(err)
	}
	in := b.serviceInput(image)
	in.TaskDefinition = out.TaskDefinition.TaskDefinitionArn
	if _, err := b.api.CreateService(b.t.Context(), in); err != nil {
		b.t.Fatal(err)
	}
}
