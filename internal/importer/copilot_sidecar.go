package importer

import (
	"slices"
	"strings"
)

// sidecars carries a manifest's sidecars over: the containers that others wait to end come before the
// agent, the rest is beside it. What the agent's own container waits for is said at its image.
// https://aws.github.io/copilot-cli/docs/manifest/lb-web-service/#image-depends-on
func (c *copilot) sidecars(a *agent, all, image *tree) {
	names := map[*tree]string{}
	containers := []*tree{image}
	for name, m := range all.each() {
		names[m] = name
		containers = append(containers, m)
	}
	awaited := endFirst(containers, image, all.entry, waits)
	for _, m := range awaited {
		c.before(a, names[m], m)
	}
	for name, m := range all.each() {
		if !slices.Contains(awaited, m) {
			c.sidecar(a, name, m)
		}
	}
	a.carryWaits(waits(image), false)
}

// waits are what a container of a manifest waits for: start, healthy, complete or success.
func waits(m *tree) []dependency {
	var out []dependency
	for on, condition := range m.get("depends_on").each() {
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
	s := a.addSidecar(name, m)
	if s == nil {
		return
	}
	c.process(a, s, m)
	s.carryEssential(m.get("essential"))
	a.settleBeside(waits(m))
	m.settle(left, noSidecarKey)
}

// before carries over a container that others wait to end.
func (c *copilot) before(a *agent, name string, m *tree) {
	if text, _ := imageOf(m); text == "" {
		m.leave("Copilot builds it or fills it in: write init: [{name: " + name + ", image: …}]")
		return
	}
	s := a.addInit(name, m)
	if s == nil {
		return
	}
	c.process(a, s, m)
	m.get("essential").own("what comes before the agent may end")
	m.get("healthcheck").leaveWhole("what comes before the agent has the whole task")
	s.process.health.container = check{}
	settleInit(waits(m))
	m.settle(left, noSidecarKey)
}
