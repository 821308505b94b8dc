package stack

import (
	"context"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	elbtypes "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"

	"github.com/karmacadabra/karmactl/internal/agents"
	"github.com/karmacadabra/karmactl/internal/awssim"
	"github.com/karmacadabra/karmactl/internal/engine"
	"github.com/karmacadabra/karmactl/internal/provision"
)

// used is what of the stack others use, as a down sees it.
func (b *stackBench) used() ([]provision.ForeignResource, map[engine.Key][]string) {
	b.t.Helper()
	s := b.fresh(true)
	foreign, err := s.ForeignResources(context.Background())
	if err != nil {
		b.t.Fatal(err)
	}
	return foreign, s.StillUsed(foreign)
}

func TestNothingInAStackOfKarmactlAloneIsForeign(t *testing.T) {
	for name, fleet := range map[string]*agents.Config{
		"endpoints, tracing and all": shipped(t, "agents.full.yaml"),
		"a NAT instance":             shipped(t, "agents.yaml", "nat: single", "nat: instance"),
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := newStackBench(t, fleet)
				b.upStack(nil)
				if foreign, _ := b.used(); len(foreign) != 0 {
					t.Errorf("its own things are called foreign: %v", foreign)
				}
			})
		})
	}
}

func TestDownCanLeaveWhatOthersUseAndTakeTheRest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newStackBench(t, shipped(t, "agents.yaml"))
		b.upStack(nil)
		b.edit(interfaceOf) // in the private subnet of us-east-1a
		foreign, used := b.used()
		if len(foreign) != 1 || !strings.Contains(foreign[0].What, "AWS Lambda VPC ENI-reports") {
			t.Fatalf("foreign is %v", foreign)
		}
		// Its way out goes over the NAT gateway, which is in a public subnet.
		for _, key := range []engine.Key{"vpc", "subnet/private-us-east-1a", "nat/us-east-1a", "eip/us-east-1a", "subnet/public-us-east-1a", "igw"} {
			if len(used[key]) == 0 {
				t.Errorf("%s is not seen to be used", key)
			}
		}
		for _, key := range []engine.Key{"subnet/private-us-east-1b", "alb", "service/validator", "cluster", "sg/agents"} {
			if len(used[key]) != 0 {
				t.Errorf("%s is used by %v", key, used[key])
			}
		}

		s := b.fresh(false)
		s.DeleteImages = true
		w := b.walkOf(s)
		all := w.Keep
		w.Keep = func(k engine.Key) string {
			if len(used[k]) > 0 {
				return "used"
			}
			return all(k)
		}
		b.done(w.Down(context.Background()))
		b.edit(func(w *awssim.World) {
			if len(w.Subnets) != 2 || len(w.NATGateways) == 0 || len(w.VPCs) != 1 {
				t.Errorf("%d subnets, %d NAT gateways and %d VPCs are left", len(w.Subnets), len(w.NATGateways), len(w.VPCs))
			}
			delete(w.NetworkInterfaces, "eni-0f0f0f0f0f0f0f0f0")
		})
		b.downStack()
		if left := onlyAccounts(b.inventory()); slices.ContainsFunc(left, func(s string) bool { return strings.HasPrefix(s, "vpc") || strings.HasPrefix(s, "nat") }) {
			t.Errorf("after the function has gone, down leaves %v", left)
		}
	})
}

func TestAForeignServiceAndAForeignListenerAreSeen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newStackBench(t, shipped(t, "agents.yaml"))
		b.upStack(nil)
		var lb string
		b.edit(func(w *awssim.World) {
			for _, x := range w.Services {
				if x.Name == "validator" {
					other := *x
					other.Name, other.ARN, other.Tags = "web", strings.Replace(x.ARN, "/validator", "/web", 1), nil
					deployment := *x.Deployments[0]
					other.Deployments = []*awssim.Deployment{&deployment}
					w.Services[other.ARN] = &other
					break
				}
			}
			for arn := range w.LoadBalancers {
				lb = arn
			}
		})
		_, err := b.home.Clients.ELB.CreateListener(context.Background(), &elb.CreateListenerInput{
			LoadBalancerArn: &lb, Port: aws.Int32(8443), Protocol: elbtypes.ProtocolEnumHttp,
			DefaultActions: []elbtypes.Action{{Type: elbtypes.ActionTypeEnumFixedResponse, FixedResponseConfig: &elbtypes.FixedResponseActionConfig{StatusCode: aws.String("200")}}},
		})
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Minute) // AWS does not list a new listener at once
		foreign, used := b.used()
		var names []string
		for _, f := range foreign {
			names = append(names, f.What)
		}
		if want := []string{"ECS service web", "listener on port 8443 of the load balancer"}; !slices.Equal(names, want) {
			t.Errorf("foreign is %q", names)
		}
		if len(used["cluster"]) == 0 || len(used["alb"]) == 0 || len(used["subnet/public-us-east-1a"]) == 0 || len(used["nat/us-east-1a"]) != 0 {
			t.Errorf("used is %v", used)
		}
	})
}

// Before its first deletion down reads more than a plan does: a read that fails for a
// moment is asked again there as it is anywhere.
func TestALookBeforeDownOutlivesReadsThatFailForAMoment(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newStackBench(t, shipped(t, "agents.yaml"))
		b.upStack(nil)
		b.edit(interfaceOf)
		for _, fault := range []error{awssim.ServerError(), awssim.Throttled("EC2")} {
			failed := map[string]bool{}
			b.sim.Inject(func(c awssim.Call) awssim.Fault {
				if failed[c.Name()] || c.Mutating {
					return awssim.Fault{}
				}
				failed[c.Name()] = true
				return awssim.Fault{Before: fault}
			})
			foreign, _ := b.used()
			if _, err := b.fresh(true).LoadBalancerProtected(t.Context()); err != nil {
				t.Errorf("after %v: %v", fault, err)
			}
			b.sim.Inject(nil)
			if len(foreign) != 1 || len(failed) < 8 {
				t.Errorf("after %v of %d reads: %v", fault, len(failed), foreign)
			}
		}
	})
}
