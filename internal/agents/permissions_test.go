package agents

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestRightsOnEverythingAreWarnedOf(t *testing.T) {
	c := parse(t, "", `
defaults:
  permissions: [{allow: [bedrock:InvokeModel], on: ["*"]}]
agents:
  scout: {port: 8080}
  writer: {port: 8081}
  admin: {port: 8082, permissions: [{policy: "arn:aws:iam::aws:policy/AdministratorAccess"}, {allow: ["s3:*"], on: ["arn:aws:s3:::acme-{agent}/*"]}]}
`)
	want := []string{
		"scout, writer may bedrock:InvokeModel on everything in the account: name the ARNs in `on`, where AWS takes some",
		"admin may do nearly everything in the account: arn:aws:iam::aws:policy/AdministratorAccess",
	}
	if diff := cmp.Diff(want, c.Warnings()); diff != "" {
		t.Errorf("warnings (-want +got):\n%s", diff)
	}
	if on := c.Agents[2].Permissions[1].On[0]; on != "arn:aws:s3:::acme-admin/*" {
		t.Errorf("{agent} is not replaced: %s", on)
	}
}

// TestMoreRulesThanALoadBalancerTakesAreWarnedOf: with a domain an agent has two, unless it has hosts.
func TestMoreRulesThanALoadBalancerTakesAreWarnedOf(t *testing.T) {
	for _, c := range []struct {
		agents      int
		head, extra string
		want        int
	}{{51, "load_balancer: {domain: a.example.com}", "", 1}, {50, "load_balancer: {domain: a.example.com}", "", 0}, {51, "", "", 0}, {51, "load_balancer: {domain: a.example.com}", ", hosts: ['{agent}.a.example.com']", 0}, {51, "load_balancer: {domain: a.example.com}", ", public: false", 0}} {
		var src strings.Builder
		src.WriteString(c.head + "\nagents:\n")
		for i := range c.agents {
			fmt.Fprintf(&src, "  a%d: {port: 8080%s}\n", i, c.extra)
		}
		if got := parse(t, "", src.String()).Warnings(); len(got) != c.want {
			t.Errorf("%d agents, %q%s: %q", c.agents, c.head, c.extra, got)
		}
	}
}
