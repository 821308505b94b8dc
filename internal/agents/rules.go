package agents

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// checkRules looks at values together. Each rule leaves alone what was
// already wrong by itself, so that one mistake is one message.
func checkRules(r *reader, c *Config) {
	checkTags(r, c)
	checkNetwork(r, c)
	checkDomain(r, c)
	checkCertificate(r, c)
	checkSecretNames(r, c)
	checkSchedules(r, c)
	checkJobs(r, c)
	checkHooks(r, c)
	checkTopics(r, c)
	checkHostNames(r, c)
	checkServices(r, c)
	for i := range c.Agents {
		checkAgent(r, c, &c.Agents[i])
	}
	checkCalls(r, c)
	checkRoutes(r, c)
	checkCount(r, c)
}

// checkTags: AWS takes 50 tags, of which karmactl keeps five for its own and
// Name. IAM takes two keys that differ only in case for the same.
func checkTags(r *reader, c *Config) {
	const most = 45
	if len(c.Tags) > most {
		r.problem(r.places["tags"].key, fmt.Sprintf("there are %d tags", len(c.Tags)), fmt.Sprintf("at most %d: AWS takes 50, and karmactl has its own", most))
	}
	seen := map[string]string{}
	for _, k := range slices.Sorted(maps.Keys(c.Tags)) {
		lower := strings.ToLower(k)
		if other, twice := seen[lower]; twice {
			r.problem(r.places[join("tags", k)].key, fmt.Sprintf("the tags %q and %q differ only in case", other, k), "IAM takes them for the same: keep one")
		}
		seen[lower] = k
	}
}

func checkDomain(r *reader, c *Config) {
	lb := c.LoadBalancer
	if !r.sound("load_balancer/domain", "load_balancer/zone", "load_balancer/records") {
		return
	}
	if !lb.Records && lb.Domain == "" {
		r.problem(r.at("load_balancer", "records"), "records is false without a domain", "domain: names what the records would be of; without one there are none")
	}
	switch {
	case lb.Zone == "":
	case lb.Domain == "":
		r.problem(r.at("load_balancer", "zone"), "zone is given without a domain", "domain: names what HTTPS is served at")
	case !strings.Contains(lb.Zone, "."): // the id of a zone, whose name AWS knows
	case lb.Domain != lb.Zone && !strings.HasSuffix(lb.Domain, "."+lb.Zone):
		r.problem(r.at("load_balancer", "zone"), fmt.Sprintf("zone %q does not hold the domain %q", lb.Zone, lb.Domain), fmt.Sprintf("%s, or a domain that it ends in, such as %s", lb.Domain, lb.Domain[strings.IndexByte(lb.Domain, '.')+1:]))
	}
}

// checkHostNames: with a domain each agent has a rule by path and one by host, and
// host-X is the name of X's second.
func checkHostNames(r *reader, c *Config) {
	if c.LoadBalancer.Domain == "" {
		return
	}
	public := map[string]bool{}
	for _, a := range c.Public() {
		public[a.Name] = true
	}
	for _, name := range c.Names() {
		if of, ok := strings.CutPrefix(name, "host-"); ok && public[name] && public[of] {
			r.problem(r.places[join("agents", name)].key, fmt.Sprintf("the agent %s has the name of %s's rule by host", name, of), "another name, or no load_balancer.domain")
		}
	}
}

// checkServices: the name of a service is unique in a cluster.
func checkServices(r *reader, c *Config) {
	of := map[string]string{}
	for _, a := range c.Agents {
		if a.Service == "" {
			of[a.Name] = a.Name
		}
	}
	for _, a := range c.Agents {
		if path := join("agents", a.Name); a.Service != "" && r.sound(join(path, "service")) {
			if other := of[a.Service]; other != "" {
				r.problem(r.at(path, "service"), fmt.Sprintf("the service %s is that of the agent %s", a.Service, other), "a service of its own, or none, which is one with the agent's name")
			}
			of[a.Service] = cmp.Or(of[a.Service], a.Name)
		}
	}
}

// checkSecretNames: the agents' own secrets are <project>/<agent>, and SSM
// refuses parameters below aws and ssm.
func checkSecretNames(r *reader, c *Config) {
	for _, a := range c.Owners() {
		if c.Secrets.Nested == c.Project+"/"+a.Name {
			r.problem(r.at("secrets", "nested"), fmt.Sprintf("nested cannot be %q, the agent's own secret", c.Secrets.Nested), "the name of another secret")
		}
	}
	for _, prefix := range []string{"aws", "ssm"} {
		if c.Secrets.Store == StoreSSM && strings.HasPrefix(c.Project, prefix) {
			r.problem(r.at("secrets", "store"), fmt.Sprintf("store cannot be ssm for the project %q", c.Project), "SSM keeps names that start with "+prefix+" for itself: secretsmanager, or another project name")
		}
	}
}

func checkSchedules(r *reader, c *Config) {
	names := c.Names()
	for _, name := range slices.Sorted(maps.Keys(c.Schedules)) {
		s, path := c.Schedules[name], join("schedules", name)
		var missing []string
		for _, k := range []struct{ key, value string }{{"start", s.Start}, {"stop", s.Stop}, {"timezone", s.Timezone}} {
			if k.value == "" && r.sound(path, join(path, k.key)) {
				missing = append(missing, k.key)
			}
		}
		if len(missing) > 0 {
			r.problem(r.places[path].key, fmt.Sprintf("schedule %s has no %s", name, either(missing)), "start, stop and timezone are required")
		}
		if s.Start == s.Stop && s.Start != "" {
			r.problem(r.at(path, "stop"), fmt.Sprintf("stop is the same as start, %s", s.Start), "two different times; a stop before start means the next day")
		}
		for i, a := range s.Agents {
			if !slices.Contains(names, a) {
				r.problem(r.at(path, "agents", fmt.Sprint(i)), fmt.Sprintf("there is no agent %q", shorten(a)), suggest(a, names))
			}
		}
	}
}
