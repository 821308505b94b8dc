package importer

import (
	"fmt"
	"slices"
	"strings"

	"github.com/karmacadabra/karmactl/internal/agents"
)

// agentsOwn is the container of a service that is the agent: the one behind the target
// group, else the one that has the service's name, else the first with a port.
func (x *terraform) agentsOwn(s *resource, lb *tree, all []*tree) *tree {
	for _, name := range []string{lb.get("container_name").str(), s.body.get("name").str(), x.agentName(s, all[0])} {
		if c := namedContainer(all, name); c != nil {
			return c
		}
	}
	if i := slices.IndexFunc(all, func(c *tree) bool { return firstOf(c.get("portMappings")) != nil }); i > 0 && lb == nil {
		return all[i]
	}
	return all[0]
}

// namedContainer is the container of a name, or nil.
func namedContainer(all []*tree, name string) *tree {
	i := slices.IndexFunc(all, func(c *tree) bool { return name != "" && c.get("name").str() == name })
	if i < 0 {
		return nil
	}
	return all[i]
}

// containersBeside carries over the containers of a task that are not the agent's own: the
// ones that others wait to end come before it, the rest is beside it.
func (x *terraform) containersBeside(a *agent, d, main *tree, all []*tree) {
	awaited := endFirst(all, main, func(name string) *tree { return namedContainer(all, name) }, dependencies)
	for _, c := range awaited {
		x.before(a, d, main, c)
	}
	for _, c := range all {
		if c != main && !slices.Contains(awaited, c) {
			x.sidecar(a, d, c)
		}
	}
	a.carryWaits(dependencies(main), x.opts.Services)
}

// endFirst are the containers that others wait to end, except the agent's own, each after those
// that it waits for itself.
func endFirst(all []*tree, main *tree, named func(string) *tree, waits func(*tree) []dependency) []*tree {
	seen, out := map[*tree]bool{main: true}, []*tree{}
	var before func(c *tree)
	before = func(c *tree) {
		for _, w := range waits(c) {
			if on := named(w.on); w.ends() && on != nil && on != c && !seen[on] {
				seen[on] = true // a file may have containers that wait for each other
				before(on)
				out = append(out, on)
			}
		}
	}
	for _, c := range all {
		before(c)
	}
	return out
}

// dependency is that a container starts after another one.
type dependency struct {
	on, condition string
	t             *tree
}

// ends tells whether it waits for the other one to end.
func (d dependency) ends() bool { return d.condition == "SUCCESS" || d.condition == "COMPLETE" }

func dependencies(c *tree) []dependency {
	var out []dependency
	for _, t := range c.first("dependsOn", "depends_on").list() {
		out = append(out, dependency{on: t.first("containerName", "container_name").str(), condition: strings.ToUpper(t.get("condition").str()), t: t})
	}
	return out
}

// carryWaits carries over what the agent's own container waits for. Of a fleet that is taken
// over, it waits for nothing else.
func (a *agent) carryWaits(all []dependency, asItIs bool) {
	said := map[string]bool{}
	for _, d := range all {
		name := agents.ContainerName(d.on)
		said[name] = true
		if i := called(a.inits, name); i >= 0 {
			if d.condition == "COMPLETE" {
				a.comments = append(a.comments, fmt.Sprintf("%s starts after %s has ended, however. Here it starts only when that succeeds.", d.t.at, name))
			}
			d.t.carry(fmt.Sprintf("%s.%d.name", a.key("init"), i))
			continue
		}
		i := called(a.sidecars, name)
		wait := map[string]string{"HEALTHY": "healthy", "START": "start"}[d.condition]
		if i < 0 || wait == "" {
			d.t.leave("agents.yaml has no container of this name to wait for: write sidecars, or init")
			continue
		}
		a.sidecars[i].wait = wait
		d.t.carry(a.sidecars[i].process.key("wait"))
	}
	for _, s := range a.sidecars { // an agent waits for one that is essential and has a check
		if !said[s.name] && (asItIs || s.essential == nil && len(s.process.health.container.command) > 0) {
			s.wait = "none"
		}
	}
}

