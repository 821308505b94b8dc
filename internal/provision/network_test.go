package provision

import (
	"context"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/karmacadabra/karmactl/internal/awssim"
	"github.com/karmacadabra/karmactl/internal/cloud"
	"github.com/karmacadabra/karmactl/internal/engine"
)

// network is a whole network over two zones with a single NAT gateway, and an
// endpoint of each kind.
type network struct {
	vpc                    *VPC
	gateway                *InternetGateway
	public, private        []*Subnet
	address                *ElasticIP
	nat                    *NATGateway
	publicTable            *RouteTable
	privateTable           *RouteTable
	block                  *VPCCIDRBlock
	egressOnly             *EgressOnlyGateway
	ipv6                   *Route
	alb, agents, endpoints *SecurityGroup
	s3, ecr                *VPCEndpoint
	steps                  []engine.Step
}

func newNetwork(h *Env) *network {
	n := &network{vpc: &VPC{Env: h, CIDR: "10.0.0.0/16"}}
	n.gateway = &InternetGateway{Env: h, VPC: n.vpc}
	n.block = &VPCCIDRBlock{Env: h, VPC: n.vpc}
	n.egressOnly = &EgressOnlyGateway{Env: h, VPC: n.vpc, Block: n.block}
	for i, az := range []string{"us-east-1a", "us-east-1b"} {
		n.public = append(n.public, &Subnet{Env: h, VPC: n.vpc, Tier: TierPublic, AZ: az, CIDR: fmt.Sprintf("10.0.%d.0/24", i)})
		n.private = append(n.private, &Subnet{Env: h, VPC: n.vpc, Tier: TierPrivate, AZ: az, CIDR: fmt.Sprintf("10.0.%d.0/24", 100+i), IPv6: true})
	}
	n.address = &ElasticIP{Env: h, AZ: "us-east-1a"}
	n.nat = &NATGateway{Env: h, AZ: "us-east-1a", Subnet: n.public[0], Address: n.address, Gateway: n.gateway}
	n.publicTable = &RouteTable{Env: h, VPC: n.vpc, Name: "public"}
	n.privateTable = &RouteTable{Env: h, VPC: n.vpc, Name: "private-us-east-1a"}
	n.ipv6 = &Route{Env: h, IPv6: true, Table: n.privateTable, EgressOnly: n.egressOnly}
	n.alb = &SecurityGroup{Env: h, VPC: n.vpc, Name: "alb", Purpose: "karmactl: the load balancer", Ingress: []Rule{
		{Port: 80, CIDR: cloud.Anywhere, Description: "HTTP from anywhere"}, {Port: 443, CIDR: cloud.Anywhere},
	}}
	n.agents = &SecurityGroup{Env: h, VPC: n.vpc, Name: "agents", Purpose: "karmactl: the agents", IPv6: true, Ingress: []Rule{
		{Port: 9001, From: n.alb}, {Port: 9002, From: n.alb}, {Port: 9001, Self: true},
	}}
	n.endpoints = &SecurityGroup{Env: h, VPC: n.vpc, Name: "endpoints", Purpose: "karmactl: the endpoints", Ingress: []Rule{{Port: 443, From: n.agents}}}
	n.s3 = &VPCEndpoint{Env: h, VPC: n.vpc, Service: "s3", Tables: []*RouteTable{n.privateTable}}
	n.ecr = &VPCEndpoint{Env: h, VPC: n.vpc, Service: "ecr.api", Subnets: n.private, Group: n.endpoints}
	n.steps = []engine.Step{
		engine.Manage(n.vpc), engine.Manage(n.gateway), engine.Manage(n.address), engine.Manage(n.nat),
		engine.Manage(n.publicTable), engine.Manage(n.privateTable), engine.Manage(n.block), engine.Manage(n.egressOnly), engine.Manage(n.ipv6),
		engine.Manage(&Route{Env: h, Table: n.publicTable, Gateway: n.gateway}),
		engine.Manage(&Route{Env: h, Table: n.privateTable, NAT: n.nat}),
		engine.Manage(n.alb), engine.Manage(n.agents), engine.Manage(n.endpoints), engine.Manage(n.s3), engine.Manage(n.ecr),
	}
	for i := range n.public {
		n.steps = append(n.steps,
			engine.Manage(n.public[i]), engine.Manage(n.private[i]),
			engine.Manage(&SubnetCIDRBlock{Env: h, Subnet: n.private[i], Of: n.block, Route: n.ipv6}),
			engine.Manage(&RouteTableAssociation{Env: h, Table: n.publicTable, Subnet: n.public[i]}),
			engine.Manage(&RouteTableAssociation{Env: h, Table: n.privateTable, Subnet: n.private[i]}),
		)
	}
	return n
}

func TestTheNetworkGoesThroughItsLife(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, slow)
		b.lifecycle(newNetwork(b.home).steps...)
		if got := tables(t, b.sim); got != tables(t, newBench(t, slow).sim) {
			t.Errorf("after down the account has %s", got)
		}
	})
}

