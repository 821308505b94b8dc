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

// TestEachRunIsStoppedBeforeItsStateMachineGoes, of whatever size the pages are in which AWS lists them.
func TestEachRunIsStoppedBeforeItsStateMachineGoes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newStackBench(t, parse(t, fmt.Sprintf(led, "sleep 1500; exit 0", "every 10 minutes", "retries: 1")))
		b.upStack(nil)
		for range 29 {
			time.Sleep(time.Minute)
			b.sim.Inventory()
		}
		if n := b.executions()[types.ExecutionStatusRunning]; n < 2 {
			t.Fatalf("%d executions run", n)
		}
		b.sim.PageBy(1)
		b.cfg = parse(t, fmt.Sprintf(led, "sleep 1500; exit 0", "every 10 minutes", "retries: 0"))
		b.upStack(nil)
		if n := b.executions()[types.ExecutionStatusRunning]; n > 0 {
			t.Errorf("%d executions run on", n)
		}
		b.edit(func(w *awssim.World) {
			for _, x := range w.Tasks {
				if x.StartedBy == "AWS Step Functions" && x.Wanted == "RUNNING" {
					t.Errorf("the task %s runs on", x.ARN[strings.LastIndexByte(x.ARN, '/')+1:])
				}
			}
		})
		b.downStack()
	})
}

// TestAStartThatSchedulerSendsTwiceIsOneRun of a job that a state machine leads, while it runs and after it has ended:
// the execution has the name of the start. Where the second one had another id, overlap: skip leaves it out. A task that
// Scheduler starts itself is started twice.
func TestAStartThatSchedulerSendsTwiceIsOneRun(t *testing.T) {
	for name, c := range map[string]struct {
		keys       string
		after      time.Duration
		otherID    bool
		tasks      int
		executions int
	}{
		"while it runs":                       {"retries: 1", 5 * time.Second, false, 1, 1},
		"after it has ended":                  {"retries: 1", 10 * time.Minute, false, 1, 1},
		"by another id, with overlap: skip":   {"overlap: skip", 15 * time.Second, true, 1, 2},
		"by another id, without it":           {"retries: 1", 15 * time.Second, true, 2, 2},
		"to ECS, where nothing leads the job": {"retries: 0", 5 * time.Second, false, 2, 0},
	} {
		synctest.Test(t, func(t *testing.T) {
			b := newStackBench(t, parse(t, fmt.Sprintf(led, "sleep 60; exit 0", "every 6 hours", c.keys)))
			b.edit(func(w *awssim.World) { w.Redelivered, w.RedeliveredByOtherID = c.after, c.otherID })
			b.upStack(nil)
			time.Sleep(6*time.Hour + 20*time.Minute)
			if got := b.started("karmacadabra-prod-nightly"); got != c.tasks {
				t.Errorf("%s: %d tasks, want %d", name, got, c.tasks)
			}
			all := 0
			for _, n := range b.executions() {
				all += n
			}
			if all != c.executions {
				t.Errorf("%s: %d executions, want %d", name, all, c.executions)
			}
			if mails := b.messages(); len(mails) > 0 {
				t.Errorf("%s: mails of a job that ended well: %q", name, mails)
			}
		})
	}
}

// TestAnAttemptThatECSRefusesHasItsOwnHour, however long the attempts before it took: capacity is short for twenty
// minutes when the second one begins, and the run is older than an hour by then.
func TestAnAttemptThatECSRefusesHasItsOwnHour(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newStackBench(t, parse(t, strings.Replace(fmt.Sprintf(led, "sleep 5400; exit 1", "every 6 hours", "retries: 1"), "timeout: 30m", "timeout: 2h", 1)))
		b.upStack(nil)
		time.Sleep(6*time.Hour + 80*time.Minute)
		b.edit(func(w *awssim.World) { w.FargateVCPU = map[string]float64{"L-3032A538": 0.1} })
		time.Sleep(30 * time.Minute)
		if got := b.executions()[types.ExecutionStatusRunning]; got != 1 {
			t.Errorf("%d executions run while ECS refuses the second attempt, want 1", got)
		}
		b.edit(func(w *awssim.World) { w.FargateVCPU = nil })
		time.Sleep(5 * time.Minute)
		if got := b.started("karmacadabra-prod-nightly"); got != 2 {
			t.Errorf("%d tasks, want one for each of two attempts", got)
		}
		b.downStack()
	})
}
