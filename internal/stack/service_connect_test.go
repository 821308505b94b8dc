package stack

import (
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"

	"github.com/karmacadabra/karmactl/internal/agents"
	"github.com/karmacadabra/karmactl/internal/awssim"
	"github.com/karmacadabra/karmactl/internal/engine"
)

// stale lists the calls that cannot be made: the callee is there, and the caller's
// deployment began before it was.
func (b *stackBench) stale() []string {
	b.t.Helper()
	var out []string
	b.edit(func(w *awssim.World) {
		running := map[string]*awssim.Service{}
		for _, x := range w.Services {
			running[x.Name] = x
		}
		for _, a := range b.cfg.Agents {
			for _, c := range a.Calls {
				if running[a.Name] != nil && running[c] != nil && !slices.Contains(running[a.Name].Deployments[0].Endpoints, c) {
					out = append(out, a.Name+" -> "+c)
				}
			}
		}
	})
	return out
}

// addresses are those at which Service Connect answers for an agent.
func addresses(x *awssim.Service) []string {
	var out []string
	for _, s := range x.Config.Connect.Services {
		for _, alias := range s.ClientAliases {
			out = append(out, fmt.Sprintf("http://%s:%d", aws.ToString(alias.DnsName), aws.ToInt32(alias.Port)))
		}
	}
	return out
}

func TestTheAddressThatACallerIsToldIsTheOneThatServiceConnectKnows(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newStackBench(t, shipped(t, "agents.yaml"))
		b.upStack(b.planStack())
		pairs := 0
		b.edit(func(w *awssim.World) {
			services := map[string]*awssim.Service{}
			for _, x := range w.Services {
				services[x.Name] = x
			}
			for _, a := range b.cfg.Agents {
				definition := w.TaskDefinitions[services[a.Name].Config.TaskDefinition].Definition
				for _, callee := range a.Calls {
					for _, v := range definition.ContainerDefinitions[0].Environment {
						if aws.ToString(v.Name) != agents.CalleeURL(callee) {
							continue
						}
						pairs++
						if !slices.Contains(addresses(services[callee]), aws.ToString(v.Value)) {
							t.Errorf("%s is told %s, and %s answers at %q", a.Name, aws.ToString(v.Value), callee, addresses(services[callee]))
						}
					}
				}
			}
		})
		if pairs != 20 {
			t.Errorf("%d callers are told an address, not 20", pairs)
		}
	})
}

func (b *stackBench) deployments(agent string) int {
	b.t.Helper()
	n := 0
	b.edit(func(w *awssim.World) {
		for _, d := range w.ServiceDeployments {
			if w.Services[d.Service] != nil && w.Services[d.Service].Name == agent {
				n++
			}
		}
	})
	return n
}

func TestAFirstUpNeedsNoExtraRollForServiceConnect(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newStackBench(t, fleet(t, 5))
		b.upStack(b.planStack())
		if s := b.stale(); len(s) > 0 {
			t.Errorf("after up these cannot be resolved: %q", s)
		}
		for _, a := range b.cfg.Agents {
			if n := b.deployments(a.Name); n != 1 {
				t.Errorf("%s was deployed %d times", a.Name, n)
			}
		}
		if res := b.planStack(); res.Changes() {
			t.Errorf("the plan after it is not empty: %s", verbs(res))
		}
	})
}

func TestACallerWaitsForACalleeThatWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newStackBench(t, fleetConfig())
		secrets := b.cfg.Agents[1].Secrets
		b.cfg.Agents[1].Secrets = []agents.Secret{{Env: "PRIVATE_KEY", Key: "not_there_yet"}}
		if o, _ := b.upStack(b.planStack()).Get("service/karma-hello"); o.Status != engine.AwaitingUser {
			t.Errorf("karma-hello is %s although validator is not there", o.Status)
		}
		b.cfg.Agents[1].Secrets = secrets
		b.upStack(b.planStack())
		if s, n := b.stale(), b.deployments("karma-hello"); len(s) > 0 || n != 1 {
			t.Errorf("karma-hello was deployed %d times, and these cannot be resolved: %q", n, s)
		}
	})
}

