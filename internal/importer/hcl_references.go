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

// represent makes the objects; known gives attributes that have a value.
func (m *module) represent(known func(b *hclsyntax.Block, s scope, attr string) (cty.Value, bool)) map[string]cty.Value {
	resources, data, calls := map[string]map[string]cty.Value{}, map[string]map[string]cty.Value{}, map[string]cty.Value{}
	object := func(b *hclsyntax.Block, addr string, s scope) cty.Value {
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
	one := func(b *hclsyntax.Block, addr string) cty.Value {
		keys, s, many := m.keys(b)
		switch {
		case !many:
			return object(b, addr, nowhere)
		case keys == nil:
			return cty.DynamicVal
		case b.Body.Attributes["count"] != nil:
			all := make([]cty.Value, len(keys))
			for i := range keys {
				all[i] = object(b, fmt.Sprintf("%s[%d]", addr, i), s[i])
			}
			return cty.TupleVal(all)
		}
		all := map[string]cty.Value{}
		for i, k := range keys {
			all[k] = object(b, fmt.Sprintf("%s[%q]", addr, k), s[i])
		}
		return cty.ObjectVal(all)
	}
	put := func(into map[string]map[string]cty.Value, kind, name string, v cty.Value) {
		if into[kind] == nil {
			into[kind] = map[string]cty.Value{}
		}
		into[kind][name] = v
	}
	for _, b := range m.blocks("resource") {
		if len(b.Labels) == 2 {
			put(resources, b.Labels[0], b.Labels[1], one(b, m.path+b.Labels[0]+"."+b.Labels[1]))
		}
	}
	for _, b := range m.blocks("data") {
		if len(b.Labels) == 2 {
			put(data, b.Labels[0], b.Labels[1], one(b, m.path+"data."+b.Labels[0]+"."+b.Labels[1]))
		}
	}
	for _, b := range m.blocks("module") {
		if len(b.Labels) == 1 {
			calls[b.Labels[0]] = one(b, m.path+"module."+b.Labels[0])
		}
	}
	out := map[string]cty.Value{}
	for kind, all := range resources {
		out[kind] = cty.ObjectVal(all)
	}
	if len(data) > 0 {
		kinds := map[string]cty.Value{}
		for kind, all := range data {
			kinds[kind] = cty.ObjectVal(all)
		}
		out["data"] = cty.ObjectVal(kinds)
	}
	if len(calls) > 0 {
		out["module"] = cty.ObjectVal(calls)
	}
	return out
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
