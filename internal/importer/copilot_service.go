package importer

import (
	"fmt"
	"path"
	"regexp"
	"strconv"
	"strings"
)

// agentOf reads a manifest, or an environment's part of it, into an agent.
func (c *copilot) agentOf(a *agent, m *tree, folder string) {
	c.imageOf(a, m.get("image"))
	if t := m.get("http", "target_port"); t != nil && m.get("image", "port") == nil {
		a.port, _ = t.number()
		t.carry(a.key("port"))
	}
	c.sizeOf(a, m)
	c.http(a, m.get("http"), folder)
	c.count(a, m.get("count"))
	c.container(a, m)
	c.variablesOf(a, m)
	c.others(m)
}

func (c *copilot) imageOf(a *agent, image *tree) {
	if n, ok := image.get("port").number(); ok {
		a.port = n
		image.get("port").carry(a.key("port"))
	}
	if t := image.get("location"); t != nil {
		if text := t.str(); strings.Contains(text, "$") {
			t.leave("Copilot fills it in: write image with its tag")
		} else {
			a.image = text
			t.carry(a.key("image"))
		}
	}
	b := image.get("build")
	if b != nil && b.kind == scalar {
		a.build = &build{context: path.Dir(b.str())}
		if name := path.Base(b.str()); name != "Dockerfile" {
			a.build.dockerfile = name
		}
		b.carry(a.key("build.context") + " " + a.key("build.dockerfile"))
	} else if b != nil {
		c.buildOf(a, b)
	}
	c.containerCheck(a, image.get("healthcheck"))
	image.get("credentials").leave("agents.yaml has no registry credentials yet: copy the image to ECR, or build it")
	image.get("depends_on").settle(left, "sidecars cannot be expressed yet")
	image.get("labels").settle(left, "put what AWS should show into tags")
}

func (c *copilot) buildOf(a *agent, b *tree) {
	file := b.get("dockerfile")
	context := b.get("context")
	a.build = &build{context: "."}
	switch {
	case context != nil:
		a.build.context = path.Clean(context.str())
		context.carry(a.key("build.context"))
		if rel := strings.TrimPrefix(path.Clean(file.str()), a.build.context+"/"); file != nil && rel != "Dockerfile" {
			a.build.dockerfile = rel
		}
	case file != nil:
		a.build.context = path.Dir(file.str())
		if name := path.Base(file.str()); name != "Dockerfile" {
			a.build.dockerfile = name
		}
	}
	file.carry(a.key("build.dockerfile") + " " + a.key("build.context"))
	if t := b.get("target"); t != nil {
		a.build.target = t.str()
		t.carry(a.key("build.target"))
	}
	for k, t := range b.get("args").each() {
		if secretVariable(k, t.str()) {
			t.leave("it looks like a secret, and build arguments stay in the image: mount it as a build secret")
			continue
		}
		a.build.args = append(a.build.args, pair{k, t.str()})
		t.carry(a.key("build.args." + k))
	}
	b.get("cache_from").settle(own, "the builder's own settings")
}

// containerCheck carries the container's own check over.
func (c *copilot) containerCheck(a *agent, h *tree) {
	t := h.get("command")
	if t == nil {
		return
	}
	var command []string
	for _, w := range t.list() {
		command = append(command, w.str())
	}
	if t.kind == scalar {
		command = []string{"CMD-SHELL", t.str()}
	}
	options := map[string]int{}
	for k, name := range map[string]string{"interval": "interval", "timeout": "timeout", "start_period": "start-period", "retries": "retries"} {
		if n, ok := seconds(h.get(k).str()); ok {
			options[name] = n
		}
	}
	c.check(a, t, command, options)
	if t.fate == carried {
		for _, k := range []string{"interval", "timeout", "start_period", "retries"} {
			h.get(k).carry(a.key("health.command"))
		}
	}
}