// tables counts what the account has of each kind, without what AWS still lists
// after it is deleted.
func tables(t *testing.T, sim *awssim.Sim) string {
	t.Helper()
	s := ""
	err := sim.Edit(func(w *awssim.World) {
		nats, routes, ties, rules, blocks := 0, 0, 0, 0, 0
		for _, v := range w.VPCs {
			blocks += len(v.IPv6)
		}
		for _, s := range w.Subnets {
			blocks += len(s.IPv6)
		}
		for _, n := range w.NATGateways {
			if n.State == "available" || n.State == "pending" {
				nats++
			}
		}
		for _, r := range w.RouteTables {
			routes += len(r.Routes)
			ties += len(r.Associations)
		}
		for _, g := range w.SecurityGroups {
			rules += len(g.Ingress) + len(g.Egress)
		}
		s = fmt.Sprintf("%d VPCs, %d gateways, %d egress-only gateways, %d IPv6 blocks, %d subnets, %d route tables, %d routes, %d associations, %d addresses, %d NAT gateways, %d endpoints, %d groups, %d rules, %d interfaces",
			len(w.VPCs), len(w.InternetGateways), len(w.EgressOnlyGateways), blocks, len(w.Subnets), len(w.RouteTables), routes, ties, len(w.Addresses), nats,
			len(w.VPCEndpoints), len(w.SecurityGroups), rules, len(w.NetworkInterfaces))
	})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// cleanRun is how many mutating calls a network takes, and what is there after.
func cleanRun(t *testing.T) (calls int, have string) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, slow)
		b.up(newNetwork(b.home).steps...)
		calls, have = len(b.sim.Mutations()), tables(t, b.sim)
	})
	return calls, have
}

func TestEveryReplyMayBeLostOnce(t *testing.T) {
	calls, want := cleanRun(t)
	for i, lost := range []struct {
		name string
		err  func() error
	}{{"the connection ends", awssim.LostConnection}, {"AWS answers 500", awssim.ServerError}} {
		for n := 1; n <= calls; n++ {
			if !inTurn(n, i, 2) {
				continue
			}
			synctest.Test(t, func(t *testing.T) {
				b := newBench(t, slow)
				name := ""
				b.sim.Inject(func(c awssim.Call) awssim.Fault {
					if c.Mutating && c.N == n {
						name = c.Name()
						return awssim.Fault{After: lost.err()}
					}
					return awssim.Fault{}
				})
				res, err := b.walk(true, newNetwork(b.home).steps...).Up(context.Background())
				if err != nil {
					t.Fatal(err)
				}
				if err := res.Err(); err != nil {
					t.Fatalf("%s after call %d, %s: %v", lost.name, n, name, err)
				}
				if got := tables(t, b.sim); got != want {
					t.Errorf("%s after call %d, %s: the account has %s, and not %s", lost.name, n, name, got, want)
				}
				if res := b.plan(newNetwork(b.home).steps...); res.Changes() {
					t.Errorf("%s after call %d, %s: the plan is not empty: %s", lost.name, n, name, verbs(res))
				}
			})
		}
	}
}

func TestAProcessMayDieAfterAnyCall(t *testing.T) {
	calls, want := cleanRun(t)
	for n := 1; n <= calls; n++ {
		synctest.Test(t, func(t *testing.T) {
			b := newBench(t, slow)
			name := ""
			b.sim.Inject(func(c awssim.Call) awssim.Fault {
				if c.Mutating && c.N == n {
					name = c.Name()
					return awssim.Fault{Kill: true}
				}
				return awssim.Fault{}
			})
			res, err := b.walk(true, newNetwork(b.home).steps...).Up(context.Background())
			if err != nil {
				t.Fatal(err)
			}
			if res.Err() == nil {
				t.Fatalf("the process did not die at call %d", n)
			}
			b.sim.Inject(nil)
			b.up(newNetwork(b.home).steps...)
			if got := tables(t, b.sim); got != want {
				t.Errorf("killed after call %d, %s: the account has %s, and not %s", n, name, got, want)
			}
			if res := b.plan(newNetwork(b.home).steps...); res.Changes() {
				t.Errorf("killed after call %d, %s: the plan is not empty: %s", n, name, verbs(res))
			}
		})
	}
}

func TestTheWayDownMayLoseEveryReplyAndDieAfterAnyCall(t *testing.T) {
	up, _ := cleanRun(t)
	for i, kill := range []bool{false, true} {
		for n := 1; ; n++ {
			if !inTurn(n, i, 2) {
				continue
			}
			reached := false
			synctest.Test(t, func(t *testing.T) {
				b := newBench(t, slow)
				b.up(newNetwork(b.home).steps...)
				name := ""
				b.sim.Inject(func(c awssim.Call) awssim.Fault {
					if c.Mutating && c.N == up+n {
						reached, name = true, c.Name()
						if kill {
							return awssim.Fault{Kill: true}
						}
						return awssim.Fault{After: awssim.LostConnection()}
					}
					return awssim.Fault{}
				})
				res, err := b.walk(true, newNetwork(b.home).steps...).Down(context.Background())
				if err != nil {
					t.Fatal(err)
				}
				if kill {
					b.sim.Inject(nil)
					res = b.down(newNetwork(b.home).steps...)
				}
				if err := res.Err(); err != nil {
					t.Fatalf("call %d, %s: %v", n, name, err)
				}
				if got := tables(t, b.sim); got != tables(t, newBench(t, slow).sim) {
					t.Errorf("call %d, %s: after down the account has %s", n, name, got)
				}
			})
			if !reached {
				break
			}
		}
	}
}

func TestAPlanOfTheNetworkCostsACallAKind(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, slow)
		b.up(newNetwork(b.home).steps...)
		time.Sleep(time.Minute)
		b.sim.ResetCalls()
		b.plan(newNetwork(b.home).steps...)
		if n := len(b.sim.Calls()); n > 10 {
			t.Errorf("it takes %d calls for 9 kinds and one attribute: %v", n, b.sim.Calls())
		}
	})
}
