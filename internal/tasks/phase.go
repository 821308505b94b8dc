package tasks

import (
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
)

// Phases of a task, as Fargate takes it through them.
const (
	Provisioning = "gets its network interface"
	Pending      = "waits to start"
	Pulling      = "pulls its image"
	Starting     = "starts"
	Running      = "runs"
	Stopping     = "stops"
)

// Phase is what a task is at.
func Phase(t types.Task) string {
	switch status := aws.ToString(t.LastStatus); {
	case status == "PROVISIONING":
		return Provisioning
	case status == "RUNNING":
		return Running
	case t.StoppingAt != nil:
		return Stopping
	case t.PullStartedAt == nil:
		return Pending
	case t.PullStoppedAt == nil:
		return Pulling
	}
	return Starting
}
