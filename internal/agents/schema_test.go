package agents

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"go.yaml.in/yaml/v3"
)

func compiled(t *testing.T) *jsonschema.Schema {
	t.Helper()
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(Schema()))
	if err != nil {
		t.Fatal(err)
	}
	compiler := jsonschema.NewCompiler()
	if err := compiler.AddResource("agents.schema.json", doc); err != nil {
		t.Fatal(err)
	}
	s, err := compiler.Compile("agents.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func validate(t *testing.T, s *jsonschema.Schema, src string) error {
	t.Helper()
	var v any
	if err := yaml.Unmarshal([]byte(src), &v); err != nil {
		t.Fatal(err)
	}
	return s.Validate(v)
}

func TestTheCommittedSchemaIsTheGeneratedOne(t *testing.T) {
	committed, err := os.ReadFile("../../config/agents.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(committed, Schema()) {
		t.Error("config/agents.schema.json is out of date: go generate ./internal/agents")
	}
}

func TestTheSchemaAcceptsWhatParseAccepts(t *testing.T) {
	s := compiled(t)
	files, err := filepath.Glob("../../config/*.yaml")
	if err != nil || len(files) < 2 {
		t.Fatalf("shipped files: %v, %v", files, err)
	}
	sources := []string{everything, overlaid, "agents: {a: {port: 1}}", "observability: {container_insights: off}\nnetwork:\nagents: {a: {port: 1, spot: {spot: 2}}}"}
	for _, f := range files {
		src, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		if !strings.HasPrefix(string(src), "# yaml-language-server: $schema=./agents.schema.json\n") {
			t.Errorf("%s does not name its schema in the first line", f)
		}
		sources = append(sources, string(src))
	}
	for _, src := range sources {
		if err := validate(t, s, src); err != nil {
			t.Errorf("%v\nin\n%s", err, src)
		}
	}
}

func TestTheSchemaRefusesWhatOneValueCanGetWrong(t *testing.T) {
	s := compiled(t)
	for _, name := range []string{
		"unknown-key", "no-agents", "cpu", "arch", "nat", "endpoints", "health-limits", "retention",
		"insights", "alarms", "agent-name", "project-long", "duration-number", "spot-mix", "port-range", "usage", "overlay-problem", "agent-is-text",
	} {
		src, err := os.ReadFile("testdata/invalid/" + name + ".yaml")
		if name == "nat" {
			src, err = []byte("network: {nat: singel}\nagents: {a: {port: 1}}"), nil
		}
		if err != nil {
			t.Fatal(err)
		}
		if validate(t, s, string(src)) == nil {
			t.Errorf("%s passes the schema", name)
		}
	}
}
