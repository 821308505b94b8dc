package stack

import (
	"context"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"

	"github.com/karmacadabra/karmactl/internal/agents"
	"github.com/karmacadabra/karmactl/internal/awssim"
	"github.com/karmacadabra/karmactl/internal/engine"
	"github.com/karmacadabra/karmactl/internal/provision"
)

// fleetConfig is two agents, of which the first calls the second, in public
// subnets: without a NAT gateway a test has less to make.
func fleetConfig() *agents.Config {
	agent := func(name string, port int) agents.Agent {
		return agents.Agent{
			Name: name, Port: port, Public: true, Path: "/" + name, StripPrefix: true, CPU: 256, Memory: 512, Arch: agents.ArchX86, Image: "public.ecr.aws/docker/library/python:3.12-slim",
			Spot: agents.Spot{Enabled: true, SpotWeight: 1}, Scale: agents.Scale{Min: 1, Max: 3}, StopTimeout: 30 * time.Second, Exec: true,
			Health: agents.Health{Path: "/health", Interval: 10 * time.Second, Timeout: 5 * time.Second, Healthy: 2, Unhealthy: 3, Grace: 30 * time.Second, Codes: "200-299"},
			Env:    map[string]string{"AGENT_NAME": name}, Command: []string{"python", "-m", "http.server"},
			Secrets: []agents.Secret{{Env: "PRIVATE_KEY", Key: "private_key"}, {Env: "TOKEN", Key: "token", Optional: true}},
		}
	}
	caller := agent("karma-hello", 9002)
	caller.Calls = []string{"validator"}
	return &agents.Config{
		Project: "karmacadabra", Environment: "prod", Region: "us-east-1", Tags: map[string]string{"Project": "karmacadabra"},
		Network:       agents.Network{CIDR: "10.0.0.0/16", AZs: 2, NAT: agents.NATNone, Namespace: "karmacadabra.local"},
		LoadBalancer:  agents.LoadBalancer{IdleTimeout: time.Minute, StripPrefix: true, Records: true},
		Observability: agents.Observability{LogRetentionDays: 7},
		Secrets:       agents.Secrets{Nested: "karmacadabra", Entry: "{agent}-agent", Store: agents.StoreSecretsManager},
		Agents:        []agents.Agent{caller, agent("validator", 9001)},
	}
}

// fleet is the stack of a configuration on a bench.
func (b *bench) fleet(cfg *agents.Config) []engine.Step {
	b.t.Helper()
	if b.home.Images == nil {
		b.home.Images = &provision.Registries{Transport: b.sim.Registry()}
	}
	facts, err := ReadLookup(context.Background(), cfg, b.home)
	if err != nil {
		b.t.Fatal(err)
	}
	return New(cfg, b.home, facts).Steps()
}

func (b *bench) describe(agent string) *ecs.DescribeServicesOutput {
	b.t.Helper()
	out, err := b.home.Clients.ECS.DescribeServices(context.Background(), &ecs.DescribeServicesInput{Cluster: aws.String("karmacadabra-prod"), Services: []string{agent}})
	if err != nil {
		b.t.Fatal(err)
	}
	return out
}

func TestAFleetGoesThroughItsLife(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, slow)
		cfg := fleetConfig()
		res := b.up(b.fleet(cfg)...)
		if held := res.With(engine.AwaitingUser); len(held) > 0 {
			t.Fatalf("%s waits: %s", held[0].Key, held[0].Reason)
		}
		if res := b.plan(b.fleet(cfg)...); res.Changes() {
			t.Fatalf("the plan after up is not empty: %s", verbs(res))
		}
		b.sim.ResetCalls()
		b.up(b.fleet(cfg)...)
		if m := b.sim.Mutations(); len(m) > 0 {
			t.Fatalf("a second up makes %d mutating calls, the first is %s", len(m), m[0].Name())
		}
		b.rec = engine.NewMemory(b.home.Clock)
		if res := b.plan(b.fleet(cfg)...); res.Changes() {
			t.Fatalf("the plan without a state is not empty: %s", verbs(res))
		}
		w := b.walk(true, b.fleet(cfg)...)
		w.Keep = func(k engine.Key) string {
			if k.Kind() == "slr" {
				return "it belongs to the account"
			}
			return ""
		}
		if res, err := w.Down(context.Background()); err != nil || res.Err() != nil {
			t.Fatal(err, res.Err())
		}
		b.edit(func(w *awssim.World) {
			for _, x := range w.Services {
				if x.Status != "INACTIVE" {
					t.Errorf("service %s is still %s", x.Name, x.Status)
				}
			}
			if n := len(w.TaskDefinitions) + len(w.NetworkInterfaces) + len(w.VPCs); n > 0 {
				t.Errorf("%d task definitions, interfaces and VPCs are left", n)
			}
		})
	})
}

