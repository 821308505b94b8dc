package cloud

import (
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// tokenFields are what AWS's services call a client token.
var tokenFields = []string{"ClientToken", "CreationToken", "ClientRequestToken", "IdempotencyToken", "CreatorRequestId"}

// TestACreateWithATokenIsOneThatTheSDKMayRepeat reads the inputs of the resources: a
// create that is given a token and is missing in withToken would be looked for by tag
// for a minute when its reply is lost, and one that has none would be made twice.
func TestACreateWithATokenIsOneThatTheSDKMayRepeat(t *testing.T) {
	files, err := filepath.Glob(filepath.Join("..", "provision", "*.go"))
	if err != nil || len(files) == 0 {
		t.Fatalf("%d files: %v", len(files), err)
	}
	given := map[string]bool{}
	for _, file := range files {
		f, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(f, func(n ast.Node) bool {
			lit, ok := n.(*ast.CompositeLit)
			if !ok {
				return true
			}
			sel, ok := lit.Type.(*ast.SelectorExpr)
			if !ok {
				return true
			}
			operation, isInput := strings.CutSuffix(sel.Sel.Name, "Input")
			for _, e := range lit.Elts {
				kv, ok := e.(*ast.KeyValueExpr)
				if !ok || !isInput {
					continue
				}
				key, ok := kv.Key.(*ast.Ident)
				creates := strings.HasPrefix(operation, "Create") || strings.HasPrefix(operation, "Request") || strings.HasPrefix(operation, "Allocate") || strings.HasPrefix(operation, "Run")
				if ok && creates && slices.Contains(tokenFields, key.Name) {
					given[operation] = true
				}
			}
			return true
		})
	}
	got, want := slices.Sorted(maps.Keys(withToken)), slices.Sorted(maps.Keys(given))
	if !slices.Equal(got, want) {
		t.Errorf("withToken has %v, the resources give a token to %v", got, want)
	}
}
