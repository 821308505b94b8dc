package awssim

import (
	"cmp"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sfn"
	"github.com/aws/aws-sdk-go-v2/service/sfn/types"

	"github.com/karmacadabra/karmactl/internal/cloud"
	"github.com/karmacadabra/karmactl/internal/lazyregexp"
)

// StateMachine is a simulated state machine of AWS Step Functions, of the type STANDARD.
type StateMachine struct {
	Name       string
	ARN        string
	Definition string
	Role       string
	Tags       cloud.Tags
	Created    time.Time
	// Deleting is since when it is being deleted: it is there until its executions have ended.
	Deleting time.Time
	// Entered is how many states its executions have entered, which is what is billed.
	Entered int
}

// machineDeleting is how long one without executions is DELETING. AWS says only that it is asynchronous:
// https://docs.aws.amazon.com/step-functions/latest/apireference/API_DeleteStateMachine.html
const machineDeleting = 5 * time.Second

func (s *Sim) stateMachineNoun() noun {
	return noun{
		ops: []operation{
			on("SFN.CreateStateMachine", s.createStateMachine, "Name", "Definition", "RoleArn", "Type", "Tags"),
			on("SFN.UpdateStateMachine", s.updateStateMachine, "StateMachineArn", "Definition", "RoleArn"),
			on("SFN.DescribeStateMachine", s.describeStateMachine, "StateMachineArn"),
			on("SFN.DeleteStateMachine", s.deleteStateMachine, "StateMachineArn"),
			on("SFN.ListTagsForResource", s.listStateMachineTags, "ResourceArn"),
			on("SFN.TagResource", s.tagStateMachine, "ResourceArn", "Tags"),
			on("SFN.UntagResource", s.untagStateMachine, "ResourceArn", "TagKeys"),
		},
		settle: func() {
			for arn, m := range s.world.StateMachines {
				if !m.Deleting.IsZero() && !s.now().Before(m.Deleting.Add(machineDeleting)) && len(s.runningExecutions(arn)) == 0 {
					delete(s.world.StateMachines, arn)
				}
			}
		},
		each: func(tell func(thing)) {
			for _, m := range s.world.StateMachines {
				tell(thing{kind: "state-machine", name: m.Name, tags: m.Tags, arn: m.ARN, since: m.Created, gone: !m.Deleting.IsZero()})
			}
		},
	}
}

// stateMachineName is what a state machine, or an execution, may be called.
// https://docs.aws.amazon.com/step-functions/latest/apireference/API_CreateStateMachine.html
var stateMachineName = lazyregexp.New("^[^\\s<>{}\\[\\]?*\"#%\\\\^|~`$&,;:/\\x00-\\x1f\\x7f-\\x9f]{1,80}$")

// mostDefinition is how long a definition may be, in bytes:
// https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html
const mostDefinition = 1 << 20

// stateMachine finds one by its ARN, one that is being deleted among them.
func (s *Sim) stateMachine(arn *string) (*StateMachine, error) {
	if !strings.HasPrefix(aws.ToString(arn), s.world.arn("states", "stateMachine:")) {
		return nil, fail("InvalidArn", "Invalid Arn: '%s'", aws.ToString(arn))
	}
	m := s.world.StateMachines[aws.ToString(arn)]
	if m == nil || !s.visible(m.Created) {
		return nil, fail("StateMachineDoesNotExist", "State Machine Does Not Exist: '%s'", aws.ToString(arn))
	}
	return m, nil
}

// createStateMachine gives the same one back to who asks for it again: that is told by name, definition and type,
// and a role or tags that are others are ignored.
// https://docs.aws.amazon.com/step-functions/latest/apireference/API_CreateStateMachine.html
func (s *Sim) createStateMachine(in *sfn.CreateStateMachineInput) (*sfn.CreateStateMachineOutput, error) {
	name, definition, role := aws.ToString(in.Name), aws.ToString(in.Definition), aws.ToString(in.RoleArn)
	if !stateMachineName.MatchString(name) {
		return nil, fail("InvalidName", "Invalid Name: '%s'", name)
	}
	if cmp.Or(in.Type, types.StateMachineTypeStandard) != types.StateMachineTypeStandard {
		return nil, fail("StateMachineTypeNotSupported", "awssim simulates the type STANDARD")
	}
	tags := fromSFNTags(in.Tags)
	if err := validTags(tags, "ValidationException"); err != nil {
		return nil, err
	}
	if err := s.checkStateMachine(definition, role); err != nil {
		return nil, err
	}
	arn := s.world.arn("states", "stateMachine:"+name)
	if m := s.world.StateMachines[arn]; m != nil {
		switch {
		case !m.Deleting.IsZero():
			return nil, fail("StateMachineDeleting", "State Machine is being deleted: '%s'", arn)
		case m.Definition != definition:
			return nil, fail("StateMachineAlreadyExists", "State Machine Already Exists: '%s'", arn)
		}
		return &sfn.CreateStateMachineOutput{StateMachineArn: &m.ARN, CreationDate: &m.Created}, nil
	}
	m := &StateMachine{Name: name, ARN: arn, Definition: definition, Role: role, Tags: tags, Created: s.now()}
	s.world.StateMachines[arn] = m
	return &sfn.CreateStateMachineOutput{StateMachineArn: &m.ARN, CreationDate: &m.Created}, nil
}

