package stack

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	ecstypes "github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/karmacadabra/karmactl/internal/awssim"
	"github.com/karmacadabra/karmactl/internal/provision"
)

// revisionDrifts are revisions of the validator's family that another program has
// registered: AWS changes none, and the latest one counts.
func revisionDrifts() []drift {
	const key = "task-definition/validator"
	// of edits the last revision, when it has so many containers.
	of := func(containers int, edit func(*awssim.TaskDefinition)) func(*awssim.World) bool {
		return func(w *awssim.World) bool {
			const family = "karmacadabra-prod-validator"
			for arn, d := range w.TaskDefinitions {
				if aws.ToString(d.Definition.Family) == family && int(d.Definition.Revision) == w.Families[family] && len(d.Definition.ContainerDefinitions) >= containers {
					register(w, arn, family, edit)
					return true
				}
			}
			return false
		}
	}
	whole := func(edit func(*awssim.TaskDefinition)) func(*awssim.World) bool { return of(1, edit) }
	task := func(edit func(*ecstypes.TaskDefinition)) func(*awssim.World) bool {
		return whole(func(d *awssim.TaskDefinition) { edit(&d.Definition) })
	}
	agent := func(edit func(*ecstypes.ContainerDefinition)) func(*awssim.World) bool {
		return task(func(d *ecstypes.TaskDefinition) { edit(&d.ContainerDefinitions[0]) })
	}
	return []drift{
		{key, "image_reference", whole(func(d *awssim.TaskDefinition) { d.Tags[provision.TagImage] = "other:1" })},
		{key, "image", whole(func(d *awssim.TaskDefinition) {
			d.Tags[provision.TagImage], d.Definition.ContainerDefinitions[0].Image = "other:1", aws.String("other:1")
		})},
		{key, "cpu", task(func(d *ecstypes.TaskDefinition) { d.Cpu = aws.String("512") })},
		{key, "memory", task(func(d *ecstypes.TaskDefinition) { d.Memory = aws.String("2048") })},
		{key, "arch", task(func(d *ecstypes.TaskDefinition) {
			d.RuntimePlatform = &ecstypes.RuntimePlatform{CpuArchitecture: ecstypes.CPUArchitectureArm64, OperatingSystemFamily: ecstypes.OSFamilyLinux}
		})},
		{key, "execution_role", task(func(d *ecstypes.TaskDefinition) { d.ExecutionRoleArn = d.TaskRoleArn })},
		{key, "task_role", task(func(d *ecstypes.TaskDefinition) { d.TaskRoleArn = d.ExecutionRoleArn })},
		{key, "after", of(4, func(d *awssim.TaskDefinition) {
			d.Definition.ContainerDefinitions[0].DependsOn = d.Definition.ContainerDefinitions[0].DependsOn[:1]
		})},
		{key, "containers", of(4, func(d *awssim.TaskDefinition) {
			d.Definition.ContainerDefinitions = d.Definition.ContainerDefinitions[:3]
		})},
		{key, "containers", of(4, func(d *awssim.TaskDefinition) {
			d.Definition.ContainerDefinitions[1].Command = []string{"other"}
		})},
		{key, "port", agent(func(c *ecstypes.ContainerDefinition) {
			c.PortMappings = slices.Clone(c.PortMappings)
			c.PortMappings[0].ContainerPort, c.PortMappings[0].HostPort = aws.Int32(9999), aws.Int32(9999)
		})},
		{key, "port_name", agent(func(c *ecstypes.ContainerDefinition) {
			c.PortMappings = slices.Clone(c.PortMappings)
			c.PortMappings[0].Name = aws.String("other")
		})},
		{key, "command", agent(func(c *ecstypes.ContainerDefinition) { c.Command = []string{"other"} })},
		{key, "registry_credentials", agent(func(c *ecstypes.ContainerDefinition) {
			c.RepositoryCredentials = &ecstypes.RepositoryCredentials{CredentialsParameter: aws.String("other")}
		})},
		{key, "entrypoint", agent(func(c *ecstypes.ContainerDefinition) { c.EntryPoint = []string{"other"} })},
		{key, "workdir", agent(func(c *ecstypes.ContainerDefinition) { c.WorkingDirectory = aws.String("/other") })},
		{key, "user", agent(func(c *ecstypes.ContainerDefinition) { c.User = aws.String("0") })},
		{key, "read_only", agent(func(c *ecstypes.ContainerDefinition) {
			c.ReadonlyRootFilesystem = aws.Bool(!aws.ToBool(c.ReadonlyRootFilesystem))
		})},
		{key, "ulimits", agent(func(c *ecstypes.ContainerDefinition) {
			c.Ulimits = []ecstypes.Ulimit{{Name: ecstypes.UlimitNameNofile, SoftLimit: 10, HardLimit: 20}}
		})},
		{key, "storage", task(func(d *ecstypes.TaskDefinition) { d.EphemeralStorage = &ecstypes.EphemeralStorage{SizeInGiB: 100} })},
		{key, "volumes", task(func(d *ecstypes.TaskDefinition) {
			d.Volumes = []ecstypes.Volume{{Name: aws.String("memory"), EfsVolumeConfiguration: &ecstypes.EFSVolumeConfiguration{FileSystemId: aws.String("fs-1")}}}
			d.ContainerDefinitions[0].MountPoints = []ecstypes.MountPoint{{SourceVolume: aws.String("memory"), ContainerPath: aws.String("/data")}}
		})},
		{key, "volumes", task(func(d *ecstypes.TaskDefinition) { // a container beside the agent's own sees what it should not
			d.Volumes = []ecstypes.Volume{{Name: aws.String("memory"), EfsVolumeConfiguration: &ecstypes.EFSVolumeConfiguration{FileSystemId: aws.String("fs-1"), RootDirectory: aws.String("/x")}}}
			d.ContainerDefinitions[len(d.ContainerDefinitions)-1].MountPoints = []ecstypes.MountPoint{{SourceVolume: aws.String("memory"), ContainerPath: aws.String("/data"), ReadOnly: aws.Bool(true)}}
		})},
		{key, "environment", agent(func(c *ecstypes.ContainerDefinition) {
			c.Environment = []ecstypes.KeyValuePair{{Name: aws.String("OTHER"), Value: aws.String("1")}}
		})},
		{key, "secrets", agent(func(c *ecstypes.ContainerDefinition) { c.Secrets = nil })},
		{key, "health_check", agent(func(c *ecstypes.ContainerDefinition) {
			c.HealthCheck = &ecstypes.HealthCheck{Command: []string{"CMD", "true"}, Interval: aws.Int32(5)}
		})},
		{key, "stop_timeout", agent(func(c *ecstypes.ContainerDefinition) { c.StopTimeout = aws.Int32(2) })},
		{key, "log", agent(func(c *ecstypes.ContainerDefinition) {
			l := *c.LogConfiguration
			l.Options = maps.Clone(l.Options)
			l.Options["mode"] = "blocking"
			c.LogConfiguration = &l
		})},
		{key, "init", agent(func(c *ecstypes.ContainerDefinition) {
			c.LinuxParameters = &ecstypes.LinuxParameters{InitProcessEnabled: aws.Bool(c.LinuxParameters == nil)}
		})},
	}
}

// register makes a new revision of a family like another one, and tells its ARN.
func register(w *awssim.World, like, family string, edit func(*awssim.TaskDefinition)) string {
	d := *w.TaskDefinitions[like]
	d.Tags = maps.Clone(d.Tags)
	d.Definition.ContainerDefinitions = slices.Clone(d.Definition.ContainerDefinitions)
	w.Families[family]++
	arn := fmt.Sprintf("%s/%s:%d", like[:strings.LastIndexByte(like, '/')], family, w.Families[family])
	d.Definition.TaskDefinitionArn, d.Definition.Family, d.Definition.Revision = &arn, &family, int32(w.Families[family]) //nolint:gosec // a handful
	edit(&d)
	w.TaskDefinitions[arn] = &d
	return arn
}
