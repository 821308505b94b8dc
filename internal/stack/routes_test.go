package stack

import (
	"encoding/json"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/karmacadabra/karmactl/internal/awssim"
	"github.com/karmacadabra/karmactl/internal/provision"
)

// get is the status of a request through the load balancer, the port of the agent that
// answered, and the path that it saw.
func (b *stackBench) get(url string) (status, port int, path string) {
	b.t.Helper()
	resp, err := (&http.Client{Transport: b.sim.RoundTripper()}).Get(url)
	if err != nil {
		b.t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		b.t.Fatal(err)
	}
	var body struct {
		Port int
		Path string
	}
	if resp.StatusCode == http.StatusOK {
		if err := json.Unmarshal(text, &body); err != nil {
			b.t.Fatalf("%s: %s", text, err)
		}
	}
	return resp.StatusCode, body.Port, body.Path
}

const routed = `
load_balancer: {domain: agents.example.com}
defaults: {image: 'public.ecr.aws/docker/library/python:3.13-slim'}
agents:
  root: {port: 9000, path: /}
  plain: {port: 9001}
  moved: {port: 9002, path: /v1/moved.api, strip_prefix: false}
  front: {port: 9003, hosts: [chat.example.com, chat.agents.example.com]}
  deep: {port: 9004, path: /deep, hosts: [chat.example.com]}
  many: {port: 9005, path: /, hosts: ["*.many.example.com"]}
`

func TestARequestComesToTheAgentThatItsPathAndHostSay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := becomes(t, routed)
		b.settled()
		for _, c := range []struct {
			url  string
			port int
			path string
		}{
			{"https://agents.example.com/plain/x", 9001, "/x"},
			{"https://agents.example.com/plain", 9001, "/"},
			{"https://plain.agents.example.com/x", 9001, "/x"},
			{"https://agents.example.com/v1/moved.api/x", 9002, "/v1/moved.api/x"},
			{"https://agents.example.com/v1/movedXapi/x", 9000, "/v1/movedXapi/x"},
			{"https://agents.example.com/else", 9000, "/else"},
			{"https://agents.example.com/", 9000, "/"},
			{"https://chat.example.com/", 9003, "/"},
			{"https://chat.example.com/any", 9003, "/any"},
			{"https://chat.agents.example.com/any", 9003, "/any"},
			{"https://chat.example.com/deep/x", 9004, "/x"},
			{"https://chat.agents.example.com/deep/x", 9003, "/deep/x"},
			{"https://chat.example.com/plain/x", 9001, "/x"}, // a path without hosts is for all
			{"https://a.many.example.com/x", 9005, "/x"},
		} {
			if status, port, path := b.get(c.url); status != http.StatusOK || port != c.port || path != c.path {
				t.Errorf("%s: %d from %d with %q, not from %d with %q", c.url, status, port, path, c.port, c.path)
			}
		}
		urls := b.fresh(true)
		b.done(b.walk(false, urls.Steps()...).Up(t.Context()))
		for agent, want := range map[string]string{
			"root": "https://agents.example.com/", "plain": "https://agents.example.com/plain/", "front": "https://chat.example.com/",
			"deep": "https://chat.example.com/deep/", "many": "https://many.many.example.com/", "moved": "https://agents.example.com/v1/moved.api/",
		} {
			if got := urls.URLs()[agent]; got != want {
				t.Errorf("the URL of %s is %s", agent, got)
			}
		}
	})
}

func TestAnAgentMovesToAnotherPathAndHostAndBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		moved := strings.Replace(routed, "plain: {port: 9001}", "plain: {port: 9001, path: /other, hosts: [other.example.com]}", 1)
		b := becomes(t, routed, moved, routed)
		if n := len(slices.DeleteFunc(b.sim.Inventory(), func(s string) bool { return !strings.HasPrefix(s, "record other") })); n > 0 {
			t.Errorf("%d records of the other host are left", n)
		}
	})
}

// Priorities are of the agent alone: one that comes or goes moves no other.
func TestPrioritiesStayWhenAgentsComeAndGo(t *testing.T) {
	of := func(yaml string) map[string]int32 {
		out := map[string]int32{}
		synctest.Test(t, func(t *testing.T) {
			b := becomes(t, yaml)
			b.edit(func(w *awssim.World) {
				for _, r := range w.ListenerRules {
					out[r.Tags["karmactl:key"]] = r.Priority
				}
			})
		})
		return out
	}
	all := of(routed)
	for _, gone := range []string{"root", "plain", "front", "many"} {
		lines := slices.DeleteFunc(strings.Split(routed, "\n"), func(l string) bool { return strings.HasPrefix(l, "  "+gone+":") })
		for key, p := range of(strings.Join(lines, "\n")) {
			if all[key] != p {
				t.Errorf("without %s, %s is at %d and not at %d", gone, key, p, all[key])
			}
		}
	}
	if p := all["rule/https/root"]; p != 50000 {
		t.Errorf("the agent at / is at %d", p)
	}
}

func TestRootsComeAfterAllPaths(t *testing.T) {
	names := make([]string, 0, 400)
	for i := range 400 {
		names = append(names, "agent-"+strings.Repeat("x", i%7)+string(rune('a'+i%26))+strings.Repeat("y", i/26))
	}
	highest, seen := 0, map[int]bool{}
	for _, n := range names {
		for _, host := range []bool{false, true} {
			p := provision.RulePriority(names, n, host)
			highest = max(highest, p)
			if seen[p] {
				t.Fatalf("%d is given twice", p)
			}
			seen[p] = true
		}
	}
	for _, n := range names {
		p := provision.RootPriority(names, n)
		if p <= highest || p >= 50000 || seen[p] {
			t.Fatalf("%s at / is at %d; the last path is at %d", n, p, highest)
		}
		seen[p] = true
	}
}

func TestAHostOutsideOfTheZoneIsRefusedBeforeAnythingIsMade(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newStackBench(t, parse(t, strings.Replace(routed, "chat.example.com, ", "chat.example.org, ", 1)))
		_, err := ReadLookup(t.Context(), b.cfg, b.home)
		if err == nil || !strings.Contains(err.Error(), "the host chat.example.org is not in the hosted zone of load_balancer.domain agents.example.com") {
			t.Errorf("got %v", err)
		}
	})
}
