package importer

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// names finds project, environment, region and tags.
func (x *terraform) names() {
	f := &x.fleet
	take := func(into *string, key string, all ...*tree) {
		for _, t := range all {
			if *into == "" && t.str() != "" && !reference.MatchString(t.str()) {
				*into = t.str()
				t.carry(key)
			}
		}
	}
	v := func(names ...string) (out []*tree) {
		for _, n := range names {
			out = append(out, x.vars[n])
		}
		return out
	}
	take(&f.project, "project", v("project_name", "project", "app_name", "application", "name_prefix", "prefix", "name", "app", "service_name")...)
	take(&f.project, "project", x.locals["project"], x.locals["name"], x.locals["prefix"], x.locals["name_prefix"])
	take(&f.environment, "environment", v("environment", "env", "stage", "environment_name")...)
	take(&f.environment, "environment", x.locals["environment"], x.locals["env"])
	take(&f.region, "region", x.provider.get("region"))
	take(&f.region, "region", v("aws_region", "region")...)
	x.provider.get("profile").leave("--profile or AWS_PROFILE")
	x.tags()
	x.provider.settle(own, "a provider of Terraform's")
	if f.project == "" {
		x.namesOfCluster()
	}
	if f.region == "" {
		for _, r := range x.resources {
			if parts := strings.Split(r.body.entry("arn").str(), ":"); len(parts) > 5 && parts[0] == "arn" && parts[3] != "" {
				f.region = parts[3]
				break
			}
		}
	}
}

// namesOfCluster takes the cluster's name apart: acme-prod is acme in prod.
func (x *terraform) namesOfCluster() {
	for _, c := range x.all("aws_ecs_cluster") {
		t := c.body.get("name")
		name := t.str()
		if name == "" || reference.MatchString(name) {
			continue
		}
		for _, env := range []string{"prod", "production", "staging", "stage", "dev", "development", "test", "qa", "live"} {
			if before, ok := strings.CutSuffix(strings.TrimSuffix(name, "-cluster"), "-"+env); ok {
				x.fleet.project, x.fleet.environment = before, first(x.fleet.environment, env)
				t.carry("project environment")
				return
			}
		}
		x.fleet.project = strings.TrimSuffix(name, "-cluster")
		t.carry("project")
		return
	}
}

func (x *terraform) tags() {
	t := x.provider.get("default_tags")
	if t != nil && t.kind == list && len(t.items) > 0 {
		t = t.items[0].get("tags")
	}
	if t == nil {
		for _, name := range []string{"tags", "common_tags", "default_tags"} {
			if t = x.vars[name]; t == nil {
				t = x.locals[name]
			}
			if t != nil {
				break
			}
		}
	}
	if t == nil {
		for _, c := range x.all("aws_ecs_cluster") {
			t = c.body.get("tags")
		}
	}
	for k, v := range t.each() {
		switch {
		case k == "Name" || k == "Agent":
			v.own("karmactl names what it makes")
		case strings.EqualFold(k, "ManagedBy") || strings.EqualFold(k, "managed_by"):
			x.fleet.tags = append(x.fleet.tags, pair{k, "karmactl"})
			v.own("it is karmactl's now")
		case v.kind != scalar || reference.MatchString(v.str()):
			v.leave("only Terraform knows it: write tags: {" + k + ": …}")
		case secretVariable(k, v.str()) && looksSecret(v.str()):
			v.leave("it looks like a secret, and everybody who may list resources reads tags")
		default:
			x.fleet.tags = append(x.fleet.tags, pair{k, v.str()})
			v.carry("tags." + k)
		}
	}
}

// services makes an agent of each service with a port.
func (x *terraform) services() {
	for _, s := range x.all("aws_ecs_service") {
		d := x.find(s.body.get("task_definition").str(), "aws_ecs_task_definition")
		if d == nil {
			s.body.leave("its task definition is not here to read: terraform show -json > state.json, then init --from state.json")
			continue
		}
		x.service(s, d)
	}
	for _, d := range x.all("aws_ecs_task_definition") {
		if !d.body.touched() {
			d.body.leave("no service runs it, and agents.yaml has no jobs yet: keep it where it is")
		}
	}
}

