package importer

import (
	"fmt"
	"slices"
	"strings"

	"github.com/karmacadabra/karmactl/internal/agents"
	"github.com/karmacadabra/karmactl/internal/lazyregexp"
)

// volume is a directory of an agent's container on EFS.
type volume struct {
	name, path string
	// efs is a file system that is there already; "" is the stack's own.
	efs      string
	readOnly bool
}

var (
	nearVolume = naming{40, agents.VolumeName}
	// fileSystemID is the id of a file system of EFS, wherever it is written: alone, in an
	// ARN, or in the name that NFS mounts.
	fileSystemID = lazyregexp.New(`\bfs-[0-9a-f]{8,40}\b`)
)

const (
	// ofTheDisk is why what only the task's own disk holds stays behind.
	ofTheDisk = "it is of the task's own disk, which is gone with the task: what has to stay is written under volumes"
	// ofTheHost is why a directory of a host stays behind.
	ofTheHost = "Fargate has no host whose directories could be mounted: copy what it has into the image, and write what has to stay under volumes"
	// ofSidecars is why the volumes of other containers stay behind.
	ofSidecars = "only the agent's own container mounts volumes"
	// anyRoot is why a part of a file system is no volume.
	anyRoot = "a volume with efs is the whole file system, from its root, for the user that the program runs as"
	// notCopied is said of files that stay where they are.
	notCopied = "a directory on the stack's own file system; what is in it today is not copied"
)

// addVolume gives an agent a volume under the nearest name that is allowed and free, and
// tells its key.
func (a *agent) addVolume(v volume) string {
	name := nearest(v.name, nearVolume, "volume")
	v.name = name
	for i := 2; a.volume(v.name) != nil; i++ {
		v.name = nearest(fmt.Sprintf("%s-%d", name[:min(len(name), 36)], i), nearVolume, "volume")
	}
	a.volumes = append(a.volumes, v)
	return a.key("volumes." + v.name)
}

func (a *agent) volume(name string) *volume {
	for i := range a.volumes {
		if a.volumes[i].name == name {
			return &a.volumes[i]
		}
	}
	return nil
}

// fileSystems are the file systems that are there already and that agents mount, in the order of the file.
func (f *fleet) fileSystems() []string {
	var out []string
	for _, a := range f.agents {
		for _, v := range a.volumes {
			if v.efs != "" && !slices.Contains(out, v.efs) {
				out = append(out, v.efs)
			}
		}
	}
	return out
}

// byPoint says in the file that an access point may have shown a part only.
func (a *agent) byPoint(at Place, v volume) {
	a.comments = append(a.comments, fmt.Sprintf("%s mounts %s by an access point, which may show a part of it. A volume shows all of it at %s.", at, v.efs, v.path))
}

// mountsPart says in the file that a volume shows more than the container saw.
func (a *agent) mountsPart(at Place, v volume, root string) {
	a.comments = append(a.comments, fmt.Sprintf("%s has %s of %s at %s. A volume shows all of it: these files are below %s/%s.", at, root, v.efs, v.path, v.path, strings.Trim(root, "/")))
}

func (v volume) yaml() string {
	parts := []string{"path: " + quoted(v.path)}
	if v.efs != "" {
		parts = append(parts, "efs: "+v.efs)
	}
	if v.readOnly {
		parts = append(parts, "read_only: true")
	}
	return "{" + strings.Join(parts, ", ") + "}"
}

// writeVolumes writes the volumes of an agent.
func writeVolumes(p *page, in int, key string, all []volume) {
	p.in(in, key+".volumes", "volumes", func() {
		for _, v := range all {
			p.entry(in+1, key+".volumes."+v.name, v.name, v.yaml())
		}
	})
}
