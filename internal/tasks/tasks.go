// Package tasks reads what ECS says of tasks, services and deployments, so that
// `up`, `deploy`, `status`, `logs` and `doctor` say it in one wording: why a task
// ended (end.go), what causes that and what mends it (cause.go), which deployment
// is the primary one (service.go), what an ARN names. It only reads, and keeps nothing.
package tasks

import (
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
)

// ID is the last part of an ARN: of a task's, its id.
func ID(arn string) string { return arn[strings.LastIndexByte(arn, '/')+1:] }

// shortID is how many characters of a task's id are shown: enough to tell it from
// the others of a fleet. Logs show as many.
const shortID = 8

// Short is the beginning of a task's id, or of the id in its ARN.
func Short(task string) string {
	id := ID(task)
	return id[:min(len(id), shortID)]
}

// Revision is the number at the end of a task definition's ARN; 0 when it has none.
func Revision(arn string) int {
	n, err := strconv.Atoi(arn[strings.LastIndexByte(arn, ':')+1:])
	if err != nil {
		return 0
	}
	return n
}

// Agent is whose task it is: services are named after their agents, or Names.ByAgent has
// put the task into the group of one.
func Agent(t types.Task) string { return strings.TrimPrefix(aws.ToString(t.Group), "service:") }

// Container is the agent's own container in a task. A task also has containers
// that no task definition names, Service Connect's proxy and GuardDuty's agent, and
// AWS promises no order: https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_Task.html
func Container(t types.Task, name string) (types.Container, bool) {
	for _, c := range t.Containers {
		if aws.ToString(c.Name) == name {
			return c, true
		}
	}
	return types.Container{}, false
}

// Address is a task's own in the VPC, by which the load balancer knows it; "" when
// it has none yet.
func Address(t types.Task) string {
	for _, a := range t.Attachments {
		for _, d := range a.Details {
			if aws.ToString(d.Name) == "privateIPv4Address" {
				return aws.ToString(d.Value)
			}
		}
	}
	return ""
}

// Parameter tells whether a reference to a secret, as agents.yaml and task
// definitions write it, names a parameter of SSM, and by which path. A path or an
// ARN of SSM is a parameter; everything else is a secret.
func Parameter(from string) (path string, is bool) {
	if !strings.HasPrefix(from, "/") && !strings.Contains(from, ":ssm:") {
		return "", false
	}
	if _, after, ok := strings.Cut(from, ":parameter"); ok {
		return after, true
	}
	return from, true
}
