package importer

import (
	"fmt"
	"strings"
)

// volumes carries over what the agent's own container mounts of EFS.
func (x *terraform) volumes(a *agent, d, c *tree) {
	byName := map[string]*tree{}
	for _, v := range d.get("volume").list() {
		if name := v.get("name").str(); name != "" {
			byName[name] = v
		}
	}
	for _, m := range c.first("mountPoints", "mount_points").list() {
		name, at := m.first("sourceVolume", "source_volume").str(), m.first("containerPath", "container_path")
		switch v := byName[name]; {
		case v == nil:
			m.leave("its volume is not here to read: write volumes: {NAME: {path: …}}")
		case firstOf(v.first("efs_volume_configuration", "efsVolumeConfiguration")) != nil:
			readOnly, _ := m.first("readOnly", "read_only").yes()
			x.mount(a, v, m, volume{name: name, path: at.str(), readOnly: readOnly})
		case v.get("host_path").said():
			m.leave(ofTheHost)
			v.leave(ofTheHost)
		case firstOf(v.get("fsx_windows_file_server_volume_configuration")) != nil:
			m.leave("Fargate mounts EFS alone: write volumes: {NAME: {path: …}}")
			v.leave("Fargate mounts EFS alone")
		default:
			m.leave(ofTheDisk)
			v.leave(ofTheDisk)
		}
	}
}

// mount carries a volume of EFS over, and names what agents.yaml cannot say of it.
func (x *terraform) mount(a *agent, v, m *tree, vol volume) {
	e := firstOf(v.first("efs_volume_configuration", "efsVolumeConfiguration"))
	id := e.first("file_system_id", "fileSystemId")
	if vol.efs = x.fileSystem(id); vol.efs == "" {
		m.leave(fmt.Sprintf("only Terraform knows the id of the file system: write volumes: {%s: {path: %s, efs: fs-…}}", nearest(vol.name, nearVolume, "volume"), vol.path))
		v.leave("only Terraform knows the id of the file system: terraform show -json > state.json, then init --from state.json")
		a.comments = append(a.comments, fmt.Sprintf("%s mounts a file system of EFS of which only Terraform knows the id: write volumes here.", m.at))
		return
	}
	key := a.addVolume(vol)
	m.carry(key)
	if v.get("name").outcome != carried { // a second mount of it
		v.get("name").carry(key)
		id.carry(key)
	}
	auth := firstOf(e.first("authorization_config", "authorizationConfig"))
	e.first("transit_encryption", "transitEncryption").own("files are always encrypted on their way")
	auth.get("iam").own("the rights of the task's role always count")
	point := auth.first("access_point_id", "accessPointId")
	root := e.first("root_directory", "rootDirectory")
	if p := x.find(point.str(), "aws_efs_access_point"); p != nil {
		root = firstOf(p.body.get("root_directory")).get("path")
	}
	if point.said() {
		point.leave(anyRoot)
	}
	switch path := strings.TrimRight(root.str(), "/"); {
	case path != "":
		root.leave(anyRoot)
		a.mountsPart(m.at, vol, path)
	case point.said() && root == nil:
		a.byPoint(m.at, vol)
	}
	v.settle(own, "how files are encrypted and who may see them is always the same")
}

// fileSystem is the id that a value names, of a file system that a state or a look-up knows too.
func (x *terraform) fileSystem(t *tree) string {
	if id := fileSystemID.FindString(t.str()); id != "" {
		return id
	}
	if r := x.find(t.str(), "aws_efs_file_system"); r != nil {
		for _, k := range []string{"id", "file_system_id"} {
			if id := fileSystemID.FindString(r.body.entry(k).str()); id != "" {
				return id
			}
		}
	}
	return ""
}
