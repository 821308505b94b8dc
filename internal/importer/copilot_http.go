package importer

import (
	"strconv"
	"strings"
)

// http carries the load balancer's part over: Copilot passes the path on unchanged.
func (c *copilot) http(a *agent, h *tree) {
	if on, said := h.yes(); h != nil && said && !on {
		h.leave("the load balancer serves every agent: it has to refuse what it should not answer")
		return
	}
	p := h.get("path")
	if p != nil {
		c.fleet.carryPath(a, p, "/"+strings.Trim(p.str(), "/"))
	}
	c.targetCheck(a, h)
	if t := h.get("alias"); t != nil {
		c.alias(a, t)
	}
	h.get("hosted_zone").leave("load_balancer.zone takes a name")
	a.carryDrain(h.get("deregistration_delay"))
	if on, _ := h.get("stickiness").yes(); on {
		a.carrySticky(h.get("stickiness"), "", nil)
	} else {
		h.get("stickiness").own("every request may go to any task")
	}
	h.get("allowed_source_ips").leave("the load balancer is that of all agents: write load_balancer.allow where these addresses are right for all of them")
	h.get("additional_rules").settle(left, "an agent has one path")
	h.get("target_container").leave("the load balancer leads to the agent's own container")
	h.get("version").leave("HTTP/1.1 to the agents; gRPC and HTTP/2 cannot be expressed")
	h.get("redirect_to_https").own("HTTP leads to HTTPS where there is a domain")
}

// targetCheck carries http.healthcheck over; Copilot asks for / where nothing is said.
func (c *copilot) targetCheck(a *agent, h *tree) {
	t := h.get("healthcheck")
	health := &a.health
	switch {
	case t == nil:
		if h != nil && a.prefix == "" && health.path == "" {
			health.path = "/"
			a.comments = append(a.comments, "Copilot asks for / where the manifest names no health check.")
		}
		return
	case t.kind == scalar:
		health.path = t.str()
		t.carry(a.key("health.path"))
		return
	}
	if v := t.get("path"); v != nil {
		health.path = v.str()
		v.carry(a.key("health.path"))
	} else if health.path == "" && a.prefix == "" {
		health.path = "/"
	}
	a.carryTargetCheck(t, targetCheck{"interval", "timeout", "healthy_threshold", "unhealthy_threshold", "grace_period"})
	if health.timeout > 0 && health.interval == 0 {
		health.interval = 30 // Copilot's own
	}
	a.checkTimes()
	if v := t.get("port"); v != nil {
		if n, _ := v.number(); n == a.port {
			v.own("the check asks the agent's port")
		} else {
			v.leave("the check asks the agent's own port")
		}
	}
	if v := t.get("success_codes"); v != nil {
		health.codes = v.str()
		v.carry(a.key("health.codes"))
	}
}

// alias: a host below one domain is what load_balancer.domain gives each agent.
func (c *copilot) alias(a *agent, t *tree) {
	for _, x := range t.list() {
		host := first(x.str(), x.get("name").str())
		label, domain, ok := strings.Cut(host, ".")
		if ok && label == a.name && strings.Contains(domain, ".") && (c.fleet.domain == "" || c.fleet.domain == domain) && a.prefix == "" {
			c.fleet.domain = domain
			x.carry("load_balancer.domain")
			continue
		}
		a.hosts = append(a.hosts, host)
		x.carry(a.key("hosts"))
	}
}

// follow carries over what a metric is held at, where the manifest names the metric.
func (a *agent) follow(t *tree, into *int) {
	n, ok := t.number()
	if !ok {
		n, ok = t.get("value").number()
	}
	if ok {
		*into = n
		t.carry(a.key("scale"))
	}
	t.get("cooldown").leave("karmactl's own cooldowns")
}

// count carries the number of tasks and what scales them over.
func (c *copilot) count(a *agent, t *tree) {
	if t == nil {
		return
	}
	if n, ok := t.number(); ok {
		a.scale = &scale{min: n, max: max(n, 1), none: true}
		t.carry(a.key("scale"))
		return
	}
	s := &scale{min: 1, max: 1, none: true}
	if v := t.get("range"); v != nil {
		low, high, _ := strings.Cut(v.str(), "-")
		s.min, _ = strconv.Atoi(strings.TrimSpace(first(low, v.get("min").str())))
		s.max, _ = strconv.Atoi(strings.TrimSpace(first(high, v.get("max").str())))
		v.carry(a.key("scale"))
		if from, ok := v.get("spot_from").number(); ok {
			a.spot = &spot{enabled: true, base: max(from-1, 0), weight: 1, demand: 0}
			if from <= 1 {
				a.spot.base = 0
			}
			v.get("spot_from").carry(a.key("spot"))
		}
		a.scale = s
	}
	for name, into := range map[string]*int{"cpu_percentage": &s.cpu, "memory_percentage": &s.memory, "requests": &s.requests} {
		a.follow(t.get(name), into)
	}
	if v := t.get("spot"); v != nil {
		n, _ := v.number()
		a.spot = &spot{enabled: true}
		a.scale = &scale{min: n, max: max(n, 1), none: true}
		v.carry(a.key("spot"))
	}
	t.get("cooldown").settle(left, "karmactl's own cooldowns")
	t.get("response_time").settle(left, "agents scale by CPU, memory, requests and a queue")
	t.get("queue_delay").settle(left, "write scale: {queue: {name: …, per_task: …}}, per_task about acceptable_latency divided by msg_processing_time")
}
