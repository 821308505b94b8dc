//go:build wire

package wire

import (
	"fmt"
	"slices"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/karmacadabra/karmactl/internal/agents"
	"github.com/karmacadabra/karmactl/internal/cloud"
)

// connectLost: neither emulator keeps Service Connect.
func connectLost() *gap {
	var connect notes[*types.ServiceConnectConfiguration]
	return newGap("Service Connect of a service is lost; AWS tells it with each deployment",
		heed("ECS.CreateService", func(in *ecs.CreateServiceInput, out *ecs.CreateServiceOutput) {
			connect.put(aws.ToString(out.Service.ServiceArn), in.ServiceConnectConfiguration)
		}),
		amend("ECS.DescribeServices", func(_ *ecs.DescribeServicesInput, out *ecs.DescribeServicesOutput) (met bool) {
			for _, s := range out.Services {
				made, _ := connect.get(aws.ToString(s.ServiceArn))
				for i, d := range s.Deployments {
					if made != nil && d.ServiceConnectConfiguration == nil {
						s.Deployments[i].ServiceConnectConfiguration, met = made, true
					}
				}
			}
			return met
		}))
}

// What AWS keeps of a service is read as it was written, without a bridge.
func TestAServiceIsReadBackAsWrittenOverTheWire(t *testing.T) {
	for _, e := range emulators() {
		t.Run(e.name, func(t *testing.T) {
			a := e.open(t, nil)
			cfg := small(t)
			cfg.Agents[0].Exec = true
			cfg.Agents[0].Spot = agents.Spot{Enabled: true, Base: 1, SpotWeight: 3, OnDemandWeight: 1}
			a.keys(t, cfg)
			l := a.newLife(t, cfg)
			l.up(t)
			stack := cfg.Project + "-" + cfg.Environment
			out, err := cloud.NewClients(a.plain).ECS.DescribeServices(t.Context(), &ecs.DescribeServicesInput{
				Cluster: &stack, Services: []string{cfg.Agents[0].Name}, Include: []types.ServiceField{types.ServiceFieldTags},
			})
			if err != nil || len(out.Services) != 1 {
				t.Fatalf("%+v: %v", out, err)
			}
			s := out.Services[0]
			var strategy []string
			for _, i := range s.CapacityProviderStrategy {
				strategy = append(strategy, fmt.Sprintf("%s %d %d", aws.ToString(i.CapacityProvider), i.Base, i.Weight))
			}
			slices.Sort(strategy)
			if want := []string{"FARGATE 1 1", "FARGATE_SPOT 0 3"}; !slices.Equal(strategy, want) {
				t.Errorf("the strategy is %v, not %v", strategy, want)
			}
			d := s.DeploymentConfiguration
			if d == nil || aws.ToInt32(d.MinimumHealthyPercent) != 100 || aws.ToInt32(d.MaximumPercent) != 200 || d.DeploymentCircuitBreaker == nil ||
				!d.DeploymentCircuitBreaker.Enable || !d.DeploymentCircuitBreaker.Rollback {
				t.Errorf("the deployment configuration is %+v", d)
			}
			if !s.EnableExecuteCommand || s.PropagateTags != types.PropagateTagsService || aws.ToInt32(s.HealthCheckGracePeriodSeconds) == 0 {
				t.Errorf("exec is %t, tags are propagated from %s, grace is %d s", s.EnableExecuteCommand, s.PropagateTags, aws.ToInt32(s.HealthCheckGracePeriodSeconds))
			}
			if n := s.NetworkConfiguration; n == nil || len(n.AwsvpcConfiguration.Subnets) != cfg.Network.AZs || n.AwsvpcConfiguration.AssignPublicIp != types.AssignPublicIpEnabled {
				t.Errorf("the network is %+v", n)
			}
			if s.RunningCount != 1 || s.DesiredCount != 1 {
				t.Errorf("%d of %d tasks run", s.RunningCount, s.DesiredCount)
			}
		})
	}
}
