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
