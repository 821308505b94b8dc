package importer

import (
	"fmt"
	"slices"

	"github.com/karmacadabra/karmactl/internal/agents"
	"github.com/karmacadabra/karmactl/internal/lazyregexp"
)

// sidecar is a container beside an agent's own: what it shares with an agent is in a
// process of its own, and Terraform's and Copilot's readers fill it in like an agent's.
type sidecar struct {
	name        string
	process     *agent
	essential   *bool
	wait        string // what the agent waits for; "" leaves it to agents.yaml
	cpu, memory int
}

// noSidecarKey is why a setting of a sidecar's container stays behind.
const noSidecarKey = "a sidecar has the image's own"

var containerName = lazyregexp.New(`^[a-z][a-z0-9]*([-_][a-z0-9]+)*$`)

// called is where a container is in a list by the name that a source has for it; -1 is nowhere.
func called(all []*sidecar, name string) int {
	return slices.IndexFunc(all, func(s *sidecar) bool { return s.name == agents.ContainerName(name) })
}

// nameOfContainer is the name of another container as agents.yaml writes it. "" is one that
// it does not take, or that another container has: t is left then, with what to write instead.
func (a *agent) nameOfContainer(name string, t *tree, write string) string {
	written := agents.ContainerName(name)
	if !containerName.MatchString(written) || written == a.name || called(a.sidecars, name) >= 0 || called(a.inits, name) >= 0 {
		t.leave(fmt.Sprintf("agents.yaml takes no container of the name %q: write %s", name, write))
		return ""
	}
	return written
}

// addSidecar gives an agent a sidecar, which is read like an agent; nil is a name that
// agents.yaml does not take, and t is left.
func (a *agent) addSidecar(name string, t *tree) *sidecar {
	written := a.nameOfContainer(name, t, "sidecars: {NAME: {image: …}}")
	if written == "" {
		return nil
	}
	s := &sidecar{name: written, process: &agent{name: a.name + ".sidecars." + written, prefix: a.prefix, section: a.section, at: a.at}}
	a.sidecars = append(a.sidecars, s)
	return s
}

// addInit gives an agent a container that comes before it; nil is a name that agents.yaml
// does not take, and t is left.
func (a *agent) addInit(name string, t *tree) *sidecar {
	written := a.nameOfContainer(name, t, "init: [{name: NAME, image: …}]")
	if written == "" {
		return nil
	}
	s := &sidecar{name: written, process: &agent{name: fmt.Sprintf("%s.init.%d", a.name, len(a.inits)), prefix: a.prefix, section: a.section, at: a.at}}
	a.inits = append(a.inits, s)
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
	if on {
		t.own("the task ends with it")
		return
	}
	s.essential = &on
	t.carry(s.process.key("essential"))
}

// writeContainers writes the containers beside an agent's own, and the ones before it.
func (a *agent) writeContainers(p *page, in int, key string) {
	p.in(in, key+".sidecars", "sidecars", func() {
		for _, s := range a.sidecars {
			at := key + ".sidecars." + s.name
			p.in(in+1, at, s.name, func() {
				s.writeProcess(p, in+2, at)
				if c := s.process.health.container; len(c.command) > 0 {
					p.entry(in+2, at+".health.command", "health", c.yaml())
				}
				p.truth(in+2, at+".essential", s.essential)
				p.text(in+2, at+".wait", s.wait)
				p.number(in+2, at+".cpu", s.cpu)
				p.number(in+2, at+".memory", s.memory)
			})
		}
	})
	p.in(in, key+".init", "init", func() {
		for i, s := range a.inits {
			at := fmt.Sprintf("%s.init.%d", key, i)
			p.listed(in+1, at+".name", "name: "+scalarText(s.name))
			s.writeProcess(p, in+2, at)
		}
	})
}

// writeProcess writes what a sidecar and an init container share.
func (s *sidecar) writeProcess(p *page, in int, at string) {
	a := s.process
	p.text(in, at+".image", a.image)
	p.texts(in, at+".entrypoint", a.container.entrypoint)
	p.texts(in, at+".command", a.command)
	a.writeEnv(p, in, at)
	writeVolumes(p, in, at, a.volumes)
}

// said tells whether a value is there and says something.
func (t *tree) said() bool {
	return t != nil && (t.kind != scalar && len(t.items) > 0 || t.kind == scalar && t.text != "" && t.text != "false" && t.text != "0")
}
