package awssim

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/karmacadabra/karmactl/internal/cloud"
	"github.com/karmacadabra/karmactl/internal/lazyregexp"
)

// TaskDefinition is one revision of a simulated family.
type TaskDefinition struct {
	Definition types.TaskDefinition
	Tags       cloud.Tags
	Created    time.Time
}

func (d *TaskDefinition) status() types.TaskDefinitionStatus { return d.Definition.Status }

func (s *Sim) taskDefinitionNoun() noun {
	return noun{
		ops: []operation{
			on("ECS.RegisterTaskDefinition", s.registerTaskDefinition, "Family", "ContainerDefinitions", "Cpu", "Memory", "NetworkMode",
				"RequiresCompatibilities", "ExecutionRoleArn", "TaskRoleArn", "RuntimePlatform", "Tags", "EphemeralStorage"),
			on("ECS.DescribeTaskDefinition", s.describeTaskDefinition, "TaskDefinition", "Include"),
			on("ECS.ListTaskDefinitions", s.listTaskDefinitions, "FamilyPrefix", "Status", "Sort").pages("TaskDefinitionArns", 100, 100),
			on("ECS.DeregisterTaskDefinition", s.deregisterTaskDefinition, "TaskDefinition"),
			on("ECS.DeleteTaskDefinitions", s.deleteTaskDefinitions, "TaskDefinitions"),
		},
		each: func(tell func(thing)) {
			for arn, d := range s.world.TaskDefinitions {
				tell(thing{kind: "task-definition", name: arn, tags: d.Tags, gone: d.status() != types.TaskDefinitionStatusActive, arn: arn, since: d.Created})
			}
		},
	}
}

// fargateMemory are the sizes that Fargate has, in MiB by CPU units:
// https://docs.aws.amazon.com/AmazonECS/latest/developerguide/fargate-tasks-services.html
func fargateMemory(cpu, memory int) bool {
	step := func(from, to, by int) bool { return memory >= from && memory <= to && (memory-from)%by == 0 }
	switch cpu {
	case 256:
		return memory == 512 || memory == 1024 || memory == 2048
	case 512:
		return step(1024, 4096, 1024)
	case 1024:
		return step(2048, 8192, 1024)
	case 2048:
		return step(4096, 16384, 1024)
	case 4096:
		return step(8192, 30720, 1024)
	case 8192:
		return step(16384, 61440, 4096)
	case 16384:
		return step(32768, 122880, 8192)
	}
	return false
}

var (
	ecsFamily = lazyregexp.New(`^[A-Za-z0-9_-]{1,255}$`)
	portName  = lazyregexp.New(`^[a-z0-9_][a-z0-9_-]{0,63}$`)
	// asmARN has two resource segments or exactly five.
	asmARN = lazyregexp.New(`^arn:aws[a-z-]*:secretsmanager:[^:]+:\d+:secret:[^:]+(:[^:]*:[^:]*:[^:]*)?$`)
	ssmARN = lazyregexp.New(`^(arn:aws[a-z-]*:ssm:[^:]+:\d+:parameter/.+|[A-Za-z0-9_.\-/]+)$`)
)

const (
	maxTaskDefinition = 64 << 10
	maxContainers     = 10
)

