package provision

import (
	"maps"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/karmacadabra/karmactl/internal/agents"
	"github.com/karmacadabra/karmactl/internal/cloud"
	"github.com/karmacadabra/karmactl/internal/engine"
)

// Mount is a volume of an agent with what it is on, and the containers that see it.
type Mount struct {
	agents.Volume
	// Point is its directory on the stack's own file system; nil for a file system that is
	// there already, and for the task's own disk.
	Point *AccessPoint
	// Agent is whose containers they are.
	Agent agents.Agent
}

// fileSystem is the id of what it is on.
func (m Mount) fileSystem() string {
	if m.Point != nil {
		return m.Point.FileSystem.ID()
	}
	return m.EFS
}

// pointARN is the ARN of the access point that it is mounted by; "" without one.
func (m Mount) pointARN(account cloud.Account) string {
	switch {
	case m.Point != nil:
		return m.Point.ARN()
	case m.AccessPoint != "":
		return account.ARN("elasticfilesystem", "access-point/"+m.AccessPoint)
	}
	return ""
}

// pointsOf are the access points of mounts.
func pointsOf(mounts []Mount) []engine.Node {
	var out []engine.Node
	for _, m := range mounts {
		out = append(out, nodes(m.Point)...)
	}
	return out
}

// mountPolicy is what the task role needs to mount: by the volume's access point alone where
// there is one, which is so for each volume on the stack's own file system, so that no agent
// reaches the files of another. Who may be root on a file system that is there already is its
// owner's to say. A role is a task's, so one container that may write is enough to write.
// https://docs.aws.amazon.com/efs/latest/ug/iam-access-control-nfs-efs.html
func mountPolicy(account cloud.Account, mounts []Mount) Policy {
	var all Policy
	for _, m := range mounts {
		if m.Ephemeral {
			continue
		}
		s := statement{Effect: "Allow", Action: []string{"elasticfilesystem:ClientMount"}, Resource: []string{account.ARN("elasticfilesystem", "file-system/"+m.fileSystem())}}
		if m.Agent.Writes(m.Name) {
			s.Action = append(s.Action, "elasticfilesystem:ClientWrite")
		}
		if point := m.pointARN(account); point != "" {
			s.Condition = map[string]map[string]any{"StringEquals": {"elasticfilesystem:AccessPointArn": point}}
		}
		all = append(all, s)
	}
	return all
}

// VolumeSpec is what we own of a volume of a task.
type VolumeSpec struct {
	// FileSystem is the id of one of EFS; "" is the task's own disk.
	FileSystem, AccessPoint string
	// Root is the directory of the file system that is mounted; "" is its root, or the access point's.
	Root string
	// TLS encrypts on the way; IAM has EFS ask what the task role may.
	TLS, IAM bool
	// Paths are where the containers see it, by container.
	Paths map[string]Path
}

// Path is where a container sees a volume.
type Path struct {
	At       string
	ReadOnly bool
}

// Volumes are volumes by name.
type Volumes map[string]VolumeSpec

// volumesOf are mounts as volumes of a task whose first container has a name: the agent's,
// or its job's.
func volumesOf(container string, mounts []Mount) Volumes {
	var out Volumes
	for _, m := range mounts {
		v := VolumeSpec{Paths: map[string]Path{}}
		if !m.Ephemeral {
			v.FileSystem, v.AccessPoint, v.Root, v.TLS, v.IAM = m.fileSystem(), m.AccessPoint, strings.Trim(m.Directory, "/"), true, true
		}
		if m.Point != nil {
			v.AccessPoint = m.Point.ID()
		}
		for name, at := range m.Agent.Seen(m.Name) {
			if name == m.Agent.Name {
				name = container
			}
			v.Paths[name] = Path{at.Path, at.ReadOnly}
		}
		if out == nil {
			out = Volumes{}
		}
		out[m.Name] = v
	}
	return out
}

