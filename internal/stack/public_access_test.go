package stack

import (
	"errors"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"github.com/karmacadabra/karmactl/internal/agents"
	"github.com/karmacadabra/karmactl/internal/awssim"
	"github.com/karmacadabra/karmactl/internal/cloud"
	"github.com/karmacadabra/karmactl/internal/engine"
)

// attempt is an up that may fail.
func (b *stackBench) attempt() *engine.Result {
	b.t.Helper()
	res, err := b.walkOf(b.fresh(false)).Up(b.t.Context())
	if err != nil {
		b.t.Fatal(err)
	}
	return res
}

func TestAZoneWithoutNATGatewaysIsNamedWithTheWayOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cfg := fleetConfig()
		cfg.Network.NAT = agents.NATSingle
		b := newStackBench(t, cfg)
		b.edit(func(w *awssim.World) { w.ZonesWithoutNAT = []string{"us-east-1a"} })
		nat, _ := b.attempt().Get("nat/us-east-1a")
		var p *cloud.Problem
		if nat.Status != engine.Failed || !errors.As(cloud.Explain(nat.Err, cloud.Account{}), &p) || !strings.Contains(p.Do, "network: {azs: ") {
			t.Errorf("the NAT gateway is %s: %v", nat.Status, nat.Err)
		}
	})
}

// What VPC Block Public Access closes comes up once the VPC is an exclusion, and not
// before: a load balancer that nothing reaches costs as much as one that works.
func TestAVPCThatBlockPublicAccessClosesIsNamedAndOpensAsAnExclusion(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newStackBench(t, fleetConfig())
		b.edit(func(w *awssim.World) { w.BlockPublicAccess = types.BlockPublicAccessModeBlockIngress })
		res := b.attempt()
		public, _ := res.Get("subnet/public-us-east-1a")
		vpc, _ := res.Get("vpc")
		if public.Status != engine.Failed || !strings.Contains(public.Err.Error(), "create-vpc-block-public-access-exclusion --vpc-id "+vpc.ID) {
			t.Errorf("the public subnet is %s: %v", public.Status, public.Err)
		}
		if private, _ := res.Get("subnet/private-us-east-1a"); private.Status != engine.Done {
			t.Errorf("the private subnet is %s", private.Status)
		}
		if alb, _ := res.Get("alb"); alb.Status != engine.Blocked {
			t.Errorf("the load balancer is %s", alb.Status)
		}
		b.edit(func(w *awssim.World) { w.PublicAccessExclusions = []string{vpc.ID} })
		b.upStack(nil)
		b.edit(func(w *awssim.World) { w.PublicAccessExclusions = nil })
		b.downStack()
	})
}

func TestInboundTrafficMayBeBlockedWhereNothingWaitsForIt(t *testing.T) {
	for _, c := range []struct {
		name string
		mode types.BlockPublicAccessMode
		nat  agents.NAT
		up   bool
	}{
		{"inwards, with a NAT gateway", types.BlockPublicAccessModeBlockIngress, agents.NATSingle, true},
		{"inwards, with public addresses", types.BlockPublicAccessModeBlockIngress, agents.NATNone, false},
		{"both ways", types.BlockPublicAccessModeBlockBidirectional, agents.NATSingle, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				cfg := parse(t, workers)
				cfg.Network.NAT = c.nat
				b := newStackBench(t, cfg)
				b.edit(func(w *awssim.World) { w.BlockPublicAccess = c.mode })
				if err := b.attempt().Err(); (err == nil) != c.up {
					t.Errorf("up: %v", err)
				}
			})
		})
	}
}
