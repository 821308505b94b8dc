package awssim

import (
	"encoding/json"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	ecstypes "github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/karmacadabra/karmactl/internal/awssim/iam"
)

// allows asks the policies of the state machine's role.
func (s *Sim) allows(x *Execution, all ...need) error {
	role := iam.Principal{ARN: x.Machine}
	if m := s.world.StateMachines[x.Machine]; m != nil {
		role = s.taskPrincipal(m.Role, x.Name)
	}
	for _, n := range all {
		r := iam.Request{Action: n.action, Resource: n.resource, Context: n.context}
		if d := iam.Decide(role, r); !d.Allowed {
			return denied("ECS", d.Denial(role, r))
		}
	}
	return nil
}

func (s *Sim) listForExecution(x *Execution, arguments json.RawMessage) (output any, code, cause string) {
	in := &ecs.ListTasksInput{}
	if err := json.Unmarshal(arguments, in); err != nil {
		return nil, "States.Runtime", err.Error()
	}
	if err := s.allows(x, need{action: "ecs:ListTasks", resource: "*", context: map[string]string{"ecs:cluster": aws.ToString(in.Cluster)}}); err != nil {
		return nil, "Ecs.AccessDeniedException", err.Error()
	}
	out, err := s.listTasks(in)
	if err != nil {
		return nil, "Ecs.EcsException", err.Error()
	}
	arns := []any{}
	for _, arn := range out.TaskArns {
		arns = append(arns, arn)
	}
	return map[string]any{"TaskArns": arns}, "", ""
}

// runForExecution starts a task. What ECS refuses has the name of its exception, and a failure in its answer
// AmazonECS.Unknown.
// https://docs.aws.amazon.com/step-functions/latest/dg/connect-ecs.html
// https://repost.aws/knowledge-center/ecs-fargate-runtask-capacity
func (s *Sim) runForExecution(x *Execution, arguments json.RawMessage) (code, cause string) {
	in := &ecs.RunTaskInput{}
	if err := json.Unmarshal(arguments, in); err != nil {
		return "States.Runtime", err.Error()
	}
	// Step Functions looks at the task, too, where its event does not come.
	follow := need{action: "ecs:DescribeTasks", resource: s.world.arn("ecs", "task/"+clusterName(in.Cluster)+"/any")}
	if err := s.allows(x, append(s.needs("ECS", "RunTask", in), follow)...); err != nil {
		return "ECS.AccessDeniedException", err.Error()
	}
	out, err := s.runTask(in)
	switch {
	case err != nil:
		return "ECS.AmazonECSException", err.Error()
	case len(out.Failures) > 0:
		return "AmazonECS.Unknown", strings.TrimSpace(aws.ToString(out.Failures[0].Reason))
	}
	x.Task = aws.ToString(out.Tasks[0].TaskArn)
	s.world.Tasks[x.Task].StartedBy = "AWS Step Functions"
	return "", ""
}

// endOfTask: a task has failed when any of its containers has, one that was told to stop among them, although the
// one that matters ended well. The cause is the task as JSON.
// https://github.com/wellcomecollection/catalogue-pipeline/pull/3377
func (s *Sim) endOfTask(t *Task) (output any, code, cause string) {
	if t == nil {
		return nil, "States.TaskFailed", "{}"
	}
	d := s.describeTask(t, false)
	containers, failed := []any{}, d.StopCode != ecstypes.TaskStopCodeEssentialContainerExited
	for _, c := range d.Containers {
		one := map[string]any{"Name": aws.ToString(c.Name), "LastStatus": aws.ToString(c.LastStatus), "Reason": aws.ToString(c.Reason)}
		if c.ExitCode != nil {
			one["ExitCode"] = float64(*c.ExitCode)
		}
		failed = failed || c.ExitCode == nil || *c.ExitCode != 0
		containers = append(containers, one)
	}
	task := map[string]any{
		"TaskArn": t.ARN, "Group": aws.ToString(d.Group), "StopCode": string(d.StopCode), "StoppedReason": t.Reason, "LastStatus": t.Status, "Containers": containers,
	}
	if !failed {
		return task, "", ""
	}
	text, err := json.Marshal(task)
	if err != nil {
		return nil, "States.Runtime", err.Error()
	}
	return nil, "States.TaskFailed", string(text)
}
