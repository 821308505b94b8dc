package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"regexp"
	"strings"
	"testing"
)

// parents only show what is below them: they have nothing to run.
var parents = map[string]bool{"Root": true, "State": true, "Secrets": true, "CI": true}

// TestEveryCommandHasTheSamePartsInTheSameOrder holds each command to the pattern that the next one is copied from:
// its options, their flags, the command, and what it runs, one below the other in one file.
func TestEveryCommandHasTheSamePartsInTheSameOrder(t *testing.T) {
	found := 0
	files := commandFiles(t)
	for file, f := range files {
		at := map[string]token.Pos{}
		flags := map[string]bool{}
		for _, d := range f.Decls {
			switch d := d.(type) {
			case *ast.FuncDecl:
				at[declared(d)] = d.Pos()
				ast.Inspect(d, func(n ast.Node) bool {
					if call, ok := n.(*ast.SelectorExpr); ok && regexp.MustCompile(`^(String|Bool|Int|Duration)\w*Var(P)?$`).MatchString(call.Sel.Name) {
						flags[declared(d)] = true
					}
					return true
				})
			case *ast.GenDecl:
				for _, s := range d.Specs {
					if ts, ok := s.(*ast.TypeSpec); ok {
						at[ts.Name.Name] = d.Pos()
					}
				}
			}
		}
		for name := range at {
			noun, ok := strings.CutPrefix(name, "new")
			noun, cmd := strings.CutSuffix(noun, "Cmd")
			if !ok || !cmd || parents[noun] {
				continue
			}
			found++
			if flags[name] {
				t.Errorf("%s: %s declares flags; they go into addFlags of its options", file, name)
			}
			parts := []string{name, "run" + noun}
			if options := lowerFirst(noun) + "Options"; declares(files, options) {
				parts = append([]string{options, options + ".addFlags"}, parts...)
			}
			for i, part := range parts {
				switch {
				case at[part] == 0:
					t.Errorf("%s has %s and no %s", file, name, part)
				case i > 0 && at[parts[i-1]] > at[part]:
					t.Errorf("%s has %s before %s", file, part, parts[i-1])
				}
			}
		}
	}
	if found < 25 {
		t.Fatalf("only %d commands were found", found)
	}
}

// TestASessionIsWhatItWasWhenItWasOpened holds what R11 of the house rules says: a command's work is passed, and no
// command changes what the others find in a session.
func TestASessionIsWhatItWasWhenItWasOpened(t *testing.T) {
	for file, f := range commandFiles(t) {
		if file == "session.go" {
			continue
		}
		ast.Inspect(f, func(n ast.Node) bool {
			set, ok := n.(*ast.AssignStmt)
			if !ok {
				return true
			}
			for _, to := range set.Lhs {
				if sel, ok := to.(*ast.SelectorExpr); ok {
					if id, ok := sel.X.(*ast.Ident); ok && id.Name == "s" && isSession(f, id) {
						t.Errorf("%s sets s.%s", file, sel.Sel.Name)
					}
				}
			}
			return true
		})
	}
}

// declares tells whether any of the files has a type of this name.
func declares(files map[string]*ast.File, name string) bool {
	for _, f := range files {
		for _, d := range f.Decls {
			if g, ok := d.(*ast.GenDecl); ok {
				for _, s := range g.Specs {
					if ts, ok := s.(*ast.TypeSpec); ok && ts.Name.Name == name {
						return true
					}
				}
			}
		}
	}
	return false
}

// isSession tells whether the function around a name has it as its session.
func isSession(f *ast.File, id *ast.Ident) bool {
	for _, d := range f.Decls {
		fn, ok := d.(*ast.FuncDecl)
		if !ok || id.Pos() < fn.Pos() || id.Pos() > fn.End() {
			continue
		}
		params := fn.Type.Params.List
		if fn.Recv != nil {
			params = append(params, fn.Recv.List...)
		}
		for _, p := range params {
			star, ok := p.Type.(*ast.StarExpr)
			if !ok {
				continue
			}
			if of, ok := star.X.(*ast.Ident); ok && of.Name == "session" && len(p.Names) == 1 && p.Names[0].Name == id.Name {
				return true
			}
		}
	}
	return false
}

func commandFiles(t *testing.T) map[string]*ast.File {
	t.Helper()
	entries, err := os.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]*ast.File{}
	for _, e := range entries {
		if name := e.Name(); strings.HasSuffix(name, ".go") && !strings.HasSuffix(name, "_test.go") {
			f, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
			if err != nil {
				t.Fatal(err)
			}
			out[name] = f
		}
	}
	return out
}

// declared is a function's name, a method's with its receiver's.
func declared(d *ast.FuncDecl) string {
	if d.Recv == nil {
		return d.Name.Name
	}
	typ := d.Recv.List[0].Type
	if star, ok := typ.(*ast.StarExpr); ok {
		typ = star.X
	}
	return typ.(*ast.Ident).Name + "." + d.Name.Name
}

func lowerFirst(s string) string { return strings.ToLower(s[:1]) + s[1:] }
