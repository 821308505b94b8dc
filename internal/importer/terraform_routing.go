package importer

import (
	"slices"
	"strings"

	"github.com/karmacadabra/karmactl/internal/lazyregexp"
)

// target carries the load balancer's health check over.
func (x *terraform) target(a *agent, lb, service *tree) {
	h := &a.health
	if t := service.get("health_check_grace_period_seconds"); t != nil {
		if n, ok := t.number(); ok {
			h.grace = n
			t.carry(a.key("health.grace"))
		}
	}
	g := x.targetGroup(a, lb.get("target_group_arn"))
	if g == nil {
		lb.get("target_group_arn").leave("its target group is not here to read: write health, and path or hosts")
		return
	}
	if t := g.body.get("protocol"); !slices.Contains([]string{"", "HTTP", "HTTPS"}, t.str()) {
		t.leave("an Application Load Balancer leads to the agents, which speaks HTTP")
	}
	if t := g.body.get("protocol_version"); t.said() && t.str() != "HTTP1" {
		t.leave("HTTP/1.1 to the agents; gRPC and HTTP/2 cannot be expressed")
	}
	c := firstOf(g.body.get("health_check"))
	if t := c.get("path"); t.said() && !reference.MatchString(t.str()) {
		h.path = t.str()
		t.carry(a.key("health.path"))
	}
	a.carryTargetCheck(c, targetCheck{"interval", "timeout", "healthy_threshold", "unhealthy_threshold", ""})
	if h.timeout > 0 && h.interval == 0 {
		h.interval = 30 // ELB's own
	}
	a.checkTimes()
	if t := c.get("matcher"); t.str() != "" && !reference.MatchString(t.str()) {
		h.codes = t.str()
		t.carry(a.key("health.codes"))
	}
	c.settle(own, "the check asks the agent's port")
	if s := firstOf(g.body.get("stickiness")); s != nil {
		if on, said := s.get("enabled").yes(); !said || on {
			a.carrySticky(g.body.get("stickiness"), s.get("type").str(), s.get("cookie_duration"))
		}
	}
	a.carryDrain(g.body.get("deregistration_delay"))
	g.body.settle(own, "a target group of its own")
	x.rules(a, g)
}

// targetGroup is the one that a service's load balancer names. An output of another module is not
// worked out: then it is the one with the agent's key, or the only one there is.
func (x *terraform) targetGroup(a *agent, arn *tree) *resource {
	g := x.find(arn.str(), "aws_lb_target_group", "aws_alb_target_group")
	if g != nil || !reference.MatchString(arn.str()) {
		return g
	}
	all := append(x.all("aws_lb_target_group"), x.all("aws_alb_target_group")...)
	keyed := slices.DeleteFunc(slices.Clone(all), func(r *resource) bool { return r.key == "" || nearest(r.key, nearAgent, "agent") != a.name })
	switch {
	case len(keyed) == 1:
		return keyed[0]
	case len(all) == 1 && len(x.all("aws_ecs_service")) == 1:
		return all[0]
	}
	return nil
}

// unled gives an outcome to what of target groups and rules no agent was found for: what only an
// agent could say is not done by itself.
func (x *terraform) unled(r *resource) {
	if r.body.touched() {
		return
	}
	for _, k := range []string{"health_check", "stickiness", "deregistration_delay", "condition"} {
		r.body.get(k).settle(left, "no agent was found that it leads to: write health, sticky, path or hosts of the one it is for")
	}
}

// rules reads which paths and hosts lead to an agent.
func (x *terraform) rules(a *agent, g *resource) {
	for _, kind := range []string{"aws_lb_listener_rule", "aws_alb_listener_rule"} {
		for _, r := range x.all(kind) {
			act := firstOf(r.body.get("action"))
			to := act.get("target_group_arn").str()
			if to == "" {
				to = firstOf(firstOf(act.get("forward")).get("target_group")).get("arn").str()
			}
			if !g.refers(to) {
				continue
			}
			for _, c := range r.body.get("condition").list() {
				x.condition(a, c)
			}
			r.body.settle(own, "a rule of its own, in an order of its own")
		}
	}
}

var pathOf = lazyregexp.New(`^(/[^*?]*?)(/?\*)?$`)

// carryPath says where an agent answers. The source passes the path on as it comes.
func (f *fleet) carryPath(a *agent, t *tree, path string) {
	a.path = path
	if path != "/" {
		f.strip = truthOf(false)
	}
	if path == "/"+a.name { // the default
		t.carry("load_balancer.strip_prefix")
		return
	}
	t.carry(a.key("path"))
}

// condition carries paths and hosts over.
func (x *terraform) condition(a *agent, c *tree) {
	values := func(name string) []*tree {
		t := firstOf(c.get(name))
		return append(t.get("values").list(), c.get("values").list()...)
	}
	for _, v := range values("path_pattern") {
		m := pathOf.FindStringSubmatch(v.str())
		if m == nil || a.path != "" && a.path != m[1] {
			v.leave("an agent has one path, and answers at all below it")
			continue
		}
		x.fleet.carryPath(a, v, m[1])
	}
	for _, v := range values("host_header") {
		label, domain, _ := strings.Cut(v.str(), ".")
		if label == a.name && (x.fleet.domain == "" || x.fleet.domain == domain) && strings.Contains(domain, ".") {
			x.fleet.domain = domain
			v.carry("load_balancer.domain")
			continue
		}
		a.hosts = append(a.hosts, v.str())
		v.carry(a.key("hosts"))
	}
	c.settle(left, "an agent is found by its path and its host")
}
