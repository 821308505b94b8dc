package importer

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
)

// module is one Terraform module whose expressions are worked out as far as literals go.
type module struct {
	// dir is the folder, said what paths are told from, path is "" or "module.NAME.".
	dir, said, path string
	src             map[string][]byte
	bodies          []*hclsyntax.Body
	vars            map[string]*tree
	locals          map[string]*hclsyntax.Attribute
	localTrees      map[string]*tree
	// attrs are all names of attributes that some expression asks for.
	attrs map[string]bool
	// objects are what references to resources, data and modules give.
	objects map[string]cty.Value
	// roots are the trees of variables and locals, for the account.
	roots []*tree
	depth int
	// busy guards against locals that need themselves.
	busy map[string]bool
}

// scope is what each, count and an iterator mean in one place.
type scope struct {
	each  *tree // key and value
	count int   // -1 where there is none
	iter  map[string]*tree
}

var nowhere = scope{count: -1}

// parseModule reads the *.tf files of a folder.
func parseModule(dir, said, path string) (*module, error) {
	m := &module{
		dir: dir, said: said, path: path, src: map[string][]byte{}, vars: map[string]*tree{}, locals: map[string]*hclsyntax.Attribute{},
		localTrees: map[string]*tree{}, attrs: map[string]bool{}, busy: map[string]bool{},
	}
	files, err := filepath.Glob(filepath.Join(dir, "*.tf"))
	if err != nil {
		return nil, fmt.Errorf("%s cannot be read: %w", dir, err)
	}
	slices.Sort(files)
	for _, f := range files {
		body, err := m.parse(f)
		if err != nil {
			return nil, err
		}
		m.bodies = append(m.bodies, body)
	}
	return m, nil
}

func (m *module) parse(f string) (*hclsyntax.Body, error) {
	src, err := os.ReadFile(f)
	if err != nil {
		return nil, fmt.Errorf("the Terraform file cannot be read: %w", err)
	}
	file := relative(m.said, f)
	m.src[file] = src
	parsed, diags := hclsyntax.ParseConfig(src, file, hcl.InitialPos)
	if diags.HasErrors() {
		return nil, fmt.Errorf("the Terraform file cannot be read: %w", diags)
	}
	body, ok := parsed.Body.(*hclsyntax.Body)
	if !ok {
		return nil, fmt.Errorf("%s is no Terraform file", file)
	}
	return body, nil
}

// blocks are the blocks of a type, in the order of the files.
func (m *module) blocks(kind string) []*hclsyntax.Block {
	var out []*hclsyntax.Block
	for _, b := range m.bodies {
		for _, x := range b.Blocks {
			if x.Type == kind {
				out = append(out, x)
			}
		}
	}
	return out
}

func at(r hcl.Range) Place { return Place{File: r.Filename, Line: r.Start.Line} }

// source is an expression as it is written.
func (m *module) source(r hcl.Range) string {
	src := m.src[r.Filename]
	if r.End.Byte > len(src) || r.Start.Byte > r.End.Byte {
		return "…"
	}
	return strings.Join(strings.Fields(string(src[r.Start.Byte:r.End.Byte])), " ")
}

// tree works an expression out. What only Terraform knows stays a ${reference}.
func (m *module) tree(name string, e hclsyntax.Expression, s scope) *tree {
	t := &tree{name: name, at: at(e.Range())}
	switch e := e.(type) {
	case *hclsyntax.ParenthesesExpr:
		return m.tree(name, e.Expression, s)
	case *hclsyntax.ObjectConsExpr:
		t.kind = dict
		for _, item := range e.Items {
			key := m.scalar(item.KeyExpr, s)
			c := m.tree(below(name, key), item.ValueExpr, s)
			if c.at.File == t.at.File && c.at.Line > item.KeyExpr.Range().Start.Line {
				c.at.Line = item.KeyExpr.Range().Start.Line
			}
			t.put(key, c)
		}
		return t
	case *hclsyntax.TupleConsExpr:
		t.kind = list
		for i, x := range e.Exprs {
			t.items = append(t.items, m.tree(below(name, strconv.Itoa(i)), x, s))
		}
		return t
	case *hclsyntax.ConditionalExpr:
		if c := m.chosen(name, e, s); c != nil {
			return c
		}
	case *hclsyntax.FunctionCallExpr:
		if c := m.call(name, e, s); c != nil {
			return c
		}
	case *hclsyntax.ScopeTraversalExpr:
		if c := m.traverse(name, e.Traversal, s); c != nil {
			return c
		}
	}
	v, err := m.value(e, s)
	if err != nil || !v.IsWhollyKnown() {
		t.text = "${" + m.source(e.Range()) + "}"
		t.sources = m.used(e, s)
		return t
	}
	return fromCty(name, v, t.at)
}

// chosen is the branch of a condition whose outcome is known; nil without.
func (m *module) chosen(name string, e *hclsyntax.ConditionalExpr, s scope) *tree {
	cond, err := m.value(e.Condition, s)
	if err != nil {
		return nil
	}
	plain, marks := cond.Unmark()
	if !plain.IsKnown() || plain.IsNull() || plain.Type() != cty.Bool {
		return nil
	}
	branch, other := e.FalseResult, e.TrueResult
	if plain.True() {
		branch, other = other, branch
	}
	m.unchosen(name, other)
	c := m.tree(name, branch, s)
	c.sources = append(c.sources, marked(marks)...)
	return c
}

