package agents

import (
	"fmt"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// checkAgent looks at one agent's values together. Messages do not name the
// agent, so that a bad default is one problem, not one per agent.
func checkAgent(r *reader, c *Config, a *Agent) {
	path := join("agents", a.Name)
	in := func(keys ...string) bool {
		for _, k := range keys {
			if !r.sound(join(path, k)) {
				return false
			}
		}
		return true
	}
	if in("cpu", "memory") && !slices.Contains(FargateMemory(a.CPU), a.Memory) {
		where, whose := r.sizeAt(path), ""
		if where != r.at(path, "memory") { // the agent says its cpu alone
			whose = " from defaults"
		}
		r.problem(where, fmt.Sprintf("memory %d%s is no Fargate size", a.Memory, whose), memoryAllowed(a.CPU))
	}
	if in("scale/min", "scale/max") && a.Scale.Min > a.Scale.Max {
		where, allowed := r.at(path, "scale", "max"), "min at most max"
		if !r.stated(path, "scale", "max") {
			where, allowed = r.at(path, "scale", "min"), "min at most max, which is 3 unless stated"
		}
		r.problem(where, fmt.Sprintf("scale min %d is more than max %d", a.Scale.Min, a.Scale.Max), allowed)
	}
	if h := a.Health; in("health/interval", "health/timeout") && h.Timeout >= h.Interval {
		where := r.at(path, "health", "timeout")
		if !r.stated(path, "health", "timeout") {
			where = r.at(path, "health", "interval")
		}
		r.problem(where, fmt.Sprintf("health timeout %s is not less than interval %s", seconds(h.Timeout), seconds(h.Interval)), "a timeout shorter than the interval")
	}
	if c.LoadBalancer.Domain != "" && len(a.Name)+1+len(c.LoadBalancer.Domain) > 253 {
		r.problem(r.places[path].key, "the agent's host name is longer than 253 characters", "a shorter name or domain")
	}
	if in("exec", "read_only") && a.Exec && a.Container.ReadOnly {
		r.problem(r.at(path, "exec"), "exec cannot be true with read_only: ECS Exec writes to the container's file system", "exec: false, or read_only: false")
	}
	if in("permissions") {
		checkPermissions(r, path, a)
	}
	for _, s := range a.Secrets {
		checkSecret(r, path, a, s)
	}
}

// sizeAt points at what the agent itself says about its size, before what the
// defaults say.
func (r *reader) sizeAt(path string) *yaml.Node {
	for _, k := range []string{"memory", "cpu"} {
		own := r.places[join(path, k)].value
		if own != nil && own != r.places[join("defaults", k)].value {
			return own
		}
	}
	return r.at(path, "memory")
}

// checkSecret: a variable has one source, and a key or a parameter to read.
func checkSecret(r *reader, path string, a *Agent, s Secret) {
	at := join(path, "secrets", s.Env)
	if _, plain := a.Env[s.Env]; plain {
		r.problem(r.places[at].key, s.Env+" is both in env and in secrets", "one of the two")
	}
	parameter := strings.HasPrefix(s.From, "arn:") && strings.Contains(s.From, ":ssm:")
	switch {
	case s.Key == "" && s.From == "" && r.sound(at, join(at, "key"), join(at, "from")):
		r.problem(r.places[at].key, s.Env+" has no key", "key: names the value in the agent's secret, from: another secret or parameter")
	case s.Key != "" && parameter:
		r.problem(r.at(at, "key"), "a parameter has no keys", "leave key out, or name a secret in from")
	}
}

// checkCount: a load balancer has 100 rules, not counting the default one,
// and 100 target groups, and the latter cannot be raised.
func checkCount(r *reader, c *Config) {
	const most = 100
	switch {
	case len(c.Agents) > most:
		r.problem(r.places["agents"].key, fmt.Sprintf("there are %d agents", len(c.Agents)), fmt.Sprintf("at most %d: one load balancer has no more target groups", most))
	case len(c.Agents) == 0 && r.stated("agents") && r.sound("agents"):
		r.problem(r.places["agents"].key, "there are no agents", "at least one, such as validator: {port: 9001}")
	}
}
