package importer

import (
	"fmt"
	"slices"

	"github.com/hashicorp/hcl/v2/hclsyntax"
)

// uncounted is said of blocks that Terraform repeats by what only it knows.
const uncounted = "only Terraform knows how many there are: " + readState

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
	switch t.kind {
	case dict:
		keys = []string{}
		for k, v := range t.each() {
			keys, scopes = append(keys, k), append(scopes, scope{count: -1, each: eachOf(k, v)})
		}
	case list:
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
			m.roots = append(m.roots, &tree{name: addr + "." + name, at: at(a.NameRange), outcome: own, why: "how many there are of it"})
		}
	}
	m.noneOf(keys, addr, b)
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

// noneOf accounts for a block that has no instances, or none that are known.
func (m *module) noneOf(keys []string, addr string, b *hclsyntax.Block) {
	root := &tree{name: addr, at: at(b.TypeRange)}
	switch {
	case keys == nil:
		root.leave(uncounted)
	case len(keys) == 0:
		root.own("count or for_each makes none of it")
	default:
		return
	}
	m.roots = append(m.roots, root)
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
			known := false
			if content, scopes, known = m.dynamic(x, s); !known || len(scopes) == 0 {
				l := &tree{name: below(name, "dynamic."+kind), at: at(x.TypeRange)}
				l.own("its for_each makes none of it")
				if !known {
					l.leave(uncounted)
				}
				t.put("dynamic."+kind, l)
			}
			if len(scopes) == 0 {
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

// dynamic is the content of a dynamic block and the values of its iterator; known is false where
// only Terraform knows how many there are.
func (m *module) dynamic(x *hclsyntax.Block, s scope) (content *hclsyntax.Body, scopes []scope, known bool) {
	a := x.Body.Attributes["for_each"]
	if a == nil || len(x.Body.Blocks) == 0 {
		return nil, nil, true
	}
	iterator := x.Labels[0]
	if it := x.Body.Attributes["iterator"]; it != nil {
		iterator = m.source(it.Expr.Range())
	}
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
	over.own("how many there are of it")
	return x.Body.Blocks[0].Body, scopes, over.kind != scalar || over.null
}
