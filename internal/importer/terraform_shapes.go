package importer

import (
	"fmt"
	"slices"
	"strings"
)

// Names by which maps and module arguments call what an agent has.
var (
	portNames   = []string{"port", "container_port", "app_port", "service_port", "containerPort", "task_port", "target_port"}
	imageNames  = []string{"image", "container_image", "app_image", "docker_image", "image_uri", "image_url", "ecr_image"}
	cpuNames    = []string{"cpu", "task_cpu", "fargate_cpu", "container_cpu", "app_cpu"}
	memoryNames = []string{"memory", "task_memory", "fargate_memory", "container_memory", "app_memory", "memory_mb"}
	countNames  = []string{"desired_count", "count", "app_count", "replicas", "task_count", "service_desired_count", "instance_count"}
	healthNames = []string{"health_check_path", "healthcheck_path", "health_path", "health_check", "healthcheck"}
	envNames    = []string{"environment", "environment_variables", "env", "env_vars", "container_environment", "variables", "container_env"}
	secretNames = []string{"secrets", "container_secrets", "secret_arns", "secret_variables", "secrets_arns"}
	minNames    = []string{"min_capacity", "autoscaling_min_capacity", "min_count", "min_tasks", "scale_min"}
	maxNames    = []string{"max_capacity", "autoscaling_max_capacity", "max_count", "max_tasks", "scale_max"}
	spotNames   = []string{"use_fargate_spot", "use_spot", "spot", "fargate_spot", "enable_spot"}
)

// shapes makes agents of maps that have the shape of one, where no service is written out.
func (x *terraform) shapes() {
	if len(x.fleet.agents) > 0 {
		return
	}
	for _, c := range x.calls {
		x.shape(first(c.key, c.name), c.args, nil, 0)
	}
	flat := &tree{name: "var", kind: dict}
	for _, name := range sortedNames(x.vars) {
		flat.put(name, x.vars[name])
	}
	if len(x.fleet.agents) == 0 {
		for _, all := range []map[string]*tree{x.vars, x.locals} {
			for _, name := range sortedNames(all) {
				x.shape(name, all[name], flat, 0)
			}
		}
	}
	if len(x.fleet.agents) == 0 {
		if _, ok := flat.first(portNames[1:]...).number(); ok {
			flat.at = flat.first(portNames[1:]...).at
			x.shaped(first(x.vars["container_name"].str(), x.vars["service_name"].str(), x.vars["app_name"].str(), x.fleet.project, x.opts.Folder), flat, nil)
		}
	}
	if len(x.fleet.agents) > 0 {
		x.settings()
	}
}

// shape looks for agents in a tree; around is what the map around it says.
func (x *terraform) shape(name string, t, around *tree, depth int) {
	if t == nil || depth > 5 {
		return
	}
	if t.kind == dict {
		if _, ok := portIn(t); ok {
			x.shaped(name, t, around)
			return
		}
	}
	for i, c := range t.items {
		child := name
		if t.kind == dict && !slices.Contains([]string{"container_definitions", "containers", "services", "service", "agents", "apps"}, t.keys[i]) {
			child = t.keys[i]
		}
		if t.kind == list {
			child = first(c.get("name").str(), fmt.Sprintf("%s-%d", name, i+1))
		}
		if c.kind != scalar {
			if t.kind == dict && t.first(cpuNames...) != nil || t.first(countNames...) != nil {
				around = t
			}
			x.shape(child, c, around, depth+1)
		}
	}
}

// portIn is the port of a map with the shape of an agent.
func portIn(t *tree) (*tree, bool) {
	for _, p := range []*tree{t.first(portNames...), firstOf(t.first("port_mappings", "portMappings")).first("containerPort", "container_port")} {
		if n, ok := p.number(); ok && n > 0 && n < 65536 && (t.first("protocol", "from_port", "cidr_blocks") == nil) {
			return p, true
		}
	}
	return nil, false
}

