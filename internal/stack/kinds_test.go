package stack

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/karmacadabra/karmactl/internal/engine"
	"github.com/karmacadabra/karmactl/internal/provision"
)

// simulatedIn names the simulator's file where one simulates several kinds.
var simulatedIn = map[string]string{
	"state-bucket": "bucket", "certificate-validation": "certificate", "record": "hosted_zone", "subscription": "topic",
}

func TestEveryKindIsMadeSimulatedAndDocumented(t *testing.T) {
	docs, err := os.ReadFile(filepath.Join("..", "..", "docs", "resources.md"))
	if err != nil {
		t.Fatal(err)
	}
	exists := func(path string) bool { _, err := os.Stat(path); return err == nil }
	for _, kind := range Kinds() {
		sim := simulatedIn[kind.Name]
		if sim == "" {
			sim = kind.File
		}
		if path := filepath.Join("..", "provision", kind.File+".go"); !exists(path) {
			t.Errorf("%s: no %s", kind.Name, path)
		}
		if path := filepath.Join("..", "awssim", sim+".go"); !exists(path) {
			t.Errorf("%s: no %s", kind.Name, path)
		}
		if !strings.Contains(string(docs), "| `"+kind.Name+"` |") {
			t.Errorf("%s: no row in docs/resources.md", kind.Name)
		}
		if alias := "`" + kind.Name + "` is `" + kind.File + "`"; strings.ReplaceAll(kind.Name, "-", "_") != kind.File && !strings.Contains(string(docs), alias) {
			t.Errorf("docs/resources.md does not say: %s", alias)
		}
	}
}

// The scenarios of TestAStackComesUpStaysAndGoes take every kind from nothing
// and back.
func TestEveryKindIsInAScenario(t *testing.T) {
	seen := map[string]bool{"state-bucket": true} // by the commands' own tests: it is not part of the stack
	for _, cfg := range scenarios(t) {
		for _, step := range New(cfg, &provision.Env{Stack: cfg.Stack(), Project: cfg.Project}, GuessLookup(cfg)).Steps() {
			seen[step.Key().Kind()] = true
		}
	}
	for _, kind := range Kinds() {
		if !seen[kind.Name] {
			t.Errorf("%s is in no scenario", kind.Name)
		}
	}
}

func TestAKindCanBeMadeFromItsKeyAlone(t *testing.T) {
	h := &provision.Env{Stack: "karmacadabra-prod", Project: "karmacadabra"}
	made := map[string]bool{}
	check := func(key engine.Key) {
		kind, ok := kind(key.Kind())
		if !ok {
			t.Fatalf("%s: no such kind", key)
		}
		made[kind.Name] = true
		m := kind.Of(h, key.Name())
		if got := m.step.Key(); got != key || m.node.Key() != key {
			t.Errorf("%s: made from the key, it says that it is %s", key, got)
		}
	}
	check("state-bucket") // is in no stack
	for _, cfg := range scenarios(t) {
		for _, step := range New(cfg, h, GuessLookup(cfg)).Steps() {
			check(step.Key())
		}
	}
	for _, kind := range Kinds() {
		if !made[kind.Name] {
			t.Errorf("%s is in no scenario", kind.Name)
		}
	}
}

func TestWhatIsOnlyRecordedIsDeletedFromItsKeyAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, slow)
		cfg := fleetConfig()
		b.up(b.fleet(cfg)...)
		st := New(cfg, b.home, Lookup{})
		clear(st.groups) // as if nothing were wanted any more
		w := b.walk(true)
		w.Orphans = st.Orphans(b.rec.Entries())
		if len(w.Orphans) != len(b.rec.Entries()) {
			t.Fatalf("%d of %d are made from their keys", len(w.Orphans), len(b.rec.Entries()))
		}
		w.Keep = Keep(DownOptions{Images: true, Logs: true, Data: true})
		b.home.DeleteImages = true
		res, err := w.Up(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		if err := res.Err(); err != nil {
			t.Fatal(err)
		}
		for _, e := range b.rec.Entries() {
			if e.Kind != "slr" { // those belong to the account, and are kept
				t.Errorf("the state still has %v", e)
			}
		}
	})
}
