package provision

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/efs"
	"github.com/aws/aws-sdk-go-v2/service/efs/types"

	"github.com/karmacadabra/karmactl/internal/cloud"
	"github.com/karmacadabra/karmactl/internal/engine"
)

// MountTargetSpec is what we own of a mount target. It has no tags.
type MountTargetSpec struct {
	FileSystem string
	Subnet     string
	Groups     Set
}

// MountTarget is where the tasks of one zone reach the file system. It is free, takes some
// 85 s to make and 20 s to delete. What reads and writes through it holds on to it.
type MountTarget struct {
	engine.Ref
	*Env
	AZ         string
	FileSystem *FileSystem
	Subnet     *Subnet
	Group      *SecurityGroup
}

func (m *MountTarget) Key() engine.Key { return engine.Key("mount-target/" + m.AZ) }

func (m *MountTarget) Needs() []engine.Node {
	return append(append(nodes(m.FileSystem), nodes(m.Subnet)...), nodes(m.Group)...)
}

func (m *MountTarget) Want() MountTargetSpec {
	return MountTargetSpec{FileSystem: m.FileSystem.ID(), Subnet: m.Subnet.ID(), Groups: idsOf(m.Group)}
}

// MountTargetOf is the one of a zone, as far as its key tells.
func MountTargetOf(h *Env, az string) *MountTarget {
	return &MountTarget{Env: h, AZ: az, FileSystem: &FileSystem{Env: h}}
}

// Find looks for the zone's among the mount targets of the stack's file system. AWS gives them
// no tags, and a file system has but one in a zone, so that one is the stack's, as it is.
func (m *MountTarget) Find(ctx context.Context, look engine.Look) (engine.Found[MountTargetSpec], error) {
	var found engine.Found[MountTargetSpec]
	systems, err := cloud.List(ctx, m.Inventory, "file-system", look.NotOlder, m.FileSystem.list)
	if err != nil {
		return found, err
	}
	system, _ := pick(m.Env, m.FileSystem.Key(), engine.Look{ID: known(m.FileSystem.ID())}, systems)
	if system.ID == "" {
		return found, nil
	}
	all, err := cloud.List(ctx, m.Inventory, "mount-target", look.NotOlder, func(ctx context.Context) ([]types.MountTargetDescription, error) {
		return unlessGone(m.mountTargets(ctx, &efs.DescribeMountTargetsInput{FileSystemId: &system.ID}))
	})
	if err != nil {
		return found, err
	}
	for _, x := range all {
		if aws.ToString(x.AvailabilityZoneName) == m.AZ && x.LifeCycleState != types.LifeCycleStateDeleted {
			return m.read(ctx, x)
		}
	}
	return found, nil
}

// read is a mount target in our words; one that has just gone is absent. Its groups are told
// by a call of their own.
func (m *MountTarget) read(ctx context.Context, x types.MountTargetDescription) (engine.Found[MountTargetSpec], error) {
	found := engine.Found[MountTargetSpec]{ID: aws.ToString(x.MountTargetId)}
	found.Spec = MountTargetSpec{FileSystem: aws.ToString(x.FileSystemId), Subnet: aws.ToString(x.SubnetId)}
	if found.Phase, found.Why = phaseOfEFS("mount target", x.LifeCycleState); found.Phase == engine.Leaving {
		return found, nil
	}
	out, err := m.Clients.EFS.DescribeMountTargetSecurityGroups(ctx, &efs.DescribeMountTargetSecurityGroupsInput{MountTargetId: x.MountTargetId})
	switch {
	case cloud.IsNotFound(err):
		return engine.Found[MountTargetSpec]{}, nil
	case cloud.Is(err, "IncorrectMountTargetState"): // its deletion has begun since it was listed
		found.Phase, found.Why = engine.Leaving, "mount target deleting"
		return found, nil
	case err != nil:
		return found, err
	}
	found.Spec.Groups = setOf(out.SecurityGroups)
	if vpc := m.vpc(); vpc != "" && vpc != aws.ToString(x.VpcId) {
		found.Phase, found.Why = engine.Broken, fmt.Sprintf("mount target %s is in %s, and a file system can be mounted in one VPC only: delete its mount targets there", found.ID, aws.ToString(x.VpcId))
	}
	if found.Phase == engine.Absent {
		found.Phase = engine.Ready
	}
	return found, nil
}

// vpc is where it is to be, as far as this walk knows.
func (m *MountTarget) vpc() string {
	if m.Subnet == nil || engine.IsUnknown(m.Subnet.VPC.ID()) {
		return ""
	}
	return m.Subnet.VPC.ID()
}

func (h *Env) mountTargets(ctx context.Context, in *efs.DescribeMountTargetsInput) ([]types.MountTargetDescription, error) {
	return cloud.Pages(ctx, efs.NewDescribeMountTargetsPaginator(h.Clients.EFS, in),
		func(out *efs.DescribeMountTargetsOutput) []types.MountTargetDescription { return out.MountTargets })
}

// Diff compares. Which subnet of the zone it is in makes no difference to the zone's tasks,
// and a second one beside it, to replace it with, is refused by AWS.
func (m *MountTarget) Diff(have, want MountTargetSpec) []engine.Change {
	return changes(
		essential(fixed("file_system", have.FileSystem, want.FileSystem)),
		essential(same("security_groups", have.Groups, want.Groups)),
	)
}

// Create makes the mount target; there is no second one in the zone.
func (m *MountTarget) Create(ctx context.Context, want MountTargetSpec, _ string) (string, error) {
	out, err := m.Clients.EFS.CreateMountTarget(ctx, &efs.CreateMountTargetInput{FileSystemId: &want.FileSystem, SubnetId: &want.Subnet, SecurityGroups: want.Groups})
	if err != nil {
		return "", err
	}
	return aws.ToString(out.MountTargetId), nil
}

func (m *MountTarget) Update(ctx context.Context, id string, _, want MountTargetSpec) error {
	return failure(m.Clients.EFS.ModifyMountTargetSecurityGroups(ctx, &efs.ModifyMountTargetSecurityGroupsInput{MountTargetId: &id, SecurityGroups: want.Groups}))
}

// Delete deletes the mount target; the file system and what is on it stay.
func (m *MountTarget) Delete(ctx context.Context, id string) error {
	return failure(m.Clients.EFS.DeleteMountTarget(ctx, &efs.DeleteMountTargetInput{MountTargetId: &id}))
}