func (s *Sim) registerTaskDefinition(in *ecs.RegisterTaskDefinitionInput) (*ecs.RegisterTaskDefinitionOutput, error) {
	if err := checkTaskDefinition(in); err != nil {
		return nil, err
	}
	tags := fromECSTags(in.Tags)
	if err := checkECSTags(tags); err != nil {
		return nil, err
	}
	family := aws.ToString(in.Family)
	s.world.Families[family]++
	d := &TaskDefinition{Tags: tags, Created: s.now(), Definition: types.TaskDefinition{
		Family: in.Family, Revision: int32(s.world.Families[family]), Status: types.TaskDefinitionStatusActive, ContainerDefinitions: in.ContainerDefinitions,
		Cpu: in.Cpu, Memory: in.Memory, NetworkMode: in.NetworkMode, RequiresCompatibilities: in.RequiresCompatibilities, Compatibilities: []types.Compatibility{types.CompatibilityEc2, types.CompatibilityFargate},
		ExecutionRoleArn: in.ExecutionRoleArn, TaskRoleArn: in.TaskRoleArn, RuntimePlatform: in.RuntimePlatform, EphemeralStorage: in.EphemeralStorage, RegisteredAt: aws.Time(s.now()),
	}}
	// AWS fills in what was left out.
	for i := range d.Definition.ContainerDefinitions {
		c := &d.Definition.ContainerDefinitions[i]
		c.Essential = aws.Bool(c.Essential == nil || *c.Essential)
		for j := range c.PortMappings {
			p := &c.PortMappings[j]
			p.HostPort = p.ContainerPort
			if p.Protocol == "" {
				p.Protocol = types.TransportProtocolTcp
			}
		}
	}
	arn := s.world.arn("ecs", fmt.Sprintf("task-definition/%s:%d", family, d.Definition.Revision))
	d.Definition.TaskDefinitionArn = &arn
	s.world.TaskDefinitions[arn] = d
	return &ecs.RegisterTaskDefinitionOutput{TaskDefinition: &d.Definition, Tags: toECSTags(tags)}, nil
}

func checkTaskDefinition(in *ecs.RegisterTaskDefinitionInput) error {
	bad := func(format string, args ...any) error { return fail("ClientException", format, args...) }
	if !ecsFamily.MatchString(aws.ToString(in.Family)) {
		return bad("Family contains invalid characters.")
	}
	if n := len(in.ContainerDefinitions); n == 0 || n > maxContainers {
		return bad("A task definition has 1 to %d container definitions.", maxContainers)
	}
	if b, err := json.Marshal(in); err != nil || len(b) > maxTaskDefinition {
		return bad("Actual length: '%d'. Max allowed length is '65536' bytes.", len(b))
	}
	if slices.Contains(in.RequiresCompatibilities, types.CompatibilityFargate) {
		if in.NetworkMode != types.NetworkModeAwsvpc {
			return bad("Fargate only supports network mode ‘awsvpc’.")
		}
		cpu, _ := strconv.Atoi(aws.ToString(in.Cpu))
		memory, _ := strconv.Atoi(aws.ToString(in.Memory))
		if !fargateMemory(cpu, memory) {
			return bad("No Fargate configuration exists for given values: %s CPU, %s memory. See the Amazon ECS documentation for the valid values.", aws.ToString(in.Cpu), aws.ToString(in.Memory))
		}
	}
	names, essential := map[string]bool{}, false
	for _, c := range in.ContainerDefinitions {
		if names[aws.ToString(c.Name)] {
			return bad("Container.name should be unique: %s", aws.ToString(c.Name))
		}
		names[aws.ToString(c.Name)] = true
		essential = essential || c.Essential == nil || *c.Essential
		if err := checkContainer(in, c); err != nil {
			return err
		}
	}
	if !essential {
		return bad("Invalid 'essential' setting: at least one container must be essential.")
	}
	return nil
}

