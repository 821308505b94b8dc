package stack

import (
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	aastypes "github.com/aws/aws-sdk-go-v2/service/applicationautoscaling/types"

	"github.com/karmacadabra/karmactl/internal/awssim"
)

// queued are an agent that requests make more of, and one that a queue wakes.
const queued = `
network: {nat: none}
defaults: {image: "public.ecr.aws/docker/library/python:3.13-slim"}
agents:
  front: {port: 8080, scale: {cpu: 0, memory: 0, requests: 1000}}
  consumer:
    scale: {min: 0, max: 5, queue: {name: acme-jobs, per_task: 10}}
    permissions: [{allow: [sqs:ReceiveMessage, sqs:DeleteMessage], on: ["arn:aws:sqs:us-east-1:*:acme-jobs"]}]
`

// holds puts messages into the queue.
func (b *stackBench) holds(visible, inFlight int) {
	b.t.Helper()
	b.edit(func(w *awssim.World) {
		w.Queues = map[string]awssim.Queue{"acme-jobs": {Visible: visible, InFlight: inFlight}}
	})
}

// desired is how many tasks AWS wants of an agent, once time has passed.
func (b *stackBench) desired(agent string) int {
	b.t.Helper()
	n := -1
	b.sim.Inventory() // the account moves when it is looked at
	b.edit(func(w *awssim.World) {
		for arn, x := range w.Services {
			if strings.HasSuffix(arn, "/"+agent) {
				n = x.Desired
			}
		}
	})
	return n
}

// tasksOf is how many tasks of an agent run.
func (b *stackBench) tasksOf(agent string) int {
	b.t.Helper()
	n := 0
	b.sim.Inventory()
	b.edit(func(w *awssim.World) {
		for _, x := range w.Tasks {
			if strings.HasSuffix(x.Service, "/"+agent) && x.Status == "RUNNING" {
				n++
			}
		}
	})
	return n
}

// until is how long it takes until something holds, or -1.
func (b *stackBench) until(most time.Duration, holds func() bool) time.Duration {
	b.t.Helper()
	for from := time.Now(); time.Since(from) <= most; time.Sleep(time.Second) {
		if holds() {
			return time.Since(from).Round(time.Second)
		}
	}
	return -1
}

func TestAQueueWakesItsAgentFromNoneAndPutsItToSleepAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newStackBench(t, parse(t, queued))
		b.upStack(nil)
		wants := func(what string, after time.Duration, n int) {
			t.Helper()
			time.Sleep(after)
			if got := b.desired("consumer"); got != n {
				t.Errorf("%s, after %s: %d tasks, not %d", what, after, got, n)
			}
		}
		wants("without the queue", 20*time.Minute, 0)
		b.holds(0, 0)
		wants("an empty queue", 20*time.Minute, 0)
		b.holds(1, 0)
		wants("one message", 2*time.Minute, 1)
		wants("one message, later", 20*time.Minute, 1)
		b.holds(35, 0)
		wants("35 messages for one task of 10", 8*time.Minute, 4)
		b.holds(500, 0)
		wants("more messages than max takes", 10*time.Minute, 5)
		b.holds(0, 1)
		wants("one message that is being worked on", 2*time.Hour, 1)
		b.holds(0, 0)
		wants("an empty queue again", 3*time.Minute, 0)
		b.holds(1, 0)
		wants("a message for one that sleeps", 5*time.Minute, 1)

		b.sim.ResetCalls()
		if plan := b.planStack(); plan.Changes() {
			t.Errorf("a plan would undo what the queue has done: %s", verbs(plan))
		}
	})
}

// TestAnotherMetricOfAQueueIsDrift: a policy that counts something else is shown in AWS's words and put back.
func TestAnotherMetricOfAQueueIsDrift(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newStackBench(t, parse(t, queued))
		b.upStack(nil)
		edits := map[string]func(c *aastypes.CustomizedMetricSpecification){
			"metric": func(c *aastypes.CustomizedMetricSpecification) {
				c.Metrics[3].Expression = aws.String("waiting / tasks")
			},
			"of": func(c *aastypes.CustomizedMetricSpecification) {
				for i := range 2 {
					c.Metrics[i].MetricStat.Metric.Dimensions[0].Value = aws.String("other")
				}
			},
		}
		for _, field := range []string{"metric", "of"} {
			b.edit(func(w *awssim.World) {
				for _, x := range w.ScalableTargets {
					for _, p := range x.Policies {
						if c := p.Config.CustomizedMetricSpecification; c != nil {
							edits[field](c)
						}
					}
				}
			})
			plan := b.planStack()
			if !(drift{key: "scaling-policy/consumer/queue", field: field}).isShownBy(plan) {
				t.Errorf("the plan does not show another %s: %s", field, verbs(plan))
			}
			b.upStack(nil)
			if again := b.planStack(); again.Changes() {
				t.Errorf("up left another %s: %s", field, verbs(again))
			}
		}
	})
}

func TestRequestsAreThoseOfTheAgentsOwnTargetGroup(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newStackBench(t, parse(t, queued))
		b.upStack(nil)
		var labels []string
		b.edit(func(w *awssim.World) {
			for _, x := range w.ScalableTargets {
				for _, p := range x.Policies {
					if m := p.Config.PredefinedMetricSpecification; m != nil {
						labels = append(labels, string(m.PredefinedMetricType)+" "+aws.ToString(m.ResourceLabel))
					}
				}
			}
		})
		if len(labels) != 1 || !strings.HasPrefix(labels[0], "ALBRequestCountPerTarget app/") || !slices.Contains(strings.Split(labels[0], "/"), "targetgroup") {
			t.Errorf("the policies on predefined metrics are %q", labels)
		}
	})
}