// firstOf is a nested block: of a list the first, of a block itself.
func firstOf(t *tree) *tree {
	if t != nil && t.kind == list {
		if len(t.items) == 0 {
			return nil
		}
		return t.items[0]
	}
	return t
}

// containers are a definition's, from JSON text or as they are written.
func containers(d *tree) []*tree {
	t := d.get("container_definitions")
	if t != nil && t.kind == scalar {
		parsed, err := jsonTree(t.at.File, []byte(t.text))
		if err != nil {
			return nil
		}
		rename(parsed, t.name)
		flatten(parsed, t.at, t.sources)
		for _, s := range t.sources {
			s.settle(own, "filled into the containers' definition")
		}
		t.kind, t.items, t.text, t.sources = list, parsed.items, "", nil
	}
	if t == nil || t.kind != list {
		return nil
	}
	return t.items
}

// flatten gives a tree inside of a text the text's place, and its scalars the
// variables that were filled in.
func flatten(t *tree, where Place, sources []*tree) {
	t.at = where
	for _, s := range sources {
		if t.kind == scalar && s.text != "" && strings.Contains(t.text, s.text) {
			t.sources = append(t.sources, s)
			if t.text == s.text {
				t.at = s.at
			}
		}
	}
	for _, c := range t.items {
		flatten(c, where, sources)
	}
}

func (x *terraform) service(s, d *resource) {
	lb := firstOf(s.body.get("load_balancer"))
	all := containers(d.body)
	if len(all) == 0 {
		s.body.leave("its containers are not here to read: terraform show -json > state.json, then init --from state.json")
		d.body.leave("only Terraform knows its containers: terraform show -json > state.json, then init --from state.json")
		return
	}
	main := all[0]
	for _, c := range all {
		if name := c.get("name").str(); name != "" && name == lb.get("container_name").str() {
			main = c
		} else if lb == nil && firstOf(main.get("portMappings")) == nil && firstOf(c.get("portMappings")) != nil {
			main = c
		}
	}
	port := lb.get("container_port")
	if port == nil {
		port = firstOf(main.get("portMappings")).get("containerPort")
	}
	n, ok := port.number()
	if !ok {
		why := "it listens on no port, and agents.yaml has no agents without one yet: give it one that answers its health check, and add it"
		s.body.leave(why)
		d.body.leave(why)
		return
	}
	a := x.fleet.addAgent(x.agentName(s, main), s.body.at)
	a.port = n
	port.carry(a.key("port"))
	x.of[a.name] = a
	x.hosts(s, main, a)
	x.sizeOf(a, d.body, main)
	x.capacity(a, s.body)
	x.scaling(a, s)
	x.target(a, lb, s.body)
	x.container(a, main)
	for _, c := range all {
		if c != main {
			x.sidecar(c)
		}
	}
	if t := s.body.get("enable_execute_command"); t != nil {
		on, _ := t.yes()
		a.exec = &on
		t.carry(a.key("exec"))
	}
	for _, m := range firstOf(main.get("portMappings")).list() {
		m.settle(own, "the agent's port")
	}
	x.serviceRest(s.body, d.body, main)
}

// agentName is what the service is for: its key, else its name without project and environment.
func (x *terraform) agentName(s *resource, main *tree) string {
	if s.key != "" {
		return s.key
	}
	name := s.body.get("name").str()
	if name == "" || reference.MatchString(name) {
		if s.name == "this" || s.name == "main" || s.name == "service" {
			return first(main.get("name").str(), s.name)
		}
		return s.name
	}
	short := strings.ToLower(name)
	for _, prefix := range []string{x.fleet.project + "-" + x.fleet.environment + "-", x.fleet.project + "-", x.fleet.environment + "-"} {
		if prefix != "-" {
			short = strings.TrimPrefix(short, strings.ToLower(prefix))
		}
	}
	short = strings.TrimSuffix(strings.TrimSuffix(short, "-service"), "-"+x.fleet.environment)
	if short == "" || short == "service" {
		return first(main.get("name").str(), s.name)
	}
	return short
}

