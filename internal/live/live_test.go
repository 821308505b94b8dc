package live_test

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"

	"github.com/karmacadabra/karmactl/internal/awssim"
	"github.com/karmacadabra/karmactl/internal/awssim/livetest"
	"github.com/karmacadabra/karmactl/internal/cloud"
	"github.com/karmacadabra/karmactl/internal/engine"
	"github.com/karmacadabra/karmactl/internal/live"
)

func TestAFleetThatRunsIsReadWithAllThatItStandsOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx := context.Background()
		built, err := livetest.New(ctx, livetest.Shape{})
		if err != nil {
			t.Fatal(err)
		}
		built.Sim.ResetCalls()
		f, err := live.Read(ctx, built.Reader(), livetest.Cluster)
		if err != nil {
			t.Fatal(err)
		}
		for what, n := range map[string][2]int{
			"services": {len(f.Services), 3}, "tasks": {len(f.Tasks), 3}, "namespaces": {len(f.Namespaces), 1},
			"target groups": {len(f.TargetGroups), 3}, "load balancers": {len(f.LoadBalancers), 1},
			"VPCs": {len(f.VPCs), 1}, "subnets": {len(f.Subnets), 4}, "NAT gateways": {len(f.NATs), 1}, "addresses": {len(f.Addresses), 1},
			"internet gateways": {len(f.Gateways), 1}, "security groups": {len(f.Groups), 3}, "route tables": {len(f.Tables), 4},
			"log groups": {len(f.LogGroups), 3}, "alarms": {len(f.Alarms), 3}, "scalable targets": {len(f.Targets), 3}, "policies": {len(f.Policies), 3},
			"repositories": {len(f.Repositories), 3},
		} {
			if n[0] != n[1] {
				t.Errorf("%d %s, want %d", n[0], what, n[1])
			}
		}
		if l := f.LoadBalancers; len(l) == 1 && (len(l[0].Listeners) != 1 || len(l[0].Listeners[0].Rules) != 3) {
			t.Errorf("the load balancer listens on %+v", l[0].Listeners)
		}
		public := 0
		for _, s := range f.Subnets {
			if f.Public(s) {
				public++
			}
			if _, own := f.TableOf(s); !own {
				t.Errorf("%s has no table of its own", aws.ToString(s.SubnetId))
			}
		}
		if public != 2 {
			t.Errorf("%d public subnets, want 2", public)
		}
		if err := built.Ask(); err != nil {
			t.Error(err)
		}
	})
}

func TestAClusterThatIsNotThereIsSaidToBeSo(t *testing.T) {
	sim, err := awssim.New(awssim.Options{Clock: engine.RealClock{}, Region: livetest.Region})
	if err != nil {
		t.Fatal(err)
	}
	_, err = live.Read(context.Background(), cloud.NewClients(sim.Config()), "nowhere")
	if err == nil || err.Error() != "the cluster nowhere cannot be read: there is no cluster of this name in the region" {
		t.Errorf("%v", err)
	}
}

func TestTheNamesThatLeadToAFleetAreReadAndWhatItsSecretsReferTo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx := context.Background()
		built, err := livetest.New(ctx, livetest.Shape{Domain: "agents.example.com", PrivateDNS: true})
		if err != nil {
			t.Fatal(err)
		}
		clients := built.Reader()
		f, err := live.Read(ctx, clients, livetest.Cluster)
		if err != nil {
			t.Fatal(err)
		}
		var names []string
		for _, r := range f.Records {
			names = append(names, r.Name+" in "+r.ZoneName)
		}
		want := []string{
			"agents.example.com in example.com", "chat.agents.example.com in example.com", "seller.agents.example.com in example.com", "validator.agents.example.com in example.com",
		}
		if slices.Sort(names); !slices.Equal(names, want) {
			t.Errorf("records %q", names)
		}
		if len(f.Certificates) != 1 || len(f.MissingSecrets) != 0 {
			t.Errorf("%d certificates, %q missing", len(f.Certificates), f.MissingSecrets)
		}
		if n := f.Namespaces; len(n) != 1 || n[0].Type != "DNS_PRIVATE" {
			t.Errorf("namespaces %+v", n)
		}
		if err := built.Sim.Edit(func(w *awssim.World) { clear(w.Secrets) }); err != nil {
			t.Fatal(err)
		}
		if f, err = live.Read(ctx, clients, livetest.Cluster); err != nil || len(f.MissingSecrets) != 1 {
			t.Errorf("%v %q", err, f.MissingSecrets)
		}
	})
}

