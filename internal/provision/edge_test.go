package provision

import (
	"context"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/karmacadabra/karmactl/internal/agents"
	"github.com/karmacadabra/karmactl/internal/awssim"
	"github.com/karmacadabra/karmactl/internal/cloud"
	"github.com/karmacadabra/karmactl/internal/engine"
)

// edgeBench is a network with a load balancer in it for three agents.
type edgeBench struct {
	*bench
	network []engine.Step
	lb      *LoadBalancer
	http    *Listener
	groups  []*TargetGroup
	rules   []*ListenerRule
}

func newEdgeBench(t *testing.T) *edgeBench {
	t.Helper()
	e := &edgeBench{bench: newBench(t, awssim.Options{Visible: 2 * time.Second, Latency: 50 * time.Millisecond})}
	e.build()
	return e
}

// build makes the resources again, as a second run of the command would.
func (e *edgeBench) build() {
	h := e.home
	vpc := &VPC{Env: h, CIDR: "10.0.0.0/16"}
	gateway := &InternetGateway{Env: h, VPC: vpc}
	group := &SecurityGroup{Env: h, VPC: vpc, Name: "alb", Purpose: "Load balancer"}
	a := &Subnet{Env: h, VPC: vpc, Tier: "public", AZ: "us-east-1a", CIDR: "10.0.0.0/24"}
	b := &Subnet{Env: h, VPC: vpc, Tier: "public", AZ: "us-east-1b", CIDR: "10.0.1.0/24"}
	e.network = []engine.Step{engine.Manage(vpc), engine.Manage(gateway), engine.Manage(group), engine.Manage(a), engine.Manage(b)}

	e.lb = &LoadBalancer{Env: h, Subnets: []*Subnet{a, b}, Group: group, Gateway: gateway, IdleTimeout: 2 * time.Minute}
	e.http = &Listener{Env: h, LoadBalancer: e.lb, Port: 80, Protocol: "HTTP"}
	e.groups, e.rules = nil, nil
	for i, name := range []string{"validator", "karma-hello", "skill-extractor"} {
		g := &TargetGroup{Env: h, VPC: vpc, Agent: name, Port: 9001 + i, Health: agents.Health{
			Path: "/health", Interval: 5 * time.Second, Timeout: 4 * time.Second, Healthy: 2, Unhealthy: 3, Codes: "200-299",
		}}
		e.groups = append(e.groups, g)
		e.rules = append(e.rules, &ListenerRule{Env: h, Listener: e.http, Group: g, Agent: name, Path: "/" + name, StripPrefix: true, Priority: 10 * (i + 1)})
		e.http.Agents = append(e.http.Agents, name)
	}
}

func (e *edgeBench) steps() []engine.Step {
	steps := append(append([]engine.Step{}, e.network...), engine.Manage(e.lb))
	for _, g := range e.groups {
		steps = append(steps, engine.Manage(g))
	}
	steps = append(steps, engine.Manage(e.http))
	for _, r := range e.rules {
		steps = append(steps, engine.Manage(r))
	}
	return steps
}

// verb is what a result has for a key.
func verb(res *engine.Result, key engine.Key) engine.Verb {
	o, _ := res.Get(key)
	return o.Verb
}

// agreedUp does what a plan of the same steps shows and nothing else.
func (e *edgeBench) agreedUp() *engine.Result {
	e.t.Helper()
	shown := e.plan(e.steps()...)
	w := e.walk(true, e.steps()...)
	w.Shown = shown
	res, err := w.Up(context.Background())
	if err != nil {
		e.t.Fatal(err)
	}
	if err := res.Err(); err != nil {
		e.t.Fatal(err)
	}
	return res
}

func TestTheEdgeGoesThroughItsLife(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := newEdgeBench(t)
		e.lifecycle(e.steps()...)
	})
}

func TestRulesAreThereWhileTheLoadBalancerIsProvisioning(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := newEdgeBench(t)
		began := time.Now()
		res := e.up(e.steps()...)
		if took := time.Since(began); took < 150*time.Second || took > 175*time.Second {
			t.Errorf("the edge took %s, not the 150 s of its load balancer", took)
		}
		if o, _ := res.Get("rule/http/validator"); o.Took > 30*time.Second {
			t.Errorf("the rule waited %s for the load balancer", o.Took)
		}
		if e.lb.Output("dns_name") == "" || e.lb.Output("zone_id") == "" {
			t.Error("the load balancer tells no name and zone")
		}
	})
}

func TestTheLoadBalancerChangesInPlace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := newEdgeBench(t)
		e.up(e.steps()...)
		id := e.lb.ID()
		e.lb.IdleTimeout, e.lb.DeletionProtection = time.Minute, true
		if res := e.agreedUp(); verb(res, "alb") != engine.Update || e.lb.ID() != id {
			t.Errorf("the load balancer was not changed in place: %s", verbs(res))
		}
		if res := e.plan(e.steps()...); res.Changes() {
			t.Errorf("the plan after the change is not empty: %s", verbs(res))
		}
		res, err := e.walk(true, e.steps()...).Down(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		if err := res.Err(); err == nil || !strings.Contains(err.Error(), "load_balancer.deletion_protection: false") {
			t.Errorf("deletion protection is not explained: %v", err)
		}
		e.lb.DeletionProtection = false
		e.up(e.steps()...)
		e.down(e.steps()...)
	})
}

func TestAStrangersLoadBalancerIsRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := newEdgeBench(t)
		e.up(e.steps()...)
		_ = e.sim.Edit(func(w *awssim.World) {
			for _, l := range w.LoadBalancers {
				l.Tags = cloud.Tags{}
			}
		})
		e.rec = engine.NewMemory(e.home.Clock)
		res, err := e.walk(false, e.steps()...).Up(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		if err := res.Err(); err == nil || !strings.Contains(err.Error(), "is not karmactl's") {
			t.Errorf("got %v", err)
		}
	})
}

