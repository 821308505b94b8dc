package adopt

import (
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/karmacadabra/karmactl/internal/agents"
	"github.com/karmacadabra/karmactl/internal/live"
)

// volumes judges what a task keeps its files on: agents.yaml has keys for file systems of EFS,
// with an access point or a directory of one, for each container.
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
		switch {
		case len(by) == 0 && v.EfsVolumeConfiguration == nil: // no one sees it
		case kind == "" && v.EfsVolumeConfiguration == nil:
			j.shared(what, a, name, by, aws.ToString(main.Name))
		case kind != "" && len(by) > 1:
			j.obstacle(what, "its containers "+strings.Join(by, ", ")+" share the volume "+name+", "+kind+", which agents.yaml cannot say", "let one container have the files, and the others ask it at localhost")
		case kind != "":
			j.obstacle(what, "its tasks have the volume "+name+", "+kind+", which agents.yaml cannot say", instead)
		default:
			j.mounted(what, a, v, by, aws.ToString(main.Name))
		}
	}
}

// shared judges whether agents.yaml has a volume of the task's own disk, for each container that mounts it.
func (j *judge) shared(what string, a agents.Agent, name string, by []string, main string) {
	for _, c := range by {
		if !slices.ContainsFunc(a.Volumes, func(x agents.Volume) bool { return x.Ephemeral && seenBy(a, x.Name, c, main) }) {
			j.obstacle(what, "its container "+c+" mounts the volume "+name+", of the task's own disk, which agents.yaml does not have",
				"write it under volumes of "+a.Name+": {"+strings.ToLower(name)+": {ephemeral: true}}, with a path there, or under those of another container")
		}
	}
}

// mounted judges whether agents.yaml has a volume of EFS, for each container that mounts it.
func (j *judge) mounted(what string, a agents.Agent, v types.Volume, by []string, main string) {
	e, name := v.EfsVolumeConfiguration, aws.ToString(v.Name)
	point, directory := "", strings.TrimRight(aws.ToString(e.RootDirectory), "/")
	if e.AuthorizationConfig != nil {
		point = aws.ToString(e.AuthorizationConfig.AccessPointId)
	}
	said := map[string]string{"efs": aws.ToString(e.FileSystemId), "access_point": point, "directory": directory}
	var write []string
	for _, k := range []string{"efs", "access_point", "directory"} {
		if said[k] != "" {
			write = append(write, k+": "+said[k])
		}
	}
	for _, c := range by {
		if slices.ContainsFunc(a.Volumes, func(x agents.Volume) bool {
			return x.EFS == said["efs"] && x.AccessPoint == point && x.Directory == directory && seenBy(a, x.Name, c, main)
		}) {
			continue
		}
		if c == main {
			j.obstacle(what, "its tasks mount "+said["efs"]+", and agents.yaml has no volume of it", "write it under volumes of "+a.Name+": {"+strings.ToLower(name)+": {path: …, "+strings.Join(write, ", ")+"}}")
			continue
		}
		j.obstacle(what, "its container "+c+" mounts the volume "+name+", which agents.yaml does not say", "write it under volumes of "+a.Name+": {"+strings.ToLower(name)+": {"+strings.Join(write, ", ")+"}}, and under those of "+c+": {"+strings.ToLower(name)+": {path: …}}")
	}
}

// seenBy tells whether a container sees a volume in agents.yaml, by the name that init writes for it.
func seenBy(a agents.Agent, volume, container, main string) bool {
	for name := range a.Seen(volume) {
		if container == main && name == a.Name || container != main && name == agents.ContainerName(container) {
			return true
		}
	}
	return false
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
// that it has one, as for a file system of EFS and for the task's own disk.
func unsayable(v types.Volume) (kind, instead string) {
	const onEFS = "move the files to EFS, to S3 or to a database first"
	switch {
	case v.FsxWindowsFileServerVolumeConfiguration != nil:
		return "a file system of FSx", "Fargate mounts EFS alone: move the files there, to S3 or to a database first"
	case v.DockerVolumeConfiguration != nil:
		return "a volume of Docker's", "Fargate mounts EFS alone: move the files there, to S3 or to a database first"
	case aws.ToBool(v.ConfiguredAtLaunch):
		return "a disk of EBS", onEFS
	}
	return "", ""
}
