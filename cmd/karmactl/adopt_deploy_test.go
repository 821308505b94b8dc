package main

import (
	"context"
	"os"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/karmacadabra/karmactl/internal/awssim/livetest"
)

// running is what an agent's service runs.
func running(t *testing.T, f *livetest.Fleet, agent string) (revision, digest string) {
	t.Helper()
	revision, digest, err := f.Running(context.Background(), agent)
	if err != nil {
		t.Fatal(err)
	}
	return revision, digest
}

// The tag of the image has moved since the tasks started: what is tried first is karmactl's
// revision, with the image that is known to run.
func TestTheFirstDeployOfATakenOverAgentKeepsTheImageThatRuns(t *testing.T) {
	for _, command := range []string{"deploy validator", "up --yes"} {
		t.Run(command, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				o, f := withoutFile(t)
				o.must("", takeIt...)
				_, before := running(t, f, "validator")
				if command == "up --yes" {
					edit(t, o, "  validator:\n    port: 9001  # ecs_service acme-prod-validator\n    service: acme-prod-validator\n    cpu: 256", "  validator:\n    port: 9001\n    service: acme-prod-validator\n    cpu: 512")
					edit(t, o, "memory: 512  # ecs_task_definition acme-prod-validator", "memory: 1024")
				}
				if err := f.MoveTag(context.Background(), "validator"); err != nil {
					t.Fatal(err)
				}
				out := said(t, o, strings.Fields(command)...)
				if strings.HasPrefix(command, "deploy") && !strings.Contains(out, "validator: the first deployment since it was taken over keeps the image that runs") {
					t.Errorf("it says:\n%s", out)
				}
				if _, after := running(t, f, "validator"); before == "" || after != before {
					t.Errorf("it ran %s, and runs %s", before, after)
				}
				if out := said(t, o, "plan"); command == "up --yes" && !strings.Contains(out, "No changes") {
					t.Errorf("the plan after it:\n%s", out)
				}
			})
		})
	}
}

// Terraform has registered a revision that its service has never run: neither adopt nor the
// plan after it takes that for the fleet's.
func TestARevisionThatNeverRanIsNotTakenOver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o, f := withoutFile(t)
		if err := f.Register(context.Background(), "chat"); err != nil {
			t.Fatal(err)
		}
		revision, _ := running(t, f, "chat")
		o.must("", takeIt...)
		o.must("", "up", "--yes")
		if now, _ := running(t, f, "chat"); now != revision {
			t.Errorf("it ran %s, and runs %s", revision, now)
		}
		o.must("", "deploy", "chat")
		if now, _ := running(t, f, "chat"); now == revision || now == revision[:len(revision)-1]+"2" {
			t.Errorf("after a deploy it runs %s", now)
		}
	})
}

// The roles of an agent are not made while it stays at the other program's revision, but
// a job of the agent starts with them.
func TestTheRolesOfATakenOverAgentAreMadeForItsJobs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o, f := withoutFile(t)
		o.must("", takeIt...)
		edit(t, o, "\nagents:\n", "\njobs:\n  nightly: {agent: chat, command: [python, digest.py], schedule: every day at 03:00}\nagents:\n")
		_, out := o.run("", "plan", "-v")
		for _, key := range []string{"role/execution/chat", "role/task/chat", "role/scheduler/chat", "task-definition/nightly"} {
			if !strings.Contains(out, "+ "+key+"\n") {
				t.Errorf("the plan has no %s:\n%s", key, out)
			}
		}
		if strings.Contains(out, "role/task/seller") || strings.Contains(out, " service/chat") {
			t.Errorf("the plan:\n%s", out)
		}
		revision, _ := running(t, f, "chat")
		o.must("", "up", "--yes")
		if now, _ := running(t, f, "chat"); now != revision {
			t.Errorf("it ran %s, and runs %s", revision, now)
		}
	})
}

func TestAFirstDeployThatFailsIsRolledBackToTheOtherProgramsRevision(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o, f := withoutFile(t)
		o.must("", takeIt...)
		text, err := os.ReadFile(o.file)
		if err != nil {
			t.Fatal(err)
		}
		before, own, _ := strings.Cut(string(text), "\n  validator:\n")
		broken := before + "\n  validator:\n" + strings.Replace(own, "    env:\n", "    env:\n      AWSSIM_BEHAVIOUR: crash\n", 1)
		if broken == string(text) {
			t.Fatalf("the file has no validator:\n%s", text)
		}
		if err := os.WriteFile(o.file, []byte(broken), 0o600); err != nil {
			t.Fatal(err)
		}
		revision, _ := running(t, f, "validator")
		code, out := o.run("", "deploy", "validator", "--fail-fast=false")
		if code != exitDeployment {
			t.Errorf("exits %d:\n%s", code, out)
		}
		if now, _ := running(t, f, "validator"); now != revision {
			t.Errorf("it ran %s, and runs %s", revision, now)
		}
		if err := f.Ask(); err != nil {
			t.Error(err)
		}
	})
}