func (c *copilot) sizeOf(a *agent, m *tree) {
	cpu, _ := m.get("cpu").number()
	memory, _ := m.get("memory").number()
	if cpu > 0 || memory > 0 {
		at := m.at
		if t := m.first("cpu", "memory"); t != nil {
			at = t.at
		}
		c.size(a, cpu, memory, at)
		m.get("cpu").carry(a.key("cpu"))
		m.get("memory").carry(a.key("memory"))
	}
	switch p := first(m.get("platform").str(), m.get("platform", "architecture").str()); {
	case strings.Contains(p, "arm64"):
		a.arch = "arm64"
		m.get("platform").carry(a.key("arch"))
	case strings.Contains(p, "x86_64") || strings.Contains(p, "amd64"):
		a.arch = "x86_64"
		m.get("platform").carry(a.key("arch"))
	}
	m.get("platform", "osfamily").own("Linux")
}

// http carries the load balancer's part over: Copilot passes the path on unchanged.
func (c *copilot) http(a *agent, h *tree, folder string) {
	if on, said := h.yes(); h != nil && said && !on {
		h.leave("the load balancer serves every agent: it has to refuse what it should not answer")
		return
	}
	p := h.get("path")
	if p != nil {
		switch want := strings.Trim(p.str(), "/"); want {
		case "":
			p.leave("an agent answers at /" + a.name + " and, with load_balancer.domain, at " + a.name + ".<domain>: no agent is at / yet")
		case a.name:
			c.fleet.strip = truthOf(false)
			p.carry("load_balancer.strip_prefix")
		default:
			p.leave(fmt.Sprintf("an agent answers at /%s: name the agent %s, or have its callers use the other path", a.name, nearest(want, nearAgent, a.name)))
		}
	}
	c.targetCheck(a, h)
	if t := h.get("alias"); t != nil {
		c.alias(a, t)
	}
	h.get("hosted_zone").leave("load_balancer.zone takes a name")
	h.get("deregistration_delay").leave("karmactl sets it from stop_timeout")
	h.get("stickiness").leave("every request may go to any task")
	h.get("allowed_source_ips").leave("the load balancer is open to all: refuse others in the agent")
	h.get("additional_rules").settle(left, "an agent has one path and one host")
	h.get("target_container").leave("an agent has one container")
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
	for _, x := range []struct {
		from, to  string
		into      *int
		low, high int
	}{
		{"interval", "interval", &health.interval, 5, 300},
		{"timeout", "timeout", &health.timeout, 2, 120},
		{"healthy_threshold", "healthy", &health.healthy, 2, 10},
		{"unhealthy_threshold", "unhealthy", &health.unhealthy, 2, 10},
		{"grace_period", "grace", &health.grace, 0, 7200},
	} {
		if n, ok := seconds(t.get(x.from).str()); ok {
			*x.into = a.within(t.get(x.from), x.from, n, x.low, x.high)
			t.get(x.from).carry(a.key("health." + x.to))
		}
	}
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
		x.leave("an agent's host is " + a.name + ".<domain>, where load_balancer.domain names the domain")
	}
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
	for name, into := range map[string]*int{"cpu_percentage": &s.cpu, "memory_percentage": &s.memory} {
		v := t.get(name)
		if v == nil {
			continue
		}
		n, ok := v.number()
		if !ok {
			n, ok = v.get("value").number()
			v.get("cooldown").leave("karmactl's own cooldowns")
		}
		if ok {
			*into = n
			v.carry(a.key("scale"))
			if w := v.get("cooldown"); w != nil {
				w.leave("karmactl's own cooldowns")
			}
		}
	}
	if v := t.get("spot"); v != nil {
		n, _ := v.number()
		a.spot = &spot{enabled: true}
		a.scale = &scale{min: n, max: max(n, 1), none: true}
		v.carry(a.key("spot"))
	}
	t.get("cooldown").settle(left, "karmactl's own cooldowns")
	for _, k := range []string{"requests", "response_time", "queue_delay"} {
		t.get(k).settle(left, "agents scale by CPU and memory")
	}
}

// container carries command, exec and tracing over.
func (c *copilot) container(a *agent, m *tree) {
	if v := m.get("exec"); v != nil {
		on, _ := v.yes()
		a.exec = &on
		v.carry(a.key("exec"))
	}
	if v := m.get("command"); v != nil {
		list := words(v.str())
		if v.kind != scalar {
			list = nil
			for _, w := range v.items {
				list = append(list, w.str())
			}
		}
		if safe(list...) {
			a.command = list
			v.carry(a.key("command"))
		} else {
			v.leave("it has something that looks like a secret: write command without it")
		}
	}
	m.get("entrypoint").leave("the image's own entrypoint runs: put it there")
	if v := m.get("logging", "retention"); v != nil {
		n, _ := v.number()
		c.fleet.retention = max(c.fleet.retention, n)
		v.carry("observability.log_retention_days")
	}
	if v := m.get("observability", "tracing"); v != nil {
		c.fleet.xray = v.str() == "awsxray"
		v.carry("observability.xray")
	}
}

