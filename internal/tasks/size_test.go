package tasks

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
)

func TestATaskIsBilledAsItWasStarted(t *testing.T) {
	task := types.Task{
		Cpu: aws.String("1024"), Memory: aws.String("8192"), CapacityProviderName: aws.String("FARGATE_SPOT"), DesiredStatus: aws.String("RUNNING"),
		EphemeralStorage: &types.EphemeralStorage{SizeInGiB: 40},
		Attributes:       []types.Attribute{{Name: aws.String("ecs.cpu-architecture"), Value: aws.String("arm64")}},
	}
	ended := task
	ended.DesiredStatus = aws.String("STOPPED")
	got := Sizes([]types.Task{task, ended})
	if len(got) != 1 || got[0] != (Size{CPU: 1024, Memory: 8192, Storage: 40, ARM: true, Spot: true}) {
		t.Errorf("it is %+v", got)
	}
}
