package stack

import (
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/karmacadabra/karmactl/internal/awssim"
	"github.com/karmacadabra/karmactl/internal/engine"
)

// ownJob is a job with an image, rights and secrets of its own beside an agent that has nothing to do with it.
const ownJob = `
network: {nat: none}
secrets: {store: ssm, nested: ""}
agents:
  bot: {image: "public.ecr.aws/docker/library/python:3.13-slim"}
jobs:
  nightly:
    image: public.ecr.aws/docker/library/node:22-slim
    command: [sh, -c, "echo digested; sleep 30; exit 0"]
    schedule: every 6 hours
    timeout: 30m
    cpu: 512
    env: {FEED: "https://example.com"}
    secrets: {WEBHOOK_URL: {from: /acme/webhook}}
    permissions: [{allow: [s3:GetObject], on: ["arn:aws:s3:::digests/*"]}]
`

func TestAJobWithAnImageOfItsOwnNeedsNoAgent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newStackBench(t, parse(t, ownJob))
		if err := b.sim.Seed(awssim.Seed{Parameters: []string{"/acme/webhook"}}); err != nil {
			t.Fatal(err)
		}
		b.upStack(nil)
		var keys []string
		for _, e := range b.rec.Entries() {
			if strings.Contains(string(e.Key), "nightly") {
				keys = append(keys, string(e.Key))
			}
		}
		slices.Sort(keys)
		if got, want := strings.Join(keys, " "), "log-group/nightly role/execution/nightly role/scheduler/nightly role/task/nightly schedule/nightly task-definition/nightly"; got != want {
			t.Errorf("the job has %s, not %s", got, want)
		}
		b.edit(func(w *awssim.World) {
			for _, d := range w.TaskDefinitions {
				if aws.ToString(d.Definition.Family) != "karmacadabra-prod-nightly" {
					continue
				}
				c := d.Definition.ContainerDefinitions
				if len(c) != 2 || !strings.Contains(aws.ToString(c[0].Image), "node@sha256:") || !strings.Contains(aws.ToString(c[1].Image), "busybox@sha256:") || aws.ToString(d.Definition.Cpu) != "512" || len(c[0].Secrets) != 1 {
					t.Errorf("its task is %+v", d.Definition)
				}
			}
		})
		if plan := b.planStack(); plan.Changes() {
			t.Errorf("the plan after is not empty: %s", verbs(plan))
		}
		time.Sleep(7 * time.Hour)
		b.sim.Inventory()
		b.edit(func(w *awssim.World) {
			if x := w.JobSchedules["karmacadabra-prod/nightly"]; x.Started == 0 || x.Dropped > 0 || len(x.Waiting) > 0 {
				t.Errorf("in seven hours it was started %d times, and given up %d times", x.Started, x.Dropped)
			}
		})

		// Another tag in the file is another image, and nothing else.
		b.cfg = parse(t, strings.Replace(ownJob, "node:22-slim", "node:24-slim", 1))
		plan := b.planStack()
		for _, o := range plan.Outcomes {
			if o.Verb != engine.None && o.Key != "task-definition/nightly" && o.Key != "schedule/nightly" {
				t.Errorf("another image is %s of %s", o.Verb, o.Key)
			}
		}
		b.upStack(nil)

		// Without it in the file, up takes it away and leaves the agent alone.
		b.cfg = parse(t, ownJob[:strings.Index(ownJob, "jobs:")])
		b.upStack(nil)
		for _, e := range b.rec.Entries() {
			if strings.Contains(string(e.Key), "nightly") && e.Key.Kind() != "log-group" {
				t.Errorf("%s is left", e.Key)
			}
		}
	})
}