// checkStateMachine holds AWS's rules for a definition, and for its role: Step Functions takes it at once, and
// tries whether it may make the rule by which a task's end comes back.
// https://docs.aws.amazon.com/step-functions/latest/dg/ecs-iam.html
// https://github.com/hashicorp/terraform-provider-aws/blob/main/internal/service/sfn/state_machine.go (what is repeated)
func (s *Sim) checkStateMachine(definition, role string) error {
	if len(definition) > mostDefinition {
		return fail("InvalidDefinition", "Invalid State Machine Definition: 'MAX_DEFINITION_SIZE_EXCEEDED'")
	}
	d, why := parseMachine(definition)
	if why != "" {
		return fail("InvalidDefinition", "Invalid State Machine Definition: 'SCHEMA_VALIDATION_FAILED: %s'", why)
	}
	if !s.assumableBy(role, "states.amazonaws.com") {
		return fail("AccessDeniedException", "Neither the global service principal states.amazonaws.com, nor the regional one is authorized to assume the provided role.")
	}
	if !d.waitsForTasks() {
		return nil
	}
	for _, action := range []string{"events:PutTargets", "events:PutRule", "events:DescribeRule"} {
		if s.refusal(s.taskPrincipal(role, "states"), action, s.world.arn("events", "rule/StepFunctionsGetEventsForECSTaskRule")) != "" {
			return fail("AccessDeniedException", "'%s' is not authorized to create managed-rule.", role)
		}
	}
	return nil
}

// updateStateMachine changes what is given. Executions that run continue with what they began with.
// https://docs.aws.amazon.com/step-functions/latest/apireference/API_UpdateStateMachine.html
func (s *Sim) updateStateMachine(in *sfn.UpdateStateMachineInput) (*sfn.UpdateStateMachineOutput, error) {
	m, err := s.stateMachine(in.StateMachineArn)
	switch {
	case err != nil:
		return nil, err
	case !m.Deleting.IsZero():
		return nil, fail("StateMachineDeleting", "State Machine is being deleted: '%s'", m.ARN)
	case in.Definition == nil && in.RoleArn == nil:
		return nil, fail("MissingRequiredParameter", "Either the definition, the role ARN, the LoggingConfiguration, or the TracingConfiguration must be specified")
	}
	definition, role := cmp.Or(aws.ToString(in.Definition), m.Definition), cmp.Or(aws.ToString(in.RoleArn), m.Role)
	if err := s.checkStateMachine(definition, role); err != nil {
		return nil, err
	}
	m.Definition, m.Role = definition, role
	return &sfn.UpdateStateMachineOutput{UpdateDate: aws.Time(s.now())}, nil
}

func (s *Sim) describeStateMachine(in *sfn.DescribeStateMachineInput) (*sfn.DescribeStateMachineOutput, error) {
	m, err := s.stateMachine(in.StateMachineArn)
	if err != nil {
		return nil, err
	}
	status := types.StateMachineStatusActive
	if !m.Deleting.IsZero() {
		status = types.StateMachineStatusDeleting
	}
	return &sfn.DescribeStateMachineOutput{
		StateMachineArn: &m.ARN, Name: &m.Name, Definition: &m.Definition, RoleArn: &m.Role, Type: types.StateMachineTypeStandard, Status: status, CreationDate: &m.Created,
	}, nil
}

// deleteStateMachine only begins: executions end at their next transition, and one whose task runs waits for it.
// One that is not there is no error.
// https://docs.aws.amazon.com/step-functions/latest/apireference/API_DeleteStateMachine.html
func (s *Sim) deleteStateMachine(in *sfn.DeleteStateMachineInput) (*sfn.DeleteStateMachineOutput, error) {
	if m, err := s.stateMachine(in.StateMachineArn); err == nil && m.Deleting.IsZero() {
		m.Deleting = s.now()
	} else if err != nil && cloud.Is(err, "InvalidArn") {
		return nil, err
	}
	return &sfn.DeleteStateMachineOutput{}, nil
}

func (s *Sim) listStateMachineTags(in *sfn.ListTagsForResourceInput) (*sfn.ListTagsForResourceOutput, error) {
	m, err := s.taggedMachine(in.ResourceArn)
	if err != nil {
		return nil, err
	}
	return &sfn.ListTagsForResourceOutput{Tags: cloud.ToSDK(m.Tags, func(k, v string) types.Tag { return types.Tag{Key: &k, Value: &v} })}, nil
}

// taggedMachine is the one whose tags are asked for, with the code of the operations on tags.
func (s *Sim) taggedMachine(arn *string) (*StateMachine, error) {
	m, err := s.stateMachine(arn)
	if cloud.Is(err, "StateMachineDoesNotExist") {
		return nil, fail("ResourceNotFound", "Resource not found: '%s'", aws.ToString(arn))
	}
	return m, err
}

func (s *Sim) tagStateMachine(in *sfn.TagResourceInput) (*sfn.TagResourceOutput, error) {
	m, err := s.taggedMachine(in.ResourceArn)
	if err != nil {
		return nil, err
	}
	return &sfn.TagResourceOutput{}, retag(m.Tags, fromSFNTags(in.Tags), nil, "ValidationException")
}

func (s *Sim) untagStateMachine(in *sfn.UntagResourceInput) (*sfn.UntagResourceOutput, error) {
	m, err := s.taggedMachine(in.ResourceArn)
	if err != nil {
		return nil, err
	}
	return &sfn.UntagResourceOutput{}, retag(m.Tags, nil, in.TagKeys, "ValidationException")
}

func fromSFNTags(tags []types.Tag) cloud.Tags {
	return cloud.FromSDK(tags, func(t types.Tag) (string, string) { return aws.ToString(t.Key), aws.ToString(t.Value) })
}
