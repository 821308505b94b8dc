package agents

import (
	"fmt"
	"strings"
	"testing"
)

func TestAgentsMayCallEachOtherInACircle(t *testing.T) {
	c := parse(t, "", "agents: {bot: {calls: [a]}, a: {port: 1, calls: [b]}, b: {port: 2, calls: [c]}, c: {port: 3, calls: [a, d]}, d: {port: 4}, e: {port: 5}}")
	var groups []string
	for _, g := range c.CallGroups() {
		var names []string
		for _, a := range g {
			names = append(names, a.Name)
		}
		groups = append(groups, strings.Join(names, "+"))
	}
	if got := strings.Join(groups, " "); got != "d a+b+c bot e" {
		t.Errorf("groups: %s", got)
	}
	if got := fmt.Sprint(c.CallLevels(c.Names())); got != "[[d e] [a] [b c] [bot]]" {
		t.Errorf("levels: %s", got)
	}
	if got := fmt.Sprint(c.CallLevels([]string{"bot", "b"})); got != "[[b] [bot]]" {
		t.Errorf("levels of two: %s", got)
	}
}

func TestCallsAllIsEveryOtherAgentWithAPort(t *testing.T) {
	c := parse(t, "", "defaults: {calls: all}\nagents: {a: {port: 1}, b: {port: 2, public: false}, bot: , own: {port: 3, calls: []}}")
	var got []string
	for _, a := range c.Agents {
		got = append(got, fmt.Sprint(a.Name, a.Calls))
	}
	if s := strings.Join(got, " "); s != "a[b own] b[a own] bot[a b own] own[]" {
		t.Errorf("calls: %s", s)
	}
	if u := c.Agents[0].Env["OWN_URL"]; u != "http://own:3" {
		t.Errorf("a is told that own is at %q", u)
	}
}

func TestACallerHasTheAddressesOfItsCallees(t *testing.T) {
	c := parse(t, "", `
agents:
  price-scorer: {port: 7000}
  web: {port: 8080, calls: [price-scorer]}
  own: {port: 8080, calls: [price-scorer], env: {PRICE_SCORER_URL: "https://elsewhere.example.com"}}
  hidden: {port: 8080, calls: [price-scorer], secrets: {PRICE_SCORER_URL: url}}
`)
	for i, want := range []string{"", "http://price-scorer:7000", "https://elsewhere.example.com", ""} {
		if got := c.Agents[i].Env["PRICE_SCORER_URL"]; got != want {
			t.Errorf("%s has %q, not %q", c.Agents[i].Name, got, want)
		}
	}
}
