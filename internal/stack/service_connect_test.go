package stack

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

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
