package awssim

import (
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/karmacadabra/karmactl/internal/lazyregexp"
)

// startedBy is what a caller may write into a task's startedBy.
// https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_RunTask.html
var startedBy = lazyregexp.New(`^[A-Za-z0-9/_-]{0,128}$`)

// runTask starts a task that belongs to no service.
func (s *Sim) runTask(in *ecs.RunTaskInput) (*ecs.RunTaskOutput, error) {
	c, err := s.cluster(aws.ToString(in.Cluster))
	if err != nil {
		return nil, err
	}
	d := s.taskDefinition(aws.ToString(in.TaskDefinition))
	switch {
	case d == nil || !s.visible(d.Created):
		return nil, fail("ClientException", "TaskDefinition not found.")
	case d.status() != types.TaskDefinitionStatusActive:
		return nil, fail("ClientException", "TaskDefinition is inactive")
	case aws.ToInt32(in.Count) > 1:
		return nil, invalid("awssim runs one task at a time.")
	case in.LaunchType != "" && len(in.CapacityProviderStrategy) > 0:
		return nil, invalid("Specifying both a launch type and capacity provider strategy is not supported. Remove one and try again.")
	case in.NetworkConfiguration == nil || in.NetworkConfiguration.AwsvpcConfiguration == nil:
		return nil, invalid("Network Configuration must be provided when networkMode 'awsvpc' is specified.")
	case len(aws.ToString(in.ClientToken)) > 64:
		return nil, invalid("Client token must be 64 characters or less.")
	case !startedBy.MatchString(aws.ToString(in.StartedBy)):
		return nil, invalid("startedBy: up to 128 letters, numbers, hyphens, forward slashes and underscores are allowed.")
	}
	if err := checkOverrides(d, in.Overrides); err != nil {
		return nil, err
	}
	tags := fromECSTags(in.Tags)
	if in.PropagateTags == types.PropagateTagsTaskDefinition {
		own := tags
		tags = maps.Clone(d.Tags)
		maps.Copy(tags, own)
	}
	if err := checkECSTags(tags); err != nil {
		return nil, err
	}
	if t := s.sameToken(aws.ToString(in.ClientToken)); t != nil {
		return &ecs.RunTaskOutput{Tasks: []types.Task{s.describeTask(t, true)}}, nil
	}
	arn, provider := aws.ToString(d.Definition.TaskDefinitionArn), nextProvider(in.CapacityProviderStrategy, nil)
	if failure, err := s.unrunnable(arn, provider); failure != nil || err != nil {
		return &ecs.RunTaskOutput{Failures: failure}, err
	}
	t := s.place(&Task{
		Cluster: c.Name, Definition: arn, Provider: provider, Exec: in.EnableExecuteCommand, StartedBy: aws.ToString(in.StartedBy), Tags: tags,
		Token: aws.ToString(in.ClientToken), Overrides: in.Overrides, Config: ServiceConfig{TaskDefinition: arn, Network: in.NetworkConfiguration, Exec: in.EnableExecuteCommand},
		Created: s.now(),
	})
	return &ecs.RunTaskOutput{Tasks: []types.Task{s.describeTask(t, true)}}, nil
}

// checkOverrides holds ECS's rules for what a task may have otherwise than its definition.
func checkOverrides(d *TaskDefinition, o *types.TaskOverride) error {
	if o == nil {
		return nil
	}
	if (o.Cpu == nil) != (o.Memory == nil) && o.Cpu != nil {
		return fail("ClientException", "No Fargate configuration exists for given values: both cpu and memory are needed.")
	}
	size := 0
	for _, c := range o.ContainerOverrides {
		if !slices.ContainsFunc(d.Definition.ContainerDefinitions, func(have types.ContainerDefinition) bool { return aws.ToString(have.Name) == aws.ToString(c.Name) }) {
			return invalid("Override for container named %s is not a container in the TaskDefinition.", aws.ToString(c.Name))
		}
		for _, word := range c.Command {
			size += len(word) + 3
		}
	}
	if size > 8192 {
		return invalid("Container Overrides length must be at most 8192")
	}
	return nil
}

// sameToken is the task that a client token made already.
func (s *Sim) sameToken(token string) *Task {
	for _, t := range s.world.Tasks {
		if token != "" && t.Token == token {
			return t
		}
	}
	return nil
}

// unrunnable is why RunTask starts nothing: a failure in its answer where capacity lacks,
// and an error where the account or a role is in the way.
// https://docs.aws.amazon.com/AmazonECS/latest/developerguide/api_failures_messages.html
func (s *Sim) unrunnable(definition, provider string) ([]types.Failure, error) {
	switch {
	case provider == "FARGATE_SPOT" && s.world.NoSpotCapacity:
		return []types.Failure{{Reason: aws.String("Capacity is unavailable at this time. Please try again later or in a different availability zone")}}, nil
	case s.overQuota(provider, definition):
		return nil, fail("ClientException", "You’ve reached the limit on the number of vCPUs you can run concurrently")
	}
	if role := s.unassumable(definition); role != "" {
		return nil, fail("ClientException", "ECS was unable to assume the role '%s' that was provided for this task. Please verify that the role being passed has the proper trust relationship and permissions and that your IAM user has permissions to pass this role.", role)
	}
	return nil, nil
}

// command is what a task's first container runs.
func (s *Sim) command(t *Task) []string {
	if all := s.containersOf(t); len(all) > 0 {
		return s.commandOf(t, all[0])
	}
	return nil
}

// commandOf is what one of a task's containers runs.
func (s *Sim) commandOf(t *Task, c types.ContainerDefinition) []string {
	if t.Overrides == nil {
		return c.Command
	}
	command := c.Command
	for _, o := range t.Overrides.ContainerOverrides {
		if aws.ToString(o.Name) != aws.ToString(c.Name) {
			continue
		}
		if len(o.Command) > 0 {
			command = o.Command
		}
		for _, e := range o.Environment {
			command = strings.Split(strings.ReplaceAll(strings.Join(command, "\x00"), "$"+aws.ToString(e.Name), aws.ToString(e.Value)), "\x00")
		}
	}
	return command
}

// perform has a task that belongs to no service do what its command says by a time, and
// end with it.
func (s *Sim) perform(t *Task, at time.Time) {
	p := programOf(s.command(t))
	for ; t.Said < len(p.lines); t.Said++ {
		said := t.Started.Add(p.lines[t.Said].after)
		if said.After(at) {
			return
		}
		s.speak(t, said, p.lines[t.Said].text)
	}
	if ends := t.Started.Add(p.takes); !at.Before(ends) {
		t.ExitCode = aws.Int32(p.code)
		s.stop(t, types.TaskStopCodeEssentialContainerExited, "Essential container in task exited", ends)
	}
}

// taskGroup is the group of a task: its service's, or its family's.
func taskGroup(t *Task) string {
	if t.Service != "" {
		return "service:" + t.Service[strings.LastIndexByte(t.Service, '/')+1:]
	}
	return "family:" + familyOf(t)
}

// familyOf is the family of a task's definition.
func familyOf(t *Task) string {
	family, _, _ := strings.Cut(t.Definition[strings.LastIndexByte(t.Definition, '/')+1:], ":")
	return family
}
