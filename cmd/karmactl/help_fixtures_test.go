package main

import (
	"os"
	"strings"

	"github.com/karmacadabra/karmactl/internal/awssim"
)

// fixture is what an example needs besides the fleet.
type fixture struct {
	// before prepares, and returns the arguments: some name what only an account knows.
	before func(x *exampled, args []string) []string
	stdin  string
	// ends are arguments that end what runs until Ctrl-C.
	ends []string
	// says is in what the example says.
	says  string
	exits int
}

var untilCtrlC = []string{"--timeout", "20s"}

// noContainers is of what needs a container, which a rehearsal does not have: it did not do what it was asked.
var noContainers = fixture{exits: exitError, says: "a rehearsal has no containers, and nothing was done: on AWS the session with ecs:"}

var fixtures = map[string]fixture{
	"karmactl cp validator:/data/x.json .":                             noContainers,
	"karmactl cp ./config validator:/data/":                            noContainers,
	"karmactl exec validator":                                          noContainers,
	"karmactl exec validator -- env":                                   noContainers,
	"karmactl port-forward validator":                                  noContainers,
	"karmactl port-forward validator 8080:9001":                        noContainers,
	"karmactl logs -f":                                                 {ends: untilCtrlC},
	"karmactl status validator --watch":                                {ends: untilCtrlC},
	"karmactl up plan.json":                                            {before: runsFirst("karmactl plan --out plan.json")},
	"karmactl wake":                                                    {before: runsFirst("karmactl hibernate")},
	"karmactl wake --dry-run":                                          {before: runsFirst("karmactl hibernate")},
	"karmactl scale --schedule off":                                    {before: runsFirst("karmactl scale --schedule office-hours")},
	"karmactl up --build --yes":                                        {before: builds},
	"karmactl deploy validator --build":                                {before: builds},
	"karmactl rollback validator --to 7":                               {before: sevenRevisions},
	"karmactl secrets set validator private_key":                       {stdin: "a-value\n"},
	"pass show validator | karmactl secrets set validator private_key": {stdin: "a-value\n"},
	"karmactl state restore 3sL4kqtJlcpXroDTDmJ":                       {before: anEarlierVersion},
	"karmactl state import karmactl.errored-state.json":                {before: anErroredState},
	"karmactl state import karmactl.errored-state.json --dry-run":      {before: anErroredState},
	"karmactl adopt --release --from terraform.tfstate":                {before: letGo},
	"karmactl init":                                                    {before: aComposeFile},
	"karmactl init --agents planner,writer:9000 --region eu-west-1":    {before: anEmptyFolder},
	"karmactl init --from terraform --var-file prod.tfvars":            {before: aTerraformModule},
}

// runsFirst runs another command before.
func runsFirst(line string) func(*exampled, []string) []string {
	return func(x *exampled, args []string) []string {
		x.t.Helper()
		x.must(line)
		return args
	}
}

// builds has the agents built from sources, as the shipped file says it is done.
func builds(x *exampled, args []string) []string {
	x.t.Helper()
	was, err := os.ReadFile("config/agents.yaml")
	if err != nil {
		x.t.Fatal(err)
	}
	x.t.Setenv("BUILD_BEHAVES", "")
	x.write("Dockerfile.agent", "FROM scratch\n")
	x.write("build.yaml", strings.Replace(string(was), "  image: public.ecr.aws/docker/library/python:3.13-slim\n", "  build: {context: ., dockerfile: Dockerfile.agent}\n", 1))
	return append(args, "--file", "build.yaml")
}

// sevenRevisions makes the revisions that the example goes back over.
func sevenRevisions(x *exampled, args []string) []string {
	x.t.Helper()
	x.edit(func(w *awssim.World) { w.Families["karmacadabra-prod-validator"] = 6 })
	x.must("karmactl deploy validator --image public.ecr.aws/x/agent:amd64-only") // other bytes than any version has
	x.must("karmactl deploy validator --image public.ecr.aws/x/agent:v8")
	return args
}

// anEarlierVersion names a version of the state that there is.
func anEarlierVersion(x *exampled, args []string) []string {
	x.t.Helper()
	last := strings.Split(strings.TrimSpace(x.must("karmactl state history")), "\n")[1]
	args[len(args)-1] = strings.Fields(last)[0]
	return args
}

// anErroredState has the state where karmactl leaves it when it cannot be written.
func anErroredState(x *exampled, args []string) []string {
	x.t.Helper()
	x.edit(func(w *awssim.World) {
		for _, b := range w.Buckets {
			for key, versions := range b.Objects {
				if strings.HasSuffix(key, "state.json") {
					x.write(args[len(args)-1], string(versions[len(versions)-1].Body))
				}
			}
		}
	})
	return args
}

// letGo is what Terraform's state says after the commands that adopt advises.
func letGo(x *exampled, args []string) []string {
	x.write("terraform.tfstate", `{"version": 4, "resources": []}`)
	return args
}

func aComposeFile(x *exampled, args []string) []string {
	anEmptyFolder(x, args)
	x.write("docker-compose.yml", "services:\n  planner: {image: 'ghcr.io/acme/planner:v1', ports: ['9001:9001']}\n")
	return args
}

func aTerraformModule(x *exampled, args []string) []string {
	anEmptyFolder(x, args)
	x.write("prod.tfvars", "region = \"eu-west-1\"\n")
	x.write("terraform/main.tf", `variable "region" {}
provider "aws" { region = var.region }
resource "aws_ecs_task_definition" "quiz" {
  family                = "quiz"
  cpu                   = 256
  memory                = 512
  container_definitions = jsonencode([{ name = "quiz", image = "ghcr.io/acme/quiz:3" }])
}
resource "aws_ecs_service" "quiz" {
  name            = "quiz"
  task_definition = aws_ecs_task_definition.quiz.arn
  desired_count   = 1
  launch_type     = "FARGATE"
}
`)
	return args
}

// anEmptyFolder takes away what other examples of init wrote and read.
func anEmptyFolder(x *exampled, args []string) []string {
	x.t.Helper()
	for _, name := range []string{"config", "docker-compose.yml", "terraform"} {
		if err := os.RemoveAll(name); err != nil {
			x.t.Fatal(err)
		}
	}
	return args
}

// edit changes the account.
func (x *exampled) edit(f func(*awssim.World)) {
	x.t.Helper()
	if err := x.sim.Edit(f); err != nil {
		x.t.Fatal(err)
	}
}
