package importer

import (
	"os"
	"path/filepath"
	"slices"
)

// A compose file may take others in, and a service what another one says: in the order and by
// the rules of https://docs.docker.com/reference/compose-file/include/ and
// https://docs.docker.com/reference/compose-file/services/#extends.

// deepestExtends guards against services that extend each other.
const deepestExtends = 12

// file is another compose file, with its paths as they are seen from the first one; nil where it
// is not there. Its services are read once.
func (c *compose) file(name string) *tree {
	path := filepath.Join(c.dir, name)
	if t, known := c.files[path]; known {
		return t
	}
	c.files[path] = nil
	src, err := os.ReadFile(path)
	if err != nil {
		return nil
	}
	root, err := yamlTree(relative(c.from, path), src)
	if err != nil {
		return nil
	}
	for _, s := range root.get("services").each() {
		c.rebase(s, filepath.Dir(name))
	}
	c.files[path] = root
	return root
}

// rebase tells the paths of a service from the first file's folder.
func (c *compose) rebase(s *tree, dir string) {
	for _, t := range []*tree{s.get("build"), s.get("build", "context"), s.get("extends", "file")} {
		c.rebased(t, dir)
	}
	for _, t := range s.get("env_file").list() {
		c.rebased(t, dir)
		c.rebased(t.get("path"), dir)
	}
}

func (c *compose) rebased(t *tree, dir string) {
	if text := c.fill(orNil(t)); text != "" && !filepath.IsAbs(text) && !variable.MatchString(text) && !remoteContext(text) {
		t.text = filepath.ToSlash(filepath.Join(dir, text))
	}
}

// include takes in the files that the first one includes, and what they include.
func (c *compose) include(t *tree, dir string, depth int) {
	for _, one := range t.list() {
		paths := []*tree{one}
		if one.kind == dict {
			paths = one.get("path").list()
		}
		for _, p := range paths {
			name := filepath.Join(dir, c.fill(p))
			root := c.file(name)
			if root == nil || depth > deepestExtends {
				p.leave("the file is not there: karmactl init --from FILE reads it by itself")
				continue
			}
			p.own("what it has is read")
			c.include(root.get("include"), filepath.Dir(name), depth+1)
			c.takeIn(root)
		}
		for k, x := range one.each() {
			if k != "path" {
				x.settle(left, "paths and variables of a file are those of its own folder and of .env")
			}
		}
	}
}

// takeIn lays another file's services, volumes and the rest below the first one's.
func (c *compose) takeIn(from *tree) {
	for k, v := range from.each() {
		have := c.root.get(k)
		switch {
		case k == "include" || k == "name" || k == "version":
		case have == nil:
			c.root.put(k, v)
		case have.kind == dict && v.kind == dict:
			for name, x := range v.each() {
				if have.entry(name) == nil {
					have.put(name, x)
				}
			}
		}
	}
}

// extends lays what another service says below a service, of the same file or of another.
func (c *compose) extends(s, services *tree, depth int) {
	e := s.get("extends")
	if e == nil || depth > deepestExtends {
		return
	}
	name, file := first(e.get("service").str(), e.str()), c.fill(orNil(e.get("file")))
	if file != "" {
		root := c.file(file)
		if root == nil {
			e.leave("the file is not there: write here what it says")
			return
		}
		services = root.get("services")
		if services != nil && !slices.Contains(c.extended, services) {
			c.extended = append(c.extended, services)
		}
	}
	base := services.get(name)
	if base == nil || base.kind != dict {
		e.leave("there is no service of this name: write here what it says")
		return
	}
	e.own("laid over " + name)
	c.bases = append(c.bases, base)
	below := base.ref(s.name)
	c.extends(below, services, depth+1)
	layOver(s, below)
}

// notMerged are lists that one service has instead of another's; lists of NAME=value are maps.
var (
	notMerged = []string{"command", "entrypoint", "test", "extends"}
	listedMap = []string{"environment", "labels", "args", "depends_on", "networks", "extra_hosts"}
)

// layOver lays what a base says below what is there.
func layOver(t, base *tree) {
	for k, v := range base.each() {
		have := t.entry(k)
		if slices.Contains(listedMap, k) {
			variables(have)
			variables(v)
		}
		switch {
		case k == "extends": // what it extends is in base
		case have == nil || have.null && v.kind != scalar:
			t.put(k, v)
		case have.kind == dict && v.kind == dict:
			layOver(have, v)
		case have.kind == list && v.kind == list && !slices.Contains(notMerged, k):
			have.items = slices.Concat(v.items, have.items)
		case k == "env_file": // one file, or a list of them
			after := have.items
			if have.kind == scalar {
				after = []*tree{have.ref(have.name)}
			}
			have.items, have.kind = slices.Concat(v.list(), after), list
		default:
			v.own("overruled by " + have.at.String())
		}
	}
}
