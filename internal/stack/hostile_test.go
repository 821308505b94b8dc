package stack

import (
	"context"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/karmacadabra/karmactl/internal/awssim"
	"github.com/karmacadabra/karmactl/internal/engine"
)

// own hands a thing of ours to a stranger: its name stays, our tags are gone.
func own[T any](all map[string]*T, key string, tags func(*T) map[string]string) bool {
	return one(all, key, tags, func(x *T) {
		t := tags(x)
		delete(t, "karmactl:stack")
		delete(t, "karmactl:key")
	})
}

// TestStrangersWithOurNamesAreRefusedAndLeftAlone loses the state and takes our
// tags off one thing of each kind that goes by its name. Neither up nor down may
// touch it, and up names it.
func TestStrangersWithOurNamesAreRefusedAndLeftAlone(t *testing.T) {
	for key, give := range map[engine.Key]func(*awssim.World) bool{
		"alb":                      func(w *awssim.World) bool { return own(w.LoadBalancers, "alb", balancerTags) },
		"target-group/validator":   func(w *awssim.World) bool { return own(w.TargetGroups, "target-group/validator", targetGroupTags) },
		"role/execution/validator": func(w *awssim.World) bool { return own(w.Roles, "role/execution/validator", roleTags) },
		"log-group/validator":      func(w *awssim.World) bool { return own(w.LogGroups, "log-group/validator", logGroupTags) },
		"repository/validator":     func(w *awssim.World) bool { return own(w.Repositories, "repository/validator", repositoryTags) },
		"alarm/validator/high-cpu": func(w *awssim.World) bool { return own(w.Alarms, "alarm/validator/high-cpu", alarmTags) },
		"cluster": func(w *awssim.World) bool {
			return own(w.Clusters, "cluster", func(x *awssim.Cluster) map[string]string { return x.Tags })
		},
		"namespace": func(w *awssim.World) bool {
			return own(w.Namespaces, "namespace", func(x *awssim.Namespace) map[string]string { return x.Tags })
		},
		"topic": func(w *awssim.World) bool {
			return own(w.Topics, "topic", func(x *awssim.Topic) map[string]string { return x.Tags })
		},
		"secret/validator": func(w *awssim.World) bool {
			return own(w.Secrets, "secret/validator", func(x *awssim.Secret) map[string]string { return x.Tags })
		},
		"sampling-rule": func(w *awssim.World) bool {
			return own(w.SamplingRules, "sampling-rule", func(x *awssim.SamplingRule) map[string]string { return x.Tags })
		},
		"budget": func(w *awssim.World) bool {
			return own(w.Budgets, "budget", func(x *awssim.Budget) map[string]string { return x.Tags })
		},
		"scalable-target/validator": func(w *awssim.World) bool { return own(w.ScalableTargets, "scalable-target/validator", scalableTags) },
		"service/validator": func(w *awssim.World) bool {
			return own(w.Services, "service/validator", func(x *awssim.Service) map[string]string { return x.Tags })
		},
	} {
		t.Run(string(key), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				b := newStackBench(t, parse(t, swept))
				b.upStack(nil)
				b.rec = engine.NewMemory(b.home.Clock)
				there := false
				if err := b.sim.Edit(func(w *awssim.World) { there = give(w) }); err != nil || !there {
					t.Fatalf("there is nothing to give away: %v", err)
				}
				before := b.inventory()
				res, err := b.walkOf(b.fresh(false)).Up(context.Background())
				if err != nil {
					t.Fatal(err)
				}
				o, _ := res.Get(key)
				if o.Err == nil || !strings.Contains(o.Err.Error(), "is not karmactl's") {
					t.Errorf("a stranger's is not refused: %s %v", o.Verb, o.Err)
				}
				if diff := cmp.Diff(before, b.inventory()); diff != "" {
					t.Errorf("something was touched (-before +after):\n%s", diff)
				}
			})
		})
	}
}

