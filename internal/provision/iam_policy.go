package provision

import (
	"strings"

	"github.com/karmacadabra/karmactl/internal/cloud"
)

// statement is one statement of an IAM policy.
type statement struct {
	Sid       string                    `json:"Sid,omitempty"`
	Effect    string                    `json:"Effect"`
	Principal map[string]string         `json:"Principal,omitempty"`
	Action    []string                  `json:"Action"`
	Resource  []string                  `json:"Resource,omitempty"`
	Condition map[string]map[string]any `json:"Condition,omitempty"`
}

// Policy is the inline policy of a role: its statements. Without any there is no policy.
type Policy []statement

func (p Policy) String() string {
	if len(p) == 0 {
		return ""
	}
	return policy(p...)
}

func policy(statements ...statement) string {
	return marshal(struct {
		Version   string      `json:"Version"`
		Statement []statement `json:"Statement"`
	}{"2012-10-17", statements})
}

// taskTrust lets ECS take the role for tasks of this account and for no others:
// https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-iam-roles.html
func taskTrust(account cloud.Account) string {
	return policy(statement{
		Effect: "Allow", Action: []string{"sts:AssumeRole"},
		Principal: map[string]string{"Service": "ecs-tasks.amazonaws.com"},
		Condition: map[string]map[string]any{"StringEquals": {"aws:SourceAccount": account.ID}},
	})
}

// Readable is what ECS may read to start one agent, as the ARNs of a policy.
type Readable struct {
	// Repositories of ECR that the agent's image is or can be in.
	Repositories []string
	LogGroup     string
	// JobLogGroups are those of the agent's jobs.
	JobLogGroups []string
	// Secrets of Secrets Manager and Parameters of SSM: NamedSecret and WrittenSecret make the former.
	Secrets    []string
	Parameters []string
}

// ExecutionPolicy is what ECS needs to start one agent: its own image, its own
// log group, its own secrets.
func ExecutionPolicy(account cloud.Account, r Readable) Policy {
	var all Policy
	if len(r.Repositories) > 0 {
		all = append(all,
			// AWS has no way to narrow this one.
			statement{Sid: "Registry", Effect: "Allow", Action: []string{"ecr:GetAuthorizationToken"}, Resource: []string{"*"}},
			statement{
				Sid: "Image", Effect: "Allow", Resource: r.Repositories,
				Action: []string{"ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"},
			})
	}
	logs := statement{Sid: "Logs", Effect: "Allow", Action: []string{"logs:CreateLogStream", "logs:PutLogEvents"}}
	for _, group := range append([]string{r.LogGroup}, r.JobLogGroups...) {
		logs.Resource = append(logs.Resource, account.ARN("logs", "log-group:"+group+":*"))
	}
	all = append(all, logs)
	if len(r.Secrets) > 0 {
		all = append(all,
			statement{Sid: "Secrets", Effect: "Allow", Action: []string{"secretsmanager:GetSecretValue"}, Resource: r.Secrets},
			decrypt("SecretKeys", "secretsmanager", account, "kms:EncryptionContext:SecretARN", r.Secrets))
	}
	if len(r.Parameters) > 0 {
		all = append(all,
			statement{Sid: "Parameters", Effect: "Allow", Action: []string{"ssm:GetParameters"}, Resource: r.Parameters},
			decrypt("ParameterKeys", "ssm", account, "kms:EncryptionContext:PARAMETER_ARN", r.Parameters))
	}
	return all
}

// decrypt allows a customer's own key, whichever it is, to be used by a service
// for what may be read anyway and for nothing else. AWS's own keys do not ask.
// https://docs.aws.amazon.com/secretsmanager/latest/userguide/security-encryption.html
// https://docs.aws.amazon.com/kms/latest/developerguide/services-parameter-store.html
func decrypt(sid, service string, account cloud.Account, key string, arns []string) statement {
	return statement{Sid: sid, Effect: "Allow", Action: []string{"kms:Decrypt"}, Resource: []string{"*"}, Condition: map[string]map[string]any{
		"StringEquals": {"kms:ViaService": service + "." + account.Region + ".amazonaws.com"},
		"StringLike":   {key: arns},
	}}
}

// NamedSecret is the ARN that GetSecretValue is allowed on for a secret that is
// known by its name: AWS adds a hyphen and six characters, whatever the name
// ends in.
func NamedSecret(account cloud.Account, name string) string {
	return account.ARN("secretsmanager", "secret:"+name+"-??????")
}

// WrittenSecret is what GetSecretValue is allowed on for an ARN that a
// user wrote, with AWS's six characters or without: that cannot be told from the
// text, so both are allowed. What follows the name is a JSON key, which is no
// part of a permission.
func WrittenSecret(arn string) []string {
	if parts := strings.Split(arn, ":"); len(parts) > 7 {
		arn = strings.Join(parts[:7], ":")
	}
	return []string{arn, arn + "-??????"}
}

// TaskPolicy is what the agent itself may do in AWS: nothing, except a shell
// (ECS Exec) and for tracing when they are on.
func TaskPolicy(exec, xray bool) Policy {
	var all Policy
	if exec {
		all = append(all, statement{Sid: "Exec", Effect: "Allow", Resource: []string{"*"}, Action: []string{
			"ssmmessages:CreateControlChannel", "ssmmessages:CreateDataChannel", "ssmmessages:OpenControlChannel", "ssmmessages:OpenDataChannel",
		}})
	}
	if xray {
		all = append(all, statement{Sid: "Traces", Effect: "Allow", Resource: []string{"*"}, Action: []string{
			"xray:GetSamplingRules", "xray:GetSamplingStatisticSummaries", "xray:GetSamplingTargets", "xray:PutTelemetryRecords", "xray:PutTraceSegments",
		}})
	}
	return all
}

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
