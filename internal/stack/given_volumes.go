package stack

import (
	"context"
	"fmt"
	"maps"
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
// once: they are used, so their owner has to have made the mount targets. It only reads.
func checkGivenVolumes(ctx context.Context, h *provision.Env, cfg *agents.Config, l Lookup) error {
	used := map[string]string{}
	for _, a := range cfg.Agents {
		for _, v := range a.Volumes {
			if v.EFS != "" && used[v.EFS] == "" {
				used[v.EFS] = "agents." + a.Name + ".volumes." + v.Name + ".efs"
			}
		}
	}
	var problems []string
	for _, id := range slices.Sorted(maps.Keys(used)) {
		targets, err := cloud.Pages(ctx, efs.NewDescribeMountTargetsPaginator(h.Clients.EFS, &efs.DescribeMountTargetsInput{FileSystemId: &id}),
			func(out *efs.DescribeMountTargetsOutput) []types.MountTargetDescription { return out.MountTargets })
		why := ""
		switch {
		case cloud.IsNotFound(err):
			why = "there is no " + id + " in this account and region"
		case err != nil:
			return err
		default:
			in, err := mounting(ctx, h, cfg.Network, l)
			if err != nil {
				return err
			}
			why = in.unmountable(id, targets)
		}
		if why != "" {
			problems = append(problems, used[id]+": "+why)
		}
	}
	if len(problems) == 0 {
		return nil
	}
	return &UnmountableError{Problems: problems}
}

// UnmountableError is that agents could not mount file systems that are there already.
type UnmountableError struct{ Problems []string }

func (e *UnmountableError) Error() string {
	return "a volume of agents.yaml cannot be mounted; nothing was changed:\n  - " + strings.Join(e.Problems, "\n  - ")
}

// mounted is where tasks are that mount something: a VPC, and zones of it. A VPC that is to
// be made has no id.
type mounted struct {
	vpc   string
	zones []string
}

// mounting is where a stack's tasks are: in the network that agents.yaml names, or in its own.
func mounting(ctx context.Context, h *provision.Env, n agents.Network, l Lookup) (mounted, error) {
	if n.VPC == "" {
		vpc, err := provision.OwnVPC(ctx, h)
		return mounted{vpc: vpc, zones: l.Zones}, err
	}
	subnets := n.Private
	if len(subnets) == 0 {
		subnets = n.Public
	}
	in := mounted{vpc: n.VPC}
	for _, s := range subnets {
		in.zones = append(in.zones, l.SubnetZones[s])
	}
	return in, nil
}

// unmountable is why tasks in a network cannot mount a file system; "" when they can. A file
// system has all its mount targets in one VPC:
// https://docs.aws.amazon.com/efs/latest/ug/API_CreateMountTarget.html
func (in mounted) unmountable(id string, targets []types.MountTargetDescription) string {
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
