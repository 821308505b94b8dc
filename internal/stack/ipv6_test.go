package stack

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/karmacadabra/karmactl/internal/awssim"
)

// withIPv6 is the fleet of three with a way out for IPv4 of a kind, and IPv6 or not.
func withIPv6(mode string, on bool) string {
	return strings.Replace(threeAgents, "nat: MODE", fmt.Sprintf("nat: %s, ipv6: %v", mode, on), 1)
}

// addresses counts the tasks that run, and those of them with an address of IPv6.
func (b *stackBench) addresses() (tasks, dual int) {
	b.edit(func(w *awssim.World) {
		for _, t := range w.Tasks {
			if t.Status != "RUNNING" || t.Wanted != "RUNNING" {
				continue
			}
			tasks++
			if w.NetworkInterfaces[t.Interface].IPv6 != "" {
				dual++
			}
		}
	})
	return tasks, dual
}

// TestIPv6ComesAndGoesOnALiveStack: nothing is replaced, no agent is without a task that runs and reaches what it
// calls, and afterwards all tasks have an address, or none has and the account is as it was.
func TestIPv6ComesAndGoesOnALiveStack(t *testing.T) {
	for _, mode := range []string{"single", "per-az", "instance"} {
		t.Run(mode, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				b := newStackBench(t, parse(t, withIPv6(mode, false)))
				if err := b.run(stage{yaml: withIPv6(mode, false)}); err != nil {
					t.Fatal(err)
				}
				b.settled()
				began := current(b.inventory())
				for _, on := range []bool{true, false, true} {
					o := b.watchOutages()
					start := time.Now()
					if err := b.run(stage{yaml: withIPv6(mode, on)}); err != nil {
						t.Fatalf("to ipv6: %v: %v", on, err)
					}
					took := time.Since(start)
					b.settled()
					out := o.stop()
					tasks, dual := b.addresses()
					t.Logf("to ipv6: %v: %s, %d of %d tasks have an address, longest without the internet: %v", on, took.Round(time.Second), dual, tasks, out)
					for name, d := range out {
						t.Errorf("to ipv6: %v: %s was %s without the internet", on, name, d)
					}
					if want := map[bool]int{true: tasks}[on]; tasks != len(b.cfg.Agents) || dual != want {
						t.Errorf("ipv6: %v, and %d of %d tasks have an address", on, dual, tasks)
					}
					if again := b.planStack(); again.Changes() {
						t.Errorf("the plan after ipv6: %v is not empty: %s", on, verbs(again))
					}
					if diff := cmp.Diff(began, current(b.inventory())); !on && diff != "" {
						t.Errorf("without IPv6 the account is another than before (-before +after):\n%s", diff)
					}
				}
				b.downStack()
				b.edit(func(w *awssim.World) {
					if len(w.EgressOnlyGateways)+len(w.VPCs)+len(w.Subnets) > 0 {
						t.Errorf("down leaves %d gateways, %d VPCs, %d subnets", len(w.EgressOnlyGateways), len(w.VPCs), len(w.Subnets))
					}
				})
			})
		})
	}
}

// TestOnlyTheTasksSubnetsHaveIPv6: the load balancer and the NAT gateway are where they were, one block each, and
// the agents' group lets out what the gateway takes.
func TestOnlyTheTasksSubnetsHaveIPv6(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newStackBench(t, parse(t, withIPv6("single", true)))
		if err := b.run(stage{yaml: withIPv6("single", true)}); err != nil {
			t.Fatal(err)
		}
		b.settled()
		b.edit(func(w *awssim.World) {
			for _, v := range w.VPCs {
				if len(v.IPv6) != 1 {
					t.Errorf("the VPC has %d blocks", len(v.IPv6))
				}
			}
			for _, s := range w.Subnets {
				private := strings.HasPrefix(s.Tags["karmactl:key"], "subnet/private-")
				if len(s.IPv6) != map[bool]int{true: 1}[private] || s.AssignIPv6 != private {
					t.Errorf("%s has %d blocks, and assigns their addresses: %v", s.Tags["karmactl:key"], len(s.IPv6), s.AssignIPv6)
				}
			}
			if !one(w.SecurityGroups, "sg/agents", securityGroupTags, func(g *awssim.SecurityGroup) {
				if !slices.Contains(g.Egress, awssim.SecurityGroupRule{Protocol: "-1", CIDR: "::/0"}) {
					t.Errorf("the agents' group lets out %v", g.Egress)
				}
			}) {
				t.Error("there is no group of the agents")
			}
		})
	})
}

