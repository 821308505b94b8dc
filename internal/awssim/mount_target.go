package awssim

import (
	"net/http"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/efs"
	"github.com/aws/aws-sdk-go-v2/service/efs/types"
)

// MountTarget is where a file system is reached from the subnets of one zone.
type MountTarget struct {
	ID         string
	FileSystem string
	Subnet     string
	VPC        string
	AZ         string
	Groups     []string
	Interface  string
	Address    string
	State      types.LifeCycleState
	Created    time.Time
	Deleted    time.Time
}

// How long a mount target takes, from Terraform's logs in public repositories: 80 to
// 100 s to make, some 10 to 30 s to delete.
const (
	mountTargetCreating = 85 * time.Second
	mountTargetDeleting = 20 * time.Second
	// mountTargetGroups is how many security groups one takes:
	// https://docs.aws.amazon.com/efs/latest/ug/API_CreateMountTarget.html
	mountTargetGroups = 5
)

func (s *Sim) mountTargetNoun() noun {
	return noun{
		ops: []operation{
			on("EFS.CreateMountTarget", s.createMountTarget, "FileSystemId", "SubnetId", "SecurityGroups"),
			on("EFS.DescribeMountTargets", s.describeMountTargets, "FileSystemId", "MountTargetId", "AccessPointId").pages("MountTargets", 10, 100),
			on("EFS.DescribeMountTargetSecurityGroups", s.describeMountTargetGroups, "MountTargetId"),
			on("EFS.ModifyMountTargetSecurityGroups", s.modifyMountTargetGroups, "MountTargetId", "SecurityGroups"),
			on("EFS.DeleteMountTarget", s.deleteMountTarget, "MountTargetId"),
		},
		settle: func() {
			for id, m := range s.world.MountTargets {
				if s.efsGone(&m.State, m.Created.Add(mountTargetCreating), m.Deleted.Add(mountTargetDeleting)) {
					delete(s.world.NetworkInterfaces, m.Interface)
					delete(s.world.MountTargets, id)
				}
			}
		},
		each: func(tell func(thing)) {
			for _, m := range s.world.MountTargets {
				t := thing{kind: "mount-target", name: m.ID, since: m.Created}
				if f := s.world.FileSystems[m.FileSystem]; f != nil { // it has no tags of its own
					t.tags = f.Tags
				}
				tell(t)
			}
		},
	}
}

func (s *Sim) mountTarget(id *string) (*MountTarget, error) {
	m := s.world.MountTargets[aws.ToString(id)]
	if m == nil || !s.visible(m.Created) {
		return nil, efsMissing("MountTargetNotFound", "Mount target", aws.ToString(id))
	}
	return m, nil
}

// createMountTarget: a file system has one in each zone, and all of one VPC.
// https://docs.aws.amazon.com/efs/latest/ug/API_CreateMountTarget.html
func (s *Sim) createMountTarget(in *efs.CreateMountTargetInput) (*efs.CreateMountTargetOutput, error) {
	f, err := s.fileSystem(in.FileSystemId)
	if err != nil {
		return nil, err
	}
	if f.State != types.LifeCycleStateAvailable {
		return nil, refuse(http.StatusConflict, "IncorrectFileSystemLifeCycleState", "File system '"+f.ID+"' is not available")
	}
	subnet, err := s.subnet(aws.ToString(in.SubnetId))
	if err != nil {
		return nil, fail("SubnetNotFound", "The subnet ID '%s' does not exist", aws.ToString(in.SubnetId))
	}
	for _, m := range s.world.MountTargets {
		switch {
		case m.FileSystem != f.ID:
		case m.VPC != subnet.VPC:
			return nil, refuse(http.StatusConflict, "MountTargetConflict", "requested subnet for new mount target is not in the same VPC as existing mount targets")
		case m.AZ == subnet.AZ:
			return nil, refuse(http.StatusConflict, "MountTargetConflict", "mount target already exists in this AZ")
		}
	}
	groups, err := s.mountTargetGroups(in.SecurityGroups, subnet.VPC)
	if err != nil {
		return nil, err
	}
	m := &MountTarget{
		ID: s.world.id("fsmt"), FileSystem: f.ID, Subnet: subnet.ID, VPC: subnet.VPC, AZ: subnet.AZ, Groups: groups, State: types.LifeCycleStateCreating, Created: s.now(),
	}
	eni := s.attachNetworkInterface(subnet.ID, groups, "interface", "EFS mount target for "+f.ID+" ("+m.ID+")", "992382709571", false)
	m.Interface, m.Address = eni.ID, eni.PrivateIP
	s.world.MountTargets[m.ID] = m
	d := s.describeMountTarget(m)
	return &efs.CreateMountTargetOutput{
		FileSystemId: d.FileSystemId, LifeCycleState: d.LifeCycleState, MountTargetId: d.MountTargetId, SubnetId: d.SubnetId, AvailabilityZoneId: d.AvailabilityZoneId,
		AvailabilityZoneName: d.AvailabilityZoneName, IpAddress: d.IpAddress, NetworkInterfaceId: d.NetworkInterfaceId, OwnerId: d.OwnerId, VpcId: d.VpcId,
	}, nil
}

