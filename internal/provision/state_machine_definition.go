package provision

import (
	"encoding/json"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/karmacadabra/karmactl/internal/agents"
)

// What the states of a job's machine do, in the partition's own words.
const (
	runTaskSync = "ecs:runTask.sync"
	listTasks   = "aws-sdk:ecs:listTasks"
)

func (m *StateMachine) resource(does string) string {
	return "arn:" + m.Account.Partition + ":states:::" + does
}

// refusedEvery is how often a start that ECS refuses is tried again, for as long as JobTriedFor.
const refusedEvery = 60

// definition is the state machine of a job: an attempt is a task, and what its end means is looked at here, not by
// runTask.sync, which takes a task for failed when any of its containers has not ended with 0, and ECS kills those
// beside the job's own. A run that a person stopped is not tried again.
// https://docs.aws.amazon.com/step-functions/latest/dg/connect-ecs.html
func (m *StateMachine) definition() string {
	states := map[string]any{
		"Done":        map[string]any{"Type": "Succeed"},
		"Failed":      map[string]any{"Type": "Fail", "Error": "Job.Failed", "Cause": fmt.Sprintf("%s has failed: karmactl logs %s", m.Job.Name, m.Job.Name)},
		"Not started": map[string]any{"Type": "Fail", "Error": "Job.NotStarted", "Cause": "ECS has refused the task for an hour."},
	}
	if m.Job.Overlap == agents.OverlapSkip {
		states["Left out"] = map[string]any{"Type": "Succeed", "Comment": "Its last run has not ended."}
	}
	for n := 1; n <= m.Job.Attempts(); n++ {
		m.attempt(states, n)
	}
	return document(marshal(map[string]any{
		"Comment": "The job " + m.Job.Name + " of " + m.Stack, "QueryLanguage": "JSONata", "StartAt": m.begins(1), "States": states,
	}))
}

// begins is the state in which an attempt begins.
func (m *StateMachine) begins(n int) string {
	if m.Job.Overlap == agents.OverlapSkip {
		return fmt.Sprintf("Look %d", n)
	}
	return fmt.Sprintf("Attempt %d", n)
}

// attempt adds the states of one attempt. No name but of its own is in them, so that the console reads as a story.
func (m *StateMachine) attempt(states map[string]any, n int) {
	name := func(what string) string { return fmt.Sprintf("%s %d", what, n) }
	cluster := m.Account.ARN("ecs", "cluster/"+m.ClusterName())
	if m.Job.Overlap == agents.OverlapSkip {
		states[name("Look")] = map[string]any{
			"Type": "Task", "Resource": m.resource(listTasks), "Next": name("Free"),
			"Arguments": map[string]any{"Cluster": cluster, "Family": m.Family(m.Job.Name), "DesiredStatus": "RUNNING"},
		}
		states[name("Free")] = map[string]any{
			"Type": "Choice", "Default": name("Attempt"),
			"Choices": []any{map[string]any{"Condition": "{% $count($states.input.TaskArns) > 0 %}", "Next": "Left out"}},
		}
	}
	states[name("Attempt")] = map[string]any{
		"Type": "Task", "Resource": m.resource(runTaskSync), "Arguments": m.arguments(cluster, n), "Next": "Done",
		"Catch": []any{map[string]any{"ErrorEquals": []any{"States.ALL"}, "Next": name("Judge")}},
	}
	after := "Failed"
	if n < m.Job.Attempts() {
		after = name("Wait")
		states[after] = map[string]any{
			"Type": "Wait", "Seconds": int(m.Job.Backoff(n).Seconds()), "Next": m.begins(n + 1),
			"Assign": map[string]any{"since": "{% $states.context.State.EnteredTime %}"},
		}
	}
	states[name("Refused")] = map[string]any{"Type": "Wait", "Seconds": refusedEvery, "Next": m.begins(n)}
	states[name("Judge")] = map[string]any{
		"Type": "Choice", "Default": after,
		"Choices": []any{
			map[string]any{"Condition": m.ifRefused(n), "Next": name("Refused")},
			map[string]any{"Condition": "{% $states.input.Error != 'States.TaskFailed' %}", "Next": "Not started"},
			map[string]any{"Condition": m.ifEnded(), "Next": "Done"},
		},
	}
}

