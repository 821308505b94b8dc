package provision

import (
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// The method that makes a resource one of each optional interface of the engine.
var optionalMethods = map[string]string{
	"Missing": "Prerequisite", "Wanted": "Optional", "Notes": "Announcer", "After": "Ordered", "OwnedBy": "Owned",
	"Revise": "Reviser", "Disposable": "Disposable", "Patience": "Patient",
}

// methods are the names of the methods of each type in this package's own files.
func methods(t *testing.T) map[string][]string {
	t.Helper()
	out := map[string][]string{}
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		f, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range f.Decls {
			fn, ok := d.(*ast.FuncDecl)
			if !ok || fn.Recv == nil {
				continue
			}
			if star, ok := fn.Recv.List[0].Type.(*ast.StarExpr); ok {
				if name, ok := star.X.(*ast.Ident); ok {
					out[name.Name] = append(out[name.Name], fn.Name.Name)
				}
			}
		}
	}
	return out
}

func TestTheEngineListsWhoImplementsItsOptionalInterfaces(t *testing.T) {
	implementers := map[string][]string{}
	for typ, names := range methods(t) {
		if !slices.Contains(names, "Find") {
			continue
		}
		for _, m := range names {
			if i := optionalMethods[m]; i != "" {
				implementers[i] = append(implementers[i], typ)
			}
		}
	}
	src, err := os.ReadFile(filepath.Join("..", "engine", "resource.go"))
	if err != nil {
		t.Fatal(err)
	}
	listed := map[string][]string{}
	last := ""
	row := regexp.MustCompile(`^//\t(\w*) .*?  +((?:\w+, )*\w+,?)$`)
	for line := range strings.SplitSeq(string(src), "\n") {
		m := row.FindStringSubmatch(line)
		if m == nil {
			continue
		}
		if m[1] != "" {
			last = m[1]
		}
		for name := range strings.SplitSeq(strings.TrimSuffix(m[2], ","), ", ") {
			listed[last] = append(listed[last], name)
		}
	}
	for _, i := range slices.Sorted(maps.Values(optionalMethods)) {
		got, want := slices.Sorted(slices.Values(listed[i])), slices.Sorted(slices.Values(implementers[i]))
		if !slices.Equal(got, want) {
			t.Errorf("resource.go lists %v as %s, the resources are %v", got, i, want)
		}
	}
}