func TestAChangeOfTheFileIsARevisionAndARollout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, slow)
		cfg := fleetConfig()
		b.up(b.fleet(cfg)...)
		if _, err := b.home.Clients.ECS.UpdateService(context.Background(), &ecs.UpdateServiceInput{Cluster: aws.String("karmacadabra-prod"), Service: aws.String("validator"), DesiredCount: aws.Int32(2)}); err != nil {
			t.Fatal(err)
		}
		time.Sleep(3 * time.Minute)
		cfg.Agents[1].Env["LEVEL"] = "debug"
		res := b.plan(b.fleet(cfg)...)
		var changed []string
		for _, o := range res.Outcomes {
			if o.Verb != engine.None {
				changed = append(changed, string(o.Verb)+" "+string(o.Key))
			}
		}
		if want := []string{"update task-definition/validator", "update service/validator"}; !slices.Equal(changed, want) {
			t.Fatalf("the plan is to %v", changed)
		}
		b.up(b.fleet(cfg)...)
		x := b.describe("validator").Services[0]
		if !strings.HasSuffix(*x.TaskDefinition, ":2") || x.DesiredCount != 2 {
			t.Fatalf("the service has %s and %d tasks", *x.TaskDefinition, x.DesiredCount)
		}
	})
}

func TestATagThatMovedDoesNotMakeAPlanDirty(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, slow)
		cfg := fleetConfig()
		b.up(b.fleet(cfg)...)
		b.home.Images = moved{}
		if res := b.plan(b.fleet(cfg)...); res.Changes() {
			t.Fatalf("the plan is not empty: %s", verbs(res))
		}
		cfg.Agents[1].Image = "public.ecr.aws/docker/library/python:3.13-slim"
		if res := b.plan(b.fleet(cfg)...); res.Count(engine.Update) != 2 {
			t.Fatalf("another reference is not seen: %s", verbs(res))
		}
	})
}

// TestADeployKeepsTheImagesOfTheOtherContainers: only another reference in the file brings
// another image of a sidecar, whatever the registry says by then.
func TestADeployKeepsTheImagesOfTheOtherContainers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, slow)
		cfg := fleetConfig()
		cfg.Agents[1].Sidecars = []agents.Sidecar{{Name: "cache", Image: "public.ecr.aws/docker/library/redis:8", Essential: true, Wait: agents.WaitStart}}
		cfg.Agents[1].Init = []agents.Sidecar{{Name: "warm", Command: []string{"warm"}}}
		b.up(b.fleet(cfg)...)
		b.home.Images = elsewhere{b.home.Images}
		images := func(revision string) []string {
			var out []string
			b.edit(func(w *awssim.World) {
				for arn, d := range w.TaskDefinitions {
					if strings.HasSuffix(arn, "-"+cfg.Agents[1].Name+":"+revision) {
						for _, c := range d.Definition.ContainerDefinitions {
							out = append(out, aws.ToString(c.Name)+" "+aws.ToString(c.Image))
						}
					}
				}
			})
			return out
		}
		first := images("1")
		if len(first) != 3 || !strings.Contains(first[1], "redis@sha256:") {
			t.Fatalf("the first revision has %q", first)
		}
		cfg.Agents[1].Image = "public.ecr.aws/docker/library/python:3.13-slim"
		b.up(b.fleet(cfg)...)
		second := images("2")
		if len(second) != 3 || second[1] != first[1] || !strings.Contains(second[0], "moved") || !strings.Contains(second[2], "moved") {
			t.Errorf("after another image of the agent: %q, before it %q", second, first)
		}
		cfg.Agents[1].Sidecars[0].Image = "public.ecr.aws/docker/library/redis:9"
		b.up(b.fleet(cfg)...)
		if third := images("3"); len(third) != 3 || !strings.Contains(third[1], "moved") || third[0] != second[0] {
			t.Errorf("after another image of the sidecar: %q", third)
		}
		if res := b.plan(b.fleet(cfg)...); res.Changes() {
			t.Errorf("the plan is not empty: %s", verbs(res))
		}
	})
}

// elsewhere resolves every reference to an image of a repository of its own.
type elsewhere struct{ provision.Resolver }

func (e elsewhere) Resolve(ctx context.Context, _ string, arch agents.Arch) (string, error) {
	return e.Resolver.Resolve(ctx, "public.ecr.aws/moved/agent:1", arch)
}

type moved struct{}

func (moved) Resolve(context.Context, string, agents.Arch) (string, error) {
	return "example.com/moved@sha256:" + strings.Repeat("a", 64), nil
}

type silent struct{}

func (silent) Resolve(context.Context, string, agents.Arch) (string, error) {
	return "", context.DeadlineExceeded
}

func TestARegistryThatDoesNotAnswerIsSaidAndStopsNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, slow)
		b.home.Images = silent{}
		res := b.up(b.fleet(fleetConfig())...)
		o, _ := res.Get("task-definition/validator")
		if len(o.Notes) != 2 || !strings.Contains(o.Notes[0], "is not pinned") || !strings.Contains(o.Notes[1], "starts without TOKEN") {
			t.Fatalf("notes are %q", o.Notes)
		}
		if res := b.plan(b.fleet(fleetConfig())...); res.Changes() {
			t.Fatalf("the plan is not empty: %s", verbs(res))
		}
	})
}

func TestAnAgentWithoutImageOrSecretWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, slow)
		cfg := fleetConfig()
		cfg.Agents[0].Image = ""
		cfg.Agents[1].Secrets[1].Optional = false
		res := b.up(b.fleet(cfg)...)
		commands := map[engine.Key]string{}
		for _, o := range res.With(engine.AwaitingUser) {
			commands[o.Key] = o.Missing.Command
		}
		for key, want := range map[engine.Key]string{
			"service/karma-hello": "karmactl deploy karma-hello --build", "service/validator": "karmactl secrets set validator token",
			"task-definition/validator": "karmactl secrets set validator token",
		} {
			if commands[key] != want {
				t.Errorf("%s waits for %q", key, commands[key])
			}
		}
		b.put("karmacadabra/validator", `{"private_key":"x","token":"y"}`)
		time.Sleep(time.Minute)
		res = b.up(b.fleet(cfg)...)
		if o, _ := res.Get("service/validator"); o.Verb != engine.Create || o.Status != engine.Done {
			t.Fatalf("with its secret the service is %s, %s %v", o.Verb, o.Status, o.Err)
		}
	})
}

func TestAnAgentThatCrashesFailsWithTheReasonAndAChangeMendsIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, slow)
		cfg := fleetConfig()
		cfg.Agents[1].Image = "public.ecr.aws/docker/library/python:crash"
		res, err := b.walk(true, b.fleet(cfg)...).Up(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		o, _ := res.Get("service/validator")
		if o.Status != engine.Failed || !strings.Contains(o.Err.Error(), "Essential container in task exited (exit code 1)") {
			t.Fatalf("got %s: %v", o.Status, o.Err)
		}
		cfg.Agents[1].Image = "public.ecr.aws/docker/library/python:3.12-slim"
		b.up(b.fleet(cfg)...)
		if d := b.describe("validator").Services[0].Deployments[0]; d.RolloutState != "COMPLETED" {
			t.Fatalf("the new deployment is %s", d.RolloutState)
		}
		cfg.Agents[1].Image = "public.ecr.aws/docker/library/python:oom"
		res, _ = b.walk(true, b.fleet(cfg)...).Up(context.Background())
		if o, _ := res.Get("service/validator"); o.Status != engine.Failed || !strings.Contains(o.Err.Error(), "OutOfMemory") {
			t.Fatalf("got %s: %v", o.Status, o.Err)
		}
	})
}

func TestAFailedFirstDeploymentIsTriedAgainAndKeepsNobodyElseBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, slow)
		cfg := fleetConfig()
		cfg.Agents[1].Image = "public.ecr.aws/docker/library/python:crash"
		if _, err := b.walk(true, b.fleet(cfg)...).Up(context.Background()); err != nil {
			t.Fatal(err)
		}
		other := cfg.Agents[0].Name
		cfg.Agents[0].Memory = 1024
		res := b.plan(b.fleet(cfg)...)
		if err := res.Err(); err != nil {
			t.Errorf("the plan says %v", err)
		}
		if o, _ := res.Get("service/validator"); o.Verb != engine.Update || len(o.Changes) != 1 || o.Changes[0].Field != "deployment" {
			t.Errorf("the failed one is planned as %s %v", o.Verb, o.Changes)
		}
		res, err := b.walk(true, b.fleet(cfg)...).Up(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		if o, _ := res.Get(engine.Key("service/" + other)); o.Verb != engine.Update || o.Status != engine.Done {
			t.Errorf("%s is %s, %s %v", other, o.Verb, o.Status, o.Err)
		}
		if o, _ := res.Get("service/validator"); o.Status != engine.Failed || !strings.Contains(o.Err.Error(), "exit code 1") {
			t.Errorf("the one that crashes again is %s: %v", o.Status, o.Err)
		}
	})
}

func TestAnAgentThatIsSlowToStartAndAnswersUnusuallyComesUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, slow)
		cfg, err := agents.Parse("agents.yaml", []byte(`
secrets: {nested: ""}
network: {nat: none}
agents:
  mcp:
    port: 8000
    image: public.ecr.aws/docker/library/python:3.13-slim
    health: {path: /mcp, codes: "200-299,406", timeout: 90s, interval: 100s, grace: 10m, command: "check"}
`), "")
		if err != nil {
			t.Fatal(err)
		}
		b.up(b.fleet(cfg)...)
		if res := b.plan(b.fleet(cfg)...); res.Changes() {
			t.Fatalf("the plan after up is not empty: %s", verbs(res))
		}
		b.edit(func(w *awssim.World) {
			for _, g := range w.TargetGroups {
				if g.Matcher != "200-299,406" {
					t.Errorf("healthy is %s", g.Matcher)
				}
			}
		})
	})
}
