package stack

import (
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/karmacadabra/karmactl/internal/awssim"
	"github.com/karmacadabra/karmactl/internal/engine"
)

// edgeOf are the things of the account that only a public agent needs.
func edgeOf(sim *awssim.Sim) []string {
	return slices.DeleteFunc(sim.Inventory(), func(s string) bool {
		return !slices.ContainsFunc([]string{"load-balancer ", "listener ", "listener-rule ", "target-group ", "certificate ", "record "}, func(kind string) bool { return strings.HasPrefix(s, kind) }) ||
			strings.HasPrefix(s, "record _") // it proves the domain, and stays
	})
}

// becomes brings a stack up, then another file, and tests that the plan shows what
// changes and that the second up ends it.
func becomes(t *testing.T, files ...string) *stackBench {
	t.Helper()
	b := newStackBench(t, parse(t, files[0]))
	for _, f := range files {
		b.cfg = parse(t, f)
		plan := b.planStack()
		if !plan.Changes() {
			t.Fatal("the plan shows nothing")
		}
		b.upStack(plan)
		if again := b.planStack(); again.Changes() {
			t.Fatalf("the plan after up is not empty: %s", verbs(again))
		}
		b.sim.ResetCalls()
		b.upStack(nil)
		if m := b.sim.Mutations(); len(m) > 0 {
			t.Fatalf("a second up makes %d mutating calls, the first is %s", len(m), m[0].Name())
		}
	}
	return b
}

// shaped is a fleet of two with what is said of the first.
func shaped(scout string) string {
	return `
load_balancer: {domain: agents.example.com}
defaults: {image: 'public.ecr.aws/docker/library/python:3.13-slim'}
agents:
  scout: {` + scout + `}
  archive: {port: 7000, public: false}
`
}

func TestNoPublicAgentNoLoadBalancer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := becomes(t, shaped("calls: [archive]"))
		if edge := edgeOf(b.sim); len(edge) > 0 {
			t.Errorf("no agent is public, and there are %q", edge)
		}
		for _, call := range b.sim.Calls() {
			if slices.Contains([]string{"Elastic Load Balancing v2", "Route 53", "ACM"}, call.Service) {
				t.Errorf("an up of workers asks %s", call.Name())
			}
		}
	})
}

func TestTheFirstPublicAgentMakesTheLoadBalancerAndTheLastOneTakesItAway(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := becomes(t, shaped("calls: [archive]"), shaped("port: 8080, calls: [archive]"))
		if edge := edgeOf(b.sim); len(edge) == 0 {
			t.Error("an agent is public, and there is no load balancer")
		}
		if urls := b.fresh(true); len(urls.URLs()) != 0 { // its name is read by a walk
			t.Errorf("URLs before a walk: %v", urls.URLs())
		}
		b.cfg = parse(t, shaped("port: 8080, public: false, calls: [archive]"))
		plan := b.planStack()
		if o, ok := plan.Get("alb"); !ok || o.Verb != engine.Delete {
			t.Errorf("the plan says of the load balancer: %v", o.Verb)
		}
		b.upStack(plan)
		if edge := edgeOf(b.sim); len(edge) > 0 {
			t.Errorf("no agent is public any more, and there are %q", edge)
		}
		if again := b.planStack(); again.Changes() {
			t.Errorf("the plan after up is not empty: %s", verbs(again))
		}
	})
}

func TestAnAgentMayLoseAndGetItsPort(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := becomes(t, shaped("port: 8080"), shaped(""), shaped("port: 8081, public: false"), shaped(`health: {command: "true"}`), shaped("port: 8080"))
		if got := len(b.fresh(true).Config.Public()); got != 1 {
			t.Errorf("%d public agents", got)
		}
	})
}