func checkContainer(in *ecs.RegisterTaskDefinitionInput, c types.ContainerDefinition) error {
	bad := func(format string, args ...any) error { return fail("ClientException", format, args...) }
	name := aws.ToString(c.Name)
	if !ecsFamily.MatchString(name) {
		return bad("Container.name contains invalid characters.")
	}
	if aws.ToString(c.Image) == "" {
		return bad("Container.image should not be null or empty.")
	}
	if n := c.StopTimeout; n != nil && (*n < 2 || *n > 120) {
		return bad("Container stop timeout %d is not valid. It must be between 2 and 120 seconds.", *n)
	}
	for _, p := range c.PortMappings {
		if p.ContainerPort == nil || *p.ContainerPort < 1 || *p.ContainerPort > 65535 {
			return bad("Invalid 'containerPort' setting for container '%s'", name)
		}
		if p.HostPort != nil && *p.HostPort != *p.ContainerPort {
			return bad("When networkMode=awsvpc, the host ports and container ports in port mappings must match.")
		}
		if p.Name != nil && !portName.MatchString(*p.Name) {
			return bad("The port mapping name '%s' contains invalid characters.", *p.Name)
		}
		if p.AppProtocol != "" && p.Name == nil {
			return bad("The appProtocol parameter requires a port mapping name.")
		}
	}
	if h := c.HealthCheck; h != nil {
		in := func(n *int32, from, to int32) bool { return n == nil || *n >= from && *n <= to }
		if len(h.Command) < 2 || !in(h.Interval, 5, 300) || !in(h.Timeout, 2, 60) || !in(h.Retries, 1, 10) || !in(h.StartPeriod, 0, 300) {
			return bad("The health check of container '%s' is not valid.", name)
		}
	}
	seen := map[string]bool{}
	for _, e := range c.Environment {
		seen[aws.ToString(e.Name)] = true
	}
	for _, x := range c.Secrets {
		from := aws.ToString(x.ValueFrom)
		if seen[aws.ToString(x.Name)] {
			return bad("The secret name must be unique and not shared with any new or existing environment variables set on the container, such as '%s'.", aws.ToString(x.Name))
		}
		seen[aws.ToString(x.Name)] = true
		if strings.Contains(from, ":secretsmanager:") && !asmARN.MatchString(from) || !strings.Contains(from, ":secretsmanager:") && !ssmARN.MatchString(from) {
			return bad("an invalid ARN format for the AWS Secrets Manager secret was specified. Specify a valid ARN and try again.")
		}
	}
	if in.ExecutionRoleArn == nil && (len(c.Secrets) > 0 || c.LogConfiguration != nil && c.LogConfiguration.LogDriver == types.LogDriverAwslogs) {
		return bad("Fargate requires task definition to have execution role ARN to support log driver awslogs and secrets.")
	}
	return checkLog(c)
}

func checkLog(c types.ContainerDefinition) error {
	l := c.LogConfiguration
	if l == nil || l.LogDriver != types.LogDriverAwslogs {
		return nil
	}
	for _, need := range []string{"awslogs-group", "awslogs-region", "awslogs-stream-prefix"} {
		if l.Options[need] == "" {
			return fail("ClientException", "Log driver awslogs requires options: %s", need)
		}
	}
	for k, v := range l.Options {
		switch k {
		case "awslogs-group", "awslogs-region", "awslogs-stream-prefix", "awslogs-create-group", "awslogs-datetime-format", "awslogs-multiline-pattern", "max-buffer-size":
		case "mode":
			if v != "blocking" && v != "non-blocking" {
				return fail("ClientException", "Log driver awslogs: mode %q is not valid", v)
			}
		default:
			return fail("ClientException", "Log driver awslogs disallows options: %s", k)
		}
	}
	return nil
}

// taskDefinition finds a revision by ARN or family:revision, or the latest active one of a family.
func (s *Sim) taskDefinition(ref string) *TaskDefinition {
	if d := s.world.TaskDefinitions[ref]; d != nil {
		return d
	}
	ref = ref[strings.LastIndex(ref, "/")+1:]
	if strings.Contains(ref, ":") {
		return s.world.TaskDefinitions[s.world.arn("ecs", "task-definition/"+ref)]
	}
	for rev := s.world.Families[ref]; rev > 0; rev-- {
		d := s.world.TaskDefinitions[s.world.arn("ecs", fmt.Sprintf("task-definition/%s:%d", ref, rev))]
		if d != nil && d.status() == types.TaskDefinitionStatusActive && s.visible(d.Created) {
			return d
		}
	}
	return nil
}

func (s *Sim) describeTaskDefinition(in *ecs.DescribeTaskDefinitionInput) (*ecs.DescribeTaskDefinitionOutput, error) {
	d := s.taskDefinition(aws.ToString(in.TaskDefinition))
	if d == nil {
		return nil, fail("ClientException", "Unable to describe task definition.")
	}
	out := &ecs.DescribeTaskDefinitionOutput{TaskDefinition: &d.Definition}
	if slices.Contains(in.Include, types.TaskDefinitionFieldTags) {
		out.Tags = toECSTags(d.Tags)
	}
	return out, nil
}