// ifRefused: ECS has not taken the start of an attempt, for lack of capacity or of a quota, and it is not an hour since
// the attempt was due: the first with the run, another after its wait.
// https://docs.aws.amazon.com/step-functions/latest/dg/workflow-variables.html
func (m *StateMachine) ifRefused(n int) string {
	since, limit := "$states.context.Execution.StartTime", JobTriedFor
	if n > 1 {
		since, limit = "$since", limit+m.Job.Backoff(n-1)
	}
	return fmt.Sprintf("{%% $states.input.Error != 'States.TaskFailed' and $toMillis($states.context.State.EnteredTime) - $toMillis(%s) < %d %%}", since, limit.Milliseconds())
}

// ifEnded: the job's own container has ended with 0 and its time was not over, or a person stopped the task. The
// cause is the task as JSON where it has run; of the two sides of `and`, JSONata evaluates both. A container that did
// not come to run, as the one that keeps the time of a command that ends at once, has no exit code: in JSONata both
// = and != are false of it.
func (m *StateMachine) ifEnded() string {
	ended := fmt.Sprintf("$parse($states.input.Cause).Containers[Name='%s'].ExitCode = 0", m.Job.Name)
	if m.Job.Timeout > 0 {
		ended += fmt.Sprintf(" and $not($parse($states.input.Cause).Containers[Name='%s'].ExitCode = %d)", agents.TimerContainer, agents.TimerExitCode)
	}
	return "{% $states.input.Error = 'States.TaskFailed' ? (" + ended + " or $parse($states.input.Cause).StopCode = 'UserInitiated') : false %}"
}

// taskArguments are RunTask's, as far as Step Functions passes them on: it writes startedBy itself, and takes no tags.
// https://docs.aws.amazon.com/step-functions/latest/dg/connect-ecs.html
type taskArguments struct {
	Cluster, TaskDefinition, LaunchType, PropagateTags string
	NetworkConfiguration                               struct{ AwsvpcConfiguration awsvpc }
	Overrides                                          struct{ ContainerOverrides []containerOverride }
}

type awsvpc struct {
	Subnets, SecurityGroups Set
	AssignPublicIp          types.AssignPublicIp
}

type containerOverride struct {
	Name        string
	Environment []variable
}

type variable struct{ Name, Value string }

// arguments start the task of one attempt, which finds in its environment which one it is.
func (m *StateMachine) arguments(cluster string, n int) taskArguments {
	a := taskArguments{Cluster: cluster, LaunchType: string(types.LaunchTypeFargate), PropagateTags: string(types.PropagateTagsTaskDefinition)}
	network := Network{Subnets: idsOf(m.Subnets...), PublicIP: m.PublicIP}
	if m.TaskDefinition != nil {
		a.TaskDefinition = m.TaskDefinition.ID()
	}
	if m.Group != nil {
		network.Groups = Set{m.Group.ID()}
	}
	vpc := network.input().AwsvpcConfiguration
	a.NetworkConfiguration.AwsvpcConfiguration = awsvpc{vpc.Subnets, vpc.SecurityGroups, vpc.AssignPublicIp}
	a.Overrides.ContainerOverrides = []containerOverride{{m.Job.Name, []variable{{agents.AttemptVariable, fmt.Sprint(n)}}}}
	return a
}

// attempted are the revision and the network of a definition's first attempt; "" is that there is none.
func attempted(definition string) (revision string, network *types.NetworkConfiguration) {
	var d struct {
		States map[string]struct{ Arguments taskArguments }
	}
	if json.Unmarshal([]byte(definition), &d) != nil {
		return "", nil
	}
	a := d.States["Attempt 1"].Arguments
	vpc := a.NetworkConfiguration.AwsvpcConfiguration
	return a.TaskDefinition, Network{vpc.Subnets, vpc.SecurityGroups, vpc.AssignPublicIp == types.AssignPublicIpEnabled}.input()
}

// PublicIP tells whether its tasks have public addresses, which are billed.
func (s StateMachineSpec) PublicIP() bool {
	_, n := attempted(s.Definition)
	return n != nil && n.AwsvpcConfiguration.AssignPublicIp == types.AssignPublicIpEnabled
}
