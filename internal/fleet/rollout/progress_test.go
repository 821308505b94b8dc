package rollout

import (
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
	elbtypes "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"

	"github.com/karmacadabra/karmactl/internal/awssim"
	"github.com/karmacadabra/karmactl/internal/tasks"
)

func TestEveryStateOfATaskHasItsPhase(t *testing.T) {
	at := aws.Time(time.Unix(0, 0))
	for _, c := range []struct {
		want    string
		task    types.Task
		targets bool
		health  elbtypes.TargetHealthStateEnum
	}{
		{tasks.Provisioning, types.Task{LastStatus: aws.String("PROVISIONING")}, true, ""},
		{tasks.Pending, types.Task{LastStatus: aws.String("PENDING")}, true, ""},
		{tasks.Pulling, types.Task{LastStatus: aws.String("PENDING"), PullStartedAt: at}, true, ""},
		{tasks.Starting, types.Task{LastStatus: aws.String("PENDING"), PullStartedAt: at, PullStoppedAt: at}, true, ""},
		{tasks.Starting, types.Task{LastStatus: aws.String("ACTIVATING"), PullStartedAt: at, PullStoppedAt: at}, true, ""},
		{Checked, types.Task{LastStatus: aws.String("RUNNING")}, true, ""},
		{Checked, types.Task{LastStatus: aws.String("RUNNING")}, true, elbtypes.TargetHealthStateEnumInitial},
		{Healthy, types.Task{LastStatus: aws.String("RUNNING")}, true, elbtypes.TargetHealthStateEnumHealthy},
		{Unhealthy, types.Task{LastStatus: aws.String("RUNNING")}, true, elbtypes.TargetHealthStateEnumUnhealthy},
		{Draining, types.Task{LastStatus: aws.String("RUNNING")}, true, elbtypes.TargetHealthStateEnumDraining},
		{tasks.Running, types.Task{LastStatus: aws.String("RUNNING")}, false, ""},
		{tasks.Stopping, types.Task{LastStatus: aws.String("DEACTIVATING"), StoppingAt: at}, true, ""},
		{tasks.Stopping, types.Task{LastStatus: aws.String("STOPPED"), StoppingAt: at, PullStartedAt: at}, true, ""},
	} {
		if got := phaseOf(c.task, c.targets, c.health); got != c.want {
			t.Errorf("%s, target %q: %q, want %q", aws.ToString(c.task.LastStatus), c.health, got, c.want)
		}
	}
}

// TestAFollowedTaskGoesThroughItsPhases holds what is told to what the task does,
// and the picture to what the deployment does.
func TestAFollowedTaskGoesThroughItsPhases(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newBench(t)
		f.walk("-")
		image := f.push("v2")
		defer f.lives()()
		var phases []string
		var last *Progress
		f.say = func(l Line) {
			if l.About == "phase" && strings.Contains(l.Text, "(rev 2)") {
				_, phase, _ := strings.Cut(l.Text, "(rev 2) ")
				phases = append(phases, phase)
			}
			if l.Progress != nil {
				last = l.Progress
			}
		}
		if d := f.begin(image)(patience); d.Outcome != Succeeded {
			t.Fatalf("it %s: %s", d.Outcome, d.Reason)
		}
		if want := []string{tasks.Provisioning, tasks.Pending, tasks.Pulling, tasks.Starting, Checked, Healthy}; !slices.Equal(phases, want) {
			t.Errorf("the task %q, want %q", phases, want)
		}
		want := []RevisionRow{{Revision: 2, State: "successful", Desired: 1, Running: 1, Healthy: 1}, {Revision: 1, State: "replaced"}}
		if !slices.Equal(last.Revisions, want) {
			t.Errorf("the last picture has %+v, want %+v", last.Revisions, want)
		}
	})
}

// TestWhoMayNotLookAtTasksFollowsWithoutThem denies what only the picture needs: the
// deployment ends as ever, and that is said once.
func TestWhoMayNotLookAtTasksFollowsWithoutThem(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newBench(t)
		f.walk("-")
		image := f.push("v2")
		defer f.lives()()
		said := 0
		f.say = func(l Line) {
			if strings.Contains(l.Text, "what each task is at is not known") && strings.Contains(l.Err.Error(), "DescribeTargetHealth") {
				said++
			}
		}
		follow := f.begin(image)
		f.edit(func(w *awssim.World) { w.Denied = []string{"Elastic Load Balancing v2.DescribeTargetHealth"} })
		if d := follow(patience); d.Outcome != Succeeded {
			t.Errorf("it %s: %s", d.Outcome, d.Reason)
		}
		if said != 1 {
			t.Errorf("that is said %d times, want once", said)
		}
	})
}
