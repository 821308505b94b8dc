package stack

import (
	"cmp"
	"strings"

	"github.com/karmacadabra/karmactl/internal/agents"
	"github.com/karmacadabra/karmactl/internal/provision"
)

// volumes is one encrypted file system for all agents, with a mount target in each zone that
// only the agents' tasks reach; nothing when no agent has a volume on it.
func (s *Stack) volumes(n *networkPart) []*provision.MountTarget {
	h := s.Env
	if !s.Config.HasOwnVolumes() {
		return nil
	}
	s.files = add(s, groupPlatform, &provision.FileSystem{Env: h})
	group := add(s, groupNetwork, &provision.SecurityGroup{
		Env: h, VPC: n.vpc, Name: "volumes", Purpose: "The file system of " + s.Stack,
		Ingress: []provision.Rule{{Port: nfs, From: n.agentsGroup, Description: "NFS from the agents"}},
	})
	var targets []*provision.MountTarget
	seen := map[string]bool{}
	for _, subnet := range n.mounts {
		zone := subnet.AZ
		if subnet.IsGiven() {
			zone = s.Lookup.SubnetZones[subnet.ID()]
		}
		if zone == "" || seen[zone] { // a file system has one mount target in a zone
			continue
		}
		seen[zone] = true
		targets = append(targets, add(s, groupPlatform, &provision.MountTarget{Env: h, AZ: zone, FileSystem: s.files, Subnet: subnet, Group: group}))
	}
	return targets
}

// Stored is how many bytes the stack's file system held when it was last read; 0 without one.
func (s *Stack) Stored() int64 {
	if s.files == nil {
		return 0
	}
	return s.files.Stored()
}

// nfs is the port of EFS: https://docs.aws.amazon.com/efs/latest/ug/network-access.html
const nfs = 2049

// mounts are the volumes of an agent, or of a job with an image: on the disk of the task, or on the stack's own file
// system with an access point for each, which is all that its role can mount there. A volume
// that is another agent's has that one's.
func (s *Stack) mounts(a agents.Agent) []provision.Mount {
	var out []provision.Mount
	for _, volume := range a.Volumes {
		m := provision.Mount{Volume: volume, Agent: a}
		if volume.EFS == "" && !volume.Ephemeral {
			m.Point = s.accessPoint(cmp.Or(volume.Of, a.Name+"/"+volume.Name))
		}
		out = append(out, m)
	}
	return out
}

// accessPoint is the one of AGENT/VOLUME, which as many mount as name it.
func (s *Stack) accessPoint(of string) *provision.AccessPoint {
	if s.points[of] == nil {
		agent, volume, _ := strings.Cut(of, "/")
		s.points[of] = add(s, groupAgents, &provision.AccessPoint{Env: s.Env, FileSystem: s.files, Agent: agent, Volume: volume})
	}
	return s.points[of]
}
