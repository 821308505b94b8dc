package importer

import (
	"fmt"
	"slices"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
)

// references gathers the names of attributes that expressions ask for, and makes
// the objects that represent resources: each attribute is its own reference.
func (m *module) references() {
	for _, b := range m.bodies {
		_ = hclsyntax.VisitAll(b, func(n hclsyntax.Node) hcl.Diagnostics {
			var tr hcl.Traversal
			switch e := n.(type) {
			case *hclsyntax.ScopeTraversalExpr:
				tr = e.Traversal
			case *hclsyntax.RelativeTraversalExpr:
				tr = e.Traversal
			}
			for _, step := range tr {
				if a, ok := step.(hcl.TraverseAttr); ok {
					m.attrs[a.Name] = true
				}
			}
			return nil
		})
	}
	m.objects = m.represent(nil)
}

// knownValue is the value of an attribute that has one where it is written.
type knownValue func(b *hclsyntax.Block, s scope, attr string) (cty.Value, bool)

// represent makes the objects; known may be nil.
func (m *module) represent(known knownValue) map[string]cty.Value {
	out := m.representKinds("resource", "", known)
	if data := m.representKinds("data", "data.", known); len(data) > 0 {
		out["data"] = cty.ObjectVal(data)
	}
	calls := map[string]cty.Value{}
	for _, b := range m.blocks("module") {
		if len(b.Labels) == 1 {
			calls[b.Labels[0]] = m.representBlock(b, m.path+"module."+b.Labels[0], known)
		}
	}
	if len(calls) > 0 {
		out["module"] = cty.ObjectVal(calls)
	}
	return out
}

// representKinds are the blocks of a type that have two labels, by the first one: the kind.
func (m *module) representKinds(blocks, before string, known knownValue) map[string]cty.Value {
	kinds := map[string]map[string]cty.Value{}
	for _, b := range m.blocks(blocks) {
		if len(b.Labels) != 2 {
			continue
		}
		kind, name := b.Labels[0], b.Labels[1]
		if kinds[kind] == nil {
			kinds[kind] = map[string]cty.Value{}
		}
		kinds[kind][name] = m.representBlock(b, m.path+before+kind+"."+name, known)
	}
	out := map[string]cty.Value{}
	for kind, all := range kinds {
		out[kind] = cty.ObjectVal(all)
	}
	return out
}

// representBlock is one block, or one for each key that count or for_each gives it.
func (m *module) representBlock(b *hclsyntax.Block, addr string, known knownValue) cty.Value {
	object := func(addr string, s scope) cty.Value {
		all := map[string]cty.Value{}
		for name := range m.attrs {
			all[name] = cty.StringVal("${" + addr + "." + name + "}")
			if known != nil {
				if v, ok := known(b, s, name); ok {
					all[name] = v
				}
			}
		}
		return cty.ObjectVal(all)
	}
	keys, s, many := m.keys(b)
	switch {
	case !many:
		return object(addr, nowhere)
	case keys == nil:
		return cty.DynamicVal
	case b.Body.Attributes["count"] != nil:
		all := make([]cty.Value, len(keys))
		for i := range keys {
			all[i] = object(fmt.Sprintf("%s[%d]", addr, i), s[i])
		}
		return cty.TupleVal(all)
	}
	all := map[string]cty.Value{}
	for i, k := range keys {
		all[k] = object(fmt.Sprintf("%s[%q]", addr, k), s[i])
	}
	return cty.ObjectVal(all)
}

// plain are attributes whose value, where it is written, says more than a reference.
var plain = []string{"name", "family", "bucket", "retention_in_days", "zone", "domain_name"}

// name has references to names give the names, and data sources what is known of them.
func (m *module) name() {
	m.objects = m.represent(func(b *hclsyntax.Block, s scope, attr string) (cty.Value, bool) {
		if b.Type == "data" && len(b.Labels) == 2 && b.Labels[0] == "aws_region" && (attr == "name" || attr == "id" || attr == "region") {
			if r := m.region(); r != "" {
				return cty.StringVal(r), true
			}
		}
		a := b.Body.Attributes[attr]
		if a == nil || !slices.Contains(plain, attr) || b.Type == "module" {
			return cty.NilVal, false
		}
		v, err := m.value(a.Expr, s)
		return v, err == nil && v.IsWhollyKnown() && !v.IsNull()
	})
}

// region is the AWS provider's.
func (m *module) region() string {
	for _, b := range m.blocks("provider") {
		if a := b.Body.Attributes["region"]; a != nil && b.Labels[0] == "aws" {
			if r := m.scalar(a.Expr, nowhere); !reference.MatchString(r) {
				return r
			}
		}
	}
	return ""
}
