package provision

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/karmacadabra/karmactl/internal/awssim"
	"github.com/karmacadabra/karmactl/internal/cloud"
	"github.com/karmacadabra/karmactl/internal/engine"
)

func TestRulesThatAreNotOursGoAndMissingOnesComeBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, slow)
		n := newNetwork(b.home)
		b.up(n.steps...)
		b.edit(func(w *awssim.World) {
			g := w.SecurityGroups[n.agents.ID()]
			g.Ingress = append(g.Ingress[1:], awssim.SecurityGroupRule{Protocol: "tcp", From: 22, To: 22, CIDR: "0.0.0.0/0", Description: "just for a minute"},
				awssim.SecurityGroupRule{Protocol: "-1", CIDR: "10.9.0.0/16"})
			g.Egress = nil
		})
		plan := b.plan(newNetwork(b.home).steps...)
		o, _ := plan.Get("sg/agents")
		text := verbs(plan)
		for _, want := range []string{
			"(ingress:  -> tcp 9001 from " + n.alb.ID() + ")", "(ingress: tcp 22 from 0.0.0.0/0 (just for a minute) -> )",
			"(ingress: everything from 10.9.0.0/16 -> )", "(egress_all: false -> true)", "(egress_ipv6: false -> true)",
		} {
			if !strings.Contains(text, want) {
				t.Errorf("the plan of %s does not say %s: %s", o.Key, want, text)
			}
		}
		equal(t, "the repair", b.mutations(func() { b.up(newNetwork(b.home).steps...) }),
			"AuthorizeSecurityGroupIngress", "RevokeSecurityGroupIngress", "AuthorizeSecurityGroupEgress", "AuthorizeSecurityGroupEgress")
		if res := b.plan(newNetwork(b.home).steps...); res.Changes() {
			t.Errorf("the plan after it is not empty: %s", verbs(res))
		}
	})
}

func TestTheTextOfARuleChangesInPlace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, slow)
		n := newNetwork(b.home)
		b.up(n.steps...)
		n = newNetwork(b.home)
		n.alb.Ingress[1].Description = "HTTPS from anywhere"
		equal(t, "the change", b.mutations(func() { b.up(n.steps...) }), "UpdateSecurityGroupRuleDescriptionsIngress")
	})
}

func TestTheDescriptionOfAGroupIsForGood(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, slow)
		n := newNetwork(b.home)
		b.up(n.steps...)
		n = newNetwork(b.home)
		n.alb.Purpose = "another"
		res, err := b.walk(true, n.steps...).Up(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		if o, _ := res.Get("sg/alb"); !errors.As(o.Err, new(*engine.Irreplaceable)) {
			t.Errorf("the change was not refused: %v", o.Err)
		}
	})
}

func TestAGroupOfTheSameNameIsNotTaken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, slow)
		n := newNetwork(b.home)
		b.up(n.steps...)
		b.edit(func(w *awssim.World) { clear(w.SecurityGroups[n.endpoints.ID()].Tags) })
		b.rec.Forget("sg/endpoints")
		res, err := b.walk(true, newNetwork(b.home).steps...).Up(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		o, _ := res.Get("sg/endpoints")
		if foreign := new(engine.NotManaged); !errors.As(o.Err, &foreign) || foreign.ID != n.endpoints.ID() {
			t.Errorf("it was not refused: %s %v", o.Verb, o.Err)
		}
	})
}

// stranger puts a network interface that is not karmactl's into a subnet.
func stranger(b *bench, n *network, eni awssim.NetworkInterface) {
	b.edit(func(w *awssim.World) {
		eni.VPC = n.vpc.ID()
		w.NetworkInterfaces[eni.ID] = &eni
	})
}

func TestWhatSomebodyElseHasInTheNetworkIsNamedAndNotWaitedForLong(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, slow)
		n := newNetwork(b.home)
		b.up(n.steps...)
		stranger(b, n, awssim.NetworkInterface{
			ID: "eni-01a00000000000000", Subnet: n.private[0].ID(), Groups: []string{n.agents.ID()}, Kind: "lambda", Description: "AWS Lambda VPC ENI-report-5f3c", Owner: "AROAEXAMPLE:report",
		})
		res, err := b.walk(true, n.steps...).Down(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		for _, key := range []engine.Key{"subnet/private-us-east-1a", "sg/agents"} {
			o, _ := res.Get(key)
			held := new(engine.InUse)
			if !errors.As(o.Err, &held) || !held.Foreign {
				t.Fatalf("%s: the stranger is not named: %v", key, o.Err)
			}
			const want = "network interface eni-01a00000000000000 (AWS Lambda VPC ENI-report-5f3c, lambda, owner AROAEXAMPLE:report) holds it, and is not karmactl's"
			if !strings.Contains(o.Err.Error(), want) {
				t.Errorf("%s: it says %q", key, o.Err)
			}
		}
		if o, _ := res.Get("vpc"); o.Status != engine.Blocked {
			t.Errorf("the VPC is %s", o.Status)
		}
		if o, _ := res.Get("igw"); o.Status != engine.Done {
			t.Errorf("the gateway is %s: %v", o.Status, o.Err)
		}
		b.edit(func(w *awssim.World) { delete(w.NetworkInterfaces, "eni-01a00000000000000") })
		b.down(n.steps...)
	})
}

func TestWhatLeavesByItselfIsWaitedFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, slow)
		n := newNetwork(b.home)
		b.up(n.steps...)
		stranger(b, n, awssim.NetworkInterface{
			ID: "eni-01b00000000000000", Subnet: n.public[0].ID(), Groups: []string{n.alb.ID()}, Kind: "interface", Owner: "amazon-elb",
			Description: "ELB app/karmacadabra-prod/50dc6c495c0c9188", PublicIP: "198.51.100.9", Released: time.Now().Add(150 * time.Second),
		})
		began := time.Now()
		res := b.down(n.steps...)
		if o, _ := res.Get("igw"); o.Ended.Sub(began) < 140*time.Second {
			t.Errorf("the gateway was gone after %s, with a public address behind it", o.Ended.Sub(began))
		}
	})
}

func TestAStrangersPublicAddressKeepsTheGateway(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, slow)
		n := newNetwork(b.home)
		b.up(n.steps...)
		stranger(b, n, awssim.NetworkInterface{ID: "eni-01c00000000000000", Subnet: n.public[0].ID(), Kind: "interface", PublicIP: "198.51.100.9"})
		res, err := b.walk(true, n.steps...).Down(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		o, _ := res.Get("igw")
		if held := new(engine.InUse); !errors.As(o.Err, &held) || !held.Foreign || !strings.Contains(o.Err.Error(), "eni-01c00000000000000") {
			t.Errorf("the stranger is not named: %v", o.Err)
		}
	})
}

func TestAStrangersRuleIsNamed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, slow)
		n := newNetwork(b.home)
		b.up(n.steps...)
		b.edit(func(w *awssim.World) {
			w.SecurityGroups["sg-0e000000000000000"] = &awssim.SecurityGroup{ID: "sg-0e000000000000000", VPC: n.vpc.ID(), Name: "database", Ingress: []awssim.SecurityGroupRule{
				{Protocol: "tcp", From: 5432, To: 5432, Group: n.agents.ID()},
			}}
		})
		res, err := b.walk(true, n.steps...).Down(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		o, _ := res.Get("sg/agents")
		if held := new(engine.InUse); !errors.As(o.Err, &held) || !held.Foreign || !strings.Contains(o.Err.Error(), "a rule of security group sg-0e000000000000000 (database)") {
			t.Errorf("the stranger is not named: %v", o.Err)
		}
	})
}

func TestAnEgressRuleThatNamesAGroupIsFound(t *testing.T) {
	for name, tags := range map[string]cloud.Tags{"of a stranger": nil, "of the stack": {cloud.TagStack: "karmacadabra-prod"}} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := newBench(t, slow)
				n := newNetwork(b.home)
				b.up(n.steps...)
				b.edit(func(w *awssim.World) {
					w.SecurityGroups["sg-0e000000000000000"] = &awssim.SecurityGroup{ID: "sg-0e000000000000000", VPC: n.vpc.ID(), Name: "batch", Tags: tags, Egress: []awssim.SecurityGroupRule{
						{Protocol: "tcp", From: 9001, To: 9001, Group: n.agents.ID()},
					}}
				})
				res, err := b.walk(true, n.steps...).Down(context.Background())
				if err != nil {
					t.Fatal(err)
				}
				o, _ := res.Get("sg/agents")
				if held := new(engine.InUse); tags == nil && (!errors.As(o.Err, &held) || !held.Foreign || !strings.Contains(o.Err.Error(), "a rule of security group sg-0e000000000000000 (batch)")) {
					t.Errorf("the stranger is not named: %v", o.Err)
				}
				if tags != nil && o.Err != nil {
					t.Errorf("the rule of the stack's own group stays: %v", o.Err)
				}
			})
		})
	}
}

func TestARuleThatIsThereKeepsNoOtherShut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, slow)
		n := newNetwork(b.home)
		b.up(n.steps...)
		have := n.agents.Want().Ingress
		if len(have) < 2 {
			t.Fatal("the group has too few rules for this test")
		}
		if err := updateIngress(context.Background(), b.home.Clients.EC2, n.agents.ID(), have, nil); err != nil {
			t.Fatal(err)
		}
		// Another run opens one of them in the meantime.
		if err := updateIngress(context.Background(), b.home.Clients.EC2, n.agents.ID(), nil, have[:1]); err != nil {
			t.Fatal(err)
		}
		if err := updateIngress(context.Background(), b.home.Clients.EC2, n.agents.ID(), nil, have); err != nil {
			t.Fatal(err)
		}
		time.Sleep(5 * time.Second)
		if res := b.plan(n.steps...); res.Changes() {
			t.Errorf("rules are missing: %s", verbs(res))
		}
	})
}
