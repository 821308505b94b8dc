package provision

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/karmacadabra/karmactl/internal/engine"
)

// stems are the file names of kinds whose key is shorter than the noun.
var stems = map[string]string{
	"slr": "service_linked_role", "igw": "internet_gateway", "eip": "elastic_ip", "nat": "nat_gateway",
	"endpoint": "vpc_endpoint", "sg": "security_group", "alb": "load_balancer", "rule": "listener_rule",
	"state-bucket": "state_bucket",
}

// simulatedIn names the simulator's file where one simulates several kinds.
var simulatedIn = map[string]string{
	"state-bucket": "bucket", "certificate-validation": "certificate", "record": "hosted_zone", "subscription": "topic",
}

// kindsInSource reads the cases of kinds.go, so that no list has to be kept.
func kindsInSource(t *testing.T) []string {
	t.Helper()
	b, err := os.ReadFile("kinds.go")
	if err != nil {
		t.Fatal(err)
	}
	kinds := []string{"state-bucket"} // never an orphan, so not in kinds.go
	for _, m := range regexp.MustCompile(`(?m)^\s*case (".*"):$`).FindAllStringSubmatch(string(b), -1) {
		for _, k := range strings.Split(m[1], ",") {
			kinds = append(kinds, strings.Trim(strings.TrimSpace(k), `"`))
		}
	}
	if len(kinds) < 30 {
		t.Fatalf("kinds.go has only %d kinds: %v", len(kinds), kinds)
	}
	return kinds
}

func TestEveryKindIsMadeSimulatedAndDocumented(t *testing.T) {
	docs, err := os.ReadFile(filepath.Join("..", "..", "docs", "resources.md"))
	if err != nil {
		t.Fatal(err)
	}
	exists := func(path string) bool { _, err := os.Stat(path); return err == nil }
	for _, kind := range kindsInSource(t) {
		stem := stems[kind]
		if stem == "" {
			stem = strings.ReplaceAll(kind, "-", "_")
		}
		sim := simulatedIn[kind]
		if sim == "" {
			sim = stem
		}
		if !exists(stem + ".go") {
			t.Errorf("%s: no internal/provision/%s.go", kind, stem)
		}
		if !exists(filepath.Join("..", "awssim", sim+".go")) && !exists(filepath.Join("..", "awssim", stem+".go")) {
			t.Errorf("%s: no internal/awssim/%s.go", kind, sim)
		}
		if !strings.Contains(string(docs), "| `"+kind+"` |") {
			t.Errorf("%s: no row in docs/resources.md", kind)
		}
	}
}

// The scenarios of TestAStackComesUpStaysAndGoes take every kind from nothing
// and back.
func TestEveryKindIsInAScenario(t *testing.T) {
	seen := map[string]bool{"state-bucket": true} // by the commands' own tests: it is not part of the stack
	for _, cfg := range scenarios(t) {
		for _, step := range NewStack(cfg, &Home{Stack: cfg.Stack(), Project: cfg.Project}, OfflineFacts(cfg)).Steps() {
			seen[step.Key().Kind()] = true
		}
	}
	for _, kind := range kindsInSource(t) {
		if !seen[kind] {
			t.Errorf("%s is in no scenario", kind)
		}
	}
}

func TestAKindCanBeMadeFromItsKeyAlone(t *testing.T) {
	h := &Home{Stack: "karmacadabra-prod", Project: "karmacadabra"}
	for _, key := range []string{
		"vpc", "igw", "subnet/public-us-east-1a", "eip/us-east-1a", "nat/us-east-1a", "route-table/private-us-east-1a",
		"route/private-us-east-1a", "route-table-association/private-us-east-1a", "endpoint/ecr.api", "sg/agents", "alb",
		"target-group/karma-hello", "listener/https", "rule/http/validator", "rule/https/host-validator", "certificate",
		"certificate-validation", "record/validation", "namespace", "cluster", "repository/validator", "log-group/validator",
		"metric-filter/validator", "role/execution/validator", "secret/validator", "parameter/validator/private_key",
		"task-definition/validator", "service/validator", "scalable-target/validator", "scaling-policy/validator/cpu",
		"alarm/validator/high-cpu", "topic", "subscription/abc123", "dashboard", "sampling-rule", "slr/ecs",
	} {
		step := h.kind(engine.Key(key))
		if step == nil {
			t.Errorf("%s: kinds.go does not know it", key)
			continue
		}
		if got := step.Key(); string(got) != key {
			t.Errorf("%s: made from the key, it says that it is %s", key, got)
		}
	}
}
