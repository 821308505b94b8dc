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

// platform is the part of a stack that needs no network: what the agents are
// known by, run in, and are watched with.
func platform(h *Env) []engine.Step {
	namespace := &Namespace{Env: h, Name: "karmacadabra.local"}
	cluster := &Cluster{Env: h, Insights: "disabled", Namespace: namespace}
	topic := &Topic{Env: h}
	dashboard := &Dashboard{Env: h}
	steps := []engine.Step{
		engine.Manage(namespace), engine.Manage(cluster), engine.Manage(topic), engine.Manage(dashboard), engine.Manage(&SamplingRule{Env: h}),
		engine.Manage(&Subscription{Env: h, Topic: topic, Email: "ops@example.com"}),
	}
	for _, agent := range []string{"validator", "karma-hello"} {
		group := &LogGroup{Env: h, Agent: agent, RetentionDays: 7}
		dashboard.Agents = append(dashboard.Agents, Watched{Agent: agent})
		steps = append(steps,
			engine.Manage(group),
			engine.Manage(&MetricFilter{Env: h, Group: group}),
			engine.Manage(&Repository{Env: h, Agent: agent}),
			engine.Manage(highUse(h, agent, "CPUUtilization", 85, cluster, topic)),
			engine.Manage(highUse(h, agent, "MemoryUtilization", 85, cluster, topic)),
			engine.Manage(&Role{Env: h, Kind: ExecutionRole, Agent: agent, Policy: ExecutionPolicy(h.Account, Readable{Repositories: []string{h.Account.ARN("ecr", "repository/karmacadabra/"+agent)}, LogGroup: group.Name()})}),
			engine.Manage(&Role{Env: h, Kind: TaskRole, Agent: agent, Policy: TaskPolicy(true, false)}),
		)
	}
	return steps
}

// highUse is an alarm on what an agent's service uses of a metric.
func highUse(h *Env, agent, metric string, percent float64, cluster *Cluster, topic *Topic) *Alarm {
	return &Alarm{Env: h, Name: agent + "/" + metric, Topic: topic, Refs: []engine.Node{cluster}, Rule: AlarmRule{
		Metric: "AWS/ECS/" + metric, Statistic: "Average", Comparison: "GreaterThanThreshold", Threshold: percent,
		Period: 5 * time.Minute, Periods: 3, Datapoints: 2, Missing: "notBreaching",
		Dimensions: func() map[string]string {
			return map[string]string{"ClusterName": h.ClusterName(), "ServiceName": agent}
		},
	}}
}

func TestThePlatformGoesThroughItsLife(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, slow)
		b.lifecycle(platform(b.home)...)
	})
}

// graph is the platform with the scaling of one agent.
func graph(h *Env) []engine.Step { return append(platform(h), scaling(h)...) }

// TestThePlatformConvergesWhenAReplyIsLost loses the reply of each mutating call
// once, by itself: the work is done and nothing is there twice.
func TestThePlatformConvergesWhenAReplyIsLost(t *testing.T) {
	calls := mutations(t)
	for n := 1; n <= calls; n++ {
		synctest.Test(t, func(t *testing.T) {
			b := newBench(t, slow)
			b.running("validator")
			lost := false
			b.sim.Inject(func(c awssim.Call) awssim.Fault {
				if c.Mutating && c.N == n && !lost {
					lost = true
					return awssim.Fault{After: awssim.LostConnection()}
				}
				return awssim.Fault{}
			})
			b.up(graph(b.home)...)
			b.sim.Inject(nil)
			if res := b.plan(graph(b.home)...); res.Changes() {
				t.Fatalf("call %d lost its reply; the plan after is not empty: %s", n, verbs(res))
			}
			b.retired()
			b.down(graph(b.home)...)
		})
	}
}

// TestThePlatformConvergesWhenTheProcessDies kills the process after each
// mutating call: the next run finishes.
func TestThePlatformConvergesWhenTheProcessDies(t *testing.T) {
	calls := mutations(t)
	for n := 1; n <= calls; n++ {
		synctest.Test(t, func(t *testing.T) {
			b := newBench(t, slow)
			b.running("validator")
			b.sim.Inject(func(c awssim.Call) awssim.Fault { return awssim.Fault{Kill: c.Mutating && c.N == n} })
			if _, err := b.walk(true, graph(b.home)...).Up(context.Background()); err != nil {
				t.Fatal(err)
			}
			b.sim.Inject(nil)
			b.up(graph(b.home)...)
			if res := b.plan(graph(b.home)...); res.Changes() {
				t.Fatalf("killed after call %d; the plan after the rerun is not empty: %s", n, verbs(res))
			}
			b.retired()
			b.down(graph(b.home)...)
			if res := b.plan(graph(b.home)...); res.Count(engine.Create) != len(graph(b.home)) {
				t.Fatalf("killed after call %d; something is left after down", n)
			}
		})
	}
}