// interfaceOf puts another owner's network interface into one of our subnets.
func interfaceOf(w *awssim.World) {
	for _, s := range w.Subnets {
		if s.Tags["karmactl:key"] == "subnet/private-us-east-1a" {
			w.NetworkInterfaces["eni-0f0f0f0f0f0f0f0f0"] = &awssim.NetworkInterface{
				ID: "eni-0f0f0f0f0f0f0f0f0", Subnet: s.ID, VPC: s.VPC, Kind: "lambda", Description: "AWS Lambda VPC ENI-reports",
				Owner: "210987654321", PrivateIP: "10.0.0.250", Created: time.Now(),
			}
		}
	}
}

// lingering puts an interface into a subnet that AWS takes away after a while.
func lingering(w *awssim.World, subnet, group, owner, text string, d time.Duration) {
	for _, s := range w.Subnets {
		for _, g := range w.SecurityGroups {
			if s.Tags["karmactl:key"] == subnet && g.Tags["karmactl:key"] == group {
				w.NetworkInterfaces["eni-0b000000000000000"] = &awssim.NetworkInterface{
					ID: "eni-0b000000000000000", Subnet: s.ID, VPC: s.VPC, Groups: []string{g.ID}, Kind: "interface", Owner: owner, Description: text,
					PrivateIP: "10.0.0.251", PublicIP: "198.51.100.9", Created: time.Now(), Released: time.Now().Add(d),
				}
			}
		}
	}
}

