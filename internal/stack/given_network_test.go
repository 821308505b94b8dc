package stack

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"

	"github.com/karmacadabra/karmactl/internal/awssim"
	"github.com/karmacadabra/karmactl/internal/cloud"
	"github.com/karmacadabra/karmactl/internal/provision"
)

// inGivenVPC is a fleet in the private subnets of a VPC that its owner made.
const inGivenVPC = `
network:
  vpc: vpc-0a1b2c3d4e5f60718
  public: [subnet-0a1b2c3d4e5f60711, subnet-0a1b2c3d4e5f60712]
  private: [subnet-0a1b2c3d4e5f60713, subnet-0a1b2c3d4e5f60714]
defaults: {image: "public.ecr.aws/docker/library/python:3.13-slim"}
agents:
  front: {port: 8080, calls: [memory]}
  memory: {port: 7000, public: false}
`

// ownersNetwork is all of the network that the account has, except security groups.
func ownersNetwork(sim *awssim.Sim) []string {
	kinds := []string{"vpc ", "subnet ", "route-table ", "route ", "internet-gateway ", "nat-gateway ", "elastic-ip ", "vpc-endpoint "}
	return slices.DeleteFunc(sim.Inventory(), func(s string) bool {
		return !slices.ContainsFunc(kinds, func(kind string) bool { return strings.HasPrefix(s, kind) })
	})
}

func TestAVPCThatIsThereIsUsedAndNeverChanged(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newStackBench(t, parse(t, inGivenVPC))
		before := ownersNetwork(b.sim)
		if len(before) == 0 {
			t.Fatal("the account has no network")
		}
		b.upStack(nil)
		if diff := cmp.Diff(before, ownersNetwork(b.sim)); diff != "" {
			t.Errorf("up changed the owner's network (-before +after):\n%s", diff)
		}
		for _, call := range b.sim.Mutations() {
			for _, noun := range []string{"Vpc", "Subnet", "Route", "Gateway", "Address"} {
				if call.Service == "EC2" && strings.Contains(call.Operation, noun) {
					t.Errorf("up calls %s", call.Name())
				}
			}
		}
		b.edit(func(w *awssim.World) {
			for _, task := range w.Tasks {
				if at := w.NetworkInterfaces[task.Interface]; at != nil && (!slices.Contains(b.cfg.Network.Private, at.Subnet) || at.PublicIP != "") {
					t.Errorf("a task runs in %s, with the public address %q", at.Subnet, at.PublicIP)
				}
			}
		})
		if plan := b.planStack(); plan.Changes() {
			t.Errorf("the plan after up is not empty: %s", verbs(plan))
		}
		b.downStack()
		if diff := cmp.Diff(before, ownersNetwork(b.sim)); diff != "" {
			t.Errorf("down changed the owner's network (-before +after):\n%s", diff)
		}
	})
}

// lookedUp is what a plan says before it looks at anything of the stack.
func (b *stackBench) lookedUp() string {
	b.t.Helper()
	home := &provision.Env{
		Project: b.cfg.Project, Stack: b.cfg.Stack(), Account: b.home.Account, Clock: b.home.Clock,
		Clients: cloud.NewClients(cloud.WithOptions(b.sim.Config(), cloud.ReadOnly)), Inventory: cloud.NewInventory(b.home.Clock),
	}
	if _, err := ReadLookup(context.Background(), b.cfg, home); err != nil {
		return err.Error()
	}
	return ""
}

