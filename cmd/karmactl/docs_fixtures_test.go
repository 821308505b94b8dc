package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// docFixtures are what calls in the documents need besides the account.
var docFixtures = map[string]fixture{
	"karmactl deploy validator --build":                     {before: buildsWhatCrashes, exits: 3},
	"karmactl deploy writer --build":                        {before: buildsTheValidator},
	"karmactl up --build":                                   {before: builds},
	"karmactl run nightly":                                  {before: aNightlyJob},
	"karmactl logs nightly":                                 {before: aNightlyJob},
	"karmactl secrets set weekly webhook":                   {before: aWeeklyJob, stdin: "a-value\n"},
	"karmactl up --only weekly":                             {before: aWeeklyJob},
	"karmactl adopt --from-ecs acme-prod":                   {before: anEmptyFolder},
	"karmactl adopt --dry-run --from-ecs acme-prod":         {before: anEmptyFolder},
	"karmactl init --from-ecs acme-prod --region us-east-1": {before: anEmptyFolder},
	"karmactl init --from state.json":                       {before: aTerraformState},
}

// newDocumentedOf is an account, and a folder, for calls of a kind.
func newDocumentedOf(t *testing.T, root, kind, shipped string) *exampled {
	t.Helper()
	time.Sleep(time.Until(time.Date(2026, time.November, 15, 12, 0, 0, 0, time.UTC))) // AWS knows no logs of 2000
	x := &exampled{}
	switch {
	case strings.HasPrefix(kind, "examples/"):
		x.office, x.folder = newOffice(t, ""), true
		if err := os.CopyFS(".", os.DirFS(filepath.Join(root, filepath.FromSlash(kind)))); err != nil {
			t.Fatal(err)
		}
	case kind == "":
		x.office = newOffice(t, "")
		x.write("config/agents.yaml", withStaging(t, shipped))
	default:
		x = newExamplesOf(t, kind, shipped)
		x.keepUp = true
	}
	return x
}

// buildsWhatCrashes builds an agent again without the key that it has now, which its program misses.
func buildsWhatCrashes(x *exampled, args []string) []string {
	x.t.Helper()
	if code, said := x.call("a-value\n", words("secrets set validator private_key")); code != 0 {
		x.t.Fatalf("exits %d:\n%s", code, said)
	}
	args = append(builds(x, args), "--fail-fast=false") // as in a terminal
	x.must("karmactl " + strings.Join(args, " "))
	file, err := os.ReadFile("build.yaml")
	if err != nil {
		x.t.Fatal(err)
	}
	x.write("build.yaml", strings.Replace(string(file), "    PRIVATE_KEY: {key: private_key, optional: true}\n", "", 1))
	x.t.Setenv("BUILD_OF", "2")
	x.t.Setenv("BUILD_BEHAVES", "crash")
	return args
}

// buildsTheValidator builds an agent of the fleet in place of the tutorial's.
func buildsTheValidator(x *exampled, args []string) []string {
	args[1] = "validator"
	return builds(x, args)
}

// aNightlyJob adds a job to the fleet.
func aNightlyJob(x *exampled, args []string) []string {
	x.t.Helper()
	return withJob(x, args, "nightly: {agent: validator, command: [sh, -c, echo digested], schedule: every day at 03:00}")
}

// aWeeklyJob adds a job with an image and a secret of its own to the fleet.
func aWeeklyJob(x *exampled, args []string) []string {
	x.t.Helper()
	return withJob(x, args, "weekly: {image: ghcr.io/acme/report:1.4, schedule: every monday at 04:00, secrets: {WEBHOOK: webhook}}")
}

func withJob(x *exampled, args []string, job string) []string {
	x.t.Helper()
	fleet, err := os.ReadFile("config/agents.yaml")
	if err != nil {
		x.t.Fatal(err)
	}
	x.write("jobs.yaml", string(fleet)+"\njobs:\n  "+job+"\n")
	x.must("karmactl up --file jobs.yaml")
	return append(args, "--file", "jobs.yaml")
}

func aTerraformState(x *exampled, args []string) []string {
	anEmptyFolder(x, args)
	x.write("state.json", `{"version": 4, "resources": [
  {"mode": "managed", "type": "aws_ecs_task_definition", "name": "quiz", "instances": [{"attributes": {"arn": "arn:aws:ecs:us-east-1:123456789012:task-definition/quiz:3", "family": "quiz", "cpu": "256", "memory": "512",
    "container_definitions": "[{\"name\":\"quiz\",\"image\":\"ghcr.io/acme/quiz:3\"}]"}}]},
  {"mode": "managed", "type": "aws_ecs_service", "name": "quiz", "instances": [{"attributes": {"name": "quiz", "desired_count": 1, "launch_type": "FARGATE",
    "task_definition": "arn:aws:ecs:us-east-1:123456789012:task-definition/quiz:3"}}]}]}`)
	return args
}