// TestDownOfAHostileAccount puts something into the way of down. What holds is
// named; nothing that bills is left; once the cause is gone a rerun ends well,
// and another has nothing to do.
func TestDownOfAHostileAccount(t *testing.T) {
	for name, c := range map[string]struct {
		before func(*awssim.World)
		says   []string
		after  func(*awssim.World)
	}{
		"a foreign interface in our subnet": {
			before: interfaceOf,
			says:   []string{"eni-0f0f0f0f0f0f0f0f0", "reports", "210987654321"},
			after:  func(w *awssim.World) { delete(w.NetworkInterfaces, "eni-0f0f0f0f0f0f0f0f0") },
		},
		"a NAT gateway deleted by hand": {before: func(w *awssim.World) {
			for _, n := range w.NATGateways {
				n.State, n.Deleted = "deleting", time.Now()
			}
		}},
		"an address that its NAT gateway still holds": {before: func(w *awssim.World) { // AWS answers the misleading AuthFailure
			for id, n := range w.NATGateways {
				n.State, n.Deleted = "deleting", time.Now()
				w.Addresses[n.Address].HeldBy = id
			}
		}},
		"an address that somebody has put to use": {
			before: func(w *awssim.World) {
				for _, a := range w.Addresses {
					a.HeldBy = "eni-0a0a0a0a0a0a0a0a0"
				}
			},
			says: []string{"eip/us-east-1a", "eni-0a0a0a0a0a0a0a0a0", "203.0.113.", "owner 123456789012", "run karmactl down again"},
			after: func(w *awssim.World) {
				for _, a := range w.Addresses {
					a.HeldBy = ""
				}
			},
		},
		"interfaces of the load balancer that linger": {before: func(w *awssim.World) {
			lingering(w, "subnet/public-us-east-1a", "sg/alb", "amazon-elb", "ELB app/karmacadabra-prod/50dc6c495c0c9188", 150*time.Second)
		}},
		"interfaces of Fargate tasks that linger": {before: func(w *awssim.World) {
			lingering(w, "subnet/private-us-east-1a", "sg/agents", "", "arn:aws:ecs:us-east-1:123456789012:attachment/0f3c0000-0000-4000-8000-000000000000", 75*time.Second)
		}},
		"a service that is draining": {before: func(w *awssim.World) {
			for _, s := range w.Services {
				if s.Name == "validator" {
					s.Status, s.Desired, s.Deleted = "DRAINING", 0, time.Now()
				}
			}
		}},
		"a repository with images": {before: func(w *awssim.World) {
			for _, r := range w.Repositories {
				if r.Images == nil {
					r.Images = map[string]*awssim.RepositoryImage{}
				}
				r.Images["sha256:1"] = &awssim.RepositoryImage{Digest: "sha256:1", Tags: []string{"v1"}, Size: 1, Pushed: time.Now()}
			}
		}},
		"groups that refer to each other": {before: func(w *awssim.World) {
			var alb, agents *awssim.SecurityGroup
			for _, g := range w.SecurityGroups {
				switch g.Tags["karmactl:key"] {
				case "sg/alb":
					alb = g
				case "sg/agents":
					agents = g
				}
			}
			alb.Ingress = append(alb.Ingress, awssim.SecurityGroupRule{Protocol: "tcp", From: 1, To: 2, Group: agents.ID})
		}},
		"a load balancer that is protected": {before: func(w *awssim.World) {
			one(w.LoadBalancers, "alb", balancerTags, func(l *awssim.LoadBalancer) { l.Attributes["deletion_protection.enabled"] = "true" })
		}, says: []string{"protect"}, after: func(w *awssim.World) {
			one(w.LoadBalancers, "alb", balancerTags, func(l *awssim.LoadBalancer) { l.Attributes["deletion_protection.enabled"] = "false" })
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				b := newStackBench(t, parse(t, swept))
				empty := b.inventory()
				b.upStack(nil)
				if err := b.sim.Edit(c.before); err != nil {
					t.Fatal(err)
				}
				down := stage{yaml: swept, down: true}
				err := b.run(down)
				if (err != nil) != (c.says != nil) {
					t.Fatalf("down ends with %v", err)
				}
				for _, s := range c.says {
					if !strings.Contains(err.Error(), s) {
						t.Errorf("the message does not name %s: %v", s, err)
					}
				}
				if c.after != nil {
					for _, thing := range b.inventory() {
						kind, name, _ := strings.Cut(thing, " ")
						held := strings.Contains(err.Error(), name+": ") // what could not go is said
						if !held && slices.Contains([]string{"nat-gateway", "address", "load-balancer", "vpc-endpoint", "task", "service"}, kind) {
							t.Errorf("%s is left, and bills", thing)
						}
					}
					if err := b.sim.Edit(c.after); err != nil {
						t.Fatal(err)
					}
					if err := b.run(down); err != nil {
						t.Fatalf("the rerun ends with %v", err)
					}
				}
				b.settled()
				if diff := cmp.Diff(onlyAccounts(empty), onlyAccounts(b.inventory())); diff != "" {
					t.Errorf("the account is not as before (-before +after):\n%s", diff)
				}
				b.sim.ResetCalls()
				if err := b.run(down); err != nil {
					t.Errorf("a down with nothing to do ends with %v", err)
				}
				if m := b.sim.Mutations(); len(m) > 0 {
					t.Errorf("a down with nothing to do makes %d mutating calls, the first is %s", len(m), m[0].Name())
				}
			})
		})
	}
}

// TestDownOfAnAgentTakesWhatIsNotWantedAnyMoreToo edits the file, so that an agent's
// rule belongs on another listener, and takes the agent down before any up.
func TestDownOfAnAgentTakesWhatIsNotWantedAnyMoreToo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		plain := strings.Replace(swept, "load_balancer: {domain: agents.example.com}\n", "", 1)
		b := newStackBench(t, parse(t, swept))
		for _, s := range []stage{{yaml: plain}, {yaml: swept, down: true, agents: []string{"validator"}}} {
			if err := b.run(s); err != nil {
				t.Fatal(err)
			}
		}
		for _, thing := range b.inventory() {
			if strings.Contains(thing, "rule/http/validator") || strings.Contains(thing, "target-group/validator") {
				t.Errorf("%s is left", thing)
			}
		}
		for _, e := range engine.Known(b.rec) {
			if e.Key == "rule/http/validator" || e.Key == "target-group/validator" {
				t.Errorf("%s is recorded still", e.Key)
			}
		}
		if !slices.ContainsFunc(engine.Known(b.rec), func(e engine.Entry) bool { return e.Key == "rule/http/karma-hello" }) {
			t.Error("another agent's rule went, too")
		}
	})
}
