package agents

import (
	"cmp"
	"maps"
	"path"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/karmacadabra/karmactl/internal/lazyregexp"
)

// Volume is a directory of an agent's containers that is on EFS: what is written there
// outlives its task, and all tasks of the agent see the same files. Or it is on the disk of
// each task, where its containers share it.
type Volume struct {
	Name string
	// Path is where the agent's own container sees it: absolute, and without a slash at the
	// end. "" is nowhere: only its other containers see it.
	Path string
	// EFS is the id of a file system that is there already; "" is the stack's own, on which
	// the volume has a directory that no other volume has.
	EFS string
	// AccessPoint is the id of an access point of EFS by which it is mounted; "" is none.
	// Directory is what is mounted of EFS without one; "" is all of it.
	AccessPoint, Directory string
	// Ephemeral is on the task's own disk: empty at its start, and gone with it.
	Ephemeral bool
	// Of is whose files they are: AGENT/VOLUME, of which it has the rest then; "" is its own.
	Of string
	// ReadOnly: nothing of the agent's own container writes there.
	ReadOnly bool
}

var (
	// A volume's directory on the file system is /<agent>/<name>, of which an access point
	// takes 100 characters: https://docs.aws.amazon.com/efs/latest/ug/API_RootDirectory.html
	volumeRule = textRule{pattern: namedRule.pattern, near: hyphened, most: 40, allowed: namedRule.allowed}
	// ECS writes source:path:ro, so a path has no colon. Two slashes are one to it, as no two paths may be.
	volumePathRule = textRule{pattern: lazyregexp.New(`^(/[^/:\x00-\x1f]+)+$`), near: path.Clean, most: 1024, allowed: "a path such as /data: it starts with /, and has neither a colon nor a slash at its end", refuse: refuseVolumePath}
	// https://docs.aws.amazon.com/efs/latest/ug/API_FileSystemDescription.html
	fileSystemRule  = textRule{pattern: lazyregexp.New(`^fs-[0-9a-f]{8,40}$`), near: fileSystemOf, rewrite: notAccessPoint, allowed: "the id of a file system of EFS, such as fs-0a1b2c3d4e5f60718"}
	accessPointRule = textRule{pattern: lazyregexp.New(`^fsap-[0-9a-f]{8,40}$`), near: fileSystemOf, allowed: "the id of an access point of EFS, such as fsap-0a1b2c3d4e5f60718"}
	directoryRule   = textRule{pattern: lazyregexp.New(`^(/[^/\x00-\x1f]+)+$`), near: path.Clean, most: 1024, allowed: "a directory of the file system such as /models: it starts with /, and has no slash at its end; all of the file system is without directory", refuse: refuseDirectory}
	volumeOfRule    = textRule{pattern: lazyregexp.New(`^[a-z][a-z0-9_-]*/[a-z][a-z0-9_-]*$`), most: 128, allowed: "AGENT/VOLUME, such as bot/memory"}
)

func refuseDirectory(s string) string {
	if path.Clean(s) != s {
		return "a directory without . and .. in it, such as " + path.Clean(s)
	}
	return ""
}

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
	return "the file system's own id, such as fs-0a1b2c3d4e5f60718; the access point's goes under access_point"
}

// volumesValue is a mapping from name to volume, ordered by name.
func volumesValue() value[[]Volume] {
	one := object("volume", []field[Volume]{
		key("path", "Where the agent's own container sees it; it hides what the image has there. Left out, only sidecars and init containers that name it see it.", text(volumePathRule), func(v *Volume) *string { return &v.Path }),
		key("efs", "A file system of EFS that is there already, by its id. It is used, and never changed or deleted, and has to have a mount target that lets the tasks in. Default: the stack's own, encrypted, with a directory for this volume alone.", text(fileSystemRule), func(v *Volume) *string { return &v.EFS }),
		key("access_point", "With efs: an access point of it that is there already, by its id. It says which directory is mounted and as which user, and is never changed or deleted.", text(accessPointRule), func(v *Volume) *string { return &v.AccessPoint }),
		key("directory", "With efs, and without access_point: a directory of it, which has to be there. Default: all of it.", text(directoryRule), func(v *Volume) *string { return &v.Directory }),
		key("ephemeral", "Keep it on the task's own disk, where the containers that name it share it, and where one with read_only may write: empty at the start, gone with the task, and free. It belongs to root, unless an image has the path as a VOLUME.", boolean(), func(v *Volume) *bool { return &v.Ephemeral }),
		key("of", "A volume of another agent, as AGENT/VOLUME: the same files, at a path of its own.", text(volumeOfRule), func(v *Volume) *string { return &v.Of }),
		key("read_only", "Let the agent's own container read it and not write.", boolean(), func(v *Volume) *bool { return &v.ReadOnly }),
	})
	return byName(volumeRule, "a volume", one, func(name string) Volume { return Volume{Name: name} }, func(v Volume) string { return v.Name })
}

// byName is a mapping from name to something, as a list that is ordered by name.
func byName[T any](rule textRule, what string, one value[T], fresh func(name string) T, name func(T) string) value[[]T] {
	many := dict(rule, what, one, fresh)
	return value[[]T]{
		read: func(r *reader, n *yaml.Node, into *[]T) {
			var all map[string]T
			many.read(r, n, &all)
			*into = slices.SortedFunc(maps.Values(all), func(a, b T) int { return cmp.Compare(name(a), name(b)) })
		},
		describe: func(d *definitions, _ *[]T) schema { return many.describe(d, nil) },
	}
}

// OwnVolumes are the agent's volumes on the stack's own file system.
func (a Agent) OwnVolumes() []Volume {
	return slices.DeleteFunc(slices.Clone(a.Volumes), func(v Volume) bool { return v.EFS != "" || v.Ephemeral })
}

// HasOwnVolumes tells whether an agent or a job has one on the stack's own file system:
// without any there is none.
func (c *Config) HasOwnVolumes() bool {
	return slices.ContainsFunc(c.Owners(), func(a Agent) bool { return len(a.OwnVolumes()) > 0 })
}

// GivenVolumes are volumes on file systems that are there already, one for each file system,
// access point and directory, in the order of these.
func (c *Config) GivenVolumes() []Volume {
	var out []Volume
	for _, a := range c.Owners() {
		for _, v := range a.Volumes {
			if v.EFS != "" {
				out = append(out, Volume{EFS: v.EFS, AccessPoint: v.AccessPoint, Directory: v.Directory})
			}
		}
	}
	slices.SortFunc(out, func(a, b Volume) int {
		return cmp.Or(cmp.Compare(a.EFS, b.EFS), cmp.Compare(a.AccessPoint, b.AccessPoint), cmp.Compare(a.Directory, b.Directory))
	})
	return slices.Compact(out)
}

// GivenFileSystems are the file systems that are there already and that agents mount,
// sorted.
func (c *Config) GivenFileSystems() []string {
	var out []string
	for _, v := range c.GivenVolumes() {
		out = append(out, v.EFS)
	}
	return slices.Compact(out)
}
