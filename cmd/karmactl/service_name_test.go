package main

import (
	"os"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/karmacadabra/karmactl/internal/awssim"
)

// otherName has an agent whose service has a name of its own.
const otherName = `
project: acme
environment: prod
region: us-east-1
network: {nat: none}
defaults: {image: "public.ecr.aws/x/agent:v1", exec: true}
agents:
  api: {port: 9001, service: acme-api, scale: {min: 1, max: 3}}
  chat: {port: 9002, calls: [api]}
`

func TestAnAgentWhoseServiceHasAnotherNameIsWorkedOnByItsOwn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := newOffice(t, otherName)
		for _, c := range []struct{ command, want string }{
			{"up --yes", "api"},
			{"plan", "No changes"},
			{"status", "api    1/1"},
			{"status --drift", "api    1/1"},
			{"doctor", ""},
			{"scale api=2", "api"},
			{"deploy api --image public.ecr.aws/x/agent:v2", "api"},
			{"rollback api", "api"},
			{"logs api --since 1h", "task"},
			{"run api -- echo", ""},
			{"secrets status", ""},
			{"scale api=auto", "api"},
			{"hibernate --yes", ""},
			{"wake --yes", ""},
			{"plan", "No changes"},
		} {
			code, said := o.run("", strings.Fields(c.command)...)
			if code != 0 || !strings.Contains(said, c.want) {
				t.Errorf("%s exits %d:\n%s", c.command, code, said)
			}
		}
		world := func(look func(*awssim.World)) {
			if err := o.sim.Edit(look); err != nil {
				t.Fatal(err)
			}
		}
		world(func(w *awssim.World) {
			if x := w.Services["arn:aws:ecs:us-east-1:123456789012:service/acme-prod/acme-api"]; x == nil || x.Tags["karmactl:key"] != "service/api" {
				t.Errorf("the service is %+v", x)
			}
		})
		o.must("", "down", "--yes")
		world(func(w *awssim.World) {
			for arn, x := range w.Services {
				if x.Status == "ACTIVE" {
					t.Errorf("%s is there", arn)
				}
			}
			if n := len(w.ScalableTargets); n > 0 {
				t.Errorf("%d scalable targets are left", n)
			}
		})
	})
}

func TestRenamingAServiceIsRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := newOffice(t, otherName)
		o.must("", "up", "--yes")
		if err := os.WriteFile(o.file, []byte(strings.ReplaceAll(otherName, "acme-api", "acme-other")), 0o600); err != nil {
			t.Fatal(err)
		}
		if code, said := o.run("", "plan"); code != exitError || !strings.Contains(said, "name of service/api cannot change from acme-api to acme-other") {
			t.Errorf("exits %d:\n%s", code, said)
		}
	})
}
