package provision

import (
	"slices"
	"testing"
	"testing/synctest"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
	"github.com/aws/smithy-go"

	"github.com/karmacadabra/karmactl/internal/agents"
	"github.com/karmacadabra/karmactl/internal/awssim"
	"github.com/karmacadabra/karmactl/internal/cloud"
	"github.com/karmacadabra/karmactl/internal/engine"
)

// TestAServiceGoesBeforeWhatItIsIn: AWS lets a target group go that no rule leads to, and the service that is in it then
// starts no task any more.
func TestAServiceGoesBeforeWhatItIsIn(t *testing.T) {
	h := &Env{}
	s := &Service{Env: h, Cluster: &Cluster{Env: h}, TargetGroup: &TargetGroup{Env: h}, Group: &SecurityGroup{Env: h}, MountTargets: []*MountTarget{{Env: h}}}
	for _, n := range []engine.Node{s.Cluster, s.TargetGroup, s.Group, s.MountTargets[0]} {
		if !slices.Contains(s.Needs(), n) {
			t.Errorf("a service does not need its %s", n.Key().Kind())
		}
	}
}

// TestAnUpdateOfAServiceLeavesItsNumberOfTasks, which belongs to who scales it.
func TestAnUpdateOfAServiceLeavesItsNumberOfTasks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, awssim.Options{})
		subnet := &Subnet{Env: b.home, VPC: &VPC{Env: b.home, CIDR: "10.0.0.0/16"}, Tier: TierPublic, AZ: "us-east-1a", CIDR: "10.0.0.0/24"}
		group := &SecurityGroup{Env: b.home, VPC: subnet.VPC, Name: "agents", Purpose: "Agents"}
		b.up(engine.Manage(&Cluster{Env: b.home}), engine.Manage(subnet.VPC), engine.Manage(subnet), engine.Manage(group))
		b.running("validator")
		revision := b.register("validator", "nginx", cloud.Tags{})
		b.edit(func(w *awssim.World) {
			for _, x := range w.Services {
				x.Desired, x.Config.TaskDefinition = 5, revision
				x.Config.Network = &types.NetworkConfiguration{AwsvpcConfiguration: &types.AwsVpcConfiguration{
					Subnets: []string{subnet.ID()}, SecurityGroups: []string{group.ID()}, AssignPublicIp: types.AssignPublicIpDisabled,
				}}
				x.Deploy = types.DeploymentConfiguration{MaximumPercent: aws.Int32(200), MinimumHealthyPercent: aws.Int32(100)}
			}
		})
		s := &Service{Env: b.home, Agent: agents.Agent{Name: "validator"}}
		have := ServiceSpec{Tasks: 5}
		want := ServiceSpec{Tasks: 1, Exec: true}
		if err := s.Update(t.Context(), b.home.Account.ARN("ecs", "service/"+b.home.ClusterName()+"/validator"), have, want); err != nil {
			t.Fatal(err)
		}
		b.edit(func(w *awssim.World) {
			for _, x := range w.Services {
				if x.Desired != 5 || !x.Config.Exec {
					t.Errorf("5 tasks are %d, and exec is %v", x.Desired, x.Config.Exec)
				}
			}
		})
	})
}

// TestAServiceWhoseClusterIsGoneIsGone: AWS does not answer that there is no such service.
func TestAServiceWhoseClusterIsGoneIsGone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, awssim.Options{})
		b.sim.Inject(func(c awssim.Call) awssim.Fault {
			if c.Operation == "DeleteService" {
				return awssim.Fault{Before: &smithy.GenericAPIError{Code: "ClusterNotFoundException", Message: "Cluster not found."}}
			}
			return awssim.Fault{}
		})
		s := &Service{Env: b.home, Agent: agents.Agent{Name: "validator"}}
		if err := s.Delete(t.Context(), b.home.Account.ARN("ecs", "service/"+b.home.ClusterName()+"/validator")); err != nil {
			t.Error(err)
		}
	})
}
