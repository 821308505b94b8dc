package cloud

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestAMissingPermissionNamesThePolicyThatHasIt holds the message against every action of the published documents.
func TestAMissingPermissionNamesThePolicyThatHasIt(t *testing.T) {
	files, err := filepath.Glob("../../docs/iam-policy-*.json")
	if err != nil || len(files) != 4 {
		t.Fatalf("%v, %v", files, err)
	}
	tried := 0
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var doc struct{ Statement []struct{ Action []string } }
		if err := json.Unmarshal(text, &doc); err != nil {
			t.Fatal(err)
		}
		for _, s := range doc.Statement {
			for _, action := range s.Action {
				action = strings.Replace(action, "*", "Enable", 1)
				if strings.Contains(action, ":Describe") || strings.Contains(action, ":List") {
					action = strings.TrimSuffix(action, "Enable")
				}
				got := Explain(call("Some", "Thing", "AccessDenied", "User: u is not authorized to perform: "+action+" because no identity-based policy allows it"), here)
				p := new(Problem)
				if want := "docs/" + filepath.Base(file) + " has it"; !errors.As(got, &p) || !strings.Contains(p.Try(), want) {
					t.Errorf("%s: want %q, got %v: try %s", action, want, got, p.Try())
				}
				tried++
			}
		}
	}
	if tried < 190 {
		t.Errorf("only %d actions were tried", tried)
	}
	t.Logf("%d actions, each in the document that its message names", tried)
}
