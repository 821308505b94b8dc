//go:build wire

package wire

import (
	"slices"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/karmacadabra/karmactl/internal/fleet"
	"github.com/karmacadabra/karmactl/internal/fleet/logs"
	"github.com/karmacadabra/karmactl/internal/provision"
	"github.com/karmacadabra/karmactl/internal/tasks"
)

// A task that runs once has the service's network and revision, is found by its tag, stops when
// it is told to, and down leaves none, on each emulator that can run one.
func TestATaskRunsOnceOverTheWire(t *testing.T) {
	for _, e := range emulators() {
		if slices.ContainsFunc(e.without, func(l lack) bool { return slices.Contains(l.kinds, "task") }) {
			t.Logf("%s runs none, as TestTheWholeStackOverTheWire asks it each time", e.name)
			continue
		}
		t.Run(e.name, func(t *testing.T) {
			a := e.open(t, nil)
			cfg := small(t)
			a.keys(t, cfg)
			l := a.newLife(t, cfg)
			l.up(t)
			home, agent := a.home(cfg), cfg.Agents[0].Name
			task := runOnce(t, home, agent, "once")
			if d := task.Overrides.ContainerOverrides; len(d) != 1 || aws.ToString(d[0].Name) != agent || len(d[0].Command) != 2 {
				t.Errorf("its command is %+v", d)
			}
			found := unfinished(t, home)
			if len(found) != 1 || aws.ToString(found[0].TaskArn) != aws.ToString(task.TaskArn) || provision.RunAgent(found[0]) != agent {
				t.Fatalf("%d tasks that run once are found: %+v", len(found), found)
			}
			stop := make(chan struct{})
			close(stop)
			run := &fleet.Run{
				ECS: home.Clients.ECS, Cluster: home.ClusterName(), Agent: agent, Clock: a.clock, Stop: stop,
				Log: &logs.StreamReader{API: home.Clients.Logs, Agent: agent, Stream: logs.Stream{
					Group: provision.LogGroupName(home.Stack, agent), Name: fleet.LogStream(agent, tasks.ID(aws.ToString(task.TaskArn))),
				}},
				Emit: func(logs.Event) error { return nil }, Say: func(string) {},
			}
			end, err := run.Follow(t.Context(), aws.ToString(task.TaskArn))
			if err != nil || !end.Stopped || aws.ToString(end.Task.LastStatus) != "STOPPED" {
				t.Errorf("it ends with %+v: %v", end, err)
			}
			runOnce(t, home, agent, "left")
			if err := home.StopRuns(t.Context()); err != nil {
				t.Error(err)
			}
			if left := unfinished(t, home); len(left) != 0 {
				t.Errorf("%d tasks are left", len(left))
			}
			l.down(t)
		})
	}
}

// runOnce starts a task of an agent as its service starts them.
func runOnce(t *testing.T, home *provision.Env, agent, token string) types.Task {
	t.Helper()
	services, err := tasks.Services(t.Context(), home.Clients.ECS, home.ClusterName(), []string{agent})
	if err != nil || len(services) != 1 {
		t.Fatalf("%d services: %v", len(services), err)
	}
	task, err := provision.RunTask(t.Context(), home.Clients.ECS, provision.RunSpec{
		Cluster: home.ClusterName(), TaskDefinition: aws.ToString(services[0].TaskDefinition), Container: agent, Command: []string{"sleep", "60"},
		Network: services[0].NetworkConfiguration, Tags: home.RunTags(agent), Token: token,
	})
	if err != nil {
		t.Fatal(err)
	}
	if aws.ToString(task.TaskDefinitionArn) != aws.ToString(services[0].TaskDefinition) {
		t.Errorf("the task is of %s, not of %s", aws.ToString(task.TaskDefinitionArn), aws.ToString(services[0].TaskDefinition))
	}
	return task
}

// unfinished are the stack's tasks that run once and have not ended.
func unfinished(t *testing.T, home *provision.Env) []types.Task {
	t.Helper()
	found, err := provision.Runs(t.Context(), home.Clients.ECS, home.ClusterName(), home.Stack)
	if err != nil {
		t.Fatal(err)
	}
	return found
}
