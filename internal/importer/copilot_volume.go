package importer

import (
	"fmt"
	"strings"
)

// volumes carries a manifest's storage.volumes over. Copilot's are read-only unless they say
// otherwise: https://aws.github.io/copilot-cli/docs/manifest/lb-web-service/
func (c *copilot) volumes(a *agent, all *tree) {
	for name, m := range all.each() {
		e := m.get("efs")
		on, said := e.yes()
		switch {
		case e == nil || said && !on:
			m.leave(ofTheDisk)
		case m.get("path").str() == "":
			m.leave(ofSidecars)
		default:
			c.mount(a, name, m, e)
		}
	}
}

func (c *copilot) mount(a *agent, name string, m, e *tree) {
	v := volume{name: name, path: m.get("path").str(), readOnly: true}
	if on, said := m.get("read_only").yes(); said {
		v.readOnly = on
	}
	id := e
	if e.kind == dict {
		id = e.first("id", "file_system_id")
	}
	if v.efs = fileSystemID.FindString(id.str()); v.efs == "" && e.kind == dict && id != nil {
		m.leave(fmt.Sprintf("CloudFormation's output: write volumes: {%s: {path: %s, efs: fs-…}}", nearest(name, nearVolume, "volume"), v.path))
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
		a.comments = append(a.comments, fmt.Sprintf("%s is on a file system that Copilot made. Here %s is %s.", m.at, v.path, notCopied))
		return
	}
	id.carry(key)
	if e.kind != dict {
		return
	}
	root := e.first("root_dir", "root_directory")
	if path := strings.TrimRight(root.str(), "/"); path != "" {
		root.leave(anyRoot)
		a.mountsPart(m.at, v, path)
	}
	auth := e.get("auth")
	auth.get("iam").own("the rights of the task's role always count")
	if point := auth.first("access_point_id", "access_point"); point.said() {
		point.leave(anyRoot)
		a.byPoint(m.at, v)
	}
}
