package importer

import (
	"fmt"
	"slices"
	"strings"
)

// sidecars carries a manifest's sidecars over: the containers that others wait to end come before the
// agent, the rest is beside it. main says what the agent's own container waits for.
// https://aws.github.io/copilot-cli/docs/manifest/lb-web-service/#image-depends-on
func (c *copilot) sidecars(a *agent, all, main *tree) {
	var awaited []string
	seen := map[string]bool{}
	var before func(d []dependency)
	before = func(d []dependency) { // those first that one of them waits for
		for _, x := range d {
			if m := all.entry(x.on); x.ends() && m != nil && !seen[x.on] {
				seen[x.on] = true
				before(waits(m.get("depends_on")))
				awaited = append(awaited, x.on)
			}
		}
	}
	before(waits(main))
	for _, m := range all.each() {
		before(waits(m.get("depends_on")))
	}
	for _, name := range awaited {
		c.before(a, name, all.entry(name))
	}
	for name, m := range all.each() {
		if !slices.Contains(awaited, name) {
			c.sidecar(a, name, m)
		}
	}
	a.carryWaits(waits(main), false)
}

// waits are what a container of a manifest waits for: start, healthy, complete or success.
func waits(t *tree) []dependency {
	var out []dependency
	for on, condition := range t.each() {
		out = append(out, dependency{on: on, condition: strings.ToUpper(condition.str()), t: condition})
	}
	return out
}

// imageOf is a sidecar's image; "" is one that Copilot builds or fills in.
func imageOf(m *tree) (string, *tree) {
	image := m.get("image").first("location")
	if image == nil {
		image = m.get("image")
	}
	if text := image.str(); image != nil && image.kind == scalar && !strings.Contains(text, "$") {
		return text, image
	}
	return "", image
}

// process carries over what runs in a container that is not the agent's own.
func (c *copilot) process(a *agent, s *sidecar, m *tree) {
	text, image := imageOf(m)
	s.process.image = text
	image.carry(s.process.key("image"))
	c.fleet.carryCredentials(s.process, m.get("credentialsParameter"))
	c.containerCheck(s.process, m.get("healthcheck"))
	c.container(s.process, m)
	c.variablesOf(s.process, m)
	m.get("port").settle(own, "the agent finds it at localhost")
	c.mountsBeside(a, s, m.get("mount_points"))
}

func (c *copilot) sidecar(a *agent, name string, m *tree) {
	if text, _ := imageOf(m); text == "" {
		m.leave("Copilot builds it or fills it in: write sidecars: {" + name + ": {image: …}}")
		return
	}
	s := a.addSidecar(name)
	if s == nil {
		m.leave(fmt.Sprintf("agents.yaml takes no container of the name %q: write sidecars: {NAME: {image: …}}", name))
		return
	}
	c.process(a, s, m)
	s.carryEssential(m.get("essential"))
	for _, d := range waits(m.get("depends_on")) {
		if d.ends() && a.comesBefore(d.on) {
			d.t.own("init has ended when the sidecars are called")
			continue
		}
		d.t.leave("a sidecar waits for no other container: the agent waits for its sidecars, and for init")
	}
	m.settle(left, noSidecarKey)
}

// comesBefore tells whether a container is one of init's.
func (a *agent) comesBefore(name string) bool {
	return slices.ContainsFunc(a.inits, func(s *sidecar) bool { return s.name == strings.ToLower(strings.Trim(name, "-_")) })
}

// before carries over a container that others wait to end.
func (c *copilot) before(a *agent, name string, m *tree) {
	if text, _ := imageOf(m); text == "" {
		m.leave("Copilot builds it or fills it in: write init: [{name: " + name + ", image: …}]")
		return
	}
	s := a.addInit(name)
	if s == nil {
		m.leave(fmt.Sprintf("agents.yaml takes no container of the name %q: write init: [{name: NAME, image: …}]", name))
		return
	}
	c.process(a, s, m)
	m.get("essential").own("what comes before the agent may end")
	m.get("healthcheck").leave("what comes before the agent has the whole task")
	s.process.health.container = check{}
	for _, d := range waits(m.get("depends_on")) {
		if d.ends() {
			d.t.own("init runs in its order")
		} else {
			d.t.leave("init runs before the sidecars: put what it needs into init")
		}
	}
	m.settle(left, noSidecarKey)
}