// hosts are the names by which others may call an agent.
func (x *terraform) hosts(s *resource, main *tree, a *agent) {
	for _, h := range []string{s.key, main.get("name").str(), s.body.get("name").str()} {
		if h != "" && !reference.MatchString(h) {
			x.of[h] = a
		}
	}
	for _, svc := range firstOf(s.body.get("service_connect_configuration")).get("service").list() {
		if alias := firstOf(svc.get("client_alias")).get("dns_name").str(); alias != "" {
			x.of[alias] = a
		}
	}
}

func (x *terraform) sizeOf(a *agent, d, main *tree) {
	cpu, cpuTree := sized(d.get("cpu"), main.get("cpu"), 1024)
	memory, memoryTree := sized(d.get("memory"), main.first("memory", "memoryReservation"), 1)
	at := d.at
	if cpuTree != nil {
		at = cpuTree.at
	}
	x.size(a, cpu, memory, at)
	cpuTree.carry(a.key("cpu"))
	memoryTree.carry(a.key("memory"))
	for _, k := range []string{"cpu", "memory", "memoryReservation"} {
		if t := main.get(k); t != nil && t.fate == unread {
			t.own("the container has the task for itself")
		}
	}
	if p := firstOf(d.get("runtime_platform")); p != nil {
		t := p.get("cpu_architecture")
		switch t.str() {
		case "ARM64":
			a.arch = "arm64"
			t.carry(a.key("arch"))
		case "X86_64":
			a.arch = "x86_64"
			t.carry(a.key("arch"))
		}
		p.get("operating_system_family").own("Linux")
	}
}

// sized is a task's own size, else its container's. "1 vCPU" and "2GB" are read too.
func sized(task, container *tree, vcpu int) (int, *tree) {
	for _, t := range []*tree{task, container} {
		if n, ok := t.number(); ok && n > 0 {
			return n, t
		}
		s := strings.ToLower(strings.ReplaceAll(t.str(), " ", ""))
		if v, ok := strings.CutSuffix(s, "vcpu"); ok {
			if f, err := strconv.ParseFloat(v, 64); err == nil {
				return int(f * float64(vcpu)), t
			}
		}
		if v, ok := strings.CutSuffix(s, "gb"); ok {
			if f, err := strconv.ParseFloat(v, 64); err == nil {
				return int(f * 1024), t
			}
		}
	}
	return 0, nil
}

// capacity is the service's strategy, else its launch type, else the cluster's default.
func (x *terraform) capacity(a *agent, s *tree) {
	blocks := s.get("capacity_provider_strategy")
	if blocks == nil || len(blocks.items) == 0 {
		if t := s.get("launch_type"); t != nil {
			if t.str() != "FARGATE" {
				t.leave("karmactl runs agents on Fargate")
				return
			}
			a.spot = &spot{}
			t.carry(a.key("spot"))
			return
		}
		for _, c := range x.all("aws_ecs_cluster_capacity_providers") {
			if blocks = c.body.get("default_capacity_provider_strategy"); blocks != nil {
				break
			}
		}
		if blocks == nil {
			a.spot = &spot{} // ECS's own default
			return
		}
	}
	out := &spot{}
	for _, b := range blocks.list() {
		weight, _ := b.get("weight").number()
		base, _ := b.get("base").number()
		switch b.get("capacity_provider").str() {
		case "FARGATE_SPOT":
			out.enabled, out.weight = out.enabled || weight > 0 || b.get("weight") == nil, weight
			if base > 0 {
				b.get("base").leave("a base is on demand here")
				b.get("weight").carry(a.key("spot"))
				b.get("capacity_provider").carry(a.key("spot"))
				continue
			}
		case "FARGATE":
			out.demand, out.base = weight, base
		default:
			b.leave("karmactl runs agents on Fargate")
			continue
		}
		b.carry(a.key("spot"))
	}
	a.spot = out
}