func TestACalleeThatComesLaterRollsItsCallersOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newStackBench(t, fleetConfig())
		both := b.cfg.Agents
		alone := both[0]
		alone.Calls = nil
		b.cfg.Agents = []agents.Agent{alone}
		b.upStack(b.planStack())
		b.cfg.Agents = both
		shown := b.planStack()
		if o, _ := shown.Get("service/karma-hello"); o.Verb != engine.Update || !slices.ContainsFunc(o.Changes, func(c engine.Change) bool { return c.Field == "resolves" }) {
			t.Errorf("the plan does not show the roll: %v %v", o.Verb, o.Changes)
		}
		b.upStack(shown)
		if s, n := b.stale(), b.deployments("karma-hello"); len(s) > 0 || n != 2 {
			t.Errorf("karma-hello was deployed %d times, and these cannot be resolved: %q", n, s)
		}
		if res := b.planStack(); res.Changes() {
			t.Errorf("the plan after it is not empty: %s", verbs(res))
		}
	})
}

// A name stays taken for a moment after its service has gone, which hibernate and wake meet.
func TestAServiceThatIsMadeAgainWaitsForItsName(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newStackBench(t, fleet(t, 2))
		b.upStack(nil)
		name := b.cfg.Agents[0].Name
		if _, err := b.home.Clients.ECS.DeleteService(t.Context(), &ecs.DeleteServiceInput{Cluster: aws.String(b.cfg.Stack()), Service: &name, Force: aws.Bool(true)}); err != nil {
			t.Fatal(err)
		}
		b.sim.ResetCalls()
		b.upStack(nil)
		tries := 0
		for _, c := range b.sim.Calls() {
			if c.Name() == "ECS.CreateService" {
				tries++
			}
		}
		if tries < 2 {
			t.Errorf("the service was made at the first of %d tries: its name was free", tries)
		}
		if res := b.planStack(); res.Changes() {
			t.Errorf("the plan after it is not empty: %s", verbs(res))
		}
	})
}

// everyone is a fleet of so many of which every agent calls all others.
func everyone(t *testing.T, n int) *agents.Config {
	t.Helper()
	var b strings.Builder
	fmt.Fprintln(&b, "defaults: {calls: all, image: 'public.ecr.aws/docker/library/python:3.13-slim'}\nagents:")
	for i := range n {
		fmt.Fprintf(&b, "  agent-%02d: {port: %d}\n", i, 9001+i)
	}
	return parse(t, b.String())
}

// resolved counts the pairs of which one is called by the other and knows its name.
func (b *stackBench) resolved() int {
	pairs := 0
	for _, a := range b.cfg.Agents {
		pairs += len(a.Calls)
	}
	return pairs - len(b.stale())
}

func TestEveryAgentReachesEveryOtherAfterTheFirstUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newStackBench(t, shipped(t, "agents.yaml"))
		b.upStack(b.planStack())
		if n := b.resolved(); n != 20 {
			t.Errorf("%d of 20 pairs: these cannot be resolved: %q", n, b.stale())
		}
		b.edit(func(w *awssim.World) {
			if n := len(w.Tasks); n != 5 {
				t.Errorf("%d tasks were started for five agents with a task each", n)
			}
		})
		for _, a := range b.cfg.Agents {
			if n := b.deployments(a.Name); n > 2 {
				t.Errorf("%s was deployed %d times", a.Name, n)
			}
		}
		if plan := b.planStack(); plan.Changes() {
			t.Errorf("the plan after it is not empty: %s", verbs(plan))
		}
		b.sim.ResetCalls()
		b.upStack(nil)
		if m := b.sim.Mutations(); len(m) > 0 {
			t.Errorf("a second up makes %d mutating calls, the first is %s", len(m), m[0].Name())
		}
	})
}

// The way up is no longer for a circle than for a chain of the same agents.
func TestACircleComesUpWithinItsCriticalPath(t *testing.T) {
	took := map[string]time.Duration{}
	for _, n := range sizes() {
		for name, cfg := range map[string]*agents.Config{"circle": everyone(t, n), "chains": fleet(t, n)} {
			synctest.Test(t, func(t *testing.T) {
				b := newStackBench(t, cfg)
				began := time.Now()
				b.upStack(nil)
				took[name] = time.Since(began)
			})
		}
		ratio := took["circle"].Seconds() / took["chains"].Seconds()
		t.Logf("%d agents: up takes %v in a circle, %v in chains: %.3f", n, took["circle"], took["chains"], ratio)
		if ratio > 1.05 {
			t.Errorf("%d agents: a circle takes %.3f of what chains take", n, ratio)
		}
	}
}

