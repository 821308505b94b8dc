package stack

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/efs"
	"github.com/aws/aws-sdk-go-v2/service/efs/types"

	"github.com/karmacadabra/karmactl/internal/agents"
	"github.com/karmacadabra/karmactl/internal/cloud"
	"github.com/karmacadabra/karmactl/internal/provision"
)

// checkGivenVolumes refuses file systems that the agents could not mount, with all reasons at
// once: they are used, so their owner has to have made the mount targets and the access points,
// and let the agents in. It only reads.
func checkGivenVolumes(ctx context.Context, h *provision.Env, cfg *agents.Config, l Lookup) error {
	given := cfg.GivenVolumes()
	if len(given) == 0 {
		return nil
	}
	in, err := mounting(ctx, h, cfg.Network, l)
	if err != nil {
		return err
	}
	var problems []string
	checked := map[string]bool{}
	for _, v := range given {
		if !checked[v.EFS] {
			checked[v.EFS] = true
			why, err := in.checkFileSystem(ctx, h, v.EFS)
			if err != nil {
				return err
			}
			if why != "" {
				problems = append(problems, whereVolume(cfg, v)+".efs: "+why)
				continue
			}
		}
		if v.AccessPoint == "" {
			continue
		}
		why, err := checkAccessPoint(ctx, h, v)
		if err != nil {
			return err
		}
		if why != "" {
			problems = append(problems, whereVolume(cfg, v)+".access_point: "+why)
		}
	}
	if len(problems) == 0 {
		return nil
	}
	return &UnmountableError{Problems: problems}
}

// whereVolume is where agents.yaml says a volume first.
func whereVolume(cfg *agents.Config, given agents.Volume) string {
	for _, a := range cfg.Owners() {
		for _, v := range a.Volumes {
			if v.Of != "" || v.EFS != given.EFS || v.AccessPoint != given.AccessPoint {
				continue
			}
			section := "agents."
			if _, is := cfg.Jobs[a.Name]; is {
				section = "jobs."
			}
			return section + a.Name + ".volumes." + v.Name
		}
	}
	return given.EFS
}

// UnmountableError is that agents could not mount file systems that are there already.
type UnmountableError struct{ Problems []string }

func (e *UnmountableError) Error() string {
	return "a volume of agents.yaml cannot be mounted; nothing was changed:\n  - " + strings.Join(e.Problems, "\n  - ")
}

// checkFileSystem is why a file system cannot be mounted; "" when it can.
func (in *mounted) checkFileSystem(ctx context.Context, h *provision.Env, id string) (string, error) {
	targets, err := cloud.Pages(ctx, efs.NewDescribeMountTargetsPaginator(h.Clients.EFS, &efs.DescribeMountTargetsInput{FileSystemId: &id}),
		func(out *efs.DescribeMountTargetsOutput) []types.MountTargetDescription { return out.MountTargets })
	if cloud.IsNotFound(err) {
		return "there is no " + id + " in this account and region", nil
	}
	if err != nil {
		return "", err
	}
	if why := in.unmountable(id, targets); why != "" {
		return why, nil
	}
	return in.shutOut(ctx, h, id, targets)
}

// checkAccessPoint is why a file system cannot be mounted by an access point; "" when it can.
func checkAccessPoint(ctx context.Context, h *provision.Env, v agents.Volume) (string, error) {
	out, err := h.Clients.EFS.DescribeAccessPoints(ctx, &efs.DescribeAccessPointsInput{AccessPointId: &v.AccessPoint})
	if cloud.IsNotFound(err) || err == nil && len(out.AccessPoints) == 0 {
		return "there is no " + v.AccessPoint + " in this account and region", nil
	}
	if err != nil {
		return "", err
	}
	switch p := out.AccessPoints[0]; {
	case aws.ToString(p.FileSystemId) != v.EFS:
		return fmt.Sprintf("%s is an access point of %s, and efs says %s", v.AccessPoint, aws.ToString(p.FileSystemId), v.EFS), nil
	case !answers(p.LifeCycleState):
		return fmt.Sprintf("%s is %s: wait until it is available, or have its owner make another one", v.AccessPoint, p.LifeCycleState), nil
	}
	return "", nil
}

// mounted is where tasks are that mount something: a VPC, and zones of it. A VPC that is to
// be made has no id.
type mounted struct {
	vpc   string
	zones []string
	// private: the tasks are in the stack's own private subnets, and not in the public ones.
	private bool
	// subnets are the tasks', by id, in a VPC that agents.yaml names.
	subnets []string
	// had is what was listed of the VPC.
	had inVPC
}

// mounting is where a stack's tasks are: in the network that agents.yaml names, or in its own.
func mounting(ctx context.Context, h *provision.Env, n agents.Network, l Lookup) (*mounted, error) {
	if n.VPC == "" {
		vpc, err := provision.OwnVPC(ctx, h)
		return &mounted{vpc: vpc, zones: l.Zones, private: n.NAT != agents.NATNone}, err
	}
	in := &mounted{vpc: n.VPC, subnets: n.Private}
	if len(n.Private) == 0 {
		in.subnets = n.Public
	}
	for _, s := range in.subnets {
		in.zones = append(in.zones, l.SubnetZones[s])
	}
	return in, nil
}

// unmountable is why tasks in a network cannot mount a file system; "" when they can. A file
// system has all its mount targets in one VPC:
// https://docs.aws.amazon.com/efs/latest/ug/API_CreateMountTarget.html
func (in *mounted) unmountable(id string, targets []types.MountTargetDescription) string {
	if len(targets) == 0 {
		return id + " has no mount target, so nothing can mount it: its owner makes them in a VPC, which network.vpc then has to name"
	}
	vpc, zones := aws.ToString(targets[0].VpcId), map[string]bool{}
	var broken []string
	for _, t := range targets {
		zone := aws.ToString(t.AvailabilityZoneName)
		zones[zone] = true
		if !answers(t.LifeCycleState) && slices.Contains(in.zones, zone) {
			broken = append(broken, fmt.Sprintf("%s in %s is %s", aws.ToString(t.MountTargetId), zone, t.LifeCycleState))
		}
	}
	if in.vpc != vpc {
		return fmt.Sprintf("%s has its mount targets in %s, and the agents are in another VPC: say network.vpc: %s, with its subnets", id, vpc, vpc)
	}
	var without []string
	for _, zone := range in.zones {
		if !zones[zone] && !slices.Contains(without, zone) {
			without = append(without, zone)
		}
	}
	if len(without) > 0 {
		return fmt.Sprintf("%s has no mount target in %s, where tasks are started: make one there, or name no subnet of that zone", id, strings.Join(without, ", "))
	}
	if len(broken) > 0 {
		return fmt.Sprintf("a mount target of %s cannot be used: %s: wait until it is available, or have its owner make it again", id, strings.Join(broken, ", "))
	}
	return ""
}

// answers tells whether a mount target in a state can be mounted by:
// https://docs.aws.amazon.com/efs/latest/ug/API_MountTargetDescription.html
func answers(s types.LifeCycleState) bool {
	return s == types.LifeCycleStateAvailable || s == types.LifeCycleStateUpdating
}
