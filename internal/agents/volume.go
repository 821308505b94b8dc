package agents

import (
	"cmp"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/karmacadabra/karmactl/internal/lazyregexp"
)

// Volume is a directory of the agent's own container that is on EFS: what is written there
// outlives its task. All tasks of the agent see the same files.
type Volume struct {
	Name string
	// Path is where the container sees it: absolute, and without a slash at the end.
	Path string
	// EFS is the id of a file system that is there already; "" is the stack's own, on which
	// the volume has a directory that no other volume has.
	EFS string
	// ReadOnly: nothing of the container writes there.
	ReadOnly bool
}

var (
	// A volume's directory on the file system is /<agent>/<name>, of which an access point
	// takes 100 characters: https://docs.aws.amazon.com/efs/latest/ug/API_RootDirectory.html
	volumeRule = textRule{pattern: namedRule.pattern, near: hyphened, most: 40, allowed: namedRule.allowed}
	// ECS writes source:path:ro, so a path has no colon. Two slashes are one to it, as no two paths may be.
	volumePathRule = textRule{pattern: lazyregexp.New(`^(/[^/:\x00-\x1f]+)+$`), near: path.Clean, most: 1024, allowed: "a path such as /data: it starts with /, and has neither a colon nor a slash at its end", refuse: refuseVolumePath}
	// https://docs.aws.amazon.com/efs/latest/ug/API_FileSystemDescription.html
	fileSystemRule = textRule{pattern: lazyregexp.New(`^fs-[0-9a-f]{8,40}$`), near: fileSystemOf, rewrite: notAccessPoint, allowed: "the id of a file system of EFS, such as fs-0a1b2c3d4e5f60718"}
)

// refuseVolumePath: what the kernel shows in a container is not the image's to replace.
func refuseVolumePath(s string) string {
	for _, kept := range []string{"/proc", "/sys", "/dev"} {
		if within(s, kept) {
			return "not " + kept + " or below it, which is the kernel's: a path such as /data"
		}
	}
	if path.Clean(s) != s {
		return "a path without . and .. in it, such as " + path.Clean(s)
	}
	return ""
}

// fileSystemOf takes a file system's id out of its ARN.
func fileSystemOf(s string) string { return s[strings.LastIndexByte(s, '/')+1:] }

func notAccessPoint(s string) string {
	if !strings.HasPrefix(fileSystemOf(s), "fsap-") {
		return ""
	}
	return "the file system's own id, such as fs-0a1b2c3d4e5f60718, and not an access point's"
}

// volumesValue is a mapping from name to volume, ordered by name.
func volumesValue() value[[]Volume] {
	one := object("volume", []field[Volume]{
		need(key("path", "Where the container sees it; it hides what the image has there.", text(volumePathRule), func(v *Volume) *string { return &v.Path })),
		key("efs", "A file system of EFS that is there already, by its id. It is used, and never changed or deleted, and has to have a mount target that lets the tasks in. Default: the stack's own, encrypted, with a directory for this volume alone.", text(fileSystemRule), func(v *Volume) *string { return &v.EFS }),
		key("read_only", "Let the container read it and not write.", boolean(), func(v *Volume) *bool { return &v.ReadOnly }),
	})
	many := dict(volumeRule, "a volume", one, func(name string) Volume { return Volume{Name: name} })
	return value[[]Volume]{
		read: func(r *reader, n *yaml.Node, into *[]Volume) {
			var byName map[string]Volume
			many.read(r, n, &byName)
			*into = slices.SortedFunc(maps.Values(byName), func(a, b Volume) int { return cmp.Compare(a.Name, b.Name) })
		},
		describe: func(d *definitions, _ *[]Volume) schema { return many.describe(d, nil) },
	}
}

// checkVolumes: a path that is another one's, or is below it, would be hidden or not as the
// mounts happen to come.
func checkVolumes(r *reader, at string, a *Agent) {
	whole := func(v Volume) bool {
		return v.Path != "" && r.sound(join(at, "volumes", v.Name), join(at, "volumes", v.Name, "path"))
	}
	for i, v := range a.Volumes {
		clash := slices.IndexFunc(a.Volumes[:i], func(other Volume) bool {
			return whole(v) && whole(other) && (within(v.Path, other.Path) || within(other.Path, v.Path))
		})
		if clash < 0 {
			continue
		}
		where, other := r.at(at, "volumes", v.Name, "path"), a.Volumes[clash]
		if v.Path == other.Path {
			r.problem(where, fmt.Sprintf("%s is the path of the volume %s, too", v.Path, other.Name), "a path for each volume")
			continue
		}
		r.problem(where, fmt.Sprintf("%s and the path of the volume %s, %s, are one within the other", v.Path, other.Name, other.Path), "paths beside each other, such as /data/a and /data/b")
	}
}

// OwnVolumes are the agent's volumes on the stack's own file system.
func (a Agent) OwnVolumes() []Volume {
	return slices.DeleteFunc(slices.Clone(a.Volumes), func(v Volume) bool { return v.EFS != "" })
}

// HasOwnVolumes tells whether an agent has one on the stack's own file system: without any
// there is none.
func (c *Config) HasOwnVolumes() bool {
	return slices.ContainsFunc(c.Agents, func(a Agent) bool { return len(a.OwnVolumes()) > 0 })
}

// GivenFileSystems are the file systems that are there already and that agents mount,
// sorted.
func (c *Config) GivenFileSystems() []string {
	var out []string
	for _, a := range c.Agents {
		for _, v := range a.Volumes {
			if v.EFS != "" {
				out = append(out, v.EFS)
			}
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}