// unchosen accounts for the other branch of a condition, where that has values of its own, once.
func (m *module) unchosen(name string, e hclsyntax.Expression) {
	switch x := e.(type) {
	case *hclsyntax.ObjectConsExpr:
		if len(x.Items) == 0 {
			return
		}
	case *hclsyntax.TupleConsExpr:
		if len(x.Exprs) == 0 {
			return
		}
	default:
		return
	}
	root := &tree{name: name, at: at(e.Range())}
	if slices.ContainsFunc(m.roots, func(t *tree) bool { return t.at == root.at && t.name == name }) {
		return
	}
	root.own("its condition chooses the other value")
	m.roots = append(m.roots, root)
}

// call works out the functions whose arguments keep their places.
func (m *module) call(name string, e *hclsyntax.FunctionCallExpr, s scope) *tree {
	switch {
	case slices.Contains([]string{"jsonencode", "toset", "tolist", "tomap", "sensitive", "nonsensitive"}, e.Name) && len(e.Args) == 1:
		return m.tree(name, e.Args[0], s)
	case e.Name == "try":
		for _, a := range e.Args {
			if _, err := m.value(a, s); err == nil {
				return m.tree(name, a, s)
			}
		}
	case e.Name == "concat" || e.Name == "merge":
		out := &tree{name: name, at: at(e.Range()), kind: list}
		if e.Name == "merge" {
			out.kind = dict
		}
		for _, a := range e.Args {
			c := m.tree(name, a, s)
			if c.kind != out.kind && !c.null {
				return nil
			}
			if out.kind == list {
				out.items = append(out.items, c.items...)
			}
			for k, x := range c.each() {
				out.put(k, x)
			}
		}
		return out
	}
	return nil
}

// traverse follows var.x, local.x, each.value.x and iterators to the tree that is meant.
func (m *module) traverse(name string, tr hcl.Traversal, s scope) *tree {
	root := m.root(tr, s)
	if root == nil {
		return nil
	}
	for _, step := range tr[min(2, len(tr)):] {
		key := ""
		switch x := step.(type) {
		case hcl.TraverseAttr:
			key = x.Name
		case hcl.TraverseIndex:
			if x.Key.Type() == cty.String {
				key = x.Key.AsString()
			} else if n, _ := x.Key.AsBigFloat().Int64(); root.kind == list && int(n) < len(root.items) && n >= 0 {
				root = root.items[n]
				continue
			}
		default:
			return nil
		}
		if root = root.entry(key); root == nil {
			return nil
		}
	}
	return root.ref(name)
}

// root is what the first two steps of a traversal name.
func (m *module) root(tr hcl.Traversal, s scope) *tree {
	if len(tr) < 2 {
		return nil
	}
	attr, ok := tr[1].(hcl.TraverseAttr)
	if !ok {
		return nil
	}
	switch kind := tr.RootName(); {
	case kind == "var":
		return m.vars[attr.Name]
	case kind == "local":
		return m.local(attr.Name)
	case kind == "each" && s.each != nil:
		return s.each.entry(attr.Name)
	case s.iter[kind] != nil:
		return s.iter[kind].entry(attr.Name)
	}
	return nil
}

// local is a local value, worked out once.
func (m *module) local(name string) *tree {
	if t, done := m.localTrees[name]; done {
		return t
	}
	a := m.locals[name]
	if a == nil || m.busy["local."+name] {
		return nil
	}
	m.busy["local."+name] = true
	defer delete(m.busy, "local."+name)
	t := m.tree(m.path+"local."+name, a.Expr, nowhere)
	if t.at.Line > a.NameRange.Start.Line {
		t.at.Line = a.NameRange.Start.Line
	}
	m.localTrees[name] = t
	return t
}

// entry is get that also gives what is there and null.
func (t *tree) entry(key string) *tree {
	if t == nil || t.kind != dict {
		return nil
	}
	if i := slices.Index(t.keys, key); i >= 0 {
		return t.items[i]
	}
	return nil
}

// ref is a copy whose values know the ones that they are copies of.
func (t *tree) ref(name string) *tree {
	c := *t
	c.name, c.outcome, c.key, c.why, c.sources, c.items = name, unread, "", "", []*tree{t}, nil
	c.keys = slices.Clip(t.keys) // two copies that are given a key more must not share its place
	for i, x := range t.items {
		key := strconv.Itoa(i)
		if t.kind == dict {
			key = t.keys[i]
		}
		c.items = append(c.items, x.ref(below(name, key)))
	}
	return &c
}

func (m *module) scalar(e hclsyntax.Expression, s scope) string {
	if v, err := m.value(e, s); err == nil {
		return fromCty("", v, Place{}).text
	}
	return "${" + m.source(e.Range()) + "}"
}

// used are the variables and locals that an expression names.
func (m *module) used(e hclsyntax.Expression, s scope) []*tree {
	var out []*tree
	for _, tr := range e.Variables() {
		if t := m.root(tr, s); t != nil {
			out = append(out, t)
		}
	}
	return out
}
