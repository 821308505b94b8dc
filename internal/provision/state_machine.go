package provision

import (
	"context"
	"fmt"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sfn"
	"github.com/aws/aws-sdk-go-v2/service/sfn/types"

	"github.com/karmacadabra/karmactl/internal/agents"
	"github.com/karmacadabra/karmactl/internal/cloud"
	"github.com/karmacadabra/karmactl/internal/engine"
)

// StateMachineSpec is what we own of a state machine.
type StateMachineSpec struct {
	// Definition is in the Amazon States Language, in canonical form.
	Definition string
	// Role is the ARN of the role that it runs with.
	Role string
	Tags cloud.Tags
}

// StateMachine leads the runs of a job that has retries or leaves runs out: EventBridge Scheduler starts an execution
// of it, which starts the job's task and looks how that ends. 4,000 transitions a month are free. Its id is its ARN.
type StateMachine struct {
	engine.Ref
	*Env
	Job            agents.Job
	Cluster        *Cluster
	TaskDefinition *TaskDefinition
	Role           *Role
	Group          *SecurityGroup
	Subnets        []*Subnet
	PublicIP       bool
}

// maxStateMachine is the length of a state machine's name:
// https://docs.aws.amazon.com/step-functions/latest/apireference/API_CreateStateMachine.html
const maxStateMachine = 80

func (m *StateMachine) name() string { return StateMachineName(m.Stack, m.Job.Name) }
func (m *StateMachine) arn() string  { return m.StateMachineARN(m.Job.Name) }

// StateMachineName is the name of the state machine of a stack's job.
func StateMachineName(stack, job string) string { return cloud.Name(maxStateMachine, stack+"-"+job) }

// StateMachineARN is its ARN, known before it is made.
func StateMachineARN(account cloud.Account, stack, job string) string {
	return account.ARN("states", "stateMachine:"+StateMachineName(stack, job))
}

// StateMachineARN is the ARN of the state machine of one of the stack's jobs.
func (h *Env) StateMachineARN(job string) string { return StateMachineARN(h.Account, h.Stack, job) }

func (m *StateMachine) Key() engine.Key { return engine.Key("state-machine/" + m.Job.Name) }
func (m *StateMachine) OfAgent() string { return m.Job.Agent }

func (m *StateMachine) Needs() []engine.Node {
	return slices.Concat(nodes(m.Cluster), nodes(m.TaskDefinition), nodes(m.Role), nodes(m.Group), nodes(m.Subnets...))
}

func (m *StateMachine) Want() StateMachineSpec {
	w := StateMachineSpec{Definition: m.definition(), Tags: m.TagsOf(m.Key())}
	if m.Role != nil {
		w.Role = m.Role.ARN()
	}
	return w
}

// Find asks for it by its name. One that is being deleted is there until its executions have ended.
func (m *StateMachine) Find(ctx context.Context, look engine.Look) (engine.Found[StateMachineSpec], error) {
	var found engine.Found[StateMachineSpec]
	out, err := m.Clients.SFN.DescribeStateMachine(ctx, &sfn.DescribeStateMachineInput{StateMachineArn: aws.String(m.arn())})
	if err != nil {
		return found, cloud.IgnoreNotFound(err)
	}
	if out.Status == types.StateMachineStatusDeleting {
		return engine.Found[StateMachineSpec]{Phase: engine.Leaving, ID: m.arn(), Why: "state machine deleting"}, nil
	}
	tags, err := m.ownTags(ctx, look, m.Key(), "state machine "+m.name(), m.arn(), m.stateMachineTags().read)
	if tags == nil || err != nil {
		return found, err
	}
	return engine.Found[StateMachineSpec]{Phase: engine.Ready, ID: m.arn(), Spec: StateMachineSpec{
		Definition: document(aws.ToString(out.Definition)), Role: aws.ToString(out.RoleArn), Tags: tags,
	}}, nil
}

// Diff compares definitions by what they mean.
func (m *StateMachine) Diff(have, want StateMachineSpec) []engine.Change {
	return changes(
		essential(differs("definition", have.Definition, want.Definition)),
		essential(field("role", have.Role, want.Role)),
		cloud.DiffTags(have.Tags, want.Tags),
	)
}

// Create makes it with its tags. Sent again it gives the same one: AWS knows it by its name and definition.
func (m *StateMachine) Create(ctx context.Context, want StateMachineSpec, _ string) (string, error) {
	_, err := m.Clients.SFN.CreateStateMachine(ctx, &sfn.CreateStateMachineInput{
		Name: aws.String(m.name()), Definition: &want.Definition, RoleArn: &want.Role, Type: types.StateMachineTypeStandard,
		Tags: toSFNTags(want.Tags),
	})
	return made(m.arn(), err)
}

// Update sends the definition and the role. A run that is under way continues with the old ones.
// https://docs.aws.amazon.com/step-functions/latest/apireference/API_UpdateStateMachine.html
func (m *StateMachine) Update(ctx context.Context, id string, have, want StateMachineSpec) error {
	if have.Definition != want.Definition || have.Role != want.Role {
		if _, err := m.Clients.SFN.UpdateStateMachine(ctx, &sfn.UpdateStateMachineInput{StateMachineArn: &id, Definition: &want.Definition, RoleArn: &want.Role}); err != nil {
			return err
		}
	}
	return m.stateMachineTags().update(ctx, id, have.Tags, want.Tags)
}

// Delete stops its executions, each with its task, and deletes it: AWS keeps it until they have ended, which may be
// hours, and stops none of them.
// https://docs.aws.amazon.com/step-functions/latest/apireference/API_DeleteStateMachine.html
func (m *StateMachine) Delete(ctx context.Context, id string) error {
	running, err := cloud.Pages(ctx, sfn.NewListExecutionsPaginator(m.Clients.SFN, &sfn.ListExecutionsInput{StateMachineArn: &id, StatusFilter: types.ExecutionStatusRunning}),
		func(out *sfn.ListExecutionsOutput) []types.ExecutionListItem { return out.Executions })
	if err != nil {
		return err
	}
	for _, x := range running {
		_, err := m.Clients.SFN.StopExecution(ctx, &sfn.StopExecutionInput{ExecutionArn: x.ExecutionArn})
		if err != nil && !cloud.IsNotFound(err) {
			return fmt.Errorf("stop execution %s: %w", aws.ToString(x.Name), err)
		}
	}
	return failure(m.Clients.SFN.DeleteStateMachine(ctx, &sfn.DeleteStateMachineInput{StateMachineArn: &id}))
}

func toSFNTags(tags cloud.Tags) []types.Tag {
	return cloud.ToSDK(tags, func(k, v string) types.Tag { return types.Tag{Key: &k, Value: &v} })
}
