package awssim

import (
	"net/netip"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
	efstypes "github.com/aws/aws-sdk-go-v2/service/efs/types"

	"github.com/karmacadabra/karmactl/internal/awssim/iam"
)

// checkVolumes: what is mounted is a volume of the task, and each of them is on EFS.
// https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_EFSVolumeConfiguration.html
func checkVolumes(in *ecs.RegisterTaskDefinitionInput) error {
	names := map[string]bool{}
	for _, v := range in.Volumes {
		name := aws.ToString(v.Name)
		if !ecsFamily.MatchString(name) || names[name] {
			return fail("ClientException", "Volume name '%s' is not valid or not unique.", name)
		}
		names[name] = true
		e := v.EfsVolumeConfiguration
		if e == nil {
			continue
		}
		point, byIAM := "", false
		if a := e.AuthorizationConfig; a != nil {
			point, byIAM = aws.ToString(a.AccessPointId), a.Iam == types.EFSAuthorizationConfigIAMEnabled
		}
		switch {
		case aws.ToString(e.FileSystemId) == "":
			return fail("ClientException", "EFS file system ID should not be null or empty.")
		case (byIAM || point != "") && e.TransitEncryption != types.EFSTransitEncryptionEnabled:
			return fail("ClientException", "EFS volume: transit encryption must be enabled when IAM authorization or an access point is used.")
		case point != "" && strings.Trim(aws.ToString(e.RootDirectory), "/") != "":
			return fail("ClientException", "EFS volume: the root directory must be omitted or '/' when an access point is used.")
		case byIAM && in.TaskRoleArn == nil:
			return fail("ClientException", "EFS volume: IAM authorization requires a task role.")
		}
	}
	for _, c := range in.ContainerDefinitions {
		paths := map[string]bool{}
		for _, m := range c.MountPoints {
			switch {
			case !names[aws.ToString(m.SourceVolume)]:
				return fail("ClientException", "Unknown volume '%s'.", aws.ToString(m.SourceVolume))
			case !strings.HasPrefix(aws.ToString(m.ContainerPath), "/") || paths[aws.ToString(m.ContainerPath)]:
				return fail("ClientException", "Invalid container path '%s' of container '%s'.", aws.ToString(m.ContainerPath), aws.ToString(c.Name))
			}
			paths[aws.ToString(m.ContainerPath)] = true
		}
	}
	return nil
}

const (
	efsFailed  = "ResourceInitializationError: failed to invoke EFS utils commands to set up EFS volumes: stderr: "
	efsTimeout = efsFailed + "Mount attempt 1/3 failed due to timeout after 15 sec, wait 0 sec before next attempt. Mount attempt 2/3 failed due to timeout after 15 sec, wait 0 sec before next attempt. b'mount.nfs4: mount system call failed' : unsuccessful EFS utils command execution; code: 32"
	efsDenied  = efsFailed + "b'mount.nfs4: access denied by server while mounting 127.0.0.1:/' : unsuccessful EFS utils command execution; code: 32"
)

// mountable is why a task's volumes cannot be mounted, in Fargate's words; "" when they can.
// https://repost.aws/knowledge-center/fargate-unable-to-mount-efs
func (s *Sim) mountable(t *Task, d types.TaskDefinition) string {
	for _, v := range d.Volumes {
		if v.EfsVolumeConfiguration == nil {
			continue
		}
		if why := s.mounts(t, d, v.EfsVolumeConfiguration); why != "" {
			return why
		}
	}
	return ""
}

