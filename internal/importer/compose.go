package importer

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/karmacadabra/karmactl/internal/lazyregexp"
)

// composeFiles are the names that Compose looks for, in its order.
var composeFiles = []string{"compose.yaml", "compose.yml", "docker-compose.yaml", "docker-compose.yml"}

// compose is one compose file being read.
type compose struct {
	*reading
	// dir is the first file's folder, from the one that paths are told from.
	dir, from string
	root      *tree
	shell     map[string]*tree // .env, by variable
	// of are the agents by the service's name.
	of map[string]*agent
	// gone are the services that are no agents.
	gone map[string]string
	// images are the Dockerfiles of the builds, by path.
	images map[string]*dockerfile
	// mounted are the agents that mount the named volumes first.
	mounted map[string]*agent
	// files are the other files that were read, by path; extended are the services of the files that
	// are only extended, and bases the services that are.
	files           map[string]*tree
	extended, bases []*tree
}

// ReadCompose reads a compose file. dir is the folder that paths are told from.
func ReadCompose(dir, path string, o Options) (*Result, error) {
	src, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("the compose file cannot be read: %w", err)
	}
	file := relative(dir, path)
	root, err := yamlTree(file, src)
	if err != nil {
		return nil, err
	}
	c := &compose{
		reading: &reading{opts: o, roots: []*tree{root}}, dir: filepath.Dir(path), from: dir, root: root, files: map[string]*tree{},
		shell: map[string]*tree{}, of: map[string]*agent{}, gone: map[string]string{}, images: map[string]*dockerfile{}, mounted: map[string]*agent{},
	}
	c.dotEnv(dir)
	c.include(root.get("include"), "", 0)
	c.top()
	services := root.get("services")
	for name, s := range services.each() {
		c.service(name, s)
	}
	for name, s := range services.each() {
		if a := c.of[name]; a != nil {
			c.together(a, s)
		}
	}
	for _, d := range c.images {
		d.root.settle(own, "part of the image")
	}
	for _, t := range c.extended { // what is extended is told of where it is laid over
		for _, s := range t.each() {
			if !slices.Contains(c.bases, s) {
				s.own("no service extends it")
				c.roots = append(c.roots, s)
			}
		}
	}
	root.get("volumes").settle(left, "no agent mounts it")
	c.callsOf(c.of)
	for _, a := range c.fleet.agents {
		c.askPath(a)
	}
	return c.finish("a compose file, "+file, "services with an image or a build")
}

// top reads what is beside services.
func (c *compose) top() {
	for k, v := range c.root.each() {
		switch {
		case k == "name":
			c.fleet.project = c.fill(v)
			v.carry("project")
		case k == "version":
			v.own("compose files have no version any more")
		case k == "networks":
			v.settle(own, "one VPC, in which agents find each other by name")
		case k == "secrets", k == "configs":
			v.leave("karmactl secrets set puts a value into an agent's own secret")
		case strings.HasPrefix(k, "x-"):
			v.settle(own, "merged where it is used")
		}
	}
}

var variable = lazyregexp.New(`\$\$|\$\{([A-Za-z_][A-Za-z0-9_]*)(?:(:?[-?+])([^{}]*))?\}|\$([A-Za-z_][A-Za-z0-9_]*)`)

// fill replaces ${NAME} and ${NAME:-default} by what .env and the default say.
// A name without a value stays as it is.
func (c *compose) fill(t *tree) string {
	return variable.ReplaceAllStringFunc(t.str(), func(m string) string {
		if m == "$$" {
			return "$"
		}
		p := variable.FindStringSubmatch(m)
		name := first(p[1], p[4])
		if v := c.shell[name]; v != nil && (v.text != "" || !strings.HasPrefix(p[2], ":")) {
			t.sources = append(t.sources, v)
			return v.text
		}
		if strings.HasSuffix(p[2], "-") {
			return p[3]
		}
		return "${" + name + "}"
	})
}

// filled fills a tree in place.
func (c *compose) filled(t *tree) *tree {
	if t == nil {
		return nil
	}
	if t.kind == scalar && !t.null {
		t.text = c.fill(t)
	}
	for _, x := range t.items {
		c.filled(x)
	}
	return t
}

// dotEnv reads the .env beside the compose file, from which Compose fills variables.
func (c *compose) dotEnv(dir string) {
	path := filepath.Join(c.dir, ".env")
	root, err := envFile(relative(dir, path), path)
	if err != nil {
		return
	}
	for k, v := range root.each() {
		c.shell[k] = v
	}
	c.roots = append(c.roots, root)
}

