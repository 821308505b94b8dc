package main

import (
	"strings"
	"testing"
	"testing/synctest"

	"github.com/karmacadabra/karmactl/internal/document"
	"github.com/karmacadabra/karmactl/internal/engine"
)

const twoAgents = `project: demo
network: {nat: none}
agents:
  scout: {port: 9001, image: "public.ecr.aws/docker/library/python:3.13-slim"}
  relay: {port: 9002, image: "public.ecr.aws/docker/library/python:3.13-slim"}
`

func TestADeploymentThatIsRolledBackStopsNoOneWhoOnlyLooks(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		o := newOffice(t, twoAgents)
		o.must("", "up", "--yes")
		if code, said := o.run("", "deploy", "scout", "--yes", "--image", "public.ecr.aws/x/agent:crash"); code != exitDeployment || !strings.Contains(said, "the rollback continues") {
			t.Fatalf("exit %d: %s", code, said)
		}
		if code, said := o.run("", "up", "--yes"); code != exitDeployment || !strings.Contains(said, "is being rolled back") {
			t.Errorf("up does not wait for what fails: exit %d: %s", code, said)
		}
		for _, x := range []struct{ call, want string }{
			{"outputs", "url/scout "},
			{"outputs URL.relay", "/relay/"},
			{"open scout --print", "/scout/"},
			{"status --drift", "drift: none"},
			{"plan", "! scout: The deployment failed and is being rolled back:"},
		} {
			if code, said := o.run("", strings.Fields(x.call)...); code != 0 || !strings.Contains(said, x.want) || strings.Contains(said, "on demand costs") {
				t.Errorf("%s: exit %d: %s", x.call, code, said)
			}
		}
	})
}

func TestUpCallsNoAgentHealthyThatWantsNoTaskOrWasNotLookedAt(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		o := newOffice(t, strings.Replace(twoAgents, "scout: {", "scout: {scale: {min: 0, max: 2}, ", 1))
		if code, said := o.run("", "validate"); code != 0 || !strings.Contains(said, "scout begins at 0 tasks (scale.min), and nothing but karmactl scale scout=1 or a schedule starts one") {
			t.Errorf("validate: exit %d: %s", code, said)
		}
		for range 2 { // when it is made, and when nothing changes
			code, said := o.run("", "up", "--yes")
			if code != 0 || strings.Contains(said, "healthy in AWS, answers") || !strings.Contains(said, "no task is wanted: karmactl scale scout=1") {
				t.Errorf("up: exit %d: %s", code, said)
			}
		}
		code, said := o.run("", "up", "--only", "relay", "--yes")
		if code != 0 || !strings.Contains(said, "Nothing to change at relay; the other agents were not compared.") {
			t.Errorf("up --only: exit %d: %s", code, said)
		}
		o = newOffice(t, twoAgents+"  broken: {port: 9003, image: \"public.ecr.aws/x/agent:crash\"}\n")
		if code, said := o.run("", "up", "--yes"); code != exitDeployment {
			t.Fatalf("exit %d: %s", code, said)
		}
		code, said = o.run("", "up", "--only", "relay", "--yes")
		if code != 0 || strings.Contains(said, "healthy in AWS, answers") || !strings.Contains(said, "answers 503 Service Unavailable from here: karmactl status broken") {
			t.Errorf("up --only: exit %d: %s", code, said)
		}
	})
}

func TestAnAgentThatWasNotLookedAtIsCalledHealthyInNoWords(t *testing.T) {
	for _, after := range []string{", answers 503 Service Unavailable from here", "; its name is not known here yet"} {
		ch := document.Check{Agent: "scout", Note: healthyInAWS + after}
		if got, want := whyNot(ch, &engine.Result{}, []string{"relay"}), strings.TrimLeft(after, ",; ")+": karmactl status scout"; got != want {
			t.Errorf("it is %q, want %q", got, want)
		}
		if got := whyNot(ch, &engine.Result{}, []string{"scout"}); got != ch.Note {
			t.Errorf("of one that was looked at it is %q", got)
		}
	}
}