// sidecar carries another container of a task definition over. X-Ray's is a key of its own.
func (x *terraform) sidecar(a *agent, d, c *tree) {
	image, name := c.get("image").str(), c.get("name").str()
	if strings.Contains(image, "xray-daemon") || strings.Contains(image, "aws-otel-collector") {
		x.fleet.xray = true
		c.get("name").carry("observability.xray")
		c.get("image").carry("observability.xray")
		c.settle(own, "observability.xray puts a collector into each task")
		return
	}
	switch {
	case image == "" || reference.MatchString(image):
		c.leave("only Terraform knows its image: write sidecars: {NAME: {image: …}}")
		return
	case c.first("firelensConfiguration", "firelens_configuration").said():
		c.leave("agents log to CloudWatch Logs: nothing routes their logs")
		return
	}
	s := a.addSidecar(name, c)
	if s == nil {
		return
	}
	c.get("name").carry(a.key("sidecars." + s.name))
	x.container(s.process, c)
	x.volumes(a, s, d, c)
	s.carryEssential(c.get("essential"))
	s.carrySize(c.get("cpu"), c.first("memory", "memoryReservation", "memory_reservation"))
	s.leaveRest(c)
	a.settleBeside(dependencies(c))
	leaveUnknown(c)
}

// before carries over a container that others wait to end.
func (x *terraform) before(a *agent, d, main, c *tree) {
	image, name := c.get("image").str(), c.get("name").str()
	same := image != "" && image == main.get("image").str() && c.get("command").said()
	if !same && (image == "" || reference.MatchString(image)) {
		c.leave("only Terraform knows its image: write init: [{name: NAME, image: …}]")
		return
	}
	s := a.addInit(name, c)
	if s == nil {
		return
	}
	c.get("name").carry(s.process.key("name"))
	x.container(s.process, c)
	x.volumes(a, s, d, c)
	if same {
		s.process.image = ""
		c.get("image").own("the agent's own image")
	}
	c.get("essential").own("what comes before the agent may end")
	for _, k := range []string{"healthCheck", "cpu", "memory", "memoryReservation"} {
		if t := c.get(k); t.said() {
			t.leaveWhole("what comes before the agent has the whole task")
		}
	}
	s.process.health.container = check{}
	s.leaveRest(c)
	settleInit(dependencies(c))
	leaveUnknown(c)
}

// leaveUnknown leaves what nothing has read of a container beside the agent's own.
func leaveUnknown(c *tree) {
	for _, t := range c.each() {
		if !t.said() {
			t.settle(own, notSet)
		}
	}
	c.settle(left, noCounterpart)
}

// settleInit says what becomes of what a container waits for that comes before the agent.
func settleInit(all []dependency) {
	for _, d := range all {
		if d.ends() {
			d.t.own("init runs in its order")
		} else {
			d.t.leave("init runs before the sidecars: put what it needs into init")
		}
	}
}

// settleBeside says what becomes of what a sidecar waits for: init ends before all sidecars start, and
// no sidecar waits for another one.
func (a *agent) settleBeside(all []dependency) {
	for _, d := range all {
		if d.ends() && called(a.inits, d.on) >= 0 {
			d.t.own("init has ended when the sidecars start")
			continue
		}
		d.t.leave("a sidecar waits for no other container: the agent waits for its sidecars, and for init")
	}
}

// leaveRest leaves what agents.yaml has no key for at a container that is not the agent's own.
func (s *sidecar) leaveRest(c *tree) {
	for _, k := range []string{"workingDirectory", "user", "readonlyRootFilesystem", "ulimits", "linuxParameters", "stopTimeout"} {
		if t := c.get(k); t.said() {
			t.leave(noSidecarKey)
		}
	}
	c.get("portMappings").settle(own, "the agent finds it at localhost")
}
