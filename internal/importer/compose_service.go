package importer

import (
	"fmt"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

// takeImage carries image and build over.
func (c *compose) takeImage(a *agent, s *tree) {
	image, b := s.get("image"), s.get("build")
	if b != nil {
		c.takeBuild(a, b)
		if image != nil {
			image.own("deploy --build pushes to the agent's own repository, with the commit as its tag")
		}
		return
	}
	text := c.fill(image)
	if reference.MatchString(text) {
		a.comments = append(a.comments, fmt.Sprintf("%s names an image that only the environment knows: write image here.", image.at))
		image.leave("the shell that runs compose fills it in: write image with its tag")
		return
	}
	a.image = text
	image.carry(a.key("image"))
}

// remoteContext tells a build's context that is no folder.
func remoteContext(s string) bool { return strings.Contains(s, "://") || strings.HasPrefix(s, "git@") }

func (c *compose) takeBuild(a *agent, b *tree) {
	a.build = &build{context: "."}
	key := a.key("build.")
	folder := func(s string) string {
		if remoteContext(s) {
			return s
		}
		return path.Clean(filepath.ToSlash(s))
	}
	if b.kind == scalar {
		a.build.context = folder(c.fill(b))
		b.carry(key + "context")
		return
	}
	for k, v := range b.each() {
		switch k {
		case "context":
			a.build.context = folder(c.fill(v))
			v.carry(key + k)
		case "dockerfile":
			a.build.dockerfile = c.fill(v)
			v.carry(key + k)
		case "target":
			a.build.target = c.fill(v)
			v.carry(key + k)
		case "args":
			for name, t := range variables(v).each() {
				c.buildArg(a, name, t)
			}
		case "platforms":
			c.platform(a, v)
		case "cache_from", "cache_to", "pull", "no_cache", "labels", "tags", "network", "shm_size":
			v.own("the builder's own settings")
		default:
			v.leave("build.args and build.target are all that a build takes")
		}
	}
}

func (c *compose) buildArg(a *agent, name string, t *tree) {
	text := c.fill(t)
	switch {
	case secretVariable(name, text):
		t.leave("it looks like a secret, and build arguments stay in the image: mount it as a build secret")
	case t.null || reference.MatchString(text):
		t.leave("the shell that runs compose fills it in: write build.args." + name)
	default:
		a.build.args = append(a.build.args, pair{name, text})
		t.carry(a.key("build.args." + name))
	}
}

func (c *compose) platform(a *agent, t *tree) {
	text := c.fill(orNil(t))
	for _, x := range t.list() {
		text += " " + c.fill(x)
	}
	switch {
	case strings.Contains(text, "arm64") && !strings.Contains(text, "amd64"):
		a.arch = "arm64"
		t.carry(a.key("arch"))
	case strings.Contains(text, "amd64") || strings.Contains(text, "x86_64"):
		a.arch = "x86_64"
		t.carry(a.key("arch"))
	default:
		t.leave("Fargate has x86_64 and arm64")
	}
}

// run carries over how the container runs: variables, command, stop.
func (c *compose) run(a *agent, s *tree) {
	for _, f := range c.filled(s.get("env_file")).list() {
		c.envFile(a, f)
	}
	for name, t := range variables(s.get("environment")).each() {
		t.text = c.fill(t)
		if host := c.store(t.text); host != "" && !secretVariable(name, t.text) {
			t.leave(fmt.Sprintf("%s is not an agent: write env: {%s: …} with the address of what replaces it", host, name))
			continue
		}
		if t.null && !secretVariable(name, "") {
			t.leave("the shell that runs compose fills it in: write env: {" + name + ": …}")
			continue
		}
		c.variable(a, name, t)
	}
	if t := c.filled(s.get("command")); t != nil {
		list := []string{}
		for _, w := range t.list() {
			list = append(list, w.str())
		}
		if t.kind == scalar {
			list = words(t.str())
		}
		switch joined := strings.Join(list, " "); {
		case !safe(list...):
			t.leave("it has something that looks like a secret: write command without it")
		case reference.MatchString(joined):
			t.leave("the shell that runs compose fills it in: write command")
		case len(list) > 0:
			a.command = list
			t.carry(a.key("command"))
		}
	}
	a.carrySettings(settings{
		entrypoint: s.get("entrypoint"), workdir: s.get("working_dir"), user: s.get("user"), readOnly: s.get("read_only"), init: s.get("init"),
		ulimits: s.get("ulimits"), fill: c.fill, unknown: "the shell that runs compose fills it in",
	})
	if t := s.get("stop_grace_period"); t != nil {
		if n, ok := seconds(c.fill(t)); ok {
			a.stopTimeout = a.within(t, "stop_grace_period", n, 2, 120)
			t.carry(a.key("stop_timeout"))
		}
	}
	if t := s.get("platform"); t != nil {
		c.platform(a, t)
	}
}

// store is the service that a text names as a host and that is no agent, or "".
func (c *compose) store(text string) string {
	for name := range c.root.get("services").each() {
		if c.gone[name] == "" && storeInstead(c.fill(orNil(c.root.get("services", name, "image")))) == "" {
			continue
		}
		if text == name || mentions(text, name) && (strings.Contains(text, "://") || strings.HasPrefix(text, name+":")) {
			return name
		}
	}
	return ""
}

func (c *compose) envFile(a *agent, f *tree) {
	name := f.str()
	if f.kind == dict {
		name = c.fill(orNil(f.get("path")))
	}
	path := filepath.Join(c.dir, name)
	root, err := envFile(relative(c.dir, path), path)
	if needed, said := f.get("required").yes(); err != nil && said && !needed {
		f.own("it is not there, and need not be")
		return
	}
	if err != nil {
		f.leave("the file is not there: write what is in it into env and secrets")
		return
	}
	f.own("its variables are read")
	for k, t := range root.each() {
		if host := c.store(t.text); host != "" && !secretVariable(k, t.text) {
			t.leave(fmt.Sprintf("%s is not an agent: write env: {%s: …} with the address of what replaces it", host, k))
			continue
		}
		c.variable(a, k, t)
	}
	c.roots = append(c.roots, root)
}

// sizes carries CPU, memory and the number of tasks over.
func (c *compose) sizes(a *agent, s *tree) {
	r := s.get("deploy", "resources")
	cpuTree := s.first("cpus")
	if t := r.get("limits", "cpus"); t != nil {
		cpuTree = t
	} else if t := r.get("reservations", "cpus"); t != nil && cpuTree == nil {
		cpuTree = t
	}
	memoryTree := s.first("mem_limit", "mem_reservation")
	if t := r.get("limits", "memory"); t != nil {
		memoryTree = t
	} else if t := r.get("reservations", "memory"); t != nil && memoryTree == nil {
		memoryTree = t
	}
	cpu, memory, at := 0, 0, Place{}
	if n, ok := cpuUnits(c.fill(orNil(cpuTree))); ok {
		cpu, at = n, cpuTree.at
	}
	if n, ok := mebibytes(c.fill(orNil(memoryTree))); ok {
		memory, at = n, memoryTree.at
	}
	if cpu > 0 || memory > 0 {
		c.size(a, cpu, memory, at)
		cpuTree.carry(a.key("cpu"))
		memoryTree.carry(a.key("memory"))
	}
	for _, t := range []*tree{r.get("reservations", "cpus"), r.get("reservations", "memory"), s.get("mem_reservation")} {
		if t != nil && t.outcome == unread {
			t.own("a task has its size for itself")
		}
	}
	for _, t := range []*tree{s.get("deploy", "replicas"), s.get("scale")} {
		if n, ok := (&tree{text: c.fill(orNil(t))}).number(); ok && t != nil {
			a.scale = &scale{min: n, max: max(n, 1), none: true}
			t.carry(a.key("scale"))
		}
	}
}

// aliases are further names by which a service is found in its networks.
func (c *compose) aliases(a *agent, name string, s *tree) {
	for _, n := range s.get("networks").each() {
		for _, t := range n.get("aliases").list() {
			if alias := c.fill(t); alias != name && alias != a.name {
				c.of[alias] = a
				t.leave("agents find each other by the agent's name: write " + a.name + " where others say " + alias)
			}
		}
	}
}

// rest gives an outcome to the keys that need no carrying.
func (c *compose) rest(s *tree) {
	for _, p := range s.get("ports").list() {
		p.settle(left, "an agent has one port: the first; serve a second one as an agent of its own, or on the same port")
	}
	s.get("expose").settle(own, "agents reach each other on their ports")
	for k, v := range s.each() {
		switch k {
		case "restart", "container_name", "hostname", "networks", "links", "logging", "pull_policy", "tty", "stdin_open", "attach", "develop", "deploy":
			if k == "deploy" {
				for dk, dv := range v.each() {
					switch dk {
					case "restart_policy", "update_config", "rollback_config", "mode", "endpoint_mode":
						dv.settle(own, "ECS starts again what stops, and rolls back what fails")
					case "resources":
						dv.get("reservations", "devices").settle(left, "Fargate has no GPU: keep it where it is, and give its address to the agents")
					}
				}
				continue
			}
			v.settle(own, ownWhy[k])
		case "profiles":
			v.settle(left, "Compose starts it when it is asked to, and every agent of agents.yaml runs: take it out, or write scale: {min: 0}")
		case "labels":
			v.settle(left, "put what AWS should show into tags")
		case "secrets", "configs":
			v.settle(left, "ECS gives secrets as environment variables: name them under secrets")
		}
	}
}

var ownWhy = map[string]string{
	"restart":        "ECS starts again what stops, and rolls back what fails",
	"container_name": "the agent's name", "hostname": "the agent's name",
	"networks": "one VPC, in which agents find each other by name", "links": "one VPC, in which agents find each other by name",
	"logging": "CloudWatch Logs", "pull_policy": "images are pinned by digest",
	"tty": "for a terminal only", "stdin_open": "for a terminal only", "attach": "for a terminal only",
	"develop": "for development only",
}

// together reads what needs all agents: who depends on whom.
func (c *compose) together(a *agent, s *tree) {
	d := s.get("depends_on")
	visit := func(to string, t *tree) {
		switch b := c.of[to]; {
		case b != nil && b.worker:
			t.own("a worker, which no one calls")
		case b != nil && b != a:
			if !slices.Contains(a.calls, b.name) {
				a.calls = append(a.calls, b.name)
			}
			t.carry(a.key("calls"))
		case c.gone[to] != "":
			t.own("what is no agent is there before agents start")
		}
	}
	for to, t := range d.each() {
		visit(to, t)
	}
	if d != nil && d.kind == list {
		for _, t := range d.items {
			visit(t.str(), t)
		}
	}
}
