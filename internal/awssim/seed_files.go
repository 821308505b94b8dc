package awssim

import (
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/efs/types"

	"github.com/karmacadabra/karmactl/internal/cloud"
)

// SeedFiles are a file system of EFS of another owner, by its id: one of its access points, or
// one of its directories, or the whole of it.
type SeedFiles struct{ FileSystem, AccessPoint, Directory string }

// seedFiles makes what of it is not there yet.
func (s *Sim) seedFiles(x SeedFiles, n SeedNetwork, since time.Time) {
	s.seedFileSystem(x.FileSystem, n, since)
	if x.Directory != "" {
		s.world.FileSystems[x.FileSystem].makeDirectory(x.Directory)
	}
	if id := x.AccessPoint; id != "" && s.world.AccessPoints[id] == nil {
		s.world.AccessPoints[id] = &AccessPoint{
			ID: id, ARN: s.world.arn("elasticfilesystem", "access-point/"+id), Token: "seed-" + id, FileSystem: x.FileSystem, Path: "/" + id,
			User:    &types.PosixUser{Uid: aws.Int64(1000), Gid: aws.Int64(1000)},
			Creates: &types.CreationInfo{OwnerUid: aws.Int64(1000), OwnerGid: aws.Int64(1000), Permissions: aws.String("0755")},
			State:   types.LifeCycleStateAvailable, Tags: cloud.Tags{}, Created: since,
		}
	}
}

// seedFileSystem makes a file system of another owner, with a mount target in each zone of a
// network's tasks that all of the network reaches; what is there already stays.
func (s *Sim) seedFileSystem(id string, n SeedNetwork, since time.Time) {
	if s.world.FileSystems[id] != nil {
		return
	}
	s.world.FileSystems[id] = &FileSystem{
		ID: id, ARN: s.world.arn("elasticfilesystem", "file-system/"+id), Token: "seed-" + id, Encrypted: true, State: types.LifeCycleStateAvailable, Tags: cloud.Tags{}, Created: since,
	}
	subnets := n.Private
	if len(subnets) == 0 {
		subnets = n.Public
	}
	zones := map[string]bool{}
	for _, subnet := range subnets {
		at := s.world.Subnets[subnet]
		if zones[at.AZ] {
			continue
		}
		zones[at.AZ] = true
		group := s.addSecurityGroup(at.VPC, "files-"+id+"-"+at.AZ, "NFS from the network", cloud.Tags{})
		group.Created, group.Ingress = since, []SecurityGroupRule{{Protocol: "tcp", From: 2049, To: 2049, CIDR: s.world.VPCs[at.VPC].CIDR}}
		m := &MountTarget{ID: s.world.id("fsmt"), FileSystem: id, Subnet: subnet, VPC: at.VPC, AZ: at.AZ, Groups: []string{group.ID}, State: types.LifeCycleStateAvailable, Created: since}
		eni := s.attachNetworkInterface(subnet, m.Groups, "interface", "EFS mount target for "+id+" ("+m.ID+")", "992382709571", false)
		m.Interface, m.Address = eni.ID, eni.PrivateIP
		s.world.MountTargets[m.ID] = m
	}
}