func TestWhatAReferenceNamesIsToldFromItsKey(t *testing.T) {
	for from, want := range map[string]string{
		"arn:aws:secretsmanager:us-east-1:123456789012:secret:acme-keys-AbCdEf:openai::": "arn:aws:secretsmanager:us-east-1:123456789012:secret:acme-keys-AbCdEf false",
		"arn:aws:secretsmanager:us-east-1:123456789012:secret:acme-keys-AbCdEf":          "arn:aws:secretsmanager:us-east-1:123456789012:secret:acme-keys-AbCdEf false",
		"arn:aws:ssm:us-east-1:123456789012:parameter/acme/key":                          "/acme/key true",
		"arn:aws:ssm:us-east-1:123456789012:parameter/key":                               "key true",
		"/acme/key": "/acme/key true",
	} {
		name, parameter := live.SecretOf(from)
		if got := fmt.Sprint(name, " ", parameter); got != want {
			t.Errorf("%s: %s, want %s", from, got, want)
		}
	}
}

// A service keeps the name of a target group that is deleted, and that is no reason to read nothing of the rest.
func TestATargetGroupThatIsGoneDoesNotEndTheReading(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx := context.Background()
		built, err := livetest.New(ctx, livetest.Shape{})
		if err != nil {
			t.Fatal(err)
		}
		f, err := live.Read(ctx, built.Reader(), livetest.Cluster)
		if err != nil {
			t.Fatal(err)
		}
		gone := aws.ToString(f.TargetGroups[0].TargetGroupArn)
		api := cloud.NewClients(built.Sim.Config()).ELB
		for _, r := range f.LoadBalancers[0].Listeners[0].Rules {
			if slices.Contains(live.Forwards(r.Actions), gone) {
				if _, err := api.DeleteRule(ctx, &elb.DeleteRuleInput{RuleArn: r.RuleArn}); err != nil {
					t.Fatal(err)
				}
			}
		}
		if _, err := api.DeleteTargetGroup(ctx, &elb.DeleteTargetGroupInput{TargetGroupArn: &gone}); err != nil {
			t.Fatal(err)
		}
		f, err = live.Read(ctx, built.Reader(), livetest.Cluster)
		if err != nil {
			t.Fatal(err)
		}
		if len(f.Services) != 3 || len(f.TargetGroups) != 2 {
			t.Errorf("%d services with %d target groups, want 3 with 2", len(f.Services), len(f.TargetGroups))
		}
	})
}

func TestWhatAServiceRunsIsThatOfItsTaskSetWhereAnotherProgramDeploysIt(t *testing.T) {
	set := func(status, definition string) types.TaskSet {
		return types.TaskSet{Status: aws.String(status), TaskDefinition: aws.String(definition)}
	}
	for _, x := range []struct {
		s    types.Service
		want string
	}{
		{types.Service{TaskDefinition: aws.String("a:1")}, "a:1"},
		{types.Service{TaskSets: []types.TaskSet{set("ACTIVE", "a:1"), set("PRIMARY", "a:2")}}, "a:2"},
		{types.Service{}, ""},
	} {
		if got := aws.ToString(live.DefinitionOf(x.s)); got != x.want {
			t.Errorf("%q, want %q", got, x.want)
		}
	}
}
