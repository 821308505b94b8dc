package live_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/karmacadabra/karmactl/internal/awssim"
	"github.com/karmacadabra/karmactl/internal/awssim/livetest"
	"github.com/karmacadabra/karmactl/internal/cloud"
	"github.com/karmacadabra/karmactl/internal/engine"
	"github.com/karmacadabra/karmactl/internal/live"
)

func TestAFleetThatRunsIsReadWithAllThatItStandsOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sim, err := awssim.New(awssim.Options{Clock: engine.RealClock{}, Region: livetest.Region, Visible: time.Second})
		if err != nil {
			t.Fatal(err)
		}
		ctx := context.Background()
		built, err := livetest.Build(ctx, sim, engine.RealClock{})
		if err != nil {
			t.Fatal(err)
		}
		sim.ResetCalls()
		f, err := live.Read(ctx, cloud.NewClients(cloud.WithOptions(sim.Config(), cloud.ReadOnly)), livetest.Cluster)
		if err != nil {
			t.Fatal(err)
		}
		for what, n := range map[string][2]int{
			"services": {len(f.Services), 3}, "tasks": {len(f.Tasks), 3}, "namespaces": {len(f.Namespaces), 1},
			"target groups": {len(f.TargetGroups), 3}, "load balancers": {len(f.LoadBalancers), 1},
			"VPCs": {len(f.VPCs), 1}, "subnets": {len(f.Subnets), 4}, "NAT gateways": {len(f.NATs), 1}, "addresses": {len(f.Addresses), 1},
			"internet gateways": {len(f.Gateways), 1}, "security groups": {len(f.Groups), 3}, "route tables": {len(f.Tables), 4},
			"log groups": {len(f.LogGroups), 3}, "alarms": {len(f.Alarms), 3}, "scalable targets": {len(f.Targets), 3}, "policies": {len(f.Policies), 3},
			"repositories": {len(f.Repositories), 3},
		} {
			if n[0] != n[1] {
				t.Errorf("%d %s, want %d", n[0], what, n[1])
			}
		}
		if l := f.LoadBalancers; len(l) == 1 && (len(l[0].Listeners) != 1 || len(l[0].Listeners[0].Rules) != 3) {
			t.Errorf("the load balancer listens on %+v", l[0].Listeners)
		}
		public := 0
		for _, s := range f.Subnets {
			if f.Public(s) {
				public++
			}
			if _, own := f.TableOf(s); !own {
				t.Errorf("%s has no table of its own", aws.ToString(s.SubnetId))
			}
		}
		if public != 2 {
			t.Errorf("%d public subnets, want 2", public)
		}
		if err := built.Ask(); err != nil {
			t.Error(err)
		}
	})
}

func TestAClusterThatIsNotThereIsSaidToBeSo(t *testing.T) {
	sim, err := awssim.New(awssim.Options{Clock: engine.RealClock{}, Region: livetest.Region})
	if err != nil {
		t.Fatal(err)
	}
	_, err = live.Read(context.Background(), cloud.NewClients(sim.Config()), "nowhere")
	if err == nil || err.Error() != "the cluster nowhere cannot be read: there is no cluster of this name in the region" {
		t.Errorf("%v", err)
	}
}
