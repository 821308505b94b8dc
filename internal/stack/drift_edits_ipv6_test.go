package stack

import (
	"slices"
	"testing"
	"testing/synctest"

	"github.com/karmacadabra/karmactl/internal/awssim"
)

// sweptIPv6 is the fleet of three with IPv6.
var sweptIPv6 = withIPv6("single", true)

// ipv6Drifts are those of a stack whose tasks have addresses of IPv6.
func ipv6Drifts() []drift {
	subnet := func(key string, edit func(*awssim.Subnet)) func(*awssim.World) bool {
		return func(w *awssim.World) bool { return one(w.Subnets, key, subnetTags, edit) }
	}
	return []drift{
		{"subnet/public-us-east-1a", "ipv6", subnet("subnet/public-us-east-1a", func(s *awssim.Subnet) { s.AssignIPv6 = true })},
		{"subnet-cidr-block/private-us-east-1a", "assigns", subnet("subnet/private-us-east-1a", func(s *awssim.Subnet) { s.AssignIPv6 = false })},
		{"subnet-cidr-block/private-us-east-1b", "", subnet("subnet/private-us-east-1b", func(s *awssim.Subnet) { s.AssignIPv6, s.IPv6 = false, nil })},
		{"sg/agents", "egress_ipv6", func(w *awssim.World) bool {
			return one(w.SecurityGroups, "sg/agents", securityGroupTags, func(g *awssim.SecurityGroup) { g.Egress = g.Egress[:1] })
		}},
		{"egress-only-gateway", "", func(w *awssim.World) bool {
			there := len(w.EgressOnlyGateways) == 1
			clear(w.EgressOnlyGateways)
			return there
		}},
		{"route/ipv6-private-us-east-1a", "", func(w *awssim.World) bool {
			return one(w.RouteTables, "route-table/private-us-east-1a", routeTableTags, func(r *awssim.RouteTable) {
				r.Routes = slices.DeleteFunc(r.Routes, func(x awssim.Route) bool { return x.Destination == "::/0" })
			})
		}},
		{"service/web", "ipv6", func(w *awssim.World) bool {
			for _, s := range w.Services {
				if s.Tags["karmactl:key"] == "service/web" {
					delete(s.Tags, "karmactl:ipv6")
					return true
				}
			}
			return false
		}},
	}
}

// TestDriftOfIPv6IsShownAndRepaired is TestDriftIsShownAndRepaired for that stack.
func TestDriftOfIPv6IsShownAndRepaired(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newStackBench(t, parse(t, sweptIPv6))
		b.everything(true)
		b.settled()
		for _, round := range rounds(ipv6Drifts()) {
			if !b.repaired(round) {
				return
			}
			b.settled()
		}
		tasks, dual := b.addresses()
		if online, err := b.sim.Online(); err != nil || len(online) != len(b.cfg.Agents) || dual != tasks {
			t.Errorf("in the end %v reach the internet, and %d of %d tasks have an address: %v", online, dual, tasks, err)
		}
	})
}
