package importer

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/karmacadabra/karmactl/internal/agents"
	"github.com/karmacadabra/karmactl/internal/lazyregexp"
)

// volume is a directory of an agent's containers on EFS, or one of the agent's as another
// container sees it. Without a path the agent's own container does not see it.
type volume struct {
	name, path string
	// efs is a file system that is there already; "" is the stack's own. Of it an access
	// point or a directory is mounted, or the whole.
	efs, accessPoint, directory string
	readOnly                    bool
	// ephemeral is on the task's own disk.
	ephemeral bool
}

var (
	nearVolume = naming{40, agents.VolumeName}
	// fileSystemID is the id of a file system of EFS, wherever it is written: alone, in an
	// ARN, or in the name that NFS mounts.
	fileSystemID  = lazyregexp.New(`\bfs-[0-9a-f]{8,40}\b`)
	accessPointID = lazyregexp.New(`\bfsap-[0-9a-f]{8,40}\b`)
)

const (
	// notADisk is why a disk of EBS, or what else Fargate does not mount for agents, stays behind.
	notADisk = "agents have files on EFS, or on the task's own disk, which is gone with the task: write them under volumes"
	// onTheDisk is why what only the task's own disk holds stays behind.
	onTheDisk = "it is of the task's own disk, which is gone with the task: what has to stay is written under volumes"
	// ofTheHost is why a directory of a host stays behind.
	ofTheHost = "Fargate has no host whose directories could be mounted: copy what it has into the image, and write what has to stay under volumes"
	// unmounted is why a volume that no container mounts stays behind.
	unmounted = "no container that is carried over mounts it"
	// notCopied is said of files that stay where they are.
	notCopied = "a directory on the stack's own file system; what is in it today is not copied"
)

// addVolume gives an agent a volume under the nearest name that is allowed and free, and
// tells its key.
func (a *agent) addVolume(v volume) string {
	source, name := v.name, nearest(v.name, nearVolume, "volume")
	v.name = name
	for i := 2; a.volume(v.name) != nil; i++ {
		v.name = nearest(fmt.Sprintf("%s-%d", name[:min(len(name), 36)], i), nearVolume, "volume")
	}
	a.volumes = append(a.volumes, v)
	if a.volumeOf == nil {
		a.volumeOf = map[string]string{}
	}
	a.volumeOf[source] = v.name
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
	for _, a := range f.owners() {
		for _, v := range a.volumes {
			if v.efs != "" && !slices.Contains(out, v.efs) {
				out = append(out, v.efs)
			}
		}
	}
	return out
}

// mountEnd is what a source says of how a file system of EFS is mounted.
type mountEnd struct{ point, root, iam *tree }

// mounted says what becomes of that. Where only another program knows the access point, the file says that
// it has to be written, and what is mounted without.
func (a *agent) mounted(key string, at Place, v volume, e mountEnd, knows string) {
	e.iam.own("the rights of the task's role always count")
	switch {
	case v.accessPoint != "":
		e.point.carry(key)
		e.root.own("the access point says it")
		return
	case v.directory != "":
		e.root.carry(key)
	default:
		e.root.own("all of the file system")
	}
	if !e.point.said() {
		return
	}
	e.point.leave("only " + knows + " knows its id: write access_point: fsap-… at the volume")
	shows := "all of it, at " + cmp.Or(v.path, "the path of its container")
	if v.directory != "" {
		shows = "the same directory, for the user that the program runs as"
	}
	a.comments = append(a.comments, fmt.Sprintf("%s mounts %s by an access point of which only %s knows the id: write access_point. Without it the volume shows %s.", at, v.efs, knows, shows))
}

// written says what to write for a volume that is left; rest is what to write beside its path.
func (v volume) written(rest string) string {
	return fmt.Sprintf("write volumes: {%s: {path: %s, %s}}", nearest(v.name, nearVolume, "volume"), cmp.Or(v.path, "…"), rest)
}

// mountsBeside gives a container beside the agent's own a volume of the agent.
func (s *sidecar) mountsBeside(t *tree, name, path string, readOnly bool) {
	s.process.volumes = append(s.process.volumes, volume{name: name, path: path, readOnly: readOnly})
	t.carry(s.process.key("volumes." + name))
}

func (v volume) yaml() string {
	var parts []string
	for _, x := range []struct{ key, value string }{{"path", v.path}, {"efs", v.efs}, {"access_point", v.accessPoint}, {"directory", v.directory}} {
		if x.value != "" {
			parts = append(parts, x.key+": "+quoted(x.value))
		}
	}
	if v.ephemeral {
		parts = append(parts, "ephemeral: true")
	}
	if v.readOnly {
		parts = append(parts, "read_only: true")
	}
	return "{" + strings.Join(parts, ", ") + "}"
}

// writeVolumes writes the volumes of an agent, or what another container sees of them.
func writeVolumes(p *page, in int, key string, all []volume) {
	p.in(in, key+".volumes", "volumes", func() {
		for _, v := range all {
			p.entry(in+1, key+".volumes."+v.name, v.name, v.yaml())
		}
	})
}
