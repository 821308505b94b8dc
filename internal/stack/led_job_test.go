package stack

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/sfn/types"

	"github.com/karmacadabra/karmactl/internal/awssim"
)

// led is a fleet with a job whose runs a state machine leads, and a sidecar that ECS kills at the end of each.
const led = `
network: {nat: none}
secrets: {nested: ""}
observability: {alarms: {emails: [ops@example.com]}}
agents:
  bot: {image: "public.ecr.aws/docker/library/python:3.13-slim", sidecars: {helper: {command: [tail]}}}
jobs:
  nightly: {agent: bot, command: [sh, -c, %q], schedule: %q, timeout: 30m, %s}
`

// executions counts a machine's executions by how they ended.
func (b *stackBench) executions() map[types.ExecutionStatus]int {
	b.t.Helper()
	b.sim.Inventory()
	out := map[types.ExecutionStatus]int{}
	b.edit(func(w *awssim.World) {
		for _, x := range w.Executions {
			out[x.Status]++
		}
	})
	return out
}

// started counts the tasks of a family that ECS still lists.
func (b *stackBench) started(family string) (n int) {
	b.t.Helper()
	b.sim.Inventory()
	b.edit(func(w *awssim.World) {
		for _, t := range w.Tasks {
			if strings.Contains(t.Definition, "task-definition/"+family+":") {
				n++
			}
		}
	})
	return n
}

// TestAJobIsTriedAgainUntilItSucceeds: the mail comes once, after the last attempt, and none of one that ends well
// after all. A sidecar that was killed, or the container that keeps the time, is not taken for the job's own.
func TestAJobIsTriedAgainUntilItSucceeds(t *testing.T) {
	for command, want := range map[string]struct{ tasks, mails int }{
		"echo well; exit 0":                                  {1, 0},
		"sleep 20; exit 3":                                   {3, 1},
		"test $JOB_ATTEMPT -ge 2 || exit 4; echo well":       {2, 0},
		"test $JOB_ATTEMPT -ge 3 || sleep 7200; echo well":   {1, 0},
		"test $JOB_ATTEMPT -ge 9 || exit 137; echo too late": {3, 1},
	} {
		synctest.Test(t, func(t *testing.T) {
			b := newStackBench(t, parse(t, fmt.Sprintf(led, command, "every 6 hours", "retries: 2")))
			b.upStack(nil)
			time.Sleep(6*time.Hour + 20*time.Minute)
			if got := b.started("karmacadabra-prod-nightly"); got != want.tasks {
				t.Errorf("%q: %d tasks, want %d", command, got, want.tasks)
			}
			all := b.messages()
			if len(all) != want.mails || want.mails > 0 && (!strings.Contains(all[0], "has failed, 3 times.") || strings.ContainsAny(all[0], "<>")) {
				t.Errorf("%q: %d messages: %q", command, len(all), all)
			}
			if plan := b.planStack(); plan.Changes() {
				t.Errorf("the plan after is not empty: %s", verbs(plan))
			}
			b.downStack()
			if left := b.executions()[types.ExecutionStatusRunning]; left > 0 {
				t.Errorf("%q: down left %d executions", command, left)
			}
		})
	}
}

// TestARunIsLeftOutWhileTheLastOneRuns: with overlap: skip no two tasks of the job run at once, with allow they do.
func TestARunIsLeftOutWhileTheLastOneRuns(t *testing.T) {
	for keys, most := range map[string]int{"overlap: skip": 1, "overlap: allow": 3, "overlap: skip, retries: 1": 1} {
		synctest.Test(t, func(t *testing.T) {
			b := newStackBench(t, parse(t, fmt.Sprintf(led, "sleep 1500; exit 0", "every 10 minutes", keys)))
			b.upStack(nil)
			seen := 0
			for range 60 {
				time.Sleep(time.Minute)
				b.sim.Inventory()
				running := 0
				b.edit(func(w *awssim.World) {
					for _, x := range w.Tasks {
						if strings.Contains(x.Definition, "-nightly:") && x.Wanted == "RUNNING" {
							running++
						}
					}
				})
				seen = max(seen, running)
			}
			if seen != most {
				t.Errorf("%s: %d tasks ran at once, want %d", keys, seen, most)
			}
			b.downStack()
		})
	}
}

// TestAJobThatNobodyLedIsAsItWas: no state machine, no role more, no right more.
func TestAJobThatNobodyLedIsAsItWas(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newStackBench(t, parse(t, fmt.Sprintf(led, "exit 0", "every 6 hours", "retries: 0, overlap: allow")))
		b.upStack(nil)
		b.edit(func(w *awssim.World) {
			for _, r := range w.Roles {
				if strings.Contains(r.Name, "states") || strings.Contains(fmt.Sprint(r.Inline), "states:") {
					t.Errorf("there is a role %s with %v", r.Name, r.Inline)
				}
			}
			if len(w.StateMachines) > 0 {
				t.Errorf("there are %d state machines", len(w.StateMachines))
			}
		})

		// The keys come, and go again: the schedule starts what it should, and nothing is left.
		b.cfg = parse(t, fmt.Sprintf(led, "sleep 3600; exit 0", "every 6 hours", "retries: 1"))
		b.upStack(nil)
		time.Sleep(6*time.Hour + 10*time.Minute)
		if got := b.executions()[types.ExecutionStatusRunning]; got != 1 {
			t.Errorf("%d executions run, want 1", got)
		}
		b.cfg = parse(t, fmt.Sprintf(led, "sleep 3600; exit 0", "every 6 hours", "retries: 0"))
		b.upStack(nil)
		b.edit(func(w *awssim.World) {
			if len(w.StateMachines) > 0 {
				t.Errorf("%d state machines are left", len(w.StateMachines))
			}
		})
		if got := b.executions(); got[types.ExecutionStatusRunning] != 0 || got[types.ExecutionStatusAborted] != 1 {
			t.Errorf("executions after the key is gone: %v", got)
		}
		b.downStack()
	})
}