// The last service of a circle that is made knows every name already. Without a deployment of
// its own its empty one would pass for a rollout that is done.
func TestUpWaitsForTheAgentOfACircleThatWasMadeLast(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newStackBench(t, everyone(t, 3))
		var created atomic.Int32
		b.sim.Inject(func(c awssim.Call) awssim.Fault {
			if c.Name() == "ECS.CreateService" && created.Add(1) == 3 {
				return awssim.Fault{Delay: 5 * time.Second}
			}
			return awssim.Fault{}
		})
		b.upStack(nil)
		b.edit(func(w *awssim.World) {
			running := 0
			for _, task := range w.Tasks {
				if task.Status == "RUNNING" {
					running++
				}
			}
			if running != 3 {
				t.Errorf("up ends with %d of 3 tasks running", running)
			}
		})
		for _, a := range b.cfg.Agents {
			if n := b.deployments(a.Name); n != 2 {
				t.Errorf("%s was deployed %d times: once without tasks, and once with them", a.Name, n)
			}
		}
	})
}

func TestACircleThatWasInterruptedBeginsAtTheNextUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newStackBench(t, everyone(t, 3))
		b.sim.Inject(func(c awssim.Call) awssim.Fault {
			if c.Name() == "ECS.UpdateService" {
				return awssim.Fault{Before: awssim.AccessDenied(c.Service, c.Operation)}
			}
			return awssim.Fault{}
		})
		s := b.fresh(false)
		if res, err := b.walk(true, s.Steps()...).Up(t.Context()); err != nil || res.Err() == nil {
			t.Fatalf("an up without the right to update services: %v, %v", err, res.Err())
		}
		b.sim.Inject(nil)
		plan := b.planStack()
		if o, _ := plan.Get("service/agent-00"); !slices.ContainsFunc(o.Changes, func(c engine.Change) bool { return c.Field == "tasks" && c.Now == "1" }) {
			t.Errorf("the plan does not show that tasks begin: %v", o.Changes)
		}
		b.upStack(plan)
		if n := b.resolved(); n != 6 {
			t.Errorf("%d of 6 pairs: these cannot be resolved: %q", n, b.stale())
		}
		if plan := b.planStack(); plan.Changes() {
			t.Errorf("the plan after it is not empty: %s", verbs(plan))
		}
	})
}

// An agent that was scaled to zero stays there when another joins its circle.
func TestAScaledDownAgentOfACircleStaysAtZero(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newStackBench(t, parse(t, strings.ReplaceAll(circleOfTwo, "}", ", scale: {min: 0, max: 1}}")))
		b.upStack(nil)
		b.edit(func(w *awssim.World) {
			for _, x := range w.Services {
				if x.Desired != 0 || x.Deploy.DeploymentCircuitBreaker == nil || !x.Deploy.DeploymentCircuitBreaker.Enable {
					t.Errorf("%s has %d tasks", x.Name, x.Desired)
				}
			}
		})
		if plan := b.planStack(); plan.Changes() {
			t.Errorf("the plan is not empty: %s", verbs(plan))
		}
	})
}

const circleOfTwo = `
agents:
  front: {port: 8080, calls: [planner], image: 'public.ecr.aws/docker/library/python:3.13-slim'}
  planner: {port: 8080, public: false, calls: [front], image: 'public.ecr.aws/docker/library/python:3.13-slim'}
`

func TestOnlyWhoCallsOrIsCalledHasServiceConnect(t *testing.T) {
	const image = ", image: 'public.ecr.aws/docker/library/python:3.13-slim'}\n"
	alone := "agents:\n  web: {port: 8080" + image + "  bot: {cpu: 256" + image + "  api: {port: 8081, public: false" + image
	calling := strings.Replace(alone, "cpu: 256", "calls: [api]", 1)
	connected := func(b *stackBench) (names []string, namespaces int) {
		b.edit(func(w *awssim.World) {
			for _, x := range w.Services {
				if c := x.Config.Connect; c != nil && c.Enabled {
					names = append(names, x.Name)
				}
			}
			namespaces = len(w.Namespaces)
		})
		slices.Sort(names)
		return names, namespaces
	}
	for _, c := range []struct {
		files      []string
		connected  []string
		namespaces int
	}{
		{[]string{alone}, nil, 0},
		{[]string{calling}, []string{"api", "bot"}, 1},
		{[]string{alone, calling}, []string{"api", "bot"}, 1},
		{[]string{calling, alone}, nil, 0},
	} {
		synctest.Test(t, func(t *testing.T) {
			b := becomes(t, c.files...)
			names, namespaces := connected(b)
			if !slices.Equal(names, c.connected) || namespaces != c.namespaces {
				t.Errorf("%d files: %q are in %d namespaces", len(c.files), names, namespaces)
			}
			if n := len(b.stale()); n > 0 {
				t.Errorf("%q cannot be resolved", b.stale())
			}
		})
	}
}
