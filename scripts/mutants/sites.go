package main

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"hash/fnv"
	"slices"
	"strings"
)

// site is a place of a source file where a fault is planted without a person choosing it.
type site struct {
	file, in string // in is the function
	what     string // "never", "always", "skip" or "forget", and the text it is done to
	// open and end surround from..to; %d in open is the number of the site.
	open, end string
	from, to  int
}

// name tells a site apart from all others, and stays when lines move.
func (s site) name() string { return fmt.Sprintf("%s: %s: %s", s.file, s.in, s.what) }

// order draws lots: which sites come first depends on the seed alone.
func (s site) order(seed string) uint64 {
	h := fnv.New64a()
	_, _ = h.Write([]byte(seed + "\n" + s.name())) // never fails
	return h.Sum64()
}

// sites lists the places of a file: a condition or a part of one that never or always
// holds, a statement that is skipped, a field of a struct that is forgotten.
func sites(file string, source []byte) ([]site, error) {
	fset := token.NewFileSet()
	tree, err := parser.ParseFile(fset, file, source, parser.SkipObjectResolution)
	if err != nil {
		return nil, err
	}
	var all []site
	for _, d := range tree.Decls {
		fn, ok := d.(*ast.FuncDecl)
		if !ok || fn.Body == nil {
			continue
		}
		l := &lister{file: file, in: fn.Name.Name, source: source, base: fset.File(tree.Pos()).Base()}
		ast.Inspect(fn.Body, l.node)
		all = append(all, l.all...)
	}
	seen := map[string]int{}
	for i := range all {
		n := all[i].name()
		if seen[n]++; seen[n] > 1 {
			all[i].what += fmt.Sprintf(" (%d)", seen[n])
		}
	}
	return all, nil
}

// lister collects the sites of one function.
type lister struct {
	file, in string
	source   []byte
	base     int
	all      []site
}

func (l *lister) add(what string, n ast.Node, open, end string) {
	from, to := int(n.Pos())-l.base, int(n.End())-l.base
	text := strings.Join(strings.Fields(string(l.source[from:to])), " ")
	if len(text) > 80 {
		text = text[:80] + "…"
	}
	l.all = append(l.all, site{l.file, l.in, what + " " + text, open, end, from, to})
}

func (l *lister) node(n ast.Node) bool {
	switch n := n.(type) {
	case *ast.IfStmt:
		l.condition(n.Cond)
	case *ast.SwitchStmt:
		if n.Tag == nil {
			for _, c := range n.Body.List {
				for _, e := range c.(*ast.CaseClause).List {
					l.condition(e)
				}
			}
		}
	case *ast.BinaryExpr:
		if n.Op == token.LAND || n.Op == token.LOR {
			for _, part := range []ast.Expr{n.X, n.Y} {
				if p, ok := part.(*ast.BinaryExpr); ok && p.Op == n.Op {
					continue // its own parts are listed
				}
				l.part(part, n.Op)
			}
		}
	case *ast.BlockStmt:
		l.statements(n.List)
	case *ast.CaseClause:
		l.statements(n.Body)
	case *ast.CommClause:
		l.statements(n.Body)
	case *ast.CompositeLit:
		l.fields(n)
	}
	return true
}

func (l *lister) condition(e ast.Expr) {
	l.add("never", e, "!mutant(%d) && (", ")")
	l.add("always", e, "mutant(%d) || (", ")")
}

// part has one half of an "and" or an "or" decide nothing.
func (l *lister) part(e ast.Expr, op token.Token) {
	if op == token.LAND {
		l.add("without && of", e, "(mutant(%d) || (", "))")
		return
	}
	l.add("without || of", e, "(!mutant(%d) && (", "))")
}

// statements are skipped one at a time, except what would only hang: locks, channels.
func (l *lister) statements(list []ast.Stmt) {
	for _, s := range list {
		switch s := s.(type) {
		case *ast.ExprStmt:
			call, ok := s.X.(*ast.CallExpr)
			if !ok || hangs(call) {
				continue
			}
		case *ast.AssignStmt:
			if s.Tok == token.DEFINE || isBlank(s.Lhs) {
				continue
			}
		case *ast.IncDecStmt:
		default:
			continue
		}
		l.add("skip", s, "if !mutant(%d) {", "}")
	}
}

func hangs(call *ast.CallExpr) bool {
	switch f := call.Fun.(type) {
	case *ast.Ident:
		return f.Name == "close" || f.Name == "cancel" || f.Name == "panic"
	case *ast.SelectorExpr:
		return slices.Contains([]string{"Lock", "Unlock", "Add", "Done", "Wait"}, f.Sel.Name)
	}
	return false
}

func isBlank(list []ast.Expr) bool {
	for _, e := range list {
		if i, ok := e.(*ast.Ident); !ok || i.Name != "_" {
			return false
		}
	}
	return true
}

// fields of a struct are forgotten one at a time, where their type can be told from
// their value.
func (l *lister) fields(lit *ast.CompositeLit) {
	for _, e := range lit.Elts {
		kv, ok := e.(*ast.KeyValueExpr)
		if !ok {
			continue
		}
		if _, ok := kv.Key.(*ast.Ident); !ok {
			continue
		}
		switch v := kv.Value.(type) {
		case *ast.CallExpr:
		case *ast.UnaryExpr:
			if v.Op != token.AND {
				continue
			}
		case *ast.SelectorExpr:
		case *ast.CompositeLit:
			if v.Type == nil {
				continue
			}
		default:
			continue
		}
		l.add("forget "+kv.Key.(*ast.Ident).Name+":", kv.Value, "mutated(%d, ", ")")
	}
}

// plant writes all sites of one file into its text, each under its number.
func plant(source []byte, all []site, number func(site) int) []byte {
	type insert struct {
		at, kind, seq int
		text          string
	}
	var ins []insert
	for i, s := range all {
		ins = append(ins, insert{s.from, 1, i, fmt.Sprintf(s.open, number(s))}, insert{s.to, 0, -i, s.end})
	}
	slices.SortFunc(ins, func(a, b insert) int {
		for _, d := range []int{a.at - b.at, a.kind - b.kind, a.seq - b.seq} {
			if d != 0 {
				return d
			}
		}
		return 0
	})
	var out bytes.Buffer
	at := 0
	for _, i := range ins {
		out.Write(source[at:i.at])
		out.WriteString(i.text)
		at = i.at
	}
	out.Write(source[at:])
	return out.Bytes()
}
