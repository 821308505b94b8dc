package agents

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/karmacadabra/karmactl/internal/lazyregexp"
)

// Where the load balancer leads to an agent: its path, on hosts of its own or on every
// host, and with a domain <agent>.<domain>. AWS's limits:
// https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-limits.html
const (
	// maxRuleValues is how many paths and hosts a rule may have together.
	maxRuleValues = 5
	// maxCertificateNames is ACM's quota, of which the domain takes two.
	maxCertificateNames = 10
)

var (
	pathPattern = lazyregexp.New(`^/$|^(/([A-Za-z0-9._~-]|\{agent\})+)+$`)
	hostPattern = lazyregexp.New(`^(\*\.)?(([a-z0-9]|\{agent\})(([a-z0-9-]|\{agent\}){0,61}([a-z0-9]|\{agent\}))?\.)+[a-z]([a-z0-9-]{0,61}[a-z0-9])?$`)

	// A condition takes 128 characters, of which two are for what is below the path.
	routePathRule = textRule{pattern: pathPattern, most: 126, allowed: "/ or a path such as /chat: letters, digits and . _ ~ - between slashes, with none at the end"}
	routeHostRule = textRule{pattern: hostPattern, near: domainOf, most: 128, allowed: "a name in lower case such as chat.example.com, or *.example.com"}
)

// routeFields are the keys of an agent that say where it answers.
func routeFields() []field[Agent] {
	return []field[Agent]{
		key("path", "Where the load balancer leads to it: this path and all below it. / is all that no other agent takes. Default: /<agent>, or / with hosts.", text(routePathRule), func(a *Agent) *string { return &a.Path }),
		key("hosts", "The hosts at which alone it answers. Default: any, and <agent>.<domain> where there is a domain.", list("hosts", maxRuleValues, text(routeHostRule)), func(a *Agent) *[]string { return &a.Hosts }),
		key("strip_prefix", "Take its path off before a request reaches it: /chat/health becomes /health. Default: load_balancer.strip_prefix.", boolean(), func(a *Agent) *bool { return &a.StripPrefix }),
	}
}

func fillInRoute(r *reader, c *Config, a *Agent) {
	name := func(s string) string { return strings.ReplaceAll(s, "{agent}", a.Name) }
	a.Path = name(a.Path)
	for i := range a.Hosts {
		a.Hosts[i] = name(a.Hosts[i])
	}
	switch {
	case a.Port == 0:
		return
	case a.Path == "" && len(a.Hosts) > 0:
		a.Path = "/"
	case a.Path == "":
		a.Path = "/" + a.Name
	}
	if !r.stated("agents", a.Name, "strip_prefix") {
		a.StripPrefix = c.LoadBalancer.StripPrefix
	}
}

// Where is where a public agent answers, for people: /validator/, chat.example.com/.
func (a Agent) Where() string {
	host := ""
	if len(a.Hosts) > 0 {
		host = a.Hosts[0]
	}
	if a.Path == "/" {
		return host + "/"
	}
	return host + a.Path + "/"
}

// ExtraHosts are the hosts of public agents that neither the domain nor a name directly
// below it is: each needs a record and a place in the certificate.
func (c *Config) ExtraHosts() []string {
	var out []string
	for _, a := range c.Public() {
		for _, h := range a.Hosts {
			if !c.belowDomain(h) && !slices.Contains(out, h) {
				out = append(out, h)
			}
		}
	}
	return out
}

// RecordNames are the names that get a record of their own: the domain, all directly below it,
// and the hosts of agents that are not.
func (c *Config) RecordNames() []string {
	return append([]string{c.LoadBalancer.Domain, "*." + c.LoadBalancer.Domain}, c.ExtraHosts()...)
}

// NamesBelow are the names directly below the domain at which public agents answer.
func (c *Config) NamesBelow() []string {
	var out []string
	for _, a := range c.Public() {
		hosts := a.Hosts
		if len(hosts) == 0 {
			hosts = []string{a.Name + "." + c.LoadBalancer.Domain}
		}
		for _, h := range hosts {
			if c.belowDomain(h) && h != c.LoadBalancer.Domain && !strings.HasPrefix(h, "*.") && !slices.Contains(out, h) {
				out = append(out, h)
			}
		}
	}
	return out
}

// belowDomain tells whether the domain's own names, itself and *.domain, are those of a host.
func (c *Config) belowDomain(host string) bool {
	label, below := strings.CutSuffix(host, "."+c.LoadBalancer.Domain)
	return host == c.LoadBalancer.Domain || below && !strings.Contains(label, ".")
}

// manyRules warns of more rules than a load balancer takes in an account whose quota is AWS's own.
// https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-limits.html
func (c *Config) manyRules() []string {
	const most = 100
	rules := 0
	for _, a := range c.Public() {
		rules++
		if c.LoadBalancer.Domain != "" && len(a.Hosts) == 0 { // one for <agent>.<domain>, too
			rules++
		}
	}
	if rules <= most {
		return nil
	}
	return []string{fmt.Sprintf("the load balancer has %d rules, and an account begins with %d: ask AWS for more of the quota \"Rules per Application Load Balancer\" before up; with a domain an agent without hosts has two", rules, most)}
}