// mountTargetGroups are groups of a VPC; none is the VPC's default one.
func (s *Sim) mountTargetGroups(groups []string, vpc string) ([]string, error) {
	if len(groups) > mountTargetGroups {
		return nil, fail("SecurityGroupLimitExceeded", "A mount target has at most 5 security groups.")
	}
	for _, id := range groups {
		g, err := s.securityGroup(id)
		if err != nil || g.VPC != vpc {
			return nil, fail("SecurityGroupNotFound", "The security group ID '%s' does not exist in VPC '%s'", id, vpc)
		}
	}
	if len(groups) > 0 {
		return slices.Sorted(slices.Values(groups)), nil
	}
	for _, g := range s.world.SecurityGroups {
		if g.VPC == vpc && g.Name == "default" {
			return []string{g.ID}, nil
		}
	}
	return nil, nil
}

func (s *Sim) describeMountTarget(m *MountTarget) types.MountTargetDescription {
	return types.MountTargetDescription{
		FileSystemId: &m.FileSystem, LifeCycleState: m.State, MountTargetId: &m.ID, SubnetId: &m.Subnet, VpcId: &m.VPC, IpAddress: optional(m.Address),
		NetworkInterfaceId: &m.Interface, OwnerId: &s.world.Account, AvailabilityZoneName: &m.AZ, AvailabilityZoneId: aws.String(s.zoneID(m.AZ)),
	}
}

func (s *Sim) describeMountTargets(in *efs.DescribeMountTargetsInput) (*efs.DescribeMountTargetsOutput, error) {
	var of string
	switch {
	case in.MountTargetId != nil:
		m, err := s.mountTarget(in.MountTargetId)
		if err != nil {
			return nil, err
		}
		return &efs.DescribeMountTargetsOutput{MountTargets: []types.MountTargetDescription{s.describeMountTarget(m)}}, nil
	case in.AccessPointId != nil:
		a, err := s.accessPoint(in.AccessPointId)
		if err != nil {
			return nil, err
		}
		of = a.FileSystem
	case in.FileSystemId == nil:
		return nil, fail("BadRequest", "One of FileSystemId, MountTargetId and AccessPointId has to be given.")
	default:
		f, err := s.fileSystem(in.FileSystemId)
		if err != nil {
			return nil, err
		}
		of = f.ID
	}
	out := &efs.DescribeMountTargetsOutput{}
	for _, m := range sorted(s.world.MountTargets) {
		if m.FileSystem == of && s.visible(m.Created) {
			out.MountTargets = append(out.MountTargets, s.describeMountTarget(m))
		}
	}
	return out, nil
}

// describeMountTargetGroups refuses until the mount target is there, as AWS does.
func (s *Sim) describeMountTargetGroups(in *efs.DescribeMountTargetSecurityGroupsInput) (*efs.DescribeMountTargetSecurityGroupsOutput, error) {
	m, err := s.mountTarget(in.MountTargetId)
	if err != nil {
		return nil, err
	}
	if m.State == types.LifeCycleStateDeleting {
		return nil, refuse(http.StatusConflict, "IncorrectMountTargetState", "Mount target '"+m.ID+"' is being deleted")
	}
	return &efs.DescribeMountTargetSecurityGroupsOutput{SecurityGroups: m.Groups}, nil
}

func (s *Sim) modifyMountTargetGroups(in *efs.ModifyMountTargetSecurityGroupsInput) (*efs.ModifyMountTargetSecurityGroupsOutput, error) {
	m, err := s.mountTarget(in.MountTargetId)
	if err != nil {
		return nil, err
	}
	if m.State != types.LifeCycleStateAvailable {
		return nil, refuse(http.StatusConflict, "IncorrectMountTargetState", "Mount target '"+m.ID+"' is not available")
	}
	groups, err := s.mountTargetGroups(in.SecurityGroups, m.VPC)
	if err != nil {
		return nil, err
	}
	m.Groups = groups
	if eni := s.world.NetworkInterfaces[m.Interface]; eni != nil {
		eni.Groups = groups
	}
	return &efs.ModifyMountTargetSecurityGroupsOutput{}, nil
}

func (s *Sim) deleteMountTarget(in *efs.DeleteMountTargetInput) (*efs.DeleteMountTargetOutput, error) {
	m, err := s.mountTarget(in.MountTargetId)
	if err != nil {
		return nil, err
	}
	if m.State != types.LifeCycleStateDeleting {
		m.State, m.Deleted = types.LifeCycleStateDeleting, s.now()
	}
	return &efs.DeleteMountTargetOutput{}, nil
}
