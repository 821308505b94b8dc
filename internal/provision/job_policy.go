package provision

import "github.com/karmacadabra/karmactl/internal/cloud"

// serviceTrust lets EventBridge Scheduler, or Step Functions, take the role for what is in this account.
// https://docs.aws.amazon.com/scheduler/latest/UserGuide/cross-service-confused-deputy-prevention.html
// https://docs.aws.amazon.com/step-functions/latest/dg/procedure-create-iam-role.html
func serviceTrust(account cloud.Account, service string) string {
	return policy(statement{
		Effect: "Allow", Action: []string{"sts:AssumeRole"},
		Principal: map[string]string{"Service": service},
		Condition: map[string]map[string]any{"StringEquals": {"aws:SourceAccount": account.ID}},
	})
}

// SchedulerPolicy lets the role start tasks of some families in the stack's cluster, hand them
// the agent's two roles, and tag them, and start the state machines of some jobs; nothing else.
// https://docs.aws.amazon.com/AmazonECS/latest/developerguide/CWE_IAM_role.html
func (h *Env) SchedulerPolicy(families, machines []string, execution, task *Role) Policy {
	var p Policy
	if len(families) > 0 {
		p = h.startPolicy(families, execution, task)
	}
	if len(machines) > 0 {
		p = append(p, statement{Sid: "Lead", Effect: "Allow", Action: []string{"states:StartExecution"}, Resource: machines})
	}
	return p
}

// StatesPolicy lets the role do that, follow and stop those tasks, look for one that runs, and keep the rule of
// EventBridge by which Step Functions learns of their end: it has that name in each account.
// https://docs.aws.amazon.com/step-functions/latest/dg/ecs-iam.html
func (h *Env) StatesPolicy(families []string, execution, task *Role) Policy {
	return append(h.startPolicy(families, execution, task), Policy{
		{Sid: "Follow", Effect: "Allow", Action: []string{"ecs:DescribeTasks", "ecs:StopTask"}, Resource: []string{h.Account.ARN("ecs", "task/"+h.ClusterName()+"/*")}},
		{
			Sid: "Look", Effect: "Allow", Action: []string{"ecs:ListTasks"}, Resource: []string{"*"},
			Condition: map[string]map[string]any{"ArnEquals": {"ecs:cluster": h.Account.ARN("ecs", "cluster/"+h.ClusterName())}},
		},
		{
			Sid: "Events", Effect: "Allow", Action: []string{"events:DescribeRule", "events:PutRule", "events:PutTargets"},
			Resource: []string{h.Account.ARN("events", "rule/StepFunctionsGetEventsForECSTaskRule")},
		},
	}...)
}

func (h *Env) startPolicy(families []string, execution, task *Role) Policy {
	var revisions []string
	for _, f := range families {
		revisions = append(revisions, h.Account.ARN("ecs", "task-definition/"+f+":*"))
	}
	return Policy{
		{
			Sid: "Start", Effect: "Allow", Action: []string{"ecs:RunTask"}, Resource: revisions,
			Condition: map[string]map[string]any{"ArnEquals": {"ecs:cluster": h.Account.ARN("ecs", "cluster/"+h.ClusterName())}},
		},
		{
			Sid: "Tag", Effect: "Allow", Action: []string{"ecs:TagResource"}, Resource: []string{h.Account.ARN("ecs", "task/"+h.ClusterName()+"/*")},
			Condition: map[string]map[string]any{"StringEquals": {"ecs:CreateAction": "RunTask"}},
		},
		{
			Sid: "Roles", Effect: "Allow", Action: []string{"iam:PassRole"}, Resource: []string{execution.ARN(), task.ARN()},
			Condition: map[string]map[string]any{"StringEquals": {"iam:PassedToService": "ecs-tasks.amazonaws.com"}},
		},
	}
}
