package importer

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/karmacadabra/karmactl/internal/lazyregexp"
)

const rolesInstead = "no keys in tasks: AWS gives an agent the rights of its own role"

// variable carries one environment variable over: as env, or as a secret whose
// value stays where it is. port and name must be known.
func (r *reading) variable(a *agent, name string, t *tree) {
	text := t.str()
	switch {
	case name == "PORT" && text == strconv.Itoa(a.port):
		t.own("PORT is always the agent's port")
	case name == "AGENT_NAME" && text == a.name:
		t.own("AGENT_NAME is always the agent's name")
	case slices.Contains([]string{"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_PROFILE"}, name):
		t.leave(rolesInstead)
	case t.kind != scalar:
		t.leave("not one text: write env: {" + name + ": …}")
	case secretVariable(name, text):
		a.setSecret(secret{env: name, key: secretKey(name), optional: true})
		t.carry(a.key("secrets." + name))
	case reference.MatchString(text):
		t.leave("what it refers to is known only where it runs: write env: {" + name + ": …}")
	default:
		a.setEnv(name, text)
		t.carry(a.key("env." + name))
	}
}

// reference is something that another program would fill in.
// endsInPort is a text such as api:8000.
var endsInPort = lazyregexp.New(`:\d+$`)

// reference is ${…}.
var reference = lazyregexp.New(`\$\{[^}]*\}`)

// mentions tells whether a text has the address of another agent: http://api:8000, api:8000, //api/.
func mentions(text, host string) bool {
	return lazyregexp.New(`(^|[/@,= ])` + regexp.QuoteMeta(host) + `(:\d+|/|$|,)`).MatchString(text)
}

// callsOf finds the agents that an agent's variables name as hosts.
func (r *reading) callsOf(hosts map[string]*agent) {
	for _, a := range r.fleet.agents {
		for _, p := range a.env {
			if !strings.Contains(p.text, "://") && !endsInPort.MatchString(p.text) {
				continue
			}
			for host, to := range hosts {
				if to != a && mentions(p.text, host) && !slices.Contains(a.calls, to.name) {
					a.calls = append(a.calls, to.name)
				}
			}
		}
		slices.Sort(a.calls)
	}
}

// size carries CPU units and MiB over to the nearest Fargate size that is large enough.
func (r *reading) size(a *agent, cpu, memory int, at Place) {
	c, m := taskSize(cpu, memory)
	if cpu == 0 && memory == 0 {
		return
	}
	a.cpu, a.memory = c, m
	if c != cpu && cpu != 0 || m != memory && memory != 0 {
		a.comments = append(a.comments, fmt.Sprintf("%s asks for %s: %d/%d is the smallest Fargate size that holds it.", at, asked(cpu, memory), c, m))
	}
}

func asked(cpu, memory int) string {
	switch {
	case cpu == 0:
		return fmt.Sprintf("%d MiB", memory)
	case memory == 0:
		return fmt.Sprintf("%d CPU units", cpu)
	}
	return fmt.Sprintf("%d CPU units and %d MiB", cpu, memory)
}

// within keeps a number of seconds or checks in what AWS takes, with a comment
// when it had to be changed.
func (a *agent) within(t *tree, what string, n, low, high int) int {
	m := min(max(n, low), high)
	if m != n {
		a.comments = append(a.comments, fmt.Sprintf("%s has %s %d: %d is the nearest that is allowed.", t.at, what, n, m))
	}
	return m
}

// targetCheck is what a source calls the settings of a load balancer's check; "" is not there.
type targetCheck struct{ interval, timeout, healthy, unhealthy, grace string }

// carryTargetCheck carries over how often the load balancer asks, and how often it has to be
// answered, within what ELB takes.
func (a *agent) carryTargetCheck(t *tree, names targetCheck) {
	h := &a.health
	for _, x := range []struct {
		from, to  string
		into      *int
		low, high int
	}{
		{names.interval, "interval", &h.interval, 5, 300},
		{names.timeout, "timeout", &h.timeout, 2, 120},
		{names.healthy, "healthy", &h.healthy, 2, 10},
		{names.unhealthy, "unhealthy", &h.unhealthy, 2, 10},
		{names.grace, "grace", &h.grace, 0, 7200},
	} {
		v := t.get(x.from)
		n, ok := v.number()
		if !ok {
			n, ok = seconds(v.str())
		}
		if ok && (n > 0 || x.low == 0) {
			*x.into = a.within(v, x.from, n, x.low, x.high)
			v.carry(a.key("health." + x.to))
		}
	}
}

// checkTimes keeps a check's timeout below its interval, which the load balancer asks for.
func (a *agent) checkTimes() {
	h := &a.health
	interval := h.interval
	if interval == 0 {
		interval = 10
	}
	if h.timeout == 0 {
		if h.interval > 0 && h.interval <= 5 {
			h.timeout = max(h.interval-1, 2)
		}
		return
	}
	if h.timeout >= interval {
		h.interval = min(h.timeout+5, 300)
		h.timeout = min(h.timeout, h.interval-1)
		a.comments = append(a.comments, fmt.Sprintf("A check's timeout must be shorter than its interval: the interval is %ds.", h.interval))
	}
}

var (
	localURL  = lazyregexp.New(`https?://(localhost|127\.0\.0\.1|0\.0\.0\.0|\[::1\]|\$\{?HOSTNAME\}?)(:(\d+))?(/[^\s"'|;&)]*)?`)
	localPort = lazyregexp.New(`(localhost|127\.0\.0\.1|0\.0\.0\.0)[: /](\d{2,5})\b`)
)

// probe takes the path and the port out of a container's health command.
func probe(command []string) (path string, port int) {
	text := strings.Join(command, " ")
	if m := localURL.FindStringSubmatch(text); m != nil {
		port, _ = strconv.Atoi(m[3])
		path = m[4]
		if path == "" {
			path = "/"
		}
		return path, port
	}
	if m := localPort.FindStringSubmatch(text); m != nil {
		port, _ = strconv.Atoi(m[2])
	}
	return "", port
}

// safe tells whether texts may be copied; what looks like a secret may not.
func safe(all ...string) bool { return !slices.ContainsFunc(all, looksSecret) }

// words splits a command line as a shell does, without running one.
func words(line string) []string {
	var out []string
	var w strings.Builder
	quote, inWord, escaped := rune(0), false, false
	for _, c := range line {
		switch {
		case escaped:
			w.WriteRune(c)
			escaped = false
		case c == '\\' && quote != '\'':
			escaped, inWord = true, true
		case quote != 0:
			if c == quote {
				quote = 0
			} else {
				w.WriteRune(c)
			}
		case c == '\'' || c == '"':
			quote, inWord = c, true
		case c == ' ' || c == '\t' || c == '\n':
			if inWord {
				out = append(out, w.String())
				w.Reset()
			}
			inWord = false
		default:
			w.WriteRune(c)
			inWord = true
		}
	}
	if inWord {
		out = append(out, w.String())
	}
	return out
}

func truthOf(v bool) *bool { return &v }