// mutations counts the mutating calls of an undisturbed up.
func mutations(t *testing.T) int {
	n := 0
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, slow)
		b.running("validator")
		b.up(graph(b.home)...)
		n = len(b.sim.Mutations())
	})
	return n
}

// TestAPlanOfThePlatformIsCheap holds it to its share of the calls of a plan.
func TestAPlanOfThePlatformIsCheap(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, slow)
		b.running("validator")
		b.up(graph(b.home)...)
		b.sim.ResetCalls()
		b.plan(graph(b.home)...)
		const most = 12 + 2*3
		if n := len(b.sim.Calls()); n > most {
			for _, c := range b.sim.Calls() {
				t.Log(c.Name())
			}
			t.Errorf("a plan of an unchanged platform of two agents takes %d calls, at most %d are allowed", n, most)
		}
	})
}

func TestThePlatformIsFoundWithoutTheListingsOfTheWholeAccount(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, slow)
		b.sim.Inject(func(c awssim.Call) awssim.Fault {
			if c.Operation == "GetResources" || c.Operation == "GetAccountAuthorizationDetails" {
				return awssim.Fault{Before: awssim.AccessDenied(c.Service, c.Operation)}
			}
			return awssim.Fault{}
		})
		b.lifecycle(platform(b.home)...)
	})
}

func TestWhatIsNotOursIsRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, slow)
		b.up(platform(b.home)...)
		b.rec = engine.NewMemory(b.home.Clock)
		if err := b.sim.Edit(func(w *awssim.World) {
			for _, r := range w.Roles {
				delete(r.Tags, "karmactl:key")
			}
			for _, g := range w.LogGroups {
				delete(g.Tags, "karmactl:stack")
			}
		}); err != nil {
			t.Fatal(err)
		}
		res, err := b.walk(false, platform(b.home)...).Up(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		for _, key := range []engine.Key{"role/task/validator", "log-group/validator"} {
			foreign := new(engine.NotManaged)
			if o, _ := res.Get(key); !errors.As(o.Err, &foreign) {
				t.Errorf("%s without our tags: %v", key, o.Err)
			}
		}
	})
}

func TestServiceLinkedRolesStay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, slow)
		step := engine.Manage(&ServiceLinkedRole{Env: b.home, Service: "ecs"})
		b.up(step)
		if res := b.plan(step); res.Changes() {
			t.Fatalf("the plan after up is not empty: %s", verbs(res))
		}
		w := b.walk(true, step)
		w.Keep = func(engine.Key) string { return "it belongs to the account" }
		if _, err := w.Down(context.Background()); err != nil {
			t.Fatal(err)
		}
		if res := b.plan(step); res.Changes() {
			t.Fatal("down deleted the service-linked role")
		}
	})
}

func TestImagesAreNotDeletedUnasked(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, slow)
		step := engine.Manage(&Repository{Env: b.home, Agent: "validator"})
		b.up(step)
		if err := b.sim.Edit(func(w *awssim.World) {
			w.Repositories["karmacadabra/validator"].Images["sha256:1"] = &awssim.RepositoryImage{Digest: "sha256:1"}
		}); err != nil {
			t.Fatal(err)
		}
		res, err := b.walk(true, step).Down(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		if res.Err() == nil {
			t.Fatal("a repository with images was deleted")
		}
		b.home.DeleteImages = true
		b.down(step)
	})
}

func TestAnAlarmThatWasMutedStaysMuted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, slow)
		alarm := func(percent float64) engine.Step {
			return engine.Manage(highUse(b.home, "validator", "CPUUtilization", percent, &Cluster{Env: b.home}, nil))
		}
		cluster := engine.Manage(&Cluster{Env: b.home})
		b.up(cluster, alarm(85))
		name := b.home.Stack + "-validator-CPUUtilization"
		if err := b.sim.Edit(func(w *awssim.World) { w.Alarms[name].Alarm.ActionsEnabled = new(false) }); err != nil {
			t.Fatal(err)
		}
		if res := b.plan(cluster, alarm(85)); res.Changes() {
			t.Fatalf("the plan undoes the muting: %s", verbs(res))
		}
		b.up(cluster, alarm(90))
		if err := b.sim.Edit(func(w *awssim.World) {
			if *w.Alarms[name].Alarm.ActionsEnabled {
				t.Error("a changed threshold turned the actions on again")
			}
		}); err != nil {
			t.Fatal(err)
		}
	})
}

