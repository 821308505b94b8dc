package livetest

import (
	"context"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
	"github.com/aws/aws-sdk-go-v2/service/efs"
)

// files is a file system that is there beside the module, with a mount target in each
// private subnet.
func (f *Fleet) files(ctx context.Context) error {
	if !f.shape.Beside {
		return nil
	}
	out, err := f.clients.EFS.CreateFileSystem(ctx, &efs.CreateFileSystemInput{CreationToken: aws.String("terraform-1"), Encrypted: aws.Bool(true)})
	if err != nil {
		return err
	}
	f.ids.files = aws.ToString(out.FileSystemId)
	if err := f.clock.Wait(ctx, 30*time.Second); err != nil {
		return err
	}
	for _, subnet := range f.ids.private {
		if _, err := f.clients.EFS.CreateMountTarget(ctx, &efs.CreateMountTargetInput{FileSystemId: &f.ids.files, SubnetId: &subnet, SecurityGroups: []string{f.ids.tasks}}); err != nil {
			return err
		}
	}
	return f.clock.Wait(ctx, 3*time.Minute)
}

// beside gives the first agent's task more containers and the files: what comes before it,
// what the task ends with, and what may end.
func (f *Fleet) beside(a Agent, containers []types.ContainerDefinition) ([]types.ContainerDefinition, []types.Volume) {
	if !f.shape.Beside || a != Agents()[0] {
		return containers, nil
	}
	log := containers[0].LogConfiguration
	containers[0].MountPoints = []types.MountPoint{{SourceVolume: aws.String("notes"), ContainerPath: aws.String("/data")}}
	containers[0].DependsOn = []types.ContainerDependency{
		{ContainerName: aws.String("migrate"), Condition: types.ContainerConditionSuccess},
		{ContainerName: aws.String("proxy"), Condition: types.ContainerConditionHealthy},
	}
	containers = append(containers,
		types.ContainerDefinition{
			Name: aws.String("migrate"), Image: containers[0].Image, Essential: aws.Bool(false), Command: []string{"python", "migrate.py"}, Secrets: containers[0].Secrets, LogConfiguration: log,
		},
		types.ContainerDefinition{
			Name: aws.String("proxy"), Image: aws.String("public.ecr.aws/nginx/nginx:1.27"), Environment: []types.KeyValuePair{{Name: aws.String("UPSTREAM"), Value: aws.String("localhost")}},
			HealthCheck: &types.HealthCheck{Command: []string{"CMD-SHELL", "curl -f http://localhost:8080/"}}, LogConfiguration: log,
		},
		types.ContainerDefinition{
			Name: aws.String("metrics"), Image: aws.String("public.ecr.aws/docker/library/telegraf:1.30"), Essential: aws.Bool(false), Cpu: 32, Memory: aws.Int32(64), LogConfiguration: log,
		},
	)
	return containers, []types.Volume{{Name: aws.String("notes"), EfsVolumeConfiguration: &types.EFSVolumeConfiguration{
		FileSystemId: &f.ids.files, TransitEncryption: types.EFSTransitEncryptionEnabled,
	}}}
}
