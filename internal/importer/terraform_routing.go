package importer

import (
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
	g := x.find(lb.get("target_group_arn").str(), "aws_lb_target_group", "aws_alb_target_group")
	if g == nil {
		return
	}
	c := firstOf(g.body.get("health_check"))
	if t := c.get("path"); t != nil && !reference.MatchString(t.str()) {
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
