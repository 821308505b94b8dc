package agents

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const overlaid = `
project: hello
network: {nat: single, endpoints: [s3, logs]}
defaults: {spot: true, env: {LEVEL: info, COLOR: red}}
agents:
  a: {port: 8080, env: {LEVEL: debug}}
  b: {port: 8081, cpu: 1024}
environments:
  staging:
    network: {endpoints: [s3]}
    defaults: {env: {COLOR: blue}, spot: {base: 1}}
    agents:
      b: {cpu: 512}
      c: {port: 8082}
  quiet:
`

func TestAnOverlaySaysOnlyWhatDiffers(t *testing.T) {
	base, staging := parse(t, "", overlaid), parse(t, "staging", overlaid)
	if base.Stack() != "hello-prod" || base.Network.Namespace != "hello.local" || len(base.Agents) != 2 {
		t.Errorf("base: %s, %s, %d agents", base.Stack(), base.Network.Namespace, len(base.Agents))
	}
	if staging.Stack() != "hello-staging" || staging.Network.Namespace != "hello-staging.local" {
		t.Errorf("staging: %s, %s", staging.Stack(), staging.Network.Namespace)
	}
	if diff := cmp.Diff([]string{"s3"}, staging.Network.Endpoints); diff != "" {
		t.Errorf("lists replace: %s", diff)
	}
	if diff := cmp.Diff([]string{"a", "b", "c"}, staging.Names()); diff != "" {
		t.Errorf("order: %s", diff)
	}
	a, b := staging.Agents[0], staging.Agents[1]
	if a.Env["LEVEL"] != "debug" || a.Env["COLOR"] != "blue" || a.Spot.Base != 1 {
		t.Errorf("a: env %v, spot %+v", a.Env, a.Spot)
	}
	if b.CPU != 512 || b.Memory != 1024 || b.Env["LEVEL"] != "info" {
		t.Errorf("b: cpu %d, memory %d, env %v", b.CPU, b.Memory, b.Env)
	}
	quiet := parse(t, "quiet", overlaid)
	if quiet.Stack() != "hello-quiet" || len(quiet.Agents) != 2 {
		t.Errorf("an overlay that says nothing: %s, %d agents", quiet.Stack(), len(quiet.Agents))
	}
}

func TestAProblemOfAMergedValueIsShownWhereTheValueStands(t *testing.T) {
	src := strings.Replace(overlaid, "b: {cpu: 512}", "b: {memory: 700}", 1)
	_, err := Parse("agents.yaml", []byte(src), "staging")
	var problems *Problems
	if !errors.As(err, &problems) || len(problems.List) != 1 {
		t.Fatalf("got %v", err)
	}
	if p := problems.List[0]; p.Line != 13 || !strings.Contains(p.Source, "memory: 700") {
		t.Errorf("shown at %s", p)
	}
	if _, err := Parse("agents.yaml", []byte(src), ""); err != nil {
		t.Errorf("the base does not have that problem: %v", err)
	}
}

func TestAnUnknownEnvironmentNamesTheOnesThereAre(t *testing.T) {
	_, err := Parse("agents.yaml", []byte(overlaid), "stagin")
	if err == nil || !strings.Contains(err.Error(), `there is no environment "stagin" in this file: did you mean "staging"? allowed: prod, staging or quiet`) {
		t.Errorf("got %v", err)
	}
}

func TestTheEnvironmentsOfAFileAreItsOwnAndItsOverlays(t *testing.T) {
	file := filepath.Join(t.TempDir(), "agents.yaml")
	for text, want := range map[string][]string{
		"environment: live\nenvironments: {staging: {}, live: {}, test: {}}\n": {"live", "staging", "test"},
		"project: x\n": {"prod"},
		"- no mapping": nil,
		"a: [":         nil,
	} {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if got := Environments(file); !slices.Equal(got, want) {
			t.Errorf("%q has %v, want %v", text, got, want)
		}
	}
}
