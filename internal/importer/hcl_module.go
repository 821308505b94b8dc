package importer

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/hashicorp/hcl/v2/hclsyntax"
)

// resource is one instance of a Terraform resource or data source, from *.tf files,
// a state or a plan.
type resource struct {
	// addr is Terraform's address: module.x.aws_ecs_service.this["api"].
	addr, kind, name, key string
	data                  bool
	body                  *tree
}

// load works out a module: variables, then resources, and the modules that it calls.
// args are what a call gives the variables.
func (m *module) load(x *terraform, args *tree) error {
	if err := m.variables(x, args); err != nil {
		return err
	}
	for _, b := range m.blocks("locals") {
		for name, a := range b.Body.Attributes {
			m.locals[name] = a
		}
	}
	m.references()
	m.name()
	for _, name := range sortedAttributes(m.locals) {
		if t := m.local(name); t != nil {
			m.roots = append(m.roots, t)
		}
	}
	for _, b := range m.blocks("data") {
		m.instances(x, b, true)
	}
	for _, b := range m.blocks("resource") {
		m.instances(x, b, false)
	}
	for _, b := range m.blocks("module") {
		if err := m.callModule(x, b); err != nil {
			return err
		}
	}
	for _, b := range m.bodies {
		for _, blk := range b.Blocks {
			m.settings(x, blk)
		}
	}
	x.roots = append(x.roots, m.roots...)
	return nil
}

// callModule works out a module that is there, and keeps the arguments of one that is not.
func (m *module) callModule(x *terraform, b *hclsyntax.Block) error {
	if len(b.Labels) != 1 {
		return nil
	}
	source := ""
	if a := b.Body.Attributes["source"]; a != nil {
		source = m.scalar(a.Expr, nowhere)
	}
	keys, scopes, many := m.keys(b)
	m.noneOf(keys, m.path+"module."+b.Labels[0], b)
	for i, k := range keys {
		addr := m.path + "module." + b.Labels[0]
		if many {
			addr = fmt.Sprintf("%s[%q]", addr, k)
		}
		args := m.body(addr, b.Body, scopes[i])
		args.at = at(b.TypeRange)
		m.roots = append(m.roots, args)
		dir := filepath.Join(m.dir, source)
		if strings.HasPrefix(source, ".") && m.depth < 8 {
			if _, err := os.Stat(dir); err == nil {
				child, err := parseModule(dir, m.said, addr+".")
				if err != nil {
					return err
				}
				child.depth = m.depth + 1
				if err := child.load(x, args); err != nil {
					return err
				}
				continue
			}
		}
		x.calls = append(x.calls, moduleCall{name: b.Labels[0], key: map[bool]string{true: k}[many], source: source, args: args})
	}
	return nil
}

// settings reads what is neither a resource nor a value.
func (m *module) settings(x *terraform, b *hclsyntax.Block) {
	root := func(name string) *tree {
		t := m.body(m.path+name, b.Body, nowhere)
		t.at = at(b.TypeRange)
		m.roots = append(m.roots, t)
		return t
	}
	switch b.Type {
	case "provider":
		t := root("provider." + b.Labels[0])
		if b.Labels[0] == "aws" && t.get("alias") == nil {
			x.provider = t
			return
		}
		t.own("a provider of Terraform's")
	case "terraform":
		t := root("terraform")
		for _, inner := range b.Body.Blocks {
			if inner.Type == "backend" || inner.Type == "cloud" {
				l := t.entry(inner.Type)
				l.leave("the state is not read from there: terraform state pull > state.json, then init --from state.json has what runs")
			}
		}
		t.settle(own, "Terraform's own settings")
	case "output":
		root("output." + strings.Join(b.Labels, ".")).own("karmactl outputs")
	case "moved", "import", "removed", "check":
		root(b.Type).own("Terraform's own settings")
	}
}