func TestAVPCInWhichTheStackCouldNotRunIsRefusedWithEveryReason(t *testing.T) {
	tableOf := func(w *awssim.World, subnet string) *awssim.RouteTable {
		for _, table := range w.RouteTables {
			if slices.ContainsFunc(table.Associations, func(a awssim.RouteTableAssociation) bool { return a.Subnet == subnet }) {
				return table
			}
		}
		return nil
	}
	const public, private = "subnet-0a1b2c3d4e5f60711", "subnet-0a1b2c3d4e5f60713"
	for name, c := range map[string]struct {
		edit func(w *awssim.World)
		says []string
	}{
		"as it is to be": {func(*awssim.World) {}, nil},
		"no such VPC":    {func(w *awssim.World) { clear(w.VPCs) }, []string{"there is no vpc-0a1b2c3d4e5f60718 in this account and region"}},
		"no such subnet, and names off": {func(w *awssim.World) {
			delete(w.Subnets, private)
			for _, v := range w.VPCs {
				v.DNSSupport = false
			}
		}, []string{"enableDnsSupport is off", private + " is not a subnet of vpc-"}},
		"public without a gateway": {func(w *awssim.World) { tableOf(w, public).Routes = nil }, []string{public + " has no route to an internet gateway: its route table has no route for 0.0.0.0/0"}},
		"public through nothing":   {func(w *awssim.World) { clear(w.InternetGateways) }, []string{public + " has no route to an internet gateway", "which is gone"}},
		"private to the internet gateway": {func(w *awssim.World) {
			table := tableOf(w, private)
			table.Routes[len(table.Routes)-1].Target = slices.Collect(maps.Keys(w.InternetGateways))[0]
		}, []string{private + " leads to the internet gateway"}},
		"private to nowhere": {func(w *awssim.World) { tableOf(w, private).Routes = nil }, []string{private + " has no way out to a registry"}},
		"one zone": {func(w *awssim.World) {
			for _, s := range w.Subnets {
				s.AZ = "us-east-1a"
			}
		}, []string{"are both in us-east-1a"}},
		"full": {func(w *awssim.World) {
			for i, id := range []string{public, private, "subnet-0a1b2c3d4e5f60714"} {
				w.Subnets[id].CIDR = fmt.Sprintf("172.30.%d.0/28", i)
				for n := range 10 {
					w.NetworkInterfaces[fmt.Sprintf("eni-%d%d", i, n)] = &awssim.NetworkInterface{ID: fmt.Sprintf("eni-%d%d", i, n), Subnet: id, VPC: "vpc-0a1b2c3d4e5f60718"}
				}
			}
		}, []string{public + " has 0 of the 8 free addresses that a load balancer needs", "the subnets have 2 of the 4 free addresses that a deployment of all agents needs"}},
		"closed": {func(w *awssim.World) { w.BlockPublicAccess = "block-bidirectional" }, []string{"VPC Block Public Access (block-bidirectional) closes the internet gateway for " + public}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := newStackBench(t, parse(t, inGivenVPC))
				b.edit(c.edit)
				said := b.lookedUp()
				for _, want := range c.says {
					if !strings.Contains(said, want) {
						t.Errorf("it does not say %q, but:\n%s", want, said)
					}
				}
				if len(c.says) == 0 && said != "" {
					t.Errorf("it refuses: %s", said)
				}
			})
		})
	}
}

func TestAStackDoesNotMoveToAnotherVPC(t *testing.T) {
	own := strings.Replace(inGivenVPC, inGivenVPC[strings.Index(inGivenVPC, "network:"):strings.Index(inGivenVPC, "defaults:")], "", 1)
	for name, c := range map[string]struct{ from, to, says string }{
		"away from its own":    {own, inGivenVPC, "the stack is in vpc-"},
		"away from a given":    {inGivenVPC, own, "network.vpc is gone from agents.yaml"},
		"from given to given":  {inGivenVPC, strings.ReplaceAll(inGivenVPC, "vpc-0a1b2c3d4e5f60718", "vpc-0a1b2c3d4e5f60799"), "and network.vpc is vpc-0a1b2c3d4e5f60799"},
		"where it is, its own": {own, own, ""},
		"where it is, given":   {inGivenVPC, inGivenVPC, ""},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := newStackBench(t, parse(t, c.from))
				if err := b.sim.Seed(awssim.Seed{Network: awssim.SeedNetwork{VPC: "vpc-0a1b2c3d4e5f60718", Public: []string{"subnet-0a1b2c3d4e5f60711", "subnet-0a1b2c3d4e5f60712"}, Private: []string{"subnet-0a1b2c3d4e5f60713", "subnet-0a1b2c3d4e5f60714"}}}); err != nil {
					t.Fatal(err)
				}
				b.upStack(nil)
				b.cfg = parse(t, c.to)
				if said := b.lookedUp(); (said == "") != (c.says == "") || !strings.Contains(said, c.says) {
					t.Errorf("it says %q, not %q", said, c.says)
				}
			})
		})
	}
}
