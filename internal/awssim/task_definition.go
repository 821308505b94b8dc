package awssim

import (
	"fmt"
	"slices"
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
				"RequiresCompatibilities", "ExecutionRoleArn", "TaskRoleArn", "RuntimePlatform", "Tags", "EphemeralStorage", "Volumes"),
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
		ExecutionRoleArn: in.ExecutionRoleArn, TaskRoleArn: in.TaskRoleArn, RuntimePlatform: in.RuntimePlatform, EphemeralStorage: in.EphemeralStorage, Volumes: in.Volumes, RegisteredAt: aws.Time(s.now()),
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
