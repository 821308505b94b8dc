package provision

import (
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/karmacadabra/karmactl/internal/awssim"
	"github.com/karmacadabra/karmactl/internal/cloud"
	"github.com/karmacadabra/karmactl/internal/engine"
)

func TestAnInterfaceEndpointIsAwaitedAndAGatewayIsThereAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, slow)
		res := b.up(newNetwork(b.home).steps...)
		ecr, _ := res.Get("endpoint/ecr.api")
		s3, _ := res.Get("endpoint/s3")
		if ecr.Took < 120*time.Second || s3.Took > 60*time.Second {
			t.Errorf("the interface took %s, the gateway %s", ecr.Took, s3.Took)
		}
	})
}

func TestAnEndpointMovesInPlace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, slow)
		b.up(newNetwork(b.home).steps...)
		n := newNetwork(b.home)
		n.s3.Tables = append(n.s3.Tables, n.publicTable)
		n.ecr.Subnets, n.ecr.Group = n.private[:1], n.agents
		equal(t, "the change", b.mutations(func() { b.up(n.steps...) }), "ModifyVpcEndpoint", "ModifyVpcEndpoint")
		if res := b.plan(n.steps...); res.Changes() {
			t.Errorf("the plan after it is not empty: %s", verbs(res))
		}
		b.edit(func(w *awssim.World) {
			if e := w.VPCEndpoints[n.ecr.ID()]; len(e.Interfaces) != 1 || !slices.Equal(e.Groups, []string{n.agents.ID()}) {
				t.Errorf("it has %d interfaces and the groups %v", len(e.Interfaces), e.Groups)
			}
		})
	})
}

func TestAFailedEndpointIsMadeAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, slow)
		n := newNetwork(b.home)
		b.up(n.steps...)
		failed := n.ecr.ID()
		b.edit(func(w *awssim.World) { w.VPCEndpoints[failed].State = "failed" })
		res := b.up(n.steps...)
		if o, _ := res.Get("endpoint/ecr.api"); o.Verb != engine.Replace || o.ID == failed {
			t.Errorf("it was %s, and is %s", o.Verb, o.ID)
		}
	})
}

func TestEndpointsWaitForAWSsOwnThrottle(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		opts := slow
		opts.Throttle = true
		b := newBench(t, opts)
		cfg := cloud.WithOptions(b.sim.Config(), cloud.LostReplies)
		cfg.Retryer = func() aws.Retryer { return cloud.Retryer(20 * time.Second) } // as it is outside of rehearsals
		b.home.Clients = cloud.NewClients(cfg)
		n := newNetwork(b.home)
		for _, service := range []string{"ecr.dkr", "logs", "secretsmanager", "ssmmessages"} {
			n.steps = append(n.steps, engine.Manage(&VPCEndpoint{Env: b.home, VPC: n.vpc, Service: service, Subnets: n.private, Group: n.endpoints}))
		}
		b.up(n.steps...)
		b.down(n.steps...)
	})
}

func TestInChinaAndInTheSovereignCloudTheEndpointsOfECRHaveNamesOfTheirOwn(t *testing.T) {
	for _, c := range []struct{ region, service, want string }{
		{"us-east-1", "ecr.api", "com.amazonaws.us-east-1.ecr.api"},
		{"cn-north-1", "ecr.dkr", "cn.com.amazonaws.cn-north-1.ecr.dkr"},
		{"cn-north-1", "s3", "com.amazonaws.cn-north-1.s3"},
		{"cn-northwest-1", "secretsmanager", "com.amazonaws.cn-northwest-1.secretsmanager"},
		{"eusc-de-east-1", "ecr.api", "eu.amazonaws.eusc-de-east-1.ecr.api"},
		{"eusc-de-east-1", "logs", "com.amazonaws.eusc-de-east-1.logs"},
		{"us-gov-west-1", "ecr.dkr", "com.amazonaws.us-gov-west-1.ecr.dkr"},
	} {
		if got := endpointService(c.region, c.service); got != c.want {
			t.Errorf("%s in %s is %s, not %s", c.service, c.region, got, c.want)
		}
	}
}
