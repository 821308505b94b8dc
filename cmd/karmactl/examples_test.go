package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
	"go.yaml.in/yaml/v3"

	"github.com/karmacadabra/karmactl/internal/agents"
	"github.com/karmacadabra/karmactl/internal/awssim"
)

// examplePrice is the price that an example's README says.
var examplePrice = regexp.MustCompile(`\*\*\$([0-9]+\.[0-9]{2}) a month\*\*`)

// TestEachExampleComesUpCostsWhatItSaysAndGoes takes every folder of examples/ from
// nothing and back with the real main, in a simulated account: it is priced, brought up, used,
// changed and taken down. With -short it is inside this process.
func TestEachExampleComesUpCostsWhatItSaysAndGoes(t *testing.T) {
	if !testing.Short() {
		t.Parallel()
	}
	files, err := filepath.Glob(filepath.Join("..", "..", "examples", "*", "agents.yaml"))
	if err != nil || len(files) == 0 {
		t.Fatalf("there are no examples: %v", err)
	}
	for _, f := range files {
		cfg, err := agents.Load(f, "")
		if err != nil {
			t.Fatal(err)
		}
		name := filepath.Base(filepath.Dir(f))
		script := filepath.Join(t.TempDir(), name+".txtar")
		if err := os.WriteFile(script, []byte(lifeOf(cfg)), 0o644); err != nil {
			t.Fatal(err)
		}
		p := testscript.Params{
			Files: []string{script}, RequireExplicitExec: true,
			Setup: func(e *testscript.Env) error {
				e.Setenv("AWS_EC2_METADATA_DISABLED", "true")
				collectLittle(e)
				e.Setenv("KARMACTL_SIMULATE", filepath.Join(e.WorkDir, "world"))
				e.Setenv("BUILDER_LOG", filepath.Join(e.WorkDir, "calls"))
				e.Setenv("PATH", filepath.Join(e.WorkDir, "tools")+string(os.PathListSeparator)+e.Getenv("PATH"))
				return os.CopyFS(e.WorkDir, os.DirFS(filepath.Dir(f)))
			},
			Cmds: map[string]func(*testscript.TestScript, bool, []string){"priced": priced, "greet": greet, "nothingleft": nothingLeft},
		}
		if testing.Short() {
			runInside(t, script, p)
		} else {
			testscript.Run(t, p)
		}
	}
}

// lifeOf is the script of an example's life.
func lifeOf(cfg *agents.Config) string {
	up := "exec karmactl up --yes"
	if slices.ContainsFunc(cfg.Agents, func(a agents.Agent) bool { return a.Build != nil }) {
		up += " --build"
	}
	lines := []string{"chmod 755 tools/docker", "exec karmactl validate", "exec karmactl cost -o json", "priced", up}
	for _, a := range cfg.Agents {
		for _, key := range a.OwnKeys() {
			lines = append(lines, "stdin value", "exec karmactl secrets set "+a.Name+" "+key)
		}
	}
	lines = append(lines,
		"exec karmactl up --yes",
		"exec karmactl plan --detailed-exitcode",
		"stdout 'No changes'",
		"exec karmactl up --yes",
		"stdout 'Nothing to change'")
	for _, a := range cfg.Agents {
		lines = append(lines, "exec karmactl run "+a.Name+" -- echo it answers", "stdout 'it answers'")
	}
	for _, j := range cfg.Jobs {
		lines = append(lines, "exec karmactl run "+j.Name)
	}
	return strings.Join(append(lines,
		"greet",
		"exec karmactl plan --verbose",
		"stdout 'GREETING'",
		"exec karmactl up --yes",
		"exec karmactl plan --detailed-exitcode",
		"stdout 'No changes'",
		"exec karmactl doctor",
		"stdout 'Nothing is wrong'",
		"exec karmactl down --yes --images --logs --data",
		"nothingleft",
		"-- value --", "a-value",
		"-- tools/docker --", "#!/bin/sh", `exec builder "$@"`, "",
	), "\n")
}

// greet gives each agent another environment.
func greet(ts *testscript.TestScript, _ bool, _ []string) {
	file := map[string]any{}
	ts.Check(yaml.Unmarshal([]byte(ts.ReadFile("agents.yaml")), &file))
	for _, a := range file["agents"].(map[string]any) {
		agent := a.(map[string]any)
		env, _ := agent["env"].(map[string]any)
		if env == nil {
			env = map[string]any{}
		}
		env["GREETING"] = "hello"
		agent["env"] = env
	}
	text, err := yaml.Marshal(file)
	ts.Check(err)
	ts.Check(os.WriteFile(ts.MkAbs("agents.yaml"), text, 0o600))
}

// priced tests that what cost has just said is what the README says, on one page.
func priced(ts *testscript.TestScript, _ bool, _ []string) {
	var cost struct {
		Monthly struct {
			Expected string `json:"expected"`
		} `json:"monthly"`
	}
	ts.Check(json.Unmarshal([]byte(ts.ReadFile("stdout")), &cost))
	readme := ts.ReadFile("README.md")
	says := examplePrice.FindStringSubmatch(readme)
	if says == nil || says[1] != cost.Monthly.Expected {
		ts.Fatalf("it costs $%s a month, and its README says %q", cost.Monthly.Expected, says)
	}
	if n := strings.Count(readme, "\n"); n > 16 {
		ts.Fatalf("its README has %d lines", n)
	}
}

// nothingLeft tests that the account has nothing but what stays of any stack, its
// service-linked roles, the bucket of the state and the proof of a domain, and the secret that a simulated
// account has from the start.
func nothingLeft(ts *testscript.TestScript, _ bool, _ []string) {
	sim, _, err := awssim.OpenFile(filepath.Join(ts.Getenv("KARMACTL_SIMULATE"), worldName), simulateSpeed, awssim.Options{Region: "us-east-1"})
	ts.Check(err)
	defer func() { ts.Check(sim.Close()) }()
	// A VPC that is there already stays with all that its owner has in it.
	owners := []string{"vpc ", "subnet ", "route-table ", "route ", "internet-gateway ", "nat-gateway ", "address ", "network-interface "}
	given := strings.Contains(ts.ReadFile("agents.yaml"), "vpc: vpc-")
	left := slices.DeleteFunc(sim.Inventory(), func(s string) bool {
		if given && slices.ContainsFunc(owners, func(kind string) bool { return strings.HasPrefix(s, kind) }) {
			return true
		}
		return strings.HasPrefix(s, "service-linked-role ") || strings.HasPrefix(s, "bucket ") || strings.HasPrefix(s, "record _") || s == "secret karmacadabra"
	})
	if given && len(left) == 1 && strings.HasPrefix(left[0], "security-group ") {
		left = nil // the VPC's default one
	}
	if len(left) > 0 {
		ts.Fatalf("down leaves %q", left)
	}
}
