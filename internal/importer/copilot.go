package importer

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// copilot is one Copilot workspace being read.
type copilot struct {
	*reading
	// dir is the copilot folder, base where paths in manifests begin.
	dir, base, said string
	manifests       map[string]*tree
	of              map[string]*agent
}

// ReadCopilot reads a copilot folder, or one manifest of it.
func ReadCopilot(dir, path string, o Options) (*Result, error) {
	c := &copilot{reading: &reading{opts: o}, said: dir, manifests: map[string]*tree{}, of: map[string]*agent{}}
	var files []string
	if info, err := os.Stat(path); err == nil && !info.IsDir() {
		files = []string{path}
		c.dir = filepath.Dir(filepath.Dir(path))
	} else {
		c.dir = path
		if files, err = filepath.Glob(filepath.Join(path, "*", "manifest.yml")); err != nil {
			return nil, fmt.Errorf("%s cannot be read: %w", path, err)
		}
	}
	c.base = filepath.Dir(c.dir)
	slices.Sort(files)
	for _, f := range files {
		t, err := c.file(f)
		if err != nil {
			return nil, err
		}
		c.manifests[filepath.Base(filepath.Dir(f))] = t
	}
	if err := c.workspace(); err != nil {
		return nil, err
	}
	env := c.environment()
	for _, jobs := range []bool{false, true} { // jobs come last, when all agents have their names
		for _, f := range files {
			folder := filepath.Base(filepath.Dir(f))
			if m := c.manifests[folder]; jobs == (m.get("type").str() == "Scheduled Job") {
				c.manifest(folder, m, env)
			}
		}
	}
	if err := c.environments(env); err != nil {
		return nil, err
	}
	c.addons()
	c.callsOf(c.of)
	c.defaults()
	return c.finish("AWS Copilot, "+relative(dir, c.dir)+"/", "manifests of type Load Balanced Web Service, Backend Service or Worker Service")
}

func (c *copilot) file(path string) (*tree, error) {
	src, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("the Copilot manifest cannot be read: %w", err)
	}
	t, err := yamlTree(relative(c.said, path), src)
	if err != nil {
		return nil, err
	}
	c.roots = append(c.roots, t)
	return t, nil
}

// workspace reads the application's name.
func (c *copilot) workspace() error {
	path := filepath.Join(c.dir, ".workspace")
	if _, err := os.Stat(path); err != nil {
		return nil
	}
	t, err := c.file(path)
	if err != nil {
		return err
	}
	if app := t.get("application"); app != nil {
		c.fleet.project = app.str()
		app.carry("project")
	}
	t.settle(own, "Copilot's own notes")
	return nil
}

// environment is the one that is imported: what the user names, else production, else the first.
func (c *copilot) environment() string {
	var all []string
	for _, name := range sortedNames(c.manifests) {
		for e := range c.manifests[name].get("environments").each() {
			all = append(all, e)
		}
	}
	if found, err := filepath.Glob(filepath.Join(c.dir, "environments", "*", "manifest.yml")); err == nil {
		for _, f := range found {
			all = append(all, filepath.Base(filepath.Dir(f)))
		}
	}
	if c.opts.Environment != "" {
		return c.opts.Environment
	}
	for _, want := range []string{"prod", "production", "live"} {
		if slices.Contains(all, want) {
			return want
		}
	}
	if len(all) > 0 {
		return all[0]
	}
	return ""
}

func sortedNames(m map[string]*tree) []string {
	var out []string
	for k := range m {
		out = append(out, k)
	}
	slices.Sort(out)
	return out
}

// manifest makes an agent of a service.
func (c *copilot) manifest(folder string, m *tree, env string) {
	if folder == "environments" || folder == "pipelines" {
		return
	}
	name := first(m.get("name").str(), folder)
	switch kind := m.get("type").str(); kind {
	case "Load Balanced Web Service", "Backend Service", "Request-Driven Web Service", "Worker Service":
	case "Scheduled Job":
		c.job(name, m, env)
		return
	case "Static Site":
		m.leave("not an agent: S3 and CloudFront serve it")
		return
	case "":
		if m.get("image") == nil {
			return // an environment's or a pipeline's
		}
	default:
		m.leave(kind + " is no kind of service that karmactl knows")
		return
	}
	whole := merged(m, m.get("environments", env))
	port := first(whole.get("image", "port").str(), whole.get("http", "target_port").str())
	a := c.fleet.addAgent(name, m.at)
	c.of[name] = a
	m.get("name").carry("agents." + a.name)
	a.worker = port == "" || m.get("type").str() == "Worker Service"
	if kind := m.get("type"); kind != nil {
		switch {
		case a.worker:
			kind.own("an agent without a port is a worker")
		case kind.str() == "Backend Service":
			a.public = new(bool)
			kind.carry(a.key("public"))
		default:
			kind.own("one kind of agent: behind the load balancer, and found by the others")
		}
	}
	if env != "" {
		c.fleet.environment = env
	}
	c.agentOf(a, whole)
	for e, t := range m.get("environments").each() {
		if e == env {
			continue
		}
		c.overlay(e, a, t)
	}
}

