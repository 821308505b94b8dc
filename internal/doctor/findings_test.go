package doctor

import (
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/karmacadabra/karmactl/internal/awssim"
)

// A key that is missing in a secret is named, and its value is not read.
func TestAMissingKeyIsNamed(t *testing.T) {
	found := checkTasks(stoppedWith("ResourceInitializationError: retrieved secret from Secrets Manager did not contain json key PRIVATE_KEY"))
	if len(found) != 1 || !strings.Contains(found[0].Fix, "karmactl secrets set validator PRIVATE_KEY, then") {
		t.Errorf("it finds %+v", found)
	}
}

func TestAnAgentThatIsDownIsAFindingWhateverItsReasonIsCalled(t *testing.T) {
	for _, reason := range []string{"SomethingNewError: of next year", "Timeout waiting for network interface provisioning to complete.", "Task failed container health checks", ""} {
		found := checkTasks(stoppedWith(reason))
		if len(found) != 1 || found[0].Problem == "" || found[0].Cause == "" || found[0].Fix == "" {
			t.Errorf("%q: it finds %+v", reason, found)
		}
	}
	silent := stoppedWith("")
	silent.Tasks = nil
	if found := checkTasks(silent); len(found) != 1 || found[0].Problem != "0 of 1 tasks run" || found[0].Cause != "ECS does not say why" {
		t.Errorf("of one of which ECS says nothing it finds %+v", found)
	}
}

func TestTheMemoryToTryNextIsSaid(t *testing.T) {
	found := checkTasks(stoppedWith("OutOfMemoryError: Container killed due to memory usage"))
	if len(found) != 1 || !strings.Contains(found[0].Fix, "memory: 1024") {
		t.Errorf("it finds %+v", found)
	}
}

func TestOnlyTheAgentsThatAreAskedForAreExamined(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, nil)
		b.edit(func(w *awssim.World) { w.NoSpotCapacity = true })
		b.stop()
		if r := b.examine("karma-hello"); len(r.Findings) > 0 {
			t.Errorf("karma-hello is well:\n%s", text(r))
		}
	})
}

func TestSpotTasksThatHaveBeenReplacedAreANote(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, nil)
		b.edit(func(w *awssim.World) { w.InterruptSpot = true })
		time.Sleep(time.Minute)
		b.edit(func(w *awssim.World) { w.InterruptSpot = false })
		time.Sleep(10 * time.Minute)
		r := b.examine()
		if len(r.Findings) > 0 || !slices.Contains(r.Past, "validator: AWS took 1 Spot task back within the last hour, and has all its tasks again") {
			t.Errorf("past %q, and\n%s", r.Past, text(r))
		}
	})
}

// What may not be read is said, and the other checks are made.
func TestWhatCannotBeReadIsNoted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, nil)
		b.sim.Inject(func(c awssim.Call) awssim.Fault {
			if c.Operation == "DescribeTargetGroups" {
				return awssim.Fault{Before: awssim.AccessDenied(c.Service, c.Operation)}
			}
			return awssim.Fault{}
		})
		r := b.examine()
		if len(r.Notes) != 2 || !strings.Contains(r.Notes[0].Error(), "targets cannot be read") || !strings.Contains(r.Notes[1].Error(), "5xx are not known") || len(r.Findings) > 0 {
			t.Errorf("it says:\n%s", text(r))
		}
	})
}

func TestEveryCheckSaysWhyItIsMade(t *testing.T) {
	seen := map[string]bool{}
	for _, c := range Checks() {
		if c.Name == "" || c.Why == "" || c.Run == nil || seen[c.Name] {
			t.Errorf("the check %+v is not whole, or there twice", c.Name)
		}
		seen[c.Name] = true
	}
}
