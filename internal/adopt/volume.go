package adopt

import (
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/karmacadabra/karmactl/internal/agents"
	"github.com/karmacadabra/karmactl/internal/live"
)

// volumes judges what a task keeps its files on: agents.yaml has a key for the whole of a file
// system of EFS, mounted by the agent's own container.
func (j *judge) volumes(a agents.Agent, s live.Service, main types.ContainerDefinition) {
	what := "service " + aws.ToString(s.ServiceName)
	for _, c := range s.Definition.ContainerDefinitions {
		for _, from := range c.VolumesFrom {
			j.obstacle(what, "its container "+aws.ToString(c.Name)+" takes the volumes of "+aws.ToString(from.SourceContainer)+", which agents.yaml cannot say", "let one container have the files")
		}
	}
	for _, v := range s.Definition.Volumes {
		name := aws.ToString(v.Name)
		kind, instead := unsayable(v)
		by := mountedBy(s.Definition.ContainerDefinitions, name)
		others := slices.DeleteFunc(slices.Clone(by), func(c string) bool { return c == aws.ToString(main.Name) })
		switch {
		case len(by) == 0 && v.EfsVolumeConfiguration == nil: // no one sees it
		case kind != "" && len(by) > 1:
			j.obstacle(what, "its containers "+strings.Join(by, ", ")+" share the volume "+name+", "+kind+", which agents.yaml cannot say", "let one container have the files, and the others ask it at localhost")
		case kind != "":
			j.obstacle(what, "its tasks have the volume "+name+", "+kind+", which agents.yaml cannot say", instead)
		case len(others) > 0:
			j.obstacle(what, "its container "+strings.Join(others, ", ")+" mounts the volume "+name+", which agents.yaml cannot say", "only the agent's own container mounts volumes: run "+others[0]+" as an agent of its own")
		case len(by) > 0 && !slices.ContainsFunc(a.Volumes, func(x agents.Volume) bool { return x.EFS == aws.ToString(v.EfsVolumeConfiguration.FileSystemId) }):
			j.obstacle(what, "its tasks mount "+aws.ToString(v.EfsVolumeConfiguration.FileSystemId)+", and agents.yaml has no volume of it", "write it under volumes of "+a.Name+": {"+strings.ToLower(name)+": {path: …, efs: "+aws.ToString(v.EfsVolumeConfiguration.FileSystemId)+"}}")
		}
	}
}

// mountedBy are the containers that mount a volume.
func mountedBy(all []types.ContainerDefinition, volume string) []string {
	var out []string
	for _, c := range all {
		if slices.ContainsFunc(c.MountPoints, func(m types.MountPoint) bool { return aws.ToString(m.SourceVolume) == volume }) {
			out = append(out, aws.ToString(c.Name))
		}
	}
	return out
}

// unsayable says what agents.yaml has no key for at a volume, and what to do instead; "" is
// that it has one: the root of a file system of EFS.
func unsayable(v types.Volume) (kind, instead string) {
	const whole = "a volume is the whole of a file system of EFS, mounted without an access point: move the files there, to S3 or to a database first"
	e := v.EfsVolumeConfiguration
	switch {
	case v.FsxWindowsFileServerVolumeConfiguration != nil:
		return "a file system of FSx", "Fargate mounts EFS alone: move the files there, to S3 or to a database first"
	case v.DockerVolumeConfiguration != nil:
		return "a volume of Docker's", "Fargate mounts EFS alone: move the files there, to S3 or to a database first"
	case aws.ToBool(v.ConfiguredAtLaunch):
		return "a disk of EBS", whole
	case e == nil:
		return "of the task's own disk", "write to a directory of the image, which is on the same disk; what has to stay is written to EFS (volumes), S3 or a database"
	case strings.Trim(aws.ToString(e.RootDirectory), "/") != "":
		return "the directory " + aws.ToString(e.RootDirectory) + " of " + aws.ToString(e.FileSystemId), whole
	case e.AuthorizationConfig != nil && aws.ToString(e.AuthorizationConfig.AccessPointId) != "":
		return aws.ToString(e.FileSystemId) + " by the access point " + aws.ToString(e.AuthorizationConfig.AccessPointId), whole
	}
	return "", ""
}
