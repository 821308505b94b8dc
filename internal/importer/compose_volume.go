package importer

import (
	"strings"

	"github.com/karmacadabra/karmactl/internal/lazyregexp"
)

var volumeName = lazyregexp.New(`^[A-Za-z0-9][A-Za-z0-9_.-]*$`)

// volumes carries over the named volumes that a service mounts; a directory of the host and
// one without a name stay behind.
func (c *compose) volumes(a *agent, s *tree) {
	for _, t := range c.filled(s.get("volumes")).list() {
		v, kind := composeVolume(t)
		switch {
		case v.path == "" || reference.MatchString(v.name+v.path):
			t.leave("it has no path that can be read: write volumes: {NAME: {path: …}}")
		case kind == "bind":
			t.leave(ofTheHost)
		case kind != "volume" || v.name == "":
			t.leave(onTheDisk)
		default:
			c.mount(a, t, v)
		}
	}
}

// composeVolume reads data:/var/lib/data:ro, ./src:/app, /cache and the long form; the kind
// is what Compose calls it.
func composeVolume(t *tree) (v volume, kind string) {
	if t.kind == dict {
		readOnly, _ := t.get("read_only").yes()
		return volume{name: t.get("source").str(), path: t.get("target").str(), readOnly: readOnly}, t.get("type").str()
	}
	parts := strings.Split(t.str(), ":")
	if len(parts) == 1 {
		return volume{path: parts[0]}, "volume"
	}
	v = volume{name: parts[0], path: parts[1]}
	for _, options := range parts[2:] {
		for o := range strings.SplitSeq(options, ",") {
			v.readOnly = v.readOnly || o == "ro"
		}
	}
	if !volumeName.MatchString(v.name) {
		return v, "bind"
	}
	return v, "volume"
}

// mount carries a named volume over. What the file says of it may name a file system of
// EFS: as the name of one that is there, or as what NFS mounts.
func (c *compose) mount(a *agent, t *tree, v volume) {
	said := c.filled(c.root.get("volumes").entry(v.name))
	for _, from := range []*tree{said.get("name"), said.get("driver_opts", "o"), said.get("driver_opts", "device")} {
		if v.efs == "" {
			v.efs = fileSystemID.FindString(from.str())
		}
	}
	if device := said.get("driver_opts", "device").str(); v.efs != "" && device != "" {
		v.directory = strings.TrimRight(device[strings.IndexByte(device, ':')+1:], "/")
	}
	if reference.MatchString(v.directory) {
		t.leave("the shell that runs compose fills its directory in: " + v.written("efs: "+v.efs+", directory: /…"))
		return
	}
	name := v.name
	key := a.addVolume(v)
	t.carry(key)
	switch {
	case v.efs == "" && c.mounted[name] != nil && c.mounted[name] != a:
		c.note(t.at, "%s and %s share the volume %s; here each has a directory of its own", c.mounted[name].name, a.name, name)
	case v.efs == "":
		said.own(notCopied)
	default:
		said.carry(key)
	}
	c.mounted[name] = a
}
