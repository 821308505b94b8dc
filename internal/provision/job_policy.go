package provision

import "github.com/karmacadabra/karmactl/internal/cloud"

// schedulerTrust lets EventBridge Scheduler take the role for schedules of this account.
// https://docs.aws.amazon.com/scheduler/latest/UserGuide/cross-service-confused-deputy-prevention.html
func schedulerTrust(account cloud.Account) string {
	return policy(statement{
		Effect: "Allow", Action: []string{"sts:AssumeRole"},
		Principal: map[string]string{"Service": "scheduler.amazonaws.com"},
		Condition: map[string]map[string]any{"StringEquals": {"aws:SourceAccount": account.ID}},
	})
}

// SchedulerPolicy lets the role start tasks of some families in the stack's cluster, hand them
// the agent's two roles, and tag them; nothing else.
// https://docs.aws.amazon.com/AmazonECS/latest/developerguide/CWE_IAM_role.html
func (h *Env) SchedulerPolicy(families []string, execution, task *Role) Policy {
	cluster := h.Account.ARN("ecs", "cluster/"+h.ClusterName())
	var revisions []string
	for _, f := range families {
		revisions = append(revisions, h.Account.ARN("ecs", "task-definition/"+f+":*"))
	}
	return Policy{
		{
			Sid: "Start", Effect: "Allow", Action: []string{"ecs:RunTask"}, Resource: revisions,
			Condition: map[string]map[string]any{"ArnEquals": {"ecs:cluster": cluster}},
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
