package importer

import (
	"fmt"
	"strings"

	"github.com/karmacadabra/karmactl/internal/lazyregexp"
)

// sidecar is a container beside an agent's own: what it shares with an agent is in a
// process of its own, and Terraform's and Copilot's readers fill it in like an agent's.
type sidecar struct {
	name        string
	process     *agent
	essential   *bool
	cpu, memory int
}

// noSidecarKey is why a setting of a sidecar's container stays behind.
const noSidecarKey = "a sidecar has the image's own"

var containerName = lazyregexp.New(`^[a-z][a-z0-9]*([-_][a-z0-9]+)*$`)

// addSidecar gives an agent a sidecar, which is read like an agent; nil is a name that
// agents.yaml does not take.
func (a *agent) addSidecar(name string) *sidecar {
	written := strings.ToLower(strings.Trim(name, "-_"))
	if !containerName.MatchString(written) || written == a.name {
		return nil
	}
	for _, s := range a.sidecars {
		if s.name == written {
			return nil
		}
	}
	s := &sidecar{name: written, process: &agent{name: a.name + ".sidecars." + written, prefix: a.prefix, at: a.at}}
	a.sidecars = append(a.sidecars, s)
	return s
}

// carrySize carries over what a container keeps of the task's size for itself.
func (s *sidecar) carrySize(cpu, memory *tree) {
	if n, ok := cpu.number(); ok && n > 0 {
		s.cpu = n
		cpu.carry(s.process.key("cpu"))
	}
	if n, ok := memory.number(); ok && n >= 6 {
		s.memory = n
		memory.carry(s.process.key("memory"))
	}
}

// carryEssential carries over whether the task ends with it; nothing said is yes.
func (s *sidecar) carryEssential(t *tree) {
	on, said := t.yes()
	if t == nil || !said {
		return
	}
	if !on {
		s.essential = &on
	}
	t.carry(s.process.key("essential"))
}

// write writes the sidecars of an agent.
func writeSidecars(p *page, in int, key string, all []*sidecar) {
	p.in(in, key+".sidecars", "sidecars", func() {
		for _, s := range all {
			at, a := key+".sidecars."+s.name, s.process
			p.in(in+1, at, s.name, func() {
				p.text(in+2, at+".image", a.image)
				p.texts(in+2, at+".entrypoint", a.container.entrypoint)
				p.texts(in+2, at+".command", a.command)
				p.pairs(in+2, at+".env", "env", a.env)
				p.in(in+2, at+".secrets", "secrets", func() {
					for _, x := range a.secrets {
						p.entry(in+3, at+".secrets."+x.env, x.env, x.yaml())
					}
				})
				if c := a.health.container; len(c.command) > 0 {
					p.entry(in+2, at+".health.command", "health", c.yaml())
				}
				p.truth(in+2, at+".essential", s.essential)
				p.number(in+2, at+".cpu", s.cpu)
				p.number(in+2, at+".memory", s.memory)
			})
		}
	})
}

// sidecar carries another container of a task definition over. X-Ray's is a key of its own.
func (x *terraform) sidecar(a *agent, c *tree) {
	image, name := c.get("image").str(), c.get("name").str()
	if strings.Contains(image, "xray-daemon") || strings.Contains(image, "aws-otel-collector") {
		x.fleet.xray = true
		c.get("name").carry("observability.xray")
		c.get("image").carry("observability.xray")
		c.settle(own, "observability.xray puts a collector into each task")
		return
	}
	if image == "" || reference.MatchString(image) {
		c.leave("only Terraform knows its image: write sidecars: {NAME: {image: …}}")
		return
	}
	s := a.addSidecar(name)
	if s == nil {
		c.leave(fmt.Sprintf("agents.yaml takes no container of the name %q: write sidecars: {NAME: {image: …}}", name))
		return
	}
	c.get("name").carry(a.key("sidecars." + s.name))
	x.container(s.process, c)
	s.carryEssential(c.get("essential"))
	s.carrySize(c.get("cpu"), c.first("memory", "memoryReservation", "memory_reservation"))
	for _, k := range []string{"workingDirectory", "user", "readonlyRootFilesystem", "ulimits", "linuxParameters", "stopTimeout"} {
		if t := c.get(k); t.said() {
			t.leave(noSidecarKey)
		}
	}
	if t := c.first("mountPoints", "mount_points"); t.said() {
		t.leave(ofSidecars)
	}
	if t := c.get("dependsOn"); t.said() {
		t.leave("the agent waits for its sidecars: write init for what has to end before it starts, or wait")
	}
	c.get("portMappings").settle(own, "the agent finds it at localhost")
	c.settle(own, "not set")
}

// said tells whether a value is there and says something.
func (t *tree) said() bool {
	return t != nil && (t.kind != scalar && len(t.items) > 0 || t.kind == scalar && t.text != "" && t.text != "false" && t.text != "0")
}

// sidecars carries a manifest's sidecars over.
func (c *copilot) sidecars(a *agent, all *tree) {
	for name, m := range all.each() {
		image := m.get("image").first("location")
		if image == nil {
			image = m.get("image")
		}
		if text := image.str(); image == nil || image.kind != scalar || text == "" || strings.Contains(text, "$") {
			m.leave("Copilot builds it or fills it in: write sidecars: {" + name + ": {image: …}}")
			continue
		}
		s := a.addSidecar(name)
		if s == nil {
			m.leave(fmt.Sprintf("agents.yaml takes no container of the name %q: write sidecars: {NAME: {image: …}}", name))
			continue
		}
		s.process.image = image.str()
		image.carry(s.process.key("image"))
		c.fleet.carryCredentials(s.process, m.get("credentialsParameter"))
		c.containerCheck(s.process, m.get("healthcheck"))
		c.container(s.process, m)
		c.variablesOf(s.process, m)
		s.carryEssential(m.get("essential"))
		m.get("port").settle(own, "the agent finds it at localhost")
		m.get("depends_on").settle(left, "the agent waits for its sidecars: write init for what has to end before it starts, or wait")
		m.get("mount_points").settle(left, ofSidecars)
		m.settle(left, noSidecarKey)
	}
}
