package importer

import (
	"path"
	"strings"

	"github.com/karmacadabra/karmactl/internal/lazyregexp"
)

// agentOf reads a manifest, or an environment's part of it, into an agent.
func (c *copilot) agentOf(a *agent, m *tree) {
	c.imageOf(a, m.get("image"))
	if t := m.get("http", "target_port"); t != nil && m.get("image", "port") == nil {
		a.port, _ = t.number()
		t.carry(a.key("port"))
	}
	c.sizeOf(a, m)
	c.http(a, m.get("http"))
	c.count(a, m.get("count"))
	c.container(a, m)
	c.volumes(a, m.get("storage", "volumes"))
	c.variablesOf(a, m)
	c.sidecars(a, m.get("sidecars"), m.get("image"))
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
	c.fleet.carryCredentials(a, image.get("credentials"))
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
		if reference.MatchString(t.str()) {
			t.leave("the shell that runs Copilot fills it in: write build.args." + k)
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
	if t.outcome == carried {
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

// container carries command, exec and tracing over.
func (c *copilot) container(a *agent, m *tree) {
	if v := m.get("exec"); v != nil {
		on, _ := v.yes()
		a.exec = &on
		v.carry(a.key("exec"))
	}
	if v := m.get("command"); v != nil {
		list := texts(v)
		if v.kind == scalar {
			list = words(v.str())
		}
		a.carryCommand(v, list)
	}
	a.carrySettings(settings{
		entrypoint: m.get("entrypoint"), readOnly: m.get("storage", "readonly_fs"), storage: m.get("storage", "ephemeral"),
		fill: (*tree).str, unknown: "Copilot fills it in",
	})
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

var copilotVariable = lazyregexp.New(`\$\{COPILOT_[A-Z_]+\}`)

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

// others gives an outcome to what has no counterpart.
func (c *copilot) others(m *tree) {
	for k, why := range map[string]string{
		"storage": noCounterpart,
		"publish": "make the SNS topic yourself", "subscribe": "make the queue yourself",
		"taskdef_overrides": "agents.yaml has no key for it", "alarms": "karmactl's own alarms",
		"nlb": "one Application Load Balancer", "logging": "logs go to CloudWatch", "platform": "Linux, x86_64 or arm64",
	} {
		m.get(k).settle(left, why)
	}
	if r := m.get("deployment", "rolling"); r.str() == "recreate" {
		r.leave("the old tasks run until the new ones are healthy: write scale: {min: 0} and start it by karmactl scale, if two must never run")
	}
	m.get("deployment").settle(own, "a rolling deployment that is rolled back when it fails")
	n := m.get("network")
	n.get("connect").settle(own, "agents find each other by name")
	n.get("vpc", "placement").settle(own, "private subnets behind the NAT gateway, or network.nat: none")
	n.settle(left, "one security group and one VPC of karmactl's own")
}