func TestPoliciesAllowTheAgentsOwnAndNoMore(t *testing.T) {
	account := cloud.Account{ID: "123456789012", Partition: "aws", Region: "us-east-1"}
	got := ExecutionPolicy(account, Readable{
		Repositories: []string{account.ARN("ecr", "repository/karmacadabra/validator")}, LogGroup: "/ecs/x/validator",
		Secrets: append(WrittenSecret("arn:aws:secretsmanager:us-east-1:123456789012:secret:karmacadabra/validator-AbC123:private_key::"),
			NamedSecret(account, "karmacadabra/web-search")),
		Parameters: []string{"arn:aws:ssm:us-east-1:123456789012:parameter/karmacadabra/validator/key"},
	})
	for _, want := range []string{
		`"Resource":["arn:aws:ecr:us-east-1:123456789012:repository/karmacadabra/validator"]`,
		`"Resource":["arn:aws:logs:us-east-1:123456789012:log-group:/ecs/x/validator:*"]`,
		`"arn:aws:secretsmanager:us-east-1:123456789012:secret:karmacadabra/validator-AbC123"`,
		`"arn:aws:secretsmanager:us-east-1:123456789012:secret:karmacadabra/web-search-??????"`,
		`{"kms:EncryptionContext:PARAMETER_ARN":["arn:aws:ssm:us-east-1:123456789012:parameter/karmacadabra/validator/key"]}`,
		`"Action":["ssm:GetParameters"],"Resource":["arn:aws:ssm:us-east-1:123456789012:parameter/karmacadabra/validator/key"]`,
	} {
		if !strings.Contains(got.String(), want) {
			t.Errorf("the policy lacks %s: %s", want, got)
		}
	}
	if n := strings.Count(got.String(), `"*"`); n != 3 {
		t.Errorf("%d statements are for everything, only the registry's token and keys by what they are for may be", n)
	}
	if got := ExecutionPolicy(account, Readable{LogGroup: "/ecs/x/validator"}); strings.Contains(got.String(), "ecr:") {
		t.Errorf("an image from elsewhere needs nothing of ECR: %s", got)
	}
	if got := TaskPolicy(false, false); got.String() != "" {
		t.Errorf("an agent without a shell and tracing needs no policy: %s", got)
	}
}

func TestCloudWatchNamesOfTheLoadBalancer(t *testing.T) {
	for arn, want := range map[string]string{
		"arn:aws:elasticloadbalancing:us-east-1:123456789012:loadbalancer/app/x/50dc6c495c0c9188": "app/x/50dc6c495c0c9188",
		"arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/x/73e2d6bc24d8a067":      "targetgroup/x/73e2d6bc24d8a067",
		"<load-balancer>": "<load-balancer>", "": "",
	} {
		if got := metricSuffix(arn); got != want {
			t.Errorf("metricSuffix(%q) = %q, want %q", arn, got, want)
		}
	}
}

// The listing came back, and then the user was gone: half of it must not be taken
// for the whole, nor nothing for something.
func TestAListingThatIsCutOffAfterItsAnswerIsNoPanic(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, awssim.Options{})
		ctx, cancel := context.WithCancel(t.Context())
		b.sim.Inject(func(awssim.Call) awssim.Fault { cancel(); return awssim.Fault{} })
		roles, listed, err := b.home.roles(ctx, time.Time{})
		if err == nil && !listed || len(roles) != 0 {
			t.Errorf("got %v, %v, %v", roles, listed, err)
		}
	})
}

// A company's account may have thousands of roles, of which a few are ours.
func TestAnAccountWithMoreRolesThanOneAnswerHoldsIsNotListedWhole(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, awssim.Options{})
		step := func() engine.Step {
			return engine.Manage(&Role{Env: b.home, Kind: TaskRole, Agent: "validator"})
		}
		b.up(step(), engine.Manage(&Role{Env: b.home, Kind: TaskRole, Agent: "karma-hello"}))
		b.sim.PageBy(1)
		b.home.Inventory = cloud.NewInventory(b.home.Clock) // another run
		b.sim.ResetCalls()
		if res := b.plan(step()); res.Changes() {
			t.Errorf("the plan is not empty: %s", verbs(res))
		}
		pages := 0
		for _, c := range b.sim.Calls() {
			if c.Name() == "IAM.GetAccountAuthorizationDetails" {
				pages++
			}
		}
		if pages != 1 {
			t.Errorf("%d pages of all roles are read", pages)
		}
	})
}