func TestALoadBalancerThatFailedIsMadeAgainWithAllThatHangsOnIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := newEdgeBench(t)
		e.up(e.steps()...)
		_ = e.sim.Edit(func(w *awssim.World) {
			for _, l := range w.LoadBalancers {
				l.Failure = "no capacity"
			}
		})
		old := e.lb.ID()
		e.build()
		res := e.agreedUp()
		if verb(res, "alb") != engine.Replace || verb(res, "listener/http") != engine.Create || e.lb.ID() == old {
			t.Errorf("got %s", verbs(res))
		}
		if verb(res, "target-group/validator") != engine.None {
			t.Error("the target group was touched")
		}
	})
}

func TestAnotherPortReplacesTheTargetGroupUnderAnotherName(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := newEdgeBench(t)
		e.up(e.steps()...)
		name := e.groups[0].Output("name")
		other := e.groups[1].Output("name")
		for _, port := range []int{9100, 9001} { // there and back: the first name comes again
			e.groups[0].Port = port
			res := e.agreedUp()
			if verb(res, "target-group/validator") != engine.Replace || verb(res, "rule/http/validator") != engine.Update {
				t.Fatalf("got %s", verbs(res))
			}
			if (e.groups[0].Output("name") == name) != (port == 9001) || e.groups[1].Output("name") != other {
				t.Fatalf("with port %d the names are %s and %s", port, e.groups[0].Output("name"), e.groups[1].Output("name"))
			}
			if res := e.plan(e.steps()...); res.Changes() {
				t.Fatalf("the plan after port %d is not empty: %s", port, verbs(res))
			}
			_ = e.sim.Edit(func(w *awssim.World) {
				if n := len(w.TargetGroups); n != 3 {
					t.Errorf("%d target groups are left", n)
				}
			})
		}
	})
}

func TestAReplacedTargetGroupThatStayedBehindIsTakenBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := newEdgeBench(t)
		e.up(e.steps()...)
		first := e.groups[0].ID()
		e.groups[0].Port = 9100
		// The old group cannot be deleted this time.
		e.sim.Inject(func(c awssim.Call) awssim.Fault {
			if c.Operation == "DeleteTargetGroup" {
				return awssim.Fault{Before: awssim.AccessDenied(c.Service, c.Operation)}
			}
			return awssim.Fault{}
		})
		if res, _ := e.walk(true, e.steps()...).Up(context.Background()); res.Err() == nil {
			t.Fatal("the refused delete went unnoticed")
		}
		e.sim.Inject(nil)
		e.groups[0].Port = 9001
		e.up(e.steps()...)
		if e.groups[0].ID() != first {
			t.Errorf("another group was made although the first was still there")
		}
		e.up(e.steps()...)
		_ = e.sim.Edit(func(w *awssim.World) {
			if len(w.TargetGroups) != 3 || w.TargetGroups[first] == nil {
				t.Errorf("the group that is in use was deleted: %d are left", len(w.TargetGroups))
			}
		})
	})
}

func TestRulesChangePlacesWithoutAGap(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := newEdgeBench(t)
		e.up(e.steps()...)
		for i, p := range []int{20, 30, 10} {
			e.rules[i].Priority = p
		}
		e.rules[1].StripPrefix = false
		e.sim.ResetCalls()
		e.agreedUp()
		for _, c := range e.sim.Mutations() {
			if c.Operation != "SetRulePriorities" && c.Operation != "ModifyRule" {
				t.Errorf("moving rules called %s", c.Name())
			}
		}
		if res := e.plan(e.steps()...); res.Changes() {
			t.Errorf("the plan after the move is not empty: %s", verbs(res))
		}
	})
}

func TestANewRuleTakesThePlaceOfOneThatMoves(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := newEdgeBench(t)
		all := e.rules
		e.rules = all[:2]
		e.up(e.steps()...)
		e.rules = []*ListenerRule{all[2], all[0], all[1]}
		for i, r := range e.rules {
			r.Priority = 10 * (i + 1)
		}
		e.agreedUp()
		if res := e.plan(e.steps()...); res.Changes() {
			t.Errorf("the plan after the insertion is not empty: %s", verbs(res))
		}
	})
}

func TestTheAnswerToNoAgentFitsAFixedResponse(t *testing.T) {
	if got, want := noSuchAgent([]string{"/validator/", "/karma-hello/"}), `{"error":"no such agent","agents":["/validator/","/karma-hello/"]}`; got != want {
		t.Errorf("got %s", got)
	}
	var many []string
	for range 100 {
		many = append(many, "/an-agent-with-a-long-name/")
	}
	got := noSuchAgent(many)
	if len(got) > 1024 || len(got) < 980 || !strings.Contains(got, `"more":`) {
		t.Errorf("got %d characters: %s", len(got), got)
	}
}

// The list of target groups is shared: while one group is looked for, another has it read
// again, and a group that was made a moment ago shows in the second list and not in the first.
func TestAGroupOfOursThatShowsBetweenTwoListsIsNotAStrangers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := newEdgeBench(t)
		e.up(e.steps()...)
		for _, g := range e.groups {
			if err := g.taken(t.Context(), time.Now()); err != nil {
				t.Errorf("%s: %v", g.Key(), err)
			}
		}
		e.edit(func(w *awssim.World) {
			for _, g := range w.TargetGroups {
				g.Tags = nil
			}
		})
		if err := e.groups[0].taken(t.Context(), time.Now()); err == nil || !strings.Contains(err.Error(), "is not karmactl's") {
			t.Errorf("a stranger's group with our name: %v", err)
		}
	})
}
