package tasks

import (
	"strconv"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
)

// Size is what a Fargate task is billed by: CPU in units of 1/1024 vCPU, memory in MiB, storage in GiB
// (0 is what Fargate gives without a charge), the processor and where it runs.
type Size struct {
	CPU, Memory int
	Storage     int
	ARM, Spot   bool
}

// SizeOf is a task's size as it was started, whatever agents.yaml says by now. The
// processor is an attribute of the task:
// https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_Attribute.html
func SizeOf(t types.Task) Size {
	number := func(text *string) int {
		n, _ := strconv.Atoi(aws.ToString(text)) // AWS writes numbers
		return n
	}
	s := Size{CPU: number(t.Cpu), Memory: number(t.Memory), Spot: aws.ToString(t.CapacityProviderName) == "FARGATE_SPOT"}
	if t.EphemeralStorage != nil {
		s.Storage = int(t.EphemeralStorage.SizeInGiB)
	}
	for _, a := range t.Attributes {
		s.ARM = s.ARM || aws.ToString(a.Name) == "ecs.cpu-architecture" && aws.ToString(a.Value) == "arm64"
	}
	return s
}

// Sizes are those of the tasks that run or are being started.
func Sizes(all []types.Task) []Size {
	var out []Size
	for _, t := range all {
		if aws.ToString(t.DesiredStatus) == string(types.DesiredStatusRunning) {
			out = append(out, SizeOf(t))
		}
	}
	return out
}
