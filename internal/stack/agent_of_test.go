package stack

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/karmacadabra/karmactl/internal/engine"
	"github.com/karmacadabra/karmactl/internal/provision"
)

// partsOfKeys are parts of the keys of what all agents share, and of roles, rules
// and policies; each is an agent's name that agents.yaml allows.
var partsOfKeys = []string{
	"http", "https", "execution", "task", "alb", "agents", "endpoints", "public", "private", "validation", "cpu", "memory",
	"high-cpu", "few-healthy", "unhealthy", "ecs", "s3", "topic",
}

// TestAnAgentNamedLikeAPartOfAKeyHasOnlyItsOwn holds what `down AGENT` takes to
// what is made for that agent.
func TestAnAgentNamedLikeAPartOfAKeyHasOnlyItsOwn(t *testing.T) {
	var b strings.Builder
	fmt.Fprintln(&b, "project: karmacadabra\nenvironment: prod\nregion: us-east-1\nload_balancer: {domain: agents.example.com}")
	fmt.Fprintln(&b, "network: {endpoints: [s3, logs]}\nsecrets: {store: ssm}\ndefaults: {image: 'public.ecr.aws/docker/library/python:3.13-slim', secrets: {API_KEY: api_key}}\nagents:\n  api: {port: 9000}")
	for i, name := range partsOfKeys {
		fmt.Fprintf(&b, "  %s: {port: %d}\n", name, 9001+i)
	}
	cfg := parse(t, b.String())
	h := &provision.Env{Stack: cfg.Stack(), Project: cfg.Project}
	st := New(cfg, h, GuessLookup(cfg))

	alone := parse(t, "project: karmacadabra\nenvironment: prod\nregion: us-east-1\nload_balancer: {domain: agents.example.com}\nsecrets: {store: ssm}\nagents:\n  zz: {port: 9000, image: 'public.ecr.aws/docker/library/python:3.13-slim', secrets: {API_KEY: api_key}}\n")
	var pattern []string
	for _, s := range New(alone, h, GuessLookup(alone)).Steps() {
		if strings.Contains(string(s.Key()), "zz") {
			pattern = append(pattern, string(s.Key()))
		}
	}
	for _, name := range append(partsOfKeys, "api") {
		var want []string
		for _, p := range pattern {
			want = append(want, strings.ReplaceAll(p, "zz", name))
		}
		var got []string
		for _, s := range st.Steps() {
			if st.OnlyOf([]string{name})(s.Key()) {
				got = append(got, string(s.Key()))
			}
		}
		slices.Sort(want)
		slices.Sort(got)
		if !slices.Equal(got, want) {
			t.Errorf("of %s is\n  %v\nand not\n  %v", name, got, want)
		}
	}
}

func TestWhatIsOnlyRecordedIsStillItsAgents(t *testing.T) {
	cfg := fleetConfig()
	st := New(cfg, &provision.Env{Stack: cfg.Stack(), Project: cfg.Project}, GuessLookup(cfg))
	for key, want := range map[engine.Key]string{
		"service/gone": "gone", "role/task/gone": "gone", "rule/https/host-gone": "gone", "scaling-policy/gone/cpu": "gone", "alarm/gone/high-cpu": "gone",
		"parameter/gone/token": "gone", "metric-filter/gone": "gone", "service/gone#1": "gone", "service/validator#deposed": "validator",
		"nat/us-east-1a": "", "listener/http": "", "crystal-ball/validator": "",
	} {
		if got := st.AgentOf(key); got != want {
			t.Errorf("%s is %q's, want %q", key, got, want)
		}
	}
}
