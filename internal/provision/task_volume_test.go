package provision

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
)

func TestAVolumeIsSaidByWhereItsFilesAreAndWhereTheyAreMounted(t *testing.T) {
	got := readVolumes(&types.TaskDefinition{
		Volumes: []types.Volume{
			{Name: aws.String("memory"), EfsVolumeConfiguration: &types.EFSVolumeConfiguration{
				FileSystemId: aws.String("fs-1"), TransitEncryption: types.EFSTransitEncryptionEnabled,
				AuthorizationConfig: &types.EFSAuthorizationConfig{AccessPointId: aws.String("fsap-1"), Iam: types.EFSAuthorizationConfigIAMEnabled},
			}},
			{Name: aws.String("models"), EfsVolumeConfiguration: &types.EFSVolumeConfiguration{FileSystemId: aws.String("fs-2"), RootDirectory: aws.String("/models")}},
			{Name: aws.String("scratch")},
		},
		ContainerDefinitions: []types.ContainerDefinition{
			{Name: aws.String("bot"), MountPoints: []types.MountPoint{
				{SourceVolume: aws.String("memory"), ContainerPath: aws.String("/data")},
				{SourceVolume: aws.String("models"), ContainerPath: aws.String("/m"), ReadOnly: aws.Bool(true)},
			}},
		},
	})
	want := Variables{
		"memory": "EFS fs-1 by fsap-1 at /data of bot", "models": "EFS fs-2 from /models without TLS without IAM at /m of bot, read-only", "scratch": "of the task's own disk",
	}
	if got.String() != want.String() {
		t.Errorf("%s\nwanted %s", got, want)
	}
}
