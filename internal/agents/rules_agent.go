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
	checkScale(r, path, a)
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
	checkWorker(r, path, a)
	checkRoute(r, path, a)
	for _, s := range a.Secrets {
		checkSecret(r, path, a.Env, s)
	}
	checkSidecars(r, path, a)
	checkVolumes(r, c, path, a)
	checkRelease(r, path, a)
}

// sizeAt points at what the agent itself says about its size, before what the
// defaults say.
func (r *reader) sizeAt(path string) *yaml.Node {
	for _, k := range []string{"memory", "cpu"} {
		if n := r.own(path, k); n != nil {
			return n
		}
	}
	return r.at(path, "memory")
}

// checkSecret: a variable has one source, and a key or a parameter to read.
func checkSecret(r *reader, path string, env map[string]string, s Secret) {
	at := join(path, "secrets", s.Env)
	if _, plain := env[s.Env]; plain {
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

// checkWorker: without a port there is nothing that the load balancer could ask.
func checkWorker(r *reader, path string, a *Agent) {
	if a.Port > 0 || !r.sound(join(path, "port")) {
		return
	}
	if n := r.own(path, "public"); n != nil && n.Value == "true" {
		r.problem(n, "public needs a port", "port says where the load balancer finds it; a worker leaves public out")
	}
	if n := r.own(path, "request_timeout"); n != nil {
		r.problem(n, "request_timeout needs a port", "port says where requests come in; a worker has none")
	}
	for _, k := range []string{"path", "codes", "healthy"} {
		if n := r.own(path, "health", k); n != nil {
			r.problem(n, "health "+k+" needs a port", "port says where the load balancer asks; a worker is checked by health: {command: …}")
		}
	}
}

// own is what the agent itself says of a key, and its defaults do not; or nil.
func (r *reader) own(path string, keys ...string) *yaml.Node {
	n := r.places[join(append([]string{path}, keys...)...)].value
	if isNull(n) || n == r.places[join(append([]string{"defaults"}, keys...)...)].value {
		return nil
	}
	return resolve(n)
}

// checkCount: a load balancer has 100 rules, not counting the default one,
// and 100 target groups, and the latter cannot be raised.
func checkCount(r *reader, c *Config) {
	const most = 100
	switch {
	case len(c.Public()) > most:
		r.problem(r.places["agents"].key, fmt.Sprintf("there are %d public agents", len(c.Public())), fmt.Sprintf("at most %d: one load balancer has no more target groups", most))
	case len(c.Agents) == 0 && r.stated("agents") && r.sound("agents"):
		r.problem(r.places["agents"].key, "there are no agents", "at least one, such as validator: {port: 9001}")
	}
}
