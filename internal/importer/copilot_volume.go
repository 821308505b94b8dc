package importer

import (
	"cmp"
	"fmt"
	"strings"
)

// readOnlyThere tells whether a container may not write to what it mounts: with Copilot that is so
// unless it says otherwise, https://aws.github.io/copilot-cli/docs/manifest/lb-web-service/
func readOnlyThere(m *tree) bool {
	on, said := m.get("read_only").yes()
	return on || !said
}

// volumes carries a manifest's storage.volumes over.
func (c *copilot) volumes(a *agent, all *tree) {
	for name, m := range all.each() {
		e := m.get("efs")
		on, said := e.yes()
		switch {
		case e == nil || said && !on:
			c.share(a, name, m)
			e.own("without it, it is of the task's own disk")
		default:
			c.mount(a, name, m, e)
		}
	}
}

// share carries a volume of the task's own disk over.
func (c *copilot) share(a *agent, name string, m *tree) {
	v := volume{name: name, path: m.get("path").str(), ephemeral: true}
	v.readOnly = v.path != "" && readOnlyThere(m)
	key := a.addVolume(v)
	for _, k := range []string{"path", "read_only"} {
		m.get(k).carry(key)
	}
}

func (c *copilot) mount(a *agent, name string, m, e *tree) {
	v := volume{name: name, path: m.get("path").str()}
	v.readOnly = v.path != "" && readOnlyThere(m) // a sidecar says for itself
	id := e
	if e.kind == dict {
		id = e.first("id", "file_system_id")
	}
	if v.efs = fileSystemID.FindString(id.str()); v.efs == "" && e.kind == dict && id != nil {
		m.leave("CloudFormation's output: " + v.written("efs: fs-…"))
		return
	}
	root := e.first("root_dir", "root_directory")
	auth := e.get("auth")
	point := auth.first("access_point_id", "access_point")
	if v.efs != "" && e.kind == dict {
		if v.accessPoint = accessPointID.FindString(point.str()); v.accessPoint == "" {
			v.directory = strings.TrimRight(root.str(), "/")
		}
	}
	if reference.MatchString(v.directory) {
		m.leave("the shell that runs Copilot fills its directory in: " + v.written("efs: "+v.efs+", directory: /…"))
		return
	}
	key := a.addVolume(v)
	for _, k := range []string{"path", "read_only"} {
		m.get(k).carry(key)
	}
	if v.efs == "" {
		for _, k := range []string{"uid", "gid"} {
			e.get(k).leave("on the stack's own file system every file belongs to user and group 1000, not to the user that the program runs as")
		}
		if e.kind != dict {
			e.carry(key)
		}
		a.comments = append(a.comments, fmt.Sprintf("%s is on a file system that Copilot made. Here %s is %s.", m.at, cmp.Or(v.path, "it"), notCopied))
		return
	}
	id.carry(key)
	if e.kind != dict {
		return
	}
	a.mounted(key, m.at, v, mountEnd{point, root, auth.get("iam")}, "CloudFormation")
}

// mountsBeside carries over what a sidecar sees of the volumes.
func (c *copilot) mountsBeside(a *agent, s *sidecar, all *tree) {
	for _, m := range all.list() {
		name, known := a.volumeOf[m.get("source_volume").str()]
		if !known {
			m.leave("its volume is not carried over: write volumes: {NAME: {path: …}}")
			continue
		}
		s.mountsBeside(m, name, m.get("path").str(), readOnlyThere(m))
	}
}