// shaped makes an agent of a map.
func (x *terraform) shaped(name string, t, around *tree) {
	port, ok := portIn(t)
	if !ok {
		port = t.first(portNames[1:]...)
	}
	a := x.fleet.addAgent(name, t.at)
	x.of[a.name], x.of[name] = a, a
	a.port, _ = port.number()
	port.carry(a.key("port"))
	pick := func(names []string) *tree {
		if v := t.first(names...); v != nil {
			return v
		}
		return around.first(names...)
	}
	cpuTree, memoryTree := pick(cpuNames), pick(memoryNames)
	cpu, _ := cpuTree.number()
	memory, _ := memoryTree.number()
	x.size(a, cpu, memory, t.at)
	if cpu > 0 || memory > 0 {
		cpuTree.carry(a.key("cpu"))
		memoryTree.carry(a.key("memory"))
	}
	x.takeImage(a, t.first(imageNames...))
	x.shapedValues(a, t)
	if c := t.get("command"); c != nil && c.kind == list {
		x.commandOf(a, c)
	}
	low, high, want := pick(minNames), pick(maxNames), pick(countNames)
	if n, ok := low.number(); ok {
		a.scale = &scale{min: n, none: true}
		a.scale.max, _ = high.number()
		low.carry(a.key("scale"))
		high.carry(a.key("scale"))
		want.own("between min and max, autoscaling decides")
	} else if n, ok := want.number(); ok {
		a.scale = &scale{min: n, max: max(n, 1), none: true}
		want.carry(a.key("scale"))
	}
	if s := pick(spotNames); s != nil {
		if on, said := s.yes(); said {
			a.spot = &spot{enabled: on}
			s.carry(a.key("spot"))
		}
	}
	if n := t.get("name"); n != nil {
		n.own("the agent's name")
	}
}

// shapedValues carries the path of the health check, variables and secrets over.
func (x *terraform) shapedValues(a *agent, t *tree) {
	if h := t.first(healthNames...); h != nil {
		if p := h.first("path"); h.kind == dict && p != nil {
			a.health.path = p.str()
			p.carry(a.key("health.path"))
		} else if strings.HasPrefix(h.str(), "/") {
			a.health.path = h.str()
			h.carry(a.key("health.path"))
		}
	}
	env := t.first(envNames...)
	for k, v := range env.each() {
		x.variable(a, k, v)
	}
	if env != nil && env.kind == list {
		for _, e := range env.items {
			if e.get("name") != nil && e.entry("value") != nil {
				x.variable(a, e.get("name").str(), e.entry("value"))
				e.get("name").set(e.entry("value").outcome, e.entry("value").key, e.entry("value").why)
			}
		}
	}
	secrets := t.first(secretNames...)
	for k, v := range secrets.each() {
		x.secretOf(a, k, v, v)
	}
	if secrets != nil && secrets.kind == list {
		for _, s := range secrets.items {
			x.secretOf(a, s.get("name").str(), s.first("valueFrom", "value_from"), s)
		}
	}
}

// settings carries over variables that say what a module is to do, where its
// resources are not here to say it.
func (x *terraform) settings() {
	f := &x.fleet
	v := func(names ...string) *tree {
		for _, n := range names {
			if t := x.vars[n]; t != nil && t.outcome == unread && !reference.MatchString(t.str()) && !t.null {
				return t
			}
		}
		return nil
	}
	if t := v("vpc_cidr", "cidr", "vpc_cidr_block"); t != nil && f.cidr == "" {
		f.cidr = t.str()
		t.carry("network.cidr")
	}
	if t := v("availability_zones", "azs"); t != nil && len(t.list()) > 1 {
		for _, z := range t.list() {
			f.zones = append(f.zones, z.str())
		}
		t.carry("network.azs")
	}
	if t := v("enable_nat_gateway"); t != nil {
		on, _ := t.yes()
		f.nat = map[bool]string{true: "single", false: "none"}[on]
		t.carry("network.nat")
	}
	if t := v("single_nat_gateway"); t != nil && f.nat != "none" {
		on, _ := t.yes()
		f.nat = map[bool]string{true: "single", false: "per-az"}[on]
		t.carry("network.nat")
	}
	if t := v("log_retention_days", "log_retention", "log_retention_in_days"); t != nil {
		f.retention, _ = t.number()
		t.carry("observability.log_retention_days")
	}
	if t := v("enable_container_insights", "container_insights"); t != nil {
		on, _ := t.yes()
		f.insights = map[bool]string{true: "on", false: "off"}[on]
		t.carry("observability.container_insights")
	}
	if t := v("alb_idle_timeout", "idle_timeout"); t != nil {
		f.idleTimeout, _ = t.number()
		t.carry("load_balancer.idle_timeout")
	}
}
