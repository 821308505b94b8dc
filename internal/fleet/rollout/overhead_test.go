package rollout

import (
	"context"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/karmacadabra/karmactl/internal/awssim"
	"github.com/karmacadabra/karmactl/internal/cloud"
	"github.com/karmacadabra/karmactl/internal/engine"
)

// lives lets the simulated ECS work by itself, as the real one does: what it
// takes must not depend on who looks. The returned function ends that.
func (f *bench) lives() func() {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		for (engine.RealClock{}).Wait(ctx, 50*time.Millisecond) == nil {
			f.edit(func(*awssim.World) {})
		}
	}()
	return func() { cancel(); <-done }
}

// timing is one deployment by two clocks: AWS's own deployments and who waits for it.
type timing struct {
	// asked is from the command to the deployment's begin, ecs from there to its
	// end, told from there until the outcome is known.
	asked, ecs, told time.Duration
	// failure is from the failure of the first task until that is said; 0 without one.
	failure time.Duration
	outcome string
}

// overhead deploys a tag onto a service that runs, and takes the time.
func (f *bench) overhead(tag string) timing {
	f.t.Helper()
	f.walk("-")
	image := f.push(tag)
	defer f.lives()()
	ctx, ag := context.Background(), f.agent()
	var said, failed time.Time
	ag.Say = func(l Line) {
		if said.IsZero() && l.About == "task" && !strings.Contains(l.Text, "did not start") {
			said = l.At
		}
	}
	began := time.Now()
	f.home.Inventory = cloud.NewInventory(f.home.Clock)
	f.walked(image, false)
	f.home.Inventory = cloud.NewInventory(f.home.Clock)
	arn, follow := f.beginAs(ag, image)
	if err := f.home.Clock.Wait(ctx, f.late); err != nil {
		f.t.Fatal(err)
	}
	d := follow(patience)
	ended := time.Now()
	out := timing{outcome: d.Outcome}
	f.edit(func(w *awssim.World) {
		l := w.ServiceDeployments[arn]
		out.asked, out.ecs, out.told = l.Created.Sub(began), l.Finished.Sub(l.Created), ended.Sub(l.Finished)
		for _, t := range w.Tasks {
			bad := !strings.Contains(t.Reason, "Scaling activity") && !t.StoppingAt.IsZero()
			if bad && (failed.IsZero() || t.StoppingAt.Before(failed)) {
				failed = t.StoppingAt
			}
		}
	})
	if !failed.IsZero() {
		out.failure = said.Sub(failed)
	}
	return out
}

// TestDeployAddsLittleToWhatECSTakes compares with AWS's own deployments: the plan, the
// change and the following together add at most 1.3 s to a deployment, less the two until a new
// revision shows; a failure is told at most half a second after it happened, and the end of its
// rollback 0.8 s. What the whole command adds has a test of its own, which has less in a row. The look may come at any moment, so
// each is followed from several.
func TestDeployAddsLittleToWhatECSTakes(t *testing.T) {
	const shows = 2 * time.Second // awssim.Options.Visible of newBench
	for tag, outcome := range map[string]string{"v2": Succeeded, "crash": RolledBack, "oom": RolledBack, "unhealthy": RolledBack} {
		t.Run(tag, func(t *testing.T) {
			for offset := range 4 {
				synctest.Test(t, func(t *testing.T) {
					f := newBench(t)
					f.late = time.Duration(offset) * 170 * time.Millisecond
					got := f.overhead(tag)
					added := got.asked - shows + got.told
					t.Logf("ECS takes %s; %s before it begins and %s after it ends: %s added; failure told after %s", got.ecs, got.asked, got.told, added, got.failure)
					if got.outcome != outcome || got.ecs < time.Minute {
						t.Fatalf("it %s after %s, want %s", got.outcome, got.ecs, outcome)
					}
					if outcome == Succeeded && (added > 1300*time.Millisecond || added <= 0 || got.told > 400*time.Millisecond) {
						t.Errorf("deploy adds %s, more than 1.3 s or nothing at all, %s of it at the end", added, got.told)
					}
					if outcome != Succeeded && (got.failure <= 0 || got.failure > 500*time.Millisecond || got.told > 800*time.Millisecond) {
						t.Errorf("the failure is told after %s, more than 0.5 s or never, and the end after %s, more than 0.8 s", got.failure, got.told)
					}
				})
			}
		})
	}
}

// TestFailFastEndsAtTheFailure ends when AWS calls the deployment failed, a minute or more before its rollback ends.
func TestFailFastEndsAtTheFailure(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newBench(t)
		f.failFast = true
		f.walk("-")
		image := f.push("crash")
		defer f.lives()()
		d := f.begin(image)(patience)
		if want := "karmactl deploy validator --resume"; d.Outcome != Failed || d.Follow != want || d.ExitCode == nil || *d.ExitCode != 1 || d.OK() {
			t.Errorf("it %s, follow %q, exit code %v: %s", d.Outcome, d.Follow, d.ExitCode, d.Text())
		}
		f.edit(func(w *awssim.World) {
			for _, l := range w.ServiceDeployments {
				if l.Status == "ROLLBACK_SUCCESSFUL" {
					t.Error("the rollback was waited for")
				}
			}
		})
		f.failFast = false
		arn, now, was, err := f.agent().Current(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		if d, err := f.agent().Follow(context.Background(), arn, now, was, FollowOptions{}); err != nil || d.Outcome != RolledBack {
			t.Errorf("resumed, it %v: %v", d, err)
		}
	})
}