// envFile reads NAME=value lines.
func envFile(file, path string) (*tree, error) {
	src, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	root := &tree{at: Place{File: file}, kind: dict}
	for i, line := range strings.Split(string(src), "\n") {
		line = strings.TrimPrefix(strings.TrimSpace(line), "export ")
		name, value, ok := strings.Cut(line, "=")
		if !ok || strings.HasPrefix(line, "#") {
			continue
		}
		value = strings.TrimSpace(value)
		if n := len(value); n > 1 && (value[0] == '"' || value[0] == '\'') && value[n-1] == value[0] {
			value = value[1 : n-1]
		} else if k := strings.Index(value, " #"); k >= 0 {
			value = strings.TrimSpace(value[:k])
		}
		name = strings.TrimSpace(name)
		root.put(name, &tree{name: name, text: value, at: Place{File: file, Line: i + 1}})
	}
	return root, nil
}

// service makes an agent of a service, where it is one.
func (c *compose) service(name string, s *tree) {
	if s.kind != dict {
		return
	}
	c.extends(s, c.root.get("services"), 0)
	image := c.fill(orNil(s.get("image")))
	if why := storeInstead(image); why != "" && s.get("build") == nil {
		c.gone[name] = why
		s.leave(why)
		return
	}
	if s.get("image") == nil && s.get("build") == nil {
		s.leave("it has neither an image nor a build")
		return
	}
	d := c.dockerfileOf(s)
	a := c.fleet.addAgent(name, s.at)
	c.of[name] = a
	if port, from := c.port(s, d); port > 0 {
		a.port = port
		from.carry(a.key("port"))
	} else {
		a.worker = true
		a.comments = append(a.comments, "It names no port: a worker, which no one calls.")
	}
	c.takeImage(a, s)
	c.volumes(a, s)
	if d != nil {
		c.image(a, d, false)
	}
	c.run(a, s)
	c.sizes(a, s)
	c.healthcheck(a, s)
	c.aliases(a, name, s)
	c.rest(s)
}

func orNil(t *tree) *tree {
	if t == nil {
		return &tree{null: true}
	}
	return t
}

// dockerfileOf reads the Dockerfile of a build, for the ports that it exposes.
func (c *compose) dockerfileOf(s *tree) *dockerfile {
	b := s.get("build")
	if b == nil {
		return nil
	}
	context, file := c.fill(b), "Dockerfile"
	if b.kind == dict {
		context = c.fill(orNil(b.get("context")))
		file = first(c.fill(orNil(b.get("dockerfile"))), file)
	}
	path := filepath.Join(c.dir, context, file)
	if d, known := c.images[path]; known {
		return d
	}
	d, err := readDockerfile(path, relative(c.dir, path))
	if err != nil {
		return nil // a context that is elsewhere, or not there yet
	}
	c.images[path] = d
	c.roots = append(c.roots, d.root)
	return d
}

// port is the container's port, and where it is said.
func (c *compose) port(s *tree, d *dockerfile) (int, *tree) {
	for _, p := range c.filled(s.get("ports")).list() {
		if n := containerPort(p); n > 0 {
			return n, p
		}
	}
	for _, p := range c.filled(s.get("expose")).list() {
		if n := containerPort(p); n > 0 {
			return n, p
		}
	}
	if t := variables(s.get("environment")).get("PORT"); t != nil {
		if n, ok := (&tree{text: c.fill(t)}).number(); ok {
			return n, t
		}
	}
	if command, t := c.test(s); command != nil {
		if _, n := probe(command); n > 0 {
			return n, t
		}
	}
	if d != nil {
		return d.port()
	}
	return 0, nil
}

var portText = lazyregexp.New(`(?:^|:)(\d+)(?:-\d+)?(?:/tcp)?$`)

// containerPort reads 8080, 80:8080, 127.0.0.1:80:8080/tcp and {target: 8080}.
func containerPort(p *tree) int {
	if p.kind == dict {
		n, _ := p.get("target").number()
		if p.get("protocol").str() == "udp" {
			return 0
		}
		return n
	}
	if m := portText.FindStringSubmatch(p.str()); m != nil {
		n, _ := (&tree{text: m[1]}).number()
		return n
	}
	return 0
}

// variables are a mapping of variables; a list of NAME=value becomes one.
func variables(t *tree) *tree {
	if t == nil || t.kind != list {
		return t
	}
	t.kind = dict
	for _, x := range t.items {
		name, value, said := strings.Cut(x.text, "=")
		x.text, x.null, x.name = value, !said, below(t.name, name)
		t.keys = append(t.keys, name)
	}
	return t
}
