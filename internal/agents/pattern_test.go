package agents

import (
	"errors"
	"slices"
	"strings"
	"testing"
)

const patterned = `
project: hello
state: s3://acme/states
network: {namespace: hello.internal}
load_balancer: {domain: agents.example.com, zone: example.com}
agents:
  a: {port: 8080}
  b: {port: 8081, hosts: [chat.agents.example.com, api.acme.org, "*.acme.org"]}
environments:
  staging: {}
  pr-*: {network: {nat: none}, agents: {a: {scale: {max: 1}}}}
  pr-x*:
    region: eu-west-1
`

func TestANameThatFitsAPatternIsAnEnvironmentOfItsOwn(t *testing.T) {
	c := parse(t, "pr-12", patterned)
	if c.Stack() != "hello-pr-12" || c.Pattern != "pr-*" || c.Network.NAT != NATNone || c.Agents[0].Scale.Max != 1 {
		t.Errorf("%s of %s: nat %s, %d tasks", c.Stack(), c.Pattern, c.Network.NAT, c.Agents[0].Scale.Max)
	}
	if longest := parse(t, "pr-x1", patterned); longest.Pattern != "pr-x*" || longest.Region != "eu-west-1" || longest.Network.NAT != NATSingle {
		t.Errorf("of two patterns the longer counts: %s, %s, %s", longest.Pattern, longest.Region, longest.Network.NAT)
	}
	if named := parse(t, "staging", patterned); named.Pattern != "" || named.LoadBalancer.Domain != "agents.example.com" || named.StateAt(named.State) != "s3://acme/states" {
		t.Errorf("one that the file names is as the file says: %q, %s", named.Pattern, named.LoadBalancer.Domain)
	}
	own := parse(t, "pr-1", strings.Replace(patterned, "project: hello", "project: hello\nenvironment: pr-1", 1))
	if own.Pattern != "" || own.Network.NAT != NATSingle {
		t.Errorf("the file's own is no other's: %q", own.Pattern)
	}
}

func TestTwoEnvironmentsOfAPatternShareNoName(t *testing.T) {
	named := func(environment string) []string {
		c := parse(t, environment, patterned)
		return slices.Concat([]string{c.Stack(), c.Network.Namespace, c.StateAt(c.State), c.StateAt("state.json")}, c.RecordNames(), c.NamesBelow())
	}
	want := []string{
		"hello-pr-12", "pr-12.hello.internal", "s3://acme/states/pr-12", "state.pr-12.json", "pr-12.agents.example.com", "*.pr-12.agents.example.com",
		"pr-12.api.acme.org", "*.pr-12.acme.org", "a.pr-12.agents.example.com", "chat.pr-12.agents.example.com",
	}
	if got := named("pr-12"); !slices.Equal(got, want) {
		t.Errorf("it has %q\nwant   %q", got, want)
	}
	for _, other := range []string{"", "staging", "pr-1", "pr-x1"} {
		for _, n := range named(other) {
			if slices.Contains(want, n) {
				t.Errorf("%q has %s as well", other, n)
			}
		}
	}
}

func TestWhatIsWrongWithAPatternIsSaidAtItsPlace(t *testing.T) {
	long := strings.Replace(patterned, "agents.example.com, zone: example.com", strings.Repeat("a", 50)+".example.com", 1)
	for name, c := range map[string]struct{ environment, src, want string }{
		"it names no environment":          {"", patterned + "  \"*\": {}\n", `14:3: "*" is no name for an environment: lower-case letters`},
		"what fits is no name":             {"pr-1_2", patterned, `11:3: "pr-1_2" fits pr-*, and is no name for an environment: did you mean "pr-1-2"? allowed:`},
		"what fits is too long":            {"pr-a-long-branch-name", patterned, `at most 16 characters`},
		"the pattern itself":               {"pr-*", patterned, `"pr-*" fits pr-*, and is no name for an environment`},
		"nothing after it":                 {"pr-", patterned, `there is no environment "pr-" in this file: did you mean "pr-*"? allowed: prod, staging, pr-* or pr-x*`},
		"a key of its overlay":             {"", strings.Replace(patterned, "nat: none", "nat: nine", 1), `11:25: nat cannot be "nine"`},
		"the domain is too long with it":   {"pr-12", long, `has 68 characters with the name of the environment: a domain of at most 58: ACM takes 64`},
		"an environment that fits nothing": {"branch-1", patterned, `there is no environment "branch-1"`},
	} {
		_, err := Parse("agents.yaml", []byte(c.src), c.environment)
		var problems *Problems
		if !errors.As(err, &problems) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v\nwant %s", name, err, c.want)
		}
	}
}