func readVolumes(d *types.TaskDefinition) Volumes {
	var out Volumes
	for _, v := range d.Volumes {
		var spec VolumeSpec
		if e := v.EfsVolumeConfiguration; e != nil {
			spec.FileSystem, spec.Root = aws.ToString(e.FileSystemId), strings.Trim(aws.ToString(e.RootDirectory), "/")
			spec.TLS = e.TransitEncryption == types.EFSTransitEncryptionEnabled
			if a := e.AuthorizationConfig; a != nil {
				spec.AccessPoint, spec.IAM = aws.ToString(a.AccessPointId), a.Iam == types.EFSAuthorizationConfigIAMEnabled
			}
		}
		for _, c := range d.ContainerDefinitions {
			for _, m := range c.MountPoints {
				if aws.ToString(m.SourceVolume) != aws.ToString(v.Name) {
					continue
				}
				if spec.Paths == nil {
					spec.Paths = map[string]Path{}
				}
				spec.Paths[aws.ToString(c.Name)] = Path{aws.ToString(m.ContainerPath), aws.ToBool(m.ReadOnly)}
			}
		}
		if out == nil {
			out = Volumes{}
		}
		out[aws.ToString(v.Name)] = spec
	}
	return out
}

func (all Volumes) input() []types.Volume {
	var out []types.Volume
	for _, name := range slices.Sorted(maps.Keys(all)) {
		spec, v := all[name], types.Volume{Name: &name}
		if spec.FileSystem != "" {
			e := &types.EFSVolumeConfiguration{FileSystemId: &spec.FileSystem, AuthorizationConfig: &types.EFSAuthorizationConfig{}}
			if spec.Root != "" {
				e.RootDirectory = aws.String("/" + spec.Root)
			}
			if spec.TLS {
				e.TransitEncryption = types.EFSTransitEncryptionEnabled
			}
			if spec.IAM {
				e.AuthorizationConfig.Iam = types.EFSAuthorizationConfigIAMEnabled
			}
			if spec.AccessPoint != "" {
				e.AuthorizationConfig.AccessPointId = &spec.AccessPoint
			}
			v.EfsVolumeConfiguration = e
		}
		out = append(out, v)
	}
	return out
}

// mountPoints are where a container sees volumes, as ECS takes them.
func (all Volumes) mountPoints(container string) []types.MountPoint {
	var out []types.MountPoint
	for _, name := range slices.Sorted(maps.Keys(all)) {
		p, mounted := all[name].Paths[container]
		if !mounted {
			continue
		}
		m := types.MountPoint{SourceVolume: &name, ContainerPath: &p.At}
		if p.ReadOnly {
			m.ReadOnly = aws.Bool(true)
		}
		out = append(out, m)
	}
	return out
}

// Equal tells whether both are the same volumes.
func (all Volumes) Equal(other Volumes) bool { return all.words().Equal(other.words()) }

func (all Volumes) String() string { return all.words().String() }

// words are what each volume is, and at which path of which container.
func (all Volumes) words() Variables {
	out := Variables{}
	for name, v := range all {
		words := []string{v.source()}
		for _, container := range slices.Sorted(maps.Keys(v.Paths)) {
			p := v.Paths[container]
			mount := "at " + p.At + " of " + container
			if p.ReadOnly {
				mount += ", read-only"
			}
			words = append(words, mount)
		}
		out[name] = strings.Join(words, " ")
	}
	return out
}

// source is where the files of a volume are.
func (v VolumeSpec) source() string {
	if v.FileSystem == "" {
		return "of the task's own disk"
	}
	source := "EFS " + v.FileSystem
	if v.AccessPoint != "" {
		source += " by " + v.AccessPoint
	}
	if v.Root != "" {
		source += " from /" + v.Root
	}
	if !v.TLS {
		source += " without TLS"
	}
	if !v.IAM {
		source += " without IAM"
	}
	return source
}
