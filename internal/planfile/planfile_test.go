package planfile

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/karmacadabra/karmactl/internal/engine"
)

const keptPlan = `{"version": 2, "stack": "karmacadabra-prod", "account": "123456789012", "region": "us-east-1", "config": "ab12", "lineage": "K3", "serial": 42,
 "made": "2026-11-05T10:00:00Z", "steps": [{"key": "vpc", "verb": "none"}, {"key": "alb", "verb": "update", "fields": [{"field": "idle timeout", "was": "60"}]}]}`

func TestWhatIsNotAPlanIsRefusedWithTheWayToMakeOne(t *testing.T) {
	if _, err := Parse("the.plan", []byte(keptPlan)); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{
		"nothing":            "",
		"cut off":            keptPlan[:100],
		"a page":             "<html>login</html>",
		"null":               "null",
		"a list":             "[]",
		"a key too many":     strings.Replace(keptPlan, `"stack"`, `"colour": "red", "stack"`, 1),
		"two plans":          keptPlan + keptPlan,
		"something behind":   keptPlan + "x",
		"a later version":    strings.Replace(keptPlan, `"version": 2`, `"version": 3`, 1),
		"an earlier version": strings.Replace(keptPlan, `"version": 2`, `"version": 1`, 1),
		"a step with no key": strings.Replace(keptPlan, `"key": "vpc", `, "", 1),
		"an unknown verb":    strings.Replace(keptPlan, `"none"`, `"polish"`, 1),
		"a step twice":       strings.Replace(keptPlan, `"alb"`, `"vpc"`, 1),
	} {
		if f, err := Parse("the.plan", []byte(text)); err == nil || engine.AdviceOf(err) != "karmactl plan --out the.plan" {
			t.Errorf("%s: %+v: %v", name, f, err)
		}
	}
}

// FuzzPlanFile: any text is a plan that is written back as the same one, or an
// error that says how to make one.
func FuzzPlanFile(f *testing.F) {
	f.Add([]byte(keptPlan))
	f.Add([]byte(keptPlan[:100]))
	f.Add([]byte(`{"version": 2, "steps": [{"key": "vpc", "verb": "create"}, {"key": "vpc", "verb": "create"}]}`))
	f.Add([]byte("null"))
	f.Fuzz(func(t *testing.T, text []byte) {
		plan, err := Parse("the.plan", text)
		if err != nil {
			if engine.AdviceOf(err) != "karmactl plan --out the.plan" {
				t.Errorf("no way out: %v", err)
			}
			return
		}
		b, err := json.Marshal(plan)
		if err != nil {
			t.Fatalf("a plan that was read cannot be written: %v", err)
		}
		again, err := Parse("the.plan", b)
		if err != nil {
			t.Fatalf("a plan that was written cannot be read: %v", err)
		}
		if diff := cmp.Diff(plan, again); diff != "" {
			t.Errorf("another plan comes back (-was +is):\n%s", diff)
		}
	})
}