// TestADeployLeavesIPv6ToTheNextUp: before it, when the file says ipv6 and nothing of it is there, and when the file no
// longer says it and all of it is.
func TestADeployLeavesIPv6ToTheNextUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newStackBench(t, parse(t, withIPv6("single", false)))
		if err := b.run(stage{yaml: withIPv6("single", false)}); err != nil {
			t.Fatal(err)
		}
		for _, on := range []bool{true, false} {
			b.settled()
			b.cfg = parse(t, withIPv6("single", on))
			s := b.fresh(false)
			s.Deploy(map[string]string{"bot": ""}, nil)
			w := b.walk(true, s.Steps()...)
			w.Only = s.OnlyOf([]string{"bot"})
			b.sim.ResetCalls()
			b.done(w.Up(t.Context()))
			if calls := b.sim.Mutations(); len(calls) > 0 {
				t.Errorf("ipv6: %v: a deploy of what is there changes something: %v", on, calls)
			}
			if err := b.run(stage{yaml: withIPv6("single", on)}); err != nil {
				t.Fatal(err)
			}
			b.settled()
			if tasks, dual := b.addresses(); dual != map[bool]int{true: tasks}[on] {
				t.Errorf("ipv6: %v: %d of %d tasks have an address", on, dual, tasks)
			}
		}
	})
}

// TestSweepAnyCallOfAChangeOfIPv6MayDie: the next up ends where an undisturbed one does.
func TestSweepAnyCallOfAChangeOfIPv6MayDie(t *testing.T) {
	for _, on := range []bool{true, false} {
		first, then := withIPv6("single", !on), withIPv6("single", on)
		var want []string
		calls := 0
		synctest.Test(t, func(t *testing.T) {
			b := newStackBench(t, parse(t, first))
			for _, yaml := range []string{first, then} {
				b.settled()
				b.sim.ResetCalls()
				if err := b.run(stage{yaml: yaml}); err != nil {
					t.Fatal(err)
				}
			}
			b.settled()
			calls, want = len(b.sim.Mutations()), current(b.inventory())
		})
		for _, n := range spread(calls, 9) {
			t.Run(fmt.Sprintf("to ipv6: %v, dies at call %d of %d", on, n, calls), func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					b := newStackBench(t, parse(t, first))
					if err := b.run(stage{yaml: first}); err != nil {
						t.Fatal(err)
					}
					b.settled()
					b.sim.ResetCalls()
					b.sim.Inject(func(c awssim.Call) awssim.Fault { return awssim.Fault{Kill: c.Mutating && c.N == n} })
					err := b.run(stage{yaml: then})
					if b.sim.Dead() {
						b.sim.Inject(nil)
						err = b.run(stage{yaml: then})
					}
					if err != nil {
						t.Fatal(err)
					}
					b.settled()
					if diff := cmp.Diff(want, current(b.inventory())); diff != "" {
						t.Errorf("the account is not as it should be (-should +is):\n%s", diff)
					}
					tasks, dual := b.addresses()
					if expected := map[bool]int{true: tasks}[on]; dual != expected {
						t.Errorf("%d of %d tasks have an address", dual, tasks)
					}
					if again := b.planStack(); again.Changes() {
						t.Errorf("the plan after it is not empty: %s", verbs(again))
					}
				})
			})
		}
	}
}
