package main

import (
	"bytes"
	"os"
	"strings"
	"testing"

	"github.com/karmacadabra/karmactl/internal/agents"
)

func TestTheCommittedReferenceIsTheGeneratedOne(t *testing.T) {
	page, err := reference(agents.Schema())
	if err != nil {
		t.Fatal(err)
	}
	committed, err := os.ReadFile("../../../docs/agents-yaml.md")
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(committed, page) {
		t.Error("docs/agents-yaml.md is out of date: make gen")
	}
}

// TestTheReferenceRefusesWhatItDoesNotKnow: an object that is new in the table
// must not be missing from the page without a word.
func TestTheReferenceRefusesWhatItDoesNotKnow(t *testing.T) {
	added := bytes.Replace(agents.Schema(), []byte(`"$defs": {`), []byte(`"$defs": {"crystal-ball": {"properties": {}},`), 1)
	if _, err := reference(added); err == nil || !strings.Contains(err.Error(), `"crystal-ball"`) {
		t.Errorf("an object in no section: %v", err)
	}
	removed := bytes.ReplaceAll(agents.Schema(), []byte(`"nat": {`), []byte(`"nut": {`))
	if _, err := reference(removed); err == nil || !strings.Contains(err.Error(), "network.nat") {
		t.Errorf("a price for a key that is gone: %v", err)
	}
}
