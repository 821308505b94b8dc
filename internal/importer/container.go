package importer

import (
	"slices"
	"strings"

	"github.com/karmacadabra/karmactl/internal/agents"
)

// container is how an agent's container runs. What is zero was not said.
type container struct {
	entrypoint         []string
	workdir, user      string
	readOnly, init     *bool
	openFiles, storage int
}

// settings are where a source says how a container runs; nil is not said. fill gives
// a tree's text with what it refers to filled in, unknown says who knows the rest.
type settings struct {
	entrypoint, workdir, user, readOnly, init, ulimits, storage *tree

	fill    func(*tree) string
	unknown string
}

// carrySettings carries over how the container runs.
func (a *agent) carrySettings(s settings) {
	a.carryEntrypoint(s)
	a.carryText(s, s.workdir, "workdir", &a.container.workdir)
	a.carryText(s, s.user, "user", &a.container.user)
	a.carryTruth(s, s.readOnly, "read_only", &a.container.readOnly)
	a.carryTruth(s, s.init, "init_process", &a.container.init)
	a.carryUlimits(s)
	if n, ok := whole(s, s.storage); ok && n > 20 {
		a.container.storage = a.within(s.storage, "a disk of GiB", n, 21, 200)
		s.storage.carry(a.key("storage"))
	} else if s.storage != nil {
		s.storage.own("20 GiB are every task's")
	}
}

func (a *agent) carryEntrypoint(s settings) {
	t := s.entrypoint
	if t == nil {
		return
	}
	var all []string
	if t.kind == scalar {
		all = words(s.fill(t))
	} else {
		for _, w := range t.items {
			all = append(all, s.fill(w))
		}
	}
	switch {
	case len(all) == 0:
		t.own("the image's own entrypoint")
	case !safe(all...):
		t.leave("it has something that looks like a secret: write entrypoint without it")
	case reference.MatchString(strings.Join(all, " ")):
		t.leave(s.unknown + ": write entrypoint")
	default:
		a.container.entrypoint = all
		t.carry(a.key("entrypoint"))
	}
}

// carryCommand carries over the words that a container runs with.
func (a *agent) carryCommand(t *tree, line []string) {
	switch {
	case t == nil:
	case safe(line...):
		a.command = line
		t.carry(a.key("command"))
	default:
		t.leave("it has something that looks like a secret: write command without it")
	}
}

func (a *agent) carryText(s settings, t *tree, name string, into *string) {
	switch text := s.fill(orNil(t)); {
	case t == nil || text == "":
	case reference.MatchString(text):
		t.leave(s.unknown + ": write " + name)
	default:
		*into = text
		t.carry(a.key(name))
	}
}

func (a *agent) carryTruth(s settings, t *tree, name string, into **bool) {
	if t == nil {
		return
	}
	if on, said := (&tree{text: s.fill(t)}).yes(); said && on {
		*into = &on
		t.carry(a.key(name))
	} else if said {
		t.own(notSet)
	}
}

// carryUlimits carries over the limit of open files, which is the one that Fargate
// takes: ECS's list of {name, softLimit, hardLimit}, or Compose's mapping.
func (a *agent) carryUlimits(s settings) {
	const others = "Fargate sets every limit but nofile"
	for name, t := range s.ulimits.each() {
		n, ok := whole(s, t)
		if soft, said := whole(s, t.first("hard", "soft")); said {
			n, ok = soft, true
		}
		a.carryOpenFiles(name, n, ok, t, others)
	}
	if s.ulimits == nil || s.ulimits.kind != list {
		return
	}
	for _, t := range s.ulimits.items {
		n, ok := whole(s, t.first("hardLimit", "hard_limit", "softLimit", "soft_limit"))
		a.carryOpenFiles(t.get("name").str(), n, ok, t, others)
	}
}

func (a *agent) carryOpenFiles(name string, n int, ok bool, t *tree, others string) {
	if name != "nofile" || !ok {
		t.leave(others)
		return
	}
	a.container.openFiles = a.within(t, "nofile", n, 1, 1<<20)
	t.carry(a.key("ulimits.nofile"))
}

func whole(s settings, t *tree) (int, bool) {
	if t == nil {
		return 0, false
	}
	return (&tree{text: s.fill(t)}).number()
}

// carryDrain carries over how long a task that leaves may finish its requests.
func (a *agent) carryDrain(t *tree) {
	if n, ok := seconds(t.str()); ok && t != nil {
		n = a.within(t, "deregistration delay", n, 0, 3600)
		a.drain = &n
		t.carry(a.key("drain"))
	}
}

// carrySticky carries over how long the load balancer's own cookie names a task; a day
// is what AWS takes where nothing is said.
func (a *agent) carrySticky(t *tree, kind string, lasts *tree) {
	if kind != "" && kind != "lb_cookie" {
		t.leave("the load balancer's own cookie is the one that karmactl sets: write stickiness")
		return
	}
	a.stickiness = 86400
	if n, ok := lasts.number(); ok {
		a.stickiness = a.within(lasts, "cookie_duration", n, 1, 604800)
	}
	t.carry(a.key("stickiness"))
}

// carryCredentials carries over the secret that signs in to the image's registry.
func (f *fleet) carryCredentials(a *agent, t *tree) {
	host := agents.RegistryOf(a.image)
	switch {
	case t == nil:
		return
	case host == "" || reference.MatchString(t.str()):
		t.leave("only the source knows it: write registries: {ghcr.io: SECRET}")
		return
	}
	if !slices.Contains(f.registries, pair{host, t.str()}) {
		f.registries = append(f.registries, pair{host, t.str()})
	}
	t.carry("registries." + host)
}

// write writes how the container runs.
func (c container) write(p *page, in int, key string) {
	p.texts(in, key+".entrypoint", c.entrypoint)
	p.text(in, key+".workdir", c.workdir)
	p.text(in, key+".user", c.user)
	p.truth(in, key+".read_only", c.readOnly)
	p.truth(in, key+".init_process", c.init)
	p.in(in, key+".ulimits", "ulimits", func() { p.number(in+1, key+".ulimits.nofile", c.openFiles) })
	p.number(in, key+".storage", c.storage)
}