func (s *Sim) mounts(t *Task, d types.TaskDefinition, e *types.EFSVolumeConfiguration) string {
	id := aws.ToString(e.FileSystemId)
	target := s.mountTargetFor(t, id)
	if target == nil {
		host := id + ".efs." + s.world.Region + ".amazonaws.com"
		return efsFailed + `Failed to resolve "` + host + `" - check that your file system ID is correct, and ensure that the VPC has an EFS mount target for this file system ID. See https://docs.aws.amazon.com/console/efs/mount-dns-name for more detail. : unsuccessful EFS utils command execution; code: 1`
	}
	if !s.lets(target.Groups, t, 2049) {
		return efsTimeout
	}
	f, point, directory := s.world.FileSystems[id], "", aws.ToString(e.RootDirectory)
	host := id + ".efs." + s.world.Region + ".amazonaws.com"
	if e.TransitEncryption == types.EFSTransitEncryptionEnabled { // by a proxy of TLS in the task
		host = "127.0.0.1"
	}
	if a := e.AuthorizationConfig; a != nil {
		if point = aws.ToString(a.AccessPointId); point != "" {
			p := s.world.AccessPoints[point]
			if p == nil || p.FileSystem != id || p.State != efstypes.LifeCycleStateAvailable {
				return efsDenied
			}
			if directory = p.Path; p.Creates != nil {
				f.makeDirectory(directory)
			}
		}
		if a.Iam == types.EFSAuthorizationConfigIAMEnabled && !s.mayMount(t, d, f, point) {
			return efsDenied
		}
	}
	if !f.has(directory) {
		if point != "" { // NFS sees the access point's directory as /
			directory = "/"
		}
		return efsFailed + "b'mount.nfs4: mounting " + host + ":" + directory + " failed, reason given by server: No such file or directory' : unsuccessful EFS utils command execution; code: 32"
	}
	return ""
}

// has tells whether a directory is on the file system.
func (f *FileSystem) has(directory string) bool {
	directory = strings.Trim(directory, "/")
	return directory == "" || slices.ContainsFunc(f.Directories, func(d string) bool { return d == directory || strings.HasPrefix(d, directory+"/") })
}

// makeDirectory makes a directory, as the first mount by an access point with CreationInfo does.
// https://docs.aws.amazon.com/efs/latest/ug/API_RootDirectory.html
func (f *FileSystem) makeDirectory(directory string) {
	if !f.has(directory) {
		f.Directories = append(f.Directories, strings.Trim(directory, "/"))
	}
}

// mayMount tells whether the task role has ClientMount. ClientWrite is not asked to mount:
// without it the mount is read-only.
// https://docs.aws.amazon.com/efs/latest/ug/iam-access-control-nfs-efs.html
func (s *Sim) mayMount(t *Task, d types.TaskDefinition, f *FileSystem, point string) bool {
	role := s.taskPrincipal(aws.ToString(d.TaskRoleArn), t.ID)
	r := iam.Request{Action: "elasticfilesystem:ClientMount", Resource: f.ARN, Context: map[string]string{"elasticfilesystem:AccessPointArn": s.world.arn("elasticfilesystem", "access-point/"+point)}}
	return iam.Decide(role, r).Allowed
}

// mountTargetFor is the one of the task's zone, which is what the file system's name leads to.
func (s *Sim) mountTargetFor(t *Task, fileSystem string) *MountTarget {
	subnet := s.world.Subnets[t.Subnet]
	if subnet == nil || s.world.FileSystems[fileSystem] == nil {
		return nil
	}
	for _, m := range s.world.MountTargets {
		if m.FileSystem == fileSystem && m.VPC == subnet.VPC && m.AZ == subnet.AZ && m.State == efstypes.LifeCycleStateAvailable {
			return m
		}
	}
	return nil
}

// lets tells whether one of the groups lets a task in at a port of TCP: by its address, or by
// one of its own groups.
func (s *Sim) lets(groups []string, t *Task, port int) bool {
	ip, _ := netip.ParseAddr(t.IP)
	from := t.Config.Network.AwsvpcConfiguration.SecurityGroups
	return slices.ContainsFunc(groups, func(id string) bool {
		g := s.world.SecurityGroups[id]
		return g != nil && slices.ContainsFunc(g.Ingress, func(r SecurityGroupRule) bool {
			if r.Protocol != "-1" && (r.Protocol != "tcp" || int(r.From) > port || int(r.To) < port) {
				return false
			}
			prefix, err := netip.ParsePrefix(r.CIDR)
			return err == nil && prefix.Contains(ip) || slices.Contains(from, r.Group)
		})
	})
}
