package importer

import (
	"cmp"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
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
		if m.path == "" { // a call's arguments are the caller's
			m.roots = append(m.roots, t)
		} else if given == nil || args.entry(name) == nil {
			m.roots = append(m.roots, t)
		}
		m.vars[name] = t
	}
	for name, t := range given {
		if m.path == "" {
			t.leave("no variable of the module has this name")
			m.roots = append(m.roots, t)
		} else {
			_ = name
		}
	}
	return nil
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

// references gathers the names of attributes that expressions ask for, and makes
// the objects that stand for resources: each attribute is its own reference.
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
	m.objects = m.stand(nil)
}

// stand makes the objects; known gives attributes that have a value.
func (m *module) stand(known func(b *hclsyntax.Block, s scope, attr string) (cty.Value, bool)) map[string]cty.Value {
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
	m.objects = m.stand(func(b *hclsyntax.Block, s scope, attr string) (cty.Value, bool) {
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

// keys are the instances of a block: many is false for one without for_each and
// count, and keys are nil where only Terraform knows them.
func (m *module) keys(b *hclsyntax.Block) (keys []string, scopes []scope, many bool) {
	if a := b.Body.Attributes["count"]; a != nil {
		n, ok := m.tree("count", a.Expr, nowhere).number()
		if !ok {
			if yes, said := m.tree("count", a.Expr, nowhere).yes(); said { // a condition that count takes for a number
				n = map[bool]int{true: 1}[yes]
			} else {
				return nil, nil, true
			}
		}
		keys = []string{}
		for i := range min(n, 100) {
			keys, scopes = append(keys, fmt.Sprint(i)), append(scopes, scope{count: i})
		}
		return keys, scopes, true
	}
	a := b.Body.Attributes["for_each"]
	if a == nil {
		return []string{""}, []scope{nowhere}, false
	}
	t := m.tree("for_each", a.Expr, nowhere)
	switch {
	case t.kind == dict:
		keys = []string{}
		for k, v := range t.each() {
			keys, scopes = append(keys, k), append(scopes, scope{count: -1, each: eachOf(k, v)})
		}
	case t.kind == list:
		keys = []string{}
		for _, v := range t.items {
			keys, scopes = append(keys, v.text), append(scopes, scope{count: -1, each: eachOf(v.text, v)})
		}
	default:
		return nil, nil, true
	}
	return keys, scopes, true
}

// eachOf is each: its key, and the value that it stands for.
func eachOf(k string, v *tree) *tree {
	key := &tree{name: "each.key", text: k, at: v.at}
	return &tree{name: "each", kind: dict, at: v.at, keys: []string{"key", "value"}, items: []*tree{key, v}}
}

// instances works out each instance of a resource.
func (m *module) instances(x *terraform, b *hclsyntax.Block, data bool) {
	if len(b.Labels) != 2 {
		return
	}
	addr := m.path + b.Labels[0] + "." + b.Labels[1]
	if data {
		addr = m.path + "data." + b.Labels[0] + "." + b.Labels[1]
	}
	keys, scopes, many := m.keys(b)
	x.declared[b.Labels[0]] += len(keys)
	for _, name := range []string{"count", "for_each"} {
		if a := b.Body.Attributes[name]; a != nil {
			t := m.tree(addr+"."+name, a.Expr, nowhere)
			t.own("how many there are of it")
			m.roots = append(m.roots, &tree{name: addr + "." + name, at: at(a.NameRange), fate: own, why: "how many there are of it"})
		}
	}
	if keys == nil {
		root := &tree{name: addr, at: at(b.TypeRange)}
		root.leave("only Terraform knows how many there are: terraform show -json > state.json, then init --from state.json")
		m.roots = append(m.roots, root)
		return
	}
	for i, k := range keys {
		r := &resource{addr: addr, kind: b.Labels[0], name: b.Labels[1], data: data}
		if many {
			r.key = k
			r.addr = fmt.Sprintf("%s[%q]", addr, k)
			if b.Body.Attributes["count"] != nil {
				r.addr, r.key = fmt.Sprintf("%s[%s]", addr, k), ""
			}
		}
		r.body = m.body(r.addr, b.Body, scopes[i])
		r.body.at = at(b.TypeRange)
		x.resources = append(x.resources, r)
		m.roots = append(m.roots, r.body)
	}
}

// meta are arguments that Terraform reads itself.
var meta = []string{"count", "for_each", "depends_on", "provider", "lifecycle", "providers", "source", "version", "timeouts", "provisioner", "connection"}

// body is a block as a tree: attributes, and a list for each kind of block in it.
func (m *module) body(name string, b *hclsyntax.Body, s scope) *tree {
	t := &tree{name: name, at: at(b.SrcRange), kind: dict}
	for _, k := range sortedAttributes(b.Attributes) {
		if slices.Contains(meta, k) {
			continue
		}
		a := b.Attributes[k]
		c := m.tree(below(name, k), a.Expr, s)
		if c.kind != scalar || len(c.sources) == 0 {
			c.at = at(a.NameRange)
		}
		t.put(k, c)
	}
	for _, x := range b.Blocks {
		if slices.Contains(meta, x.Type) {
			continue
		}
		kind, content, scopes := x.Type, x.Body, []scope{s}
		if x.Type == "dynamic" && len(x.Labels) == 1 {
			kind = x.Labels[0]
			if content, scopes = m.dynamic(x, s); content == nil {
				continue
			}
		}
		l := t.entry(kind)
		if l == nil {
			l = &tree{name: below(name, kind), at: at(x.TypeRange), kind: list}
			t.put(kind, l)
		}
		for _, sc := range scopes {
			n := below(name, kind)
			if len(l.items) > 0 {
				n = fmt.Sprintf("%s.%d", n, len(l.items))
			}
			c := m.body(n, content, sc)
			c.at = at(x.TypeRange)
			l.items = append(l.items, c)
		}
	}
	return t
}

// dynamic is the content of a dynamic block and where its iterator stands.
func (m *module) dynamic(x *hclsyntax.Block, s scope) (*hclsyntax.Body, []scope) {
	a := x.Body.Attributes["for_each"]
	if a == nil || len(x.Body.Blocks) == 0 {
		return nil, nil
	}
	iterator := x.Labels[0]
	if it := x.Body.Attributes["iterator"]; it != nil {
		iterator = m.source(it.Expr.Range())
	}
	var scopes []scope
	over := m.tree("for_each", a.Expr, s)
	each := func(k string, v *tree) {
		n := scope{each: s.each, count: s.count, iter: map[string]*tree{iterator: eachOf(k, v)}}
		for name, t := range s.iter {
			n.iter[name] = t
		}
		scopes = append(scopes, n)
	}
	for k, v := range over.each() {
		each(k, v)
	}
	if over.kind == list {
		for _, v := range over.items {
			each(v.text, v)
		}
	}
	return x.Body.Blocks[0].Body, scopes
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
