package importer

import (
	"fmt"
	"strings"
)

// volumes carries over what a container mounts of EFS: the agent's own, or another one, which
// sees volumes of the agent.
func (x *terraform) volumes(a *agent, s *sidecar, d, c *tree) {
	byName := map[string]*tree{}
	for _, v := range d.get("volume").list() {
		if name := v.get("name").str(); name != "" {
			byName[name] = v
		}
	}
	for _, m := range c.first("mountPoints", "mount_points").list() {
		vol := volume{name: m.first("sourceVolume", "source_volume").str(), path: m.first("containerPath", "container_path").str()}
		vol.readOnly, _ = m.first("readOnly", "read_only").yes()
		switch v := byName[vol.name]; {
		case v == nil:
			m.leave("its volume is not here to read: write volumes: {NAME: {path: …}}")
		case firstOf(v.first("efs_volume_configuration", "efsVolumeConfiguration")) != nil:
			x.mount(a, s, v, m, vol)
		case v.get("host_path").said():
			m.leave(ofTheHost)
			v.leave(ofTheHost)
		case firstOf(v.get("fsx_windows_file_server_volume_configuration")) != nil:
			m.leave("Fargate mounts EFS alone: write volumes: {NAME: {path: …}}")
			v.leave("Fargate mounts EFS alone")
		case !ofTheDisk(v):
			m.leave(notADisk)
			v.leave(notADisk)
		default:
			vol.ephemeral = true
			if key := a.mountOf(s, m, vol); key != "" && v.get("name").outcome != carried {
				v.get("name").carry(key)
			}
		}
	}
}

// ofTheDisk tells whether a volume is of the task's own disk, as one is that says its name alone.
func ofTheDisk(v *tree) bool {
	for key, x := range v.each() {
		if key != "name" && x.said() {
			return false
		}
	}
	return true
}

// mount carries a volume of EFS over, and names what agents.yaml cannot say of it.
func (x *terraform) mount(a *agent, s *sidecar, v, m *tree, vol volume) {
	e := firstOf(v.first("efs_volume_configuration", "efsVolumeConfiguration"))
	id := e.first("file_system_id", "fileSystemId")
	if vol.efs = x.fileSystem(id); vol.efs == "" {
		a.leaveMount(v, m, vol, "id", "efs: fs-…")
		return
	}
	auth := firstOf(e.first("authorization_config", "authorizationConfig"))
	point, root := auth.first("access_point_id", "accessPointId"), e.first("root_directory", "rootDirectory")
	p := x.find(point.str(), "aws_efs_access_point")
	if vol.accessPoint = accessPointID.FindString(point.str()); vol.accessPoint == "" && p != nil {
		vol.accessPoint = accessPointID.FindString(p.body.entry("id").str())
		root = firstOf(p.body.get("root_directory")).get("path")
	}
	if vol.accessPoint == "" {
		vol.directory = strings.TrimRight(root.str(), "/")
	}
	if reference.MatchString(vol.directory) {
		a.leaveMount(v, m, vol, "directory", "efs: "+vol.efs+", directory: /…")
		return
	}
	key := a.mountOf(s, m, vol)
	if key == "" {
		return
	}
	if v.get("name").outcome != carried { // a second mount of it
		v.get("name").carry(key)
		id.carry(key)
	}
	e.first("transit_encryption", "transitEncryption").own("files are always encrypted on their way")
	a.mounted(key, m.at, vol, mountEnd{point, root, auth.get("iam")}, "Terraform")
	v.settle(own, "how files are encrypted and who may see them is always the same")
}

// mountOf gives the agent a volume that a container mounts, its own or another one, and tells its key; "" is one that
// the agent has already and that another container sees, too.
func (a *agent) mountOf(s *sidecar, m *tree, vol volume) (key string) {
	if s == nil {
		key = a.addVolume(vol)
		m.carry(key)
		return key
	}
	seen := vol
	name, known := a.volumeOf[vol.name]
	if !known {
		vol.path, vol.readOnly = "", false
		key = a.addVolume(vol)
		name = a.volumeOf[vol.name]
	}
	s.mountsBeside(m, name, seen.path, seen.readOnly)
	return key
}

// leaveMount leaves a volume of which only Terraform knows the id, or the directory.
func (a *agent) leaveMount(v, m *tree, vol volume, what, write string) {
	m.leave("only Terraform knows the " + what + " of the file system: " + vol.written(write))
	v.leave("only Terraform knows the " + what + " of the file system: " + readState)
	a.comments = append(a.comments, fmt.Sprintf("%s mounts a file system of EFS of which only Terraform knows the %s: write volumes here.", m.at, what))
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