// checkRoute: an agent that the load balancer does not lead to has no path.
func checkRoute(r *reader, path string, a *Agent) {
	for _, k := range []string{"path", "hosts", "strip_prefix"} {
		n := r.own(path, k)
		switch {
		case n == nil || a.Public:
		case a.Port == 0 && r.sound(join(path, "port")):
			r.problem(n, k+" needs a port", "port says where the load balancer leads to; a worker has none")
		case a.Port > 0:
			r.problem(n, k+" is for public agents", "public: true, or without "+k+": other agents reach it by its name and port")
		}
	}
	if most := maxRuleValues - 2; a.Public && a.Path != "/" && len(a.Hosts) > most && r.sound(join(path, "path"), join(path, "hosts")) {
		r.problem(r.at(path, "hosts", strconv.Itoa(most)), fmt.Sprintf("there are %d hosts beside a path", len(a.Hosts)), fmt.Sprintf("at most %d: a rule takes %d values, of which the path is two", most, maxRuleValues))
	}
}

// checkRoutes: which of two rules a request meets first must follow from the file. An
// agent at / comes after all others, and one at / of every host after those of a host.
func checkRoutes(r *reader, c *Config) {
	public := c.Public()
	stated := make([]bool, len(public)) // what no agent says is /<agent>, which are apart
	for i, a := range public {
		stated[i] = len(a.Hosts) > 0 || a.Path != "/"+a.Name
	}
	for i := range public {
		for k := range i {
			a, b := &public[i], &public[k]
			if !stated[i] && !stated[k] || a.Name == b.Name { // given twice, which is said already
				continue
			}
			if !r.sound(join("agents", a.Name, "path"), join("agents", a.Name, "hosts"), join("agents", b.Name, "path"), join("agents", b.Name, "hosts")) {
				continue
			}
			if host, clash := clashing(c, a, b); clash {
				at := host + longer(a.Path, b.Path)
				r.problem(r.routeAt(a.Name), fmt.Sprintf("a request to %s could be for %s or for %s", at, b.Name, a.Name), "a path or a host that only one of them has; an agent at / takes what is left")
			}
		}
	}
	if extra, most := c.ExtraHosts(), maxCertificateNames-2; c.LoadBalancer.Domain != "" && c.LoadBalancer.Certificate == "" && len(extra) > most {
		r.problem(r.at("load_balancer", "domain"), fmt.Sprintf("the certificate would have %d names", len(extra)+2), fmt.Sprintf("at most %d: hosts directly below the domain need none of their own", maxCertificateNames))
	}
}

// routeAt points at what an agent says of its route, or at its name.
func (r *reader) routeAt(agent string) *yaml.Node {
	for _, k := range []string{"path", "hosts"} {
		if n := r.own(join("agents", agent), k); n != nil {
			return n
		}
	}
	return r.places[join("agents", agent)].key
}

// clashing tells whether a request could meet rules of both agents without an order
// between them, and at which host; "" is any.
func clashing(c *Config, a, b *Agent) (string, bool) {
	if host, both := takesName(c, a, b); both {
		return host, true
	}
	if host, both := takesName(c, b, a); both {
		return host, true
	}
	rootA, rootB := a.Path == "/", b.Path == "/"
	if rootA != rootB || rootA && (len(a.Hosts) == 0) != (len(b.Hosts) == 0) {
		return "", false
	}
	host, both := sharedHost(a.Hosts, b.Hosts)
	return host, both && (within(a.Path, b.Path) || within(b.Path, a.Path))
}

// takesName tells whether an agent has a host that is <agent>.<domain> of another one. One
// that is at / of a wildcard gets what is left.
func takesName(c *Config, a, b *Agent) (string, bool) {
	if c.LoadBalancer.Domain == "" || len(b.Hosts) > 0 {
		return "", false
	}
	name := b.Name + "." + c.LoadBalancer.Domain
	return name, slices.ContainsFunc(a.Hosts, func(h string) bool { return h == name || a.Path != "/" && takesHost(h, name) })
}

// sharedHost is a host that both lists have, by name or by wildcard; an empty list has all.
func sharedHost(a, b []string) (string, bool) {
	if len(a) == 0 || len(b) == 0 {
		return "", true
	}
	for _, x := range a {
		for _, y := range b {
			if x == y || takesHost(x, y) {
				return y, true
			}
			if takesHost(y, x) {
				return x, true
			}
		}
	}
	return "", false
}

// takesHost tells whether a wildcard takes a host. AWS's * takes dots too.
func takesHost(wildcard, host string) bool {
	tail, ok := strings.CutPrefix(wildcard, "*")
	return ok && strings.HasSuffix(host, tail)
}

func longer(a, b string) string {
	if len(b) > len(a) {
		return b
	}
	return a
}

// within tells whether a path is another one or below it.
func within(path, outer string) bool {
	return path == outer || outer == "/" || strings.HasPrefix(path, outer+"/")
}