// merged lays an environment's tree over a manifest's. Entries keep their own places.
func merged(base, over *tree) *tree {
	if over == nil || base == nil || over.kind != dict || base.kind != dict {
		if over != nil {
			if base != nil && base != over {
				over.sources = append(over.sources, base) // what is overruled has the outcome of what overrules it
			}
			return over
		}
		return base
	}
	out := &tree{name: base.name, at: base.at, kind: dict}
	for i, k := range base.keys {
		if k == "environments" {
			continue
		}
		out.put(k, merged(base.items[i], over.get(k)))
	}
	for i, k := range over.keys {
		if out.get(k) == nil {
			out.put(k, over.items[i])
		}
	}
	return out
}

// overlay is what another environment says of an agent.
func (c *copilot) overlay(env string, a *agent, t *tree) {
	name := nearest(env, nearEnvironment, "other")
	b := &agent{name: a.name, at: t.at, prefix: "environments." + name + "."}
	roots := c.roots
	sub := &copilot{reading: &reading{opts: c.opts}, dir: c.dir, base: c.base, said: c.said, of: c.of}
	sub.fleet.project = c.fleet.project
	sub.agentOf(b, t)
	c.roots = append(roots, sub.roots...)
	for _, o := range c.fleet.environments {
		if o.name == name {
			o.agents = append(o.agents, b)
			return
		}
	}
	c.fleet.environments = append(c.fleet.environments, &overlay{name: name, agents: []*agent{b}})
}

// environments reads the environments' own manifests: network, certificates, insights.
func (c *copilot) environments(env string) error {
	files, err := filepath.Glob(filepath.Join(c.dir, "environments", "*", "manifest.yml"))
	if err != nil {
		return fmt.Errorf("%s cannot be read: %w", c.dir, err)
	}
	for _, f := range files {
		t, err := c.file(f)
		if err != nil {
			return err
		}
		if name := filepath.Base(filepath.Dir(f)); env != "" && name != env {
			t.get("type").own("it is an environment")
			t.get("name").own("of another environment")
			for k, v := range t.each() {
				if k != "type" && k != "name" {
					v.leave(fmt.Sprintf("of another environment: karmactl init --env %s reads it", name))
				}
			}
			continue
		}
		t.get("name").carry("environment")
		t.get("type").own("it is an environment")
		c.environmentManifest(t)
	}
	return nil
}

func (c *copilot) environmentManifest(t *tree) {
	if v := t.get("observability", "container_insights"); v != nil {
		on, _ := v.yes()
		c.fleet.insights = map[bool]string{true: "on", false: "off"}[on]
		v.carry("observability.container_insights")
	}
	if v := t.get("network", "vpc", "cidr"); v != nil {
		c.fleet.cidr = v.str()
		v.carry("network.cidr")
	}
	var zones []string
	for _, tier := range []string{"public", "private"} {
		subnets := t.get("network", "vpc", "subnets", tier)
		for _, s := range subnets.list() {
			az := s.get("az")
			if az == nil {
				continue
			}
			if !slices.Contains(zones, az.str()) {
				zones = append(zones, az.str())
			}
			az.carry("network.azs")
			s.get("cidr").leave("karmactl divides network.cidr into subnets by itself")
		}
	}
	if len(zones) > 1 {
		c.fleet.zones = zones
		c.fleet.region = strings.TrimRight(zones[0], "abcdef")
	}
	t.get("network", "vpc", "id").leave("karmactl makes a VPC of its own; network.vpc, public and private name one that is there instead")
	t.get("network", "vpc", "flow_logs").leave("turn flow logs on for karmactl's VPC at AWS")
	t.get("cdn").leave("put CloudFront in front of the load balancer yourself")
	for _, arn := range t.get("http", "public", "certificates").list() {
		c.fleet.carryCertificate(arn)
	}
	t.get("http", "public", "certificates").settle(left, "load_balancer.certificate takes the ARN of one; load_balancer.domain makes one of its own")
	if v := t.get("http", "public", "access_logs"); v != nil {
		if b := v.get("bucket_name"); b != nil {
			c.fleet.accessLogs = b.str()
			b.carry("load_balancer.access_logs")
		} else {
			v.leave("load_balancer.access_logs names a bucket that is there")
		}
	}
	t.get("http", "public", "ssl_policy").leave("karmactl sets a current TLS policy")
}

// addons are CloudFormation of the user's own.
func (c *copilot) addons() {
	for _, pattern := range []string{"*/addons/*.yml", "*/addons/*.yaml", "environments/addons/*.yml", "*/overrides/*", "pipelines/*/*.yml"} {
		files, err := filepath.Glob(filepath.Join(c.dir, pattern))
		if err != nil {
			continue
		}
		for _, f := range files {
			root := &tree{name: filepath.Base(f), at: Place{File: relative(c.said, f)}}
			switch {
			case strings.HasPrefix(pattern, "pipelines"):
				root.leave("a pipeline: run karmactl deploy from your own CI")
			default:
				root.leave("CloudFormation of your own: keep the resources in a stack of their own; their addresses and rights do not come by themselves")
			}
			c.roots = append(c.roots, root)
		}
	}
}

// defaults writes what Copilot does where a manifest is silent and karmactl would
// do something else: one task, on demand.
func (c *copilot) defaults() {
	cheaper := false
	for _, a := range c.fleet.agents {
		c.askPath(a)
		if a.scale == nil {
			a.scale = &scale{min: 1, max: 1, none: true}
		}
		if a.spot == nil {
			a.spot, cheaper = &spot{}, true
		}
	}
	if cheaper {
		c.notes = append(c.notes, "Copilot runs tasks on demand unless a manifest says spot, and so does this file: spot: true is some 70 % cheaper")
	}
}