// scaling joins the service's scalable target and its policies.
func (x *terraform) scaling(a *agent, s *resource) {
	desired := s.body.get("desired_count")
	count, said := desired.number()
	for _, t := range x.all("aws_appautoscaling_target") {
		id := t.body.get("resource_id").str()
		name := s.body.get("name").str()
		if !strings.Contains(id, "${"+s.addr+".") && (name == "" || !strings.HasSuffix(id, "/"+name)) {
			continue
		}
		out := &scale{none: true}
		out.min, _ = t.body.get("min_capacity").number()
		out.max, _ = t.body.get("max_capacity").number()
		t.body.get("min_capacity").carry(a.key("scale"))
		t.body.get("max_capacity").carry(a.key("scale"))
		t.body.settle(own, "autoscaling of its own")
		for _, p := range x.all("aws_appautoscaling_policy") {
			if pid := p.body.get("resource_id").str(); pid == id || strings.Contains(pid, "${"+t.addr+".") {
				x.policy(a, out, p.body)
			}
		}
		a.scale = out
		desired.own("between min and max, autoscaling decides")
		return
	}
	if said {
		a.scale = &scale{min: count, max: max(count, 1), none: true}
		desired.carry(a.key("scale"))
	} else {
		a.scale = &scale{min: 1, max: 1, none: true}
	}
}

func (x *terraform) policy(a *agent, out *scale, p *tree) {
	c := firstOf(p.get("target_tracking_scaling_policy_configuration"))
	metric := firstOf(c.get("predefined_metric_specification")).get("predefined_metric_type")
	into := map[string]*int{"ECSServiceAverageCPUUtilization": &out.cpu, "ECSServiceAverageMemoryUtilization": &out.memory}[metric.str()]
	if into == nil {
		p.leave("agents scale by CPU and memory")
		return
	}
	f, err := strconv.ParseFloat(c.get("target_value").str(), 64)
	if err != nil {
		p.leave("only Terraform knows its target: write scale: {cpu: …, memory: …}")
		return
	}
	*into = int(f)
	c.get("target_value").carry(a.key("scale"))
	metric.carry(a.key("scale"))
	c.get("scale_in_cooldown").leave("karmactl's own cooldowns")
	c.get("scale_out_cooldown").leave("karmactl's own cooldowns")
	p.settle(own, "autoscaling of its own")
}

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
	for _, k := range []struct {
		from, to  string
		into      *int
		low, high int
	}{
		{"interval", "interval", &h.interval, 5, 300},
		{"timeout", "timeout", &h.timeout, 2, 120},
		{"healthy_threshold", "healthy", &h.healthy, 2, 10},
		{"unhealthy_threshold", "unhealthy", &h.unhealthy, 2, 10},
	} {
		t := c.get(k.from)
		if n, ok := t.number(); ok && n > 0 {
			*k.into = a.within(t, k.from, n, k.low, k.high)
			t.carry(a.key("health." + k.to))
		}
	}
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
			g.body.get("stickiness").leave("every request may go to any task")
		}
	}
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

var pathOf = regexp.MustCompile(`^/([a-z0-9-]+)(/\*|\*)?$`)

func (x *terraform) condition(a *agent, c *tree) {
	values := func(name string) []*tree {
		t := firstOf(c.get(name))
		return append(t.get("values").list(), c.get("values").list()...)
	}
	for _, v := range values("path_pattern") {
		m := pathOf.FindStringSubmatch(v.str())
		if m != nil && m[1] == a.name {
			x.fleet.strip = truthOf(false)
			v.carry("load_balancer.strip_prefix")
			continue
		}
		v.leave(fmt.Sprintf("an agent answers at /%s and below, and nowhere else yet", a.name))
	}
	for _, v := range values("host_header") {
		label, domain, _ := strings.Cut(v.str(), ".")
		if label == a.name && (x.fleet.domain == "" || x.fleet.domain == domain) && strings.Contains(domain, ".") {
			x.fleet.domain = domain
			v.carry("load_balancer.domain")
			continue
		}
		v.leave("an agent's host is " + a.name + ".<domain>, where load_balancer.domain names the domain")
	}
	c.settle(left, "an agent is found by its path and its host")
}

func byName(all []*tree, name string) *tree {
	i := slices.IndexFunc(all, func(t *tree) bool { return t.get("name").str() == name })
	if i < 0 {
		return nil
	}
	return all[i]
}
