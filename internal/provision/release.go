package provision

import (
	"cmp"
	"context"
	"crypto/rand"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/karmacadabra/karmactl/internal/engine"
	"github.com/karmacadabra/karmactl/internal/tasks"
)

// TagRelease is the tag of a task that runs an agent's release command; its value is the
// number of the revision that is to be rolled out.
const TagRelease = "karmactl:release"

const (
	// releaseEvery is how often the task is looked at.
	releaseEvery = 2 * time.Second
	// releaseLines is how many of its last lines are told, and releaseLogs how long they
	// are waited for: CloudWatch shows a log some seconds late.
	releaseLines, releaseLogs = 5, 10 * time.Second
)

// release runs an agent's release command once in a task of the new revision, with the
// network that its service has or will have, and waits for its end. An error means that
// the revision must not be rolled out. One that an interrupted run has left is followed.
func (s *Service) release(ctx context.Context, want ServiceSpec) error {
	if len(want.Release) == 0 {
		return nil
	}
	agent := s.Agent.Name
	t, err := s.releasing(ctx, agent, want)
	if err != nil {
		return err
	}
	arn := aws.ToString(t.TaskArn)
	for aws.ToString(t.LastStatus) != "STOPPED" {
		if err := s.Clock.Wait(ctx, releaseEvery); err != nil {
			return s.stopRelease(ctx, arn, err)
		}
		all, err := tasks.Describe(ctx, s.Clients.ECS, s.ClusterName(), []string{arn})
		if err != nil {
			return s.stopRelease(ctx, arn, err)
		}
		if len(all) == 0 {
			return fmt.Errorf("the release task %s of %s is gone: nothing was rolled out", tasks.Short(arn), agent)
		}
		t = all[0]
	}
	if own, _ := tasks.Container(t, agent); own.ExitCode != nil && *own.ExitCode == 0 {
		return nil
	}
	end := tasks.Ended(t, agent)
	why := fmt.Sprintf("the release of %s failed, so nothing was rolled out: %s: %s", agent, strings.Join(want.Release, " "), end)
	if lines := s.lastLines(ctx, agent, end.Container, arn); len(lines) > 0 {
		why += ": its last lines: " + strings.Join(lines, " · ")
	}
	return &DeploymentFailed{Agent: agent, Why: why, Release: true}
}

// releaseFirst tells that the release command runs before another revision is rolled out.
func releaseFirst(have, want ServiceSpec) []engine.Change {
	if have.TaskDefinition == want.TaskDefinition || len(want.Release) == 0 {
		return nil
	}
	return []engine.Change{{Field: "release", Now: "runs first: " + strings.Join(want.Release, " ")}}
}

// releasing is the task that runs the release command of the revision: one that is under
// way, or a new one. It is on demand, so that AWS does not take it away in the middle.
func (s *Service) releasing(ctx context.Context, agent string, want ServiceSpec) (types.Task, error) {
	all, err := Runs(ctx, s.Clients.ECS, s.ClusterName(), s.Stack)
	if err != nil {
		return types.Task{}, err
	}
	for _, t := range all {
		if aws.ToString(t.TaskDefinitionArn) == want.TaskDefinition && fromECSTags(t.Tags)[TagRelease] != "" {
			return t, nil
		}
	}
	_, revision := cutRevision(want.TaskDefinition)
	tags := s.RunTags(agent)
	tags[TagRelease] = fmt.Sprint(revision)
	return RunTask(ctx, s.Clients.ECS, RunSpec{
		Cluster: s.ClusterName(), TaskDefinition: want.TaskDefinition, Container: agent, Command: want.Release, Network: want.Network.input(), Tags: tags, Token: rand.Text(),
	})
}

// stopRelease stops the task when its end is not waited for: nothing is left running.
func (s *Service) stopRelease(ctx context.Context, arn string, cause error) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Minute)
	defer cancel()
	if _, err := s.Clients.ECS.StopTask(ctx, &ecs.StopTaskInput{Cluster: aws.String(s.ClusterName()), Task: &arn, Reason: aws.String("karmactl was interrupted")}); err != nil {
		return fmt.Errorf("%w; the release task %s could not be stopped: %w", cause, tasks.Short(arn), err)
	}
	return cause
}

// lastLines are the last lines that a task's container wrote; none when they cannot be read.
// CloudWatch shows them one after the other: they are the last ones when another look
// finds no more.
func (s *Service) lastLines(ctx context.Context, agent, container, arn string) []string {
	in := &cloudwatchlogs.GetLogEventsInput{
		LogGroupName: aws.String(s.LogGroupName(agent)), LogStreamName: aws.String(agent + "/" + cmp.Or(container, agent) + "/" + tasks.ID(arn)),
		Limit: aws.Int32(releaseLines), StartFromHead: aws.Bool(false),
	}
	var before []string
	for until := s.Clock.Now().Add(releaseLogs); ; {
		var lines []string
		if out, err := s.Clients.Logs.GetLogEvents(ctx, in); err == nil {
			for _, e := range out.Events {
				lines = append(lines, strings.TrimSpace(aws.ToString(e.Message)))
			}
		}
		lines = slices.DeleteFunc(lines, func(l string) bool { return l == "" })
		if len(lines) > 0 && slices.Equal(lines, before) || s.Clock.Now().After(until) || s.Clock.Wait(ctx, releaseEvery) != nil {
			return lines
		}
		before = lines
	}
}
