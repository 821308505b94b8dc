package importer

import (
	"cmp"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2/hclsyntax"
)

func sortedAttributes(all map[string]*hclsyntax.Attribute) []string {
	var out []string
	for k := range all {
		out = append(out, k)
	}
	slices.SortFunc(out, func(a, b string) int {
		ra, rb := all[a].NameRange, all[b].NameRange
		return cmp.Or(strings.Compare(ra.Filename, rb.Filename), cmp.Compare(ra.Start.Line, rb.Start.Line))
	})
	return out
}

// variables gives each variable its value: the call's or the tfvars' before the default.
func (m *module) variables(x *terraform, args *tree) error {
	given := map[string]*tree{}
	if m.path == "" {
		all, err := m.tfvars(x)
		if err != nil {
			return err
		}
		given = all
	}
	for k, t := range args.each() {
		given[k] = t.ref(m.path + "var." + k)
	}
	for _, b := range m.blocks("variable") {
		if len(b.Labels) != 1 {
			continue
		}
		name := b.Labels[0]
		t := given[name]
		delete(given, name)
		if d := b.Body.Attributes["default"]; d != nil {
			preset := m.tree(m.path+"var."+name, d.Expr, nowhere)
			preset.at = at(d.NameRange)
			if t == nil {
				t = preset
			} else {
				preset.own("overruled by " + t.at.String())
				m.roots = append(m.roots, preset)
			}
		}
		if t == nil {
			t = &tree{name: m.path + "var." + name, at: at(b.TypeRange), text: "${" + m.path + "var." + name + "}"}
			t.why = "it has no value here: --var-file FILE gives it"
			x.unset = append(x.unset, t)
		}
		if ty := b.Body.Attributes["type"]; ty != nil {
			m.optional(t, ty.Expr)
		}
		if m.path == "" || args.entry(name) == nil { // a call's arguments are the caller's
			m.roots = append(m.roots, t)
		}
		m.vars[name] = t
	}
	if m.path == "" {
		for _, t := range given {
			t.leave("no variable of the module has this name")
			m.roots = append(m.roots, t)
		}
	}
	return nil
}

// optional gives what a value leaves out the default that the type of its variable has for it.
// https://developer.hashicorp.com/terraform/language/expressions/type-constraints#optional-object-type-attributes
func (m *module) optional(t *tree, ty hclsyntax.Expression) {
	call, is := ty.(*hclsyntax.FunctionCallExpr)
	if !is || t == nil || len(call.Args) == 0 || t.kind == scalar {
		return
	}
	object, is := call.Args[0].(*hclsyntax.ObjectConsExpr)
	switch {
	case call.Name != "object" || !is: // map, list, set
		for _, c := range t.items {
			m.optional(c, call.Args[0])
		}
		return
	case t.kind != dict:
		return
	}
	for _, item := range object.Items {
		key, of := m.scalar(item.KeyExpr, nowhere), item.ValueExpr
		if o, is := of.(*hclsyntax.FunctionCallExpr); is && o.Name == "optional" && len(o.Args) > 0 {
			of = o.Args[0]
			if c := t.entry(key); c == nil || c.null && len(o.Args) > 1 {
				preset := &tree{name: below(t.name, key), at: at(o.Range()), null: true}
				if len(o.Args) > 1 {
					preset = m.tree(preset.name, o.Args[1], nowhere)
				}
				preset.own("the default of the variable's type")
				t.put(key, preset)
			}
		}
		m.optional(t.entry(key), of)
	}
}

// tfvars are the values of terraform.tfvars, *.auto.tfvars and -var-file, later ones first.
func (m *module) tfvars(x *terraform) (map[string]*tree, error) {
	var files []string
	for _, pattern := range []string{"terraform.tfvars", "terraform.tfvars.json", "*.auto.tfvars", "*.auto.tfvars.json"} {
		found, err := filepath.Glob(filepath.Join(m.dir, pattern))
		if err != nil {
			return nil, fmt.Errorf("%s cannot be read: %w", m.dir, err)
		}
		slices.Sort(found)
		files = append(files, found...)
	}
	files = append(files, x.opts.VarFiles...)
	out := map[string]*tree{}
	put := func(name string, t *tree) {
		if old := out[name]; old != nil {
			old.own("overruled by " + t.at.String())
			m.roots = append(m.roots, old)
		}
		out[name] = t
	}
	for _, f := range files {
		if strings.HasSuffix(f, ".json") {
			src, err := os.ReadFile(f)
			if err != nil {
				return nil, fmt.Errorf("the variables cannot be read: %w", err)
			}
			t, err := jsonTree(relative(m.said, f), src)
			if err != nil {
				return nil, err
			}
			for k, v := range t.each() {
				put(k, v.ref("var."+k))
			}
			continue
		}
		body, err := m.parse(f)
		if err != nil {
			return nil, err
		}
		for _, name := range sortedAttributes(body.Attributes) {
			a := body.Attributes[name]
			t := m.tree("var."+name, a.Expr, nowhere)
			t.at = at(a.NameRange)
			put(name, t)
		}
	}
	return out, nil
}
