package provision

import (
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
)

// readVolumes are a revision's volumes by name: what each is, and at which paths of which
// containers. karmactl's own revisions have none, so one that someone added is shown before
// the next revision leaves it out.
func readVolumes(d *types.TaskDefinition) Variables {
	var out Variables
	for _, v := range d.Volumes {
		if out == nil {
			out = Variables{}
		}
		name := aws.ToString(v.Name)
		words := []string{volumeSource(v)}
		for _, c := range d.ContainerDefinitions {
			for _, m := range c.MountPoints {
				if aws.ToString(m.SourceVolume) != name {
					continue
				}
				mount := "at " + aws.ToString(m.ContainerPath) + " of " + aws.ToString(c.Name)
				if aws.ToBool(m.ReadOnly) {
					mount += ", read-only"
				}
				words = append(words, mount)
			}
		}
		out[name] = strings.Join(words, " ")
	}
	return out
}

// volumeSource is where the files of a volume are.
func volumeSource(v types.Volume) string {
	e := v.EfsVolumeConfiguration
	if e == nil {
		return "of the task's own disk"
	}
	source := "EFS " + aws.ToString(e.FileSystemId)
	if a := e.AuthorizationConfig; a != nil && aws.ToString(a.AccessPointId) != "" {
		source += " by " + aws.ToString(a.AccessPointId)
	}
	if root := strings.Trim(aws.ToString(e.RootDirectory), "/"); root != "" {
		source += " from /" + root
	}
	return source
}
