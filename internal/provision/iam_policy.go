package provision

import (
	"strings"

	"github.com/karmacadabra/karmactl/internal/cloud"
)

// statement is one statement of an IAM policy.
type statement struct {
	Sid       string                       `json:"Sid,omitempty"`
	Effect    string                       `json:"Effect"`
	Principal map[string]string            `json:"Principal,omitempty"`
	Action    []string                     `json:"Action"`
	Resource  []string                     `json:"Resource,omitempty"`
	Condition map[string]map[string]string `json:"Condition,omitempty"`
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
		Condition: map[string]map[string]string{"StringEquals": {"aws:SourceAccount": account.ID}},
	})
}

// ExecutionPolicy is what ECS needs to start one agent: its own image, its own
// log group, its own secrets. repository is "" for an image from elsewhere.
// secrets are ARNs of Secrets Manager or of SSM parameters, as in a task
// definition's valueFrom: a JSON key at the end is not part of the permission.
func ExecutionPolicy(account cloud.Account, repository, logGroup string, secrets []string) string {
	var all []statement
	if repository != "" {
		all = append(all,
			// AWS has no way to narrow this one.
			statement{Sid: "Registry", Effect: "Allow", Action: []string{"ecr:GetAuthorizationToken"}, Resource: []string{"*"}},
			statement{
				Sid: "Image", Effect: "Allow", Resource: []string{account.ARN("ecr", "repository/"+repository)},
				Action: []string{"ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"},
			})
	}
	all = append(all, statement{
		Sid: "Logs", Effect: "Allow", Action: []string{"logs:CreateLogStream", "logs:PutLogEvents"},
		Resource: []string{account.ARN("logs", "log-group:"+logGroup+":*")},
	})
	var fromSecretsManager, fromSSM []string
	for _, s := range secrets {
		if arn := secretARN(s); strings.Contains(arn, ":ssm:") {
			fromSSM = append(fromSSM, arn)
		} else {
			fromSecretsManager = append(fromSecretsManager, arn)
		}
	}
	if len(fromSecretsManager) > 0 {
		all = append(all, statement{Sid: "Secrets", Effect: "Allow", Action: []string{"secretsmanager:GetSecretValue"}, Resource: fromSecretsManager})
	}
	if len(fromSSM) > 0 {
		all = append(all, statement{Sid: "Parameters", Effect: "Allow", Action: []string{"ssm:GetParameters"}, Resource: fromSSM})
	}
	return policy(all...)
}

// secretARN is what GetSecretValue is allowed on. The ARN of a secret ends in a
// hyphen and six characters that AWS chose; one that is written without them is
// matched with question marks. What follows the name is a JSON key.
func secretARN(valueFrom string) string {
	parts := strings.Split(valueFrom, ":")
	if len(parts) < 7 || parts[2] != "secretsmanager" {
		return valueFrom
	}
	name := parts[6]
	if i := strings.LastIndexByte(name, '-'); i < 0 || len(name)-i != 7 {
		name += "-??????"
	}
	return strings.Join(append(parts[:6:6], name), ":")
}

// TaskPolicy is what the agent itself may do in AWS: nothing, but for a shell
// (ECS Exec) and for tracing when they are on. "" is no policy at all.
func TaskPolicy(exec, xray bool) string {
	var all []statement
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
	if len(all) == 0 {
		return ""
	}
	return policy(all...)
}
