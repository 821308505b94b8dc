package provision

import (
	"context"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"github.com/karmacadabra/karmactl/internal/awssim"
	"github.com/karmacadabra/karmactl/internal/engine"
)

func TestANATGatewayIsAwaited(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, slow)
		n := newNetwork(b.home)
		res := b.up(n.steps...)
		nat, _ := res.Get(n.nat.Key())
		if nat.Took < 95*time.Second {
			t.Errorf("it was done after %s, while AWS takes 95 s", nat.Took)
		}
		route, _ := res.Get("route/private-us-east-1a")
		if route.Ended.Before(nat.Ended) {
			t.Errorf("its route was done at %s, before the NAT gateway was there at %s", route.Ended, nat.Ended)
		}
		if ip := n.nat.Output("public_ip"); ip == "" || ip != n.address.Output("public_ip") {
			t.Errorf("its public address is %q, that of the address %q", ip, n.address.Output("public_ip"))
		}
	})
}

// TestANATGatewayWaitsForTheInternetGateway: AWS makes one without it, and lets it fail as not attached a minute later.
func TestANATGatewayWaitsForTheInternetGateway(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, slow)
		b.sim.Inject(func(c awssim.Call) awssim.Fault {
			if c.Operation == "AttachInternetGateway" {
				return awssim.Fault{Delay: time.Minute}
			}
			return awssim.Fault{}
		})
		n := newNetwork(b.home)
		made := b.mutations(func() { b.up(n.steps...) })
		if i, j := slices.Index(made, "AttachInternetGateway"), slices.Index(made, "CreateNatGateway"); i < 0 || j < i {
			t.Errorf("the order of the calls is %v", made)
		}
	})
}

// TestANATGatewayIsMadeOncePerToken: AWS answers a create that comes again with the one that it has made.
func TestANATGatewayIsMadeOncePerToken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, slow)
		n := newNetwork(b.home)
		b.up(engine.Manage(n.vpc), engine.Manage(n.gateway), engine.Manage(n.address), engine.Manage(n.public[0]))
		first, err := n.nat.Create(context.Background(), n.nat.Want(), "a-token")
		if err != nil {
			t.Fatal(err)
		}
		if again, err := n.nat.Create(context.Background(), n.nat.Want(), strings.Clone("a-token")); err != nil || again != first {
			t.Errorf("the same create is %s the first time, and then %s, %v", first, again, err)
		}
	})
}

func TestAFailedNATGatewayIsMadeAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, slow)
		n := newNetwork(b.home)
		b.up(n.steps...)
		failed := n.nat.ID()
		b.edit(func(w *awssim.World) {
			w.NATGateways[failed].State, w.NATGateways[failed].Failure = types.NatGatewayStateFailed, "InternalError"
		})
		plan, err := b.walk(false, n.steps...).Up(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		if o, _ := plan.Get(n.nat.Key()); o.Verb != engine.Replace || !strings.Contains(o.Reason, "InternalError") {
			t.Errorf("the plan says %s because of %q", o.Verb, o.Reason)
		}
		b.up(n.steps...)
		if n.nat.ID() == failed {
			t.Error("the failed one is still used")
		}
		if res := b.plan(n.steps...); res.Changes() {
			t.Errorf("the plan after it is not empty: %s", verbs(res))
		}
	})
}

func TestANATGatewayThatIsLeavingIsWaitedFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, slow)
		n := newNetwork(b.home)
		b.up(n.steps...)
		leaving := n.nat.ID()
		if _, err := b.home.Clients.EC2.DeleteNatGateway(t.Context(), &ec2.DeleteNatGatewayInput{NatGatewayId: &leaving}); err != nil {
			t.Fatal(err)
		}
		res := b.up(n.steps...)
		if o, _ := res.Get(n.nat.Key()); o.Verb != engine.Create || o.ID == leaving {
			t.Errorf("it was %s, and is %s", o.Verb, o.ID)
		}
		if o, _ := res.Get("route/private-us-east-1a"); o.Verb != engine.Update {
			t.Errorf("the route was not pointed to the new one: %s", o.Verb)
		}
	})
}

func TestAnAddressIsReleasedOnceItsNATGatewayIsGone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, slow)
		n := newNetwork(b.home)
		b.up(n.steps...)
		if _, err := b.home.Clients.EC2.DeleteNatGateway(t.Context(), &ec2.DeleteNatGatewayInput{NatGatewayId: aws.String(n.nat.ID())}); err != nil {
			t.Fatal(err)
		}
		res := b.down(engine.Manage(n.address)) // AuthFailure until then
		if o, _ := res.Get(n.address.Key()); o.Verb != engine.Delete || o.Took < 40*time.Second {
			t.Errorf("it was %s after %s, while the NAT gateway held it for 50 s", o.Verb, o.Took)
		}
	})
}

// An agent whose way out is in another subnet than agents.yaml says is not as it says: no note would do.
func TestANATGatewayInAnotherSubnetIsReplacedAndEssential(t *testing.T) {
	changes := (&NATGateway{}).Diff(NATGatewaySpec{Subnet: "subnet-a"}, NATGatewaySpec{Subnet: "subnet-b"})
	if len(changes) != 1 || !changes[0].Replace || !changes[0].Essential {
		t.Errorf("the changes are %+v", changes)
	}
}