var copilotVariable = regexp.MustCompile(`\$\{COPILOT_[A-Z_]+\}`)

func (c *copilot) variablesOf(a *agent, m *tree) {
	fill := func(s string) string {
		s = strings.ReplaceAll(s, "${COPILOT_APPLICATION_NAME}", first(c.fleet.project, "${COPILOT_APPLICATION_NAME}"))
		return strings.ReplaceAll(s, "${COPILOT_ENVIRONMENT_NAME}", first(strings.TrimSuffix(strings.TrimPrefix(a.prefix, "environments."), "."), c.fleet.environment, "${COPILOT_ENVIRONMENT_NAME}"))
	}
	for k, t := range m.get("variables").each() {
		if t.kind == dict {
			t.leave("CloudFormation's output: write env: {" + k + ": …}")
			continue
		}
		t.text = fill(t.text)
		c.variable(a, k, t)
	}
	for k, t := range m.get("secrets").each() {
		c.secretOf(a, k, t, fill)
	}
	if t := m.get("env_file"); t != nil {
		p := path.Join(c.base, t.str())
		root, err := envFile(relative(c.said, p), p)
		if err != nil {
			t.leave("the file is not there: write what is in it into env and secrets")
			return
		}
		t.own("its variables are read")
		for k, v := range root.each() {
			c.variable(a, k, v)
		}
		c.roots = append(c.roots, root)
	}
}

// secretOf names a parameter of SSM or a secret of Secrets Manager.
func (c *copilot) secretOf(a *agent, env string, t *tree, fill func(string) string) {
	if t.kind == dict && t.get("secretsmanager") == nil {
		t.leave("CloudFormation's output: write secrets: {" + env + ": {from: …}}")
		return
	}
	s := secret{env: env, from: fill(first(t.str(), t.get("secretsmanager").str()))}
	switch {
	case copilotVariable.MatchString(s.from) || strings.Contains(s.from, "${"):
		t.leave("Copilot fills in a part of it: write secrets: {" + env + ": {from: …}}")
		return
	case t.kind == dict:
		s.from, s.key = splitSecret(s.from)
	case !strings.HasPrefix(s.from, "/") && !strings.HasPrefix(s.from, "arn:"):
		s.from = "/" + s.from // a parameter, by its path
	case strings.HasPrefix(s.from, "arn:"):
		s.from, s.key = splitSecret(s.from)
	}
	a.setSecret(s)
	t.carry(a.key("secrets." + env))
}

// splitSecret takes ECS's reference apart: the secret's name or ARN, and the key in it.
func splitSecret(s string) (from, key string) {
	if strings.HasPrefix(s, "arn:") && strings.Count(s, ":") < 7 {
		return s, ""
	}
	parts := strings.Split(s, ":")
	n := 1
	if parts[0] == "arn" {
		n = 7
	}
	if len(parts) > n {
		key = parts[n]
	}
	return strings.Join(parts[:min(n, len(parts))], ":"), key
}

// others gives their fate to what has no counterpart.
func (c *copilot) others(m *tree) {
	for k, why := range map[string]string{
		"sidecars": "an agent has one container", "storage": "agents keep nothing on disk: use S3, a database or EFS",
		"publish": "make the SNS topic yourself", "subscribe": "make the queue yourself",
		"taskdef_overrides": "agents.yaml has no key for it", "alarms": "karmactl's own alarms",
		"nlb": "one Application Load Balancer", "logging": "logs go to CloudWatch", "platform": "Linux, x86_64 or arm64",
	} {
		m.get(k).settle(left, why)
	}
	m.get("deployment").settle(own, "a rolling deployment that is rolled back when it fails")
	n := m.get("network")
	n.get("connect").settle(own, "agents find each other by name")
	n.get("vpc", "placement").settle(own, "private subnets behind the NAT gateway, or network.nat: none")
	n.settle(left, "one security group and one VPC of karmactl's own")
}
