package provision

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// notInSpecs are fields that a write reads although they are in no spec, by type, and why.
var notInSpecs = map[string]struct{ fields, why string }{
	"ListenerRule":      {"Listener", "rules of a listener move one at a time: it has the lock"},
	"Namespace":         {"Name", "it is the id: Cloud Map's own comes later"},
	"Parameter":         {"Input Nested", "values of secrets are in no spec: specs are compared and shown"},
	"Record":            {"Zone Type", "with the name they are the id: AWS gives records none"},
	"Secret":            {"Input Nested Agent mu seen actions", "values of secrets are in no spec: specs are compared and shown"},
	"SpotTurn":          {"service", "it is the same service in the hands of another command, and writes what is in the spec"},
	"StateBucket":       {"Bucket Region", "they are the id, which is known before there is a bucket"},
	"ValidationRecords": {"Zone", "with the names it is the id: AWS gives records none"},
}

// resourceType is what the test knows of one type of this package.
type resourceType struct {
	// fields are its own, with what is promoted left out; references are the ones that are resources.
	fields, references map[string]bool
	methods            map[string]*ast.FuncDecl
}

// resourceTypes parses the package.
func resourceTypes(t *testing.T) map[string]*resourceType {
	t.Helper()
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]*resourceType{}
	of := func(name string) *resourceType {
		if out[name] == nil {
			out[name] = &resourceType{fields: map[string]bool{}, references: map[string]bool{}, methods: map[string]*ast.FuncDecl{}}
		}
		return out[name]
	}
	set := token.NewFileSet()
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		parsed, err := parser.ParseFile(set, file, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range parsed.Decls {
			if f, ok := d.(*ast.FuncDecl); ok && f.Recv != nil {
				if star, ok := f.Recv.List[0].Type.(*ast.StarExpr); ok {
					of(star.X.(*ast.Ident).Name).methods[f.Name.Name] = f
				}
			}
			g, ok := d.(*ast.GenDecl)
			if !ok {
				continue
			}
			for _, s := range g.Specs {
				if spec, ok := s.(*ast.TypeSpec); ok {
					if body, ok := spec.Type.(*ast.StructType); ok {
						of(spec.Name.Name).declare(body)
					}
				}
			}
		}
	}
	return out
}

func (r *resourceType) declare(body *ast.StructType) {
	for _, f := range body.Fields.List {
		for _, n := range f.Names {
			r.fields[n.Name] = true
			switch x := f.Type.(type) {
			case *ast.StarExpr:
				r.references[n.Name] = true
			case *ast.SelectorExpr:
				r.references[n.Name] = x.Sel.Name == "Node"
			}
		}
	}
}

// reads are the fields of the receiver that a method reads, and the methods that it
// calls on it: "Agent.Name", "TargetGroup.ID". What it keeps for a later Find
// (s.retried = id) is written, not read.
func (r *resourceType) reads(method string, seen map[string]bool) []string {
	f := r.methods[method]
	if f == nil || f.Body == nil || seen[method] || len(f.Recv.List[0].Names) == 0 {
		return nil
	}
	seen[method] = true
	receiver := f.Recv.List[0].Names[0].Name
	var out []string
	ast.Inspect(f.Body, func(n ast.Node) bool {
		if a, ok := n.(*ast.AssignStmt); ok {
			for _, right := range a.Rhs {
				ast.Inspect(right, func(n ast.Node) bool { return r.selected(receiver, n, seen, &out) })
			}
			return false
		}
		return r.selected(receiver, n, seen, &out)
	})
	return out
}

// selected notes what n selects of the receiver; false ends the walk below it.
func (r *resourceType) selected(receiver string, n ast.Node, seen map[string]bool, out *[]string) bool {
	sel, ok := n.(*ast.SelectorExpr)
	if !ok {
		return true
	}
	path := []string{sel.Sel.Name}
	x := sel.X
	for {
		inner, ok := x.(*ast.SelectorExpr)
		if !ok {
			break
		}
		path, x = append(path, inner.Sel.Name), inner.X
	}
	if id, ok := x.(*ast.Ident); !ok || id.Name != receiver {
		return true
	}
	slices.Reverse(path)
	if r.fields[path[0]] {
		*out = append(*out, strings.Join(path[:min(2, len(path))], "."))
	} else {
		*out = append(*out, r.reads(path[0], seen)...)
	}
	return false
}

// What is wanted is what is sent: a write reads the spec that was compared and shown,
// and beside it only what tells this resource from others.
func TestWritesReadTheSpecAndIdsOnly(t *testing.T) {
	types, used := resourceTypes(t), map[string]bool{}
	resources := 0
	for name, r := range types {
		if r.methods["Want"] == nil || r.methods["Diff"] == nil {
			continue
		}
		resources++
		key := r.reads("Key", map[string]bool{})
		for _, write := range []string{"Create", "Update", "Revise"} {
			for _, read := range r.reads(write, map[string]bool{}) {
				field, of, _ := strings.Cut(read, ".")
				identity := slices.Contains(key, read) || r.references[field] && slices.Contains([]string{"ID", "Name", "Key", "Output"}, of)
				excepted := slices.Contains(strings.Fields(notInSpecs[name].fields), field)
				used[name+" "+field] = used[name+" "+field] || excepted && !identity
				if !identity && !excepted {
					t.Errorf("%s.%s reads %s of the resource: what it sends has to be in the spec", name, write, read)
				}
			}
		}
	}
	if resources < 40 {
		t.Errorf("only %d resources were found", resources)
	}
	for name, x := range notInSpecs {
		for _, field := range strings.Fields(x.fields) {
			if !used[name+" "+field] {
				t.Errorf("no write of %s reads %s: take it out of the table", name, field)
			}
		}
	}
}