func (s *Sim) listTaskDefinitions(in *ecs.ListTaskDefinitionsInput) (*ecs.ListTaskDefinitionsOutput, error) {
	status := in.Status
	if status == "" {
		status = types.TaskDefinitionStatusActive
	}
	var all []*TaskDefinition
	for _, d := range s.world.TaskDefinitions {
		if d.status() == status && s.visible(d.Created) && (in.FamilyPrefix == nil || *in.FamilyPrefix == *d.Definition.Family) {
			all = append(all, d)
		}
	}
	slices.SortFunc(all, func(a, b *TaskDefinition) int {
		if c := strings.Compare(*a.Definition.Family, *b.Definition.Family); c != 0 {
			return c
		}
		return int(a.Definition.Revision - b.Definition.Revision)
	})
	if in.Sort == types.SortOrderDesc {
		slices.Reverse(all)
	}
	out := &ecs.ListTaskDefinitionsOutput{}
	for _, d := range all {
		out.TaskDefinitionArns = append(out.TaskDefinitionArns, *d.Definition.TaskDefinitionArn)
	}
	return out, nil
}

func (s *Sim) deregisterTaskDefinition(in *ecs.DeregisterTaskDefinitionInput) (*ecs.DeregisterTaskDefinitionOutput, error) {
	ref := aws.ToString(in.TaskDefinition)
	d := s.taskDefinition(ref)
	if d == nil || !strings.Contains(ref[strings.LastIndex(ref, "/")+1:], ":") {
		return nil, fail("ClientException", "The specified task definition does not exist. Specify a valid account, family, revision and try again.")
	}
	d.Definition.Status, d.Definition.DeregisteredAt = types.TaskDefinitionStatusInactive, aws.Time(s.now())
	return &ecs.DeregisterTaskDefinitionOutput{TaskDefinition: &d.Definition}, nil
}

// deleteTaskDefinitions takes ten at most, all of them deregistered. What a task
// or a deployment still uses stays in DELETE_IN_PROGRESS until it does not.
func (s *Sim) deleteTaskDefinitions(in *ecs.DeleteTaskDefinitionsInput) (*ecs.DeleteTaskDefinitionsOutput, error) {
	if n := len(in.TaskDefinitions); n == 0 || n > 10 {
		return nil, fail("InvalidParameterException", "Specify 1 to 10 task definitions.")
	}
	out := &ecs.DeleteTaskDefinitionsOutput{}
	for _, ref := range in.TaskDefinitions {
		d := s.taskDefinition(ref)
		switch {
		case d == nil:
			out.Failures = append(out.Failures, types.Failure{Arn: aws.String(ref), Reason: aws.String("MISSING")})
		case d.status() == types.TaskDefinitionStatusActive:
			out.Failures = append(out.Failures, types.Failure{Arn: aws.String(ref), Reason: aws.String("The specified task definition is still in ACTIVE status. Please deregister the target and try again.")})
		default:
			d.Definition.Status = types.TaskDefinitionStatusDeleteInProgress
			out.TaskDefinitions = append(out.TaskDefinitions, d.Definition)
		}
	}
	return out, nil
}

// settleTaskDefinitions lets go of the deleted ones that nothing uses.
func (s *Sim) settleTaskDefinitions() {
	for arn, d := range s.world.TaskDefinitions {
		if d.status() == types.TaskDefinitionStatusDeleteInProgress && !s.usesTaskDefinition(arn) {
			delete(s.world.TaskDefinitions, arn)
		}
	}
}

// usesTaskDefinition tells whether a task or a deployment still has a revision.
func (s *Sim) usesTaskDefinition(arn string) bool {
	for _, t := range s.world.Tasks {
		if t.Definition == arn && t.Status != "STOPPED" {
			return true
		}
	}
	for _, x := range s.world.Services {
		for _, d := range x.Deployments {
			if d.Config.TaskDefinition == arn {
				return true
			}
		}
	}
	return false
}

// taskDefinitionTags are those of a revision, or nil.
func (s *Sim) taskDefinitionTags(arn string) cloud.Tags {
	if d := s.world.TaskDefinitions[arn]; d != nil {
		return d.Tags
	}
	return nil
}
