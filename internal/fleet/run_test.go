package fleet

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/karmacadabra/karmactl/internal/awssim"
	"github.com/karmacadabra/karmactl/internal/engine"
	"github.com/karmacadabra/karmactl/internal/fleet/logs"
	"github.com/karmacadabra/karmactl/internal/provision"
	"github.com/karmacadabra/karmactl/internal/tasks"
)

// ran is what a run said and how it ended.
type ran struct {
	lines []string
	said  []string
	end   RunEnd
	err   error
}

// start starts the validator's task with a shell command.
func (b *bench) start(command string) string {
	b.t.Helper()
	arn, err := b.tryStart(command)
	if err != nil {
		b.t.Fatal(err)
	}
	return arn
}

func (b *bench) tryStart(command string) (string, error) {
	home := b.home()
	services, err := tasks.Services(b.t.Context(), home.Clients.ECS, home.ClusterName(), []string{"validator"})
	if err != nil || len(services) == 0 {
		return "", fmt.Errorf("%d services: %w", len(services), err)
	}
	t, err := provision.RunTask(b.t.Context(), home.Clients.ECS, provision.RunSpec{
		Cluster: home.ClusterName(), TaskDefinition: aws.ToString(services[0].TaskDefinition), Container: "validator", Command: []string{"sh", "-c", command},
		Network: services[0].NetworkConfiguration, Tags: home.RunTags("validator"), Token: "token-" + fmt.Sprint(time.Now().UnixNano()),
	})
	if err != nil {
		return "", err
	}
	return aws.ToString(t.TaskArn), nil
}

// follow follows a task until it ends, or stop is closed, or ctx ends.
func (b *bench) follow(ctx context.Context, arn string, stop <-chan struct{}) ran {
	home := b.home()
	var r ran
	run := &Run{
		ECS: home.Clients.ECS, Cluster: home.ClusterName(), Agent: "validator", Clock: engine.RealClock{}, Stop: stop,
		Log: &logs.StreamReader{API: home.Clients.Logs, Agent: "validator", Stream: logs.Stream{
			Group: provision.LogGroupName(b.cfg.Stack(), "validator"), Name: LogStream("validator", tasks.ID(arn)),
		}},
		Emit: func(e logs.Event) error { r.lines = append(r.lines, e.Message); return nil },
		Say:  func(s string) { r.said = append(r.said, s) },
	}
	r.end, r.err = run.Follow(ctx, arn)
	return r
}

// left are the runs that have not ended.
func (b *bench) left() int {
	b.t.Helper()
	home := b.home()
	runs, err := provision.Runs(context.Background(), home.Clients.ECS, home.ClusterName(), home.Stack)
	if err != nil {
		b.t.Fatal(err)
	}
	return len(runs)
}

func TestARunGivesTheWholeLogAndTheExitCode(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, nil)
		b.up()
		for command, want := range map[string]struct {
			lines int
			code  int32
		}{
			"echo one; exit 0":              {1, 0},
			"seq 10000; exit 7":             {10000, 7},
			"seq 5; sleep 90; echo; kill 9": {6, 137},
			"exit 255":                      {0, 255},
		} {
			r := b.follow(t.Context(), b.start(command), nil)
			if r.err != nil || r.end.End.ExitCode == nil || *r.end.End.ExitCode != want.code || len(r.lines) != want.lines {
				t.Errorf("%s: %d lines, %v, %v, want %d lines and exit code %d", command, len(r.lines), r.end.End, r.err, want.lines, want.code)
			}
			if got := strings.Join(r.said, "; "); !strings.Contains(got, tasks.Provisioning) || !strings.Contains(got, tasks.Pulling) {
				t.Errorf("%s: it says %s", command, got)
			}
		}
		if n := b.left(); n != 0 {
			t.Errorf("%d tasks still run", n)
		}
	})
}

func TestEachExitCodeIsPassedOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, nil)
		b.up()
		step := 1
		if testing.Short() {
			step = 5
		}
		for code := 0; code < 256; code += step {
			arn := b.start(fmt.Sprintf("exit %d", code))
			r := b.follow(t.Context(), arn, nil)
			if r.err != nil || r.end.End.ExitCode == nil || int(*r.end.End.ExitCode) != code {
				t.Fatalf("exit %d: %v, %v", code, r.end.End, r.err)
			}
		}
	})
}

func TestARunThatIsStoppedAtAnyMomentLeavesNoTask(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, nil)
		b.up()
		for at := range 30 {
			after := time.Duration(at) * 4 * time.Second
			arn, stop := b.start("seq 3; sleep 600"), make(chan struct{})
			time.AfterFunc(after, func() { close(stop) })
			r := b.follow(t.Context(), arn, stop)
			if r.err != nil || !r.end.Stopped {
				t.Errorf("stopped after %s: %+v, %v", after, r.end.End, r.err)
			}
			if n := b.left(); n != 0 {
				t.Fatalf("stopped after %s: %d tasks still run", after, n)
			}
		}
	})
}

// A run may be killed at any call, RunTask among them, or interrupted at any moment: the next command
// finds the task by its tag and ends it, and after all of them none is left. make sweep takes a thousand.
func TestSweepRunsThatAreKilledAtAnyMomentLeaveNoTask(t *testing.T) {
	const most = 70 // a run that is not disturbed makes some 70 calls
	runs := 50
	if os.Getenv("KARMACTL_SWEEP") == "all" {
		runs = 1000
	}
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, nil)
		b.up()
		random := rand.New(rand.NewPCG(1, 13))
		killed, interrupted, found := 0, 0, 0
		for range runs {
			n, calls := random.IntN(most), 0
			b.sim.Inject(func(awssim.Call) awssim.Fault { calls++; return awssim.Fault{Kill: calls == n+1 && n%4 > 0} })
			stop := make(chan struct{})
			if n%4 == 0 {
				interrupted++
				time.AfterFunc(time.Duration(n)*time.Second, func() { close(stop) })
			}
			if arn, err := b.tryStart("seq 3; sleep 60"); err == nil {
				b.follow(t.Context(), arn, stop)
			}
			if b.sim.Dead() {
				killed++
			}
			b.sim.Inject(nil)
			left, err := provision.Runs(t.Context(), b.home().Clients.ECS, b.home().ClusterName(), b.home().Stack)
			if err != nil || len(left) > 1 {
				t.Fatalf("killed at call %d: %d tasks are found, %v", n, len(left), err)
			}
			for _, x := range left {
				found++
				stop := make(chan struct{})
				close(stop)
				if r := b.follow(t.Context(), aws.ToString(x.TaskArn), stop); r.err != nil {
					t.Fatalf("killed at call %d: %v", n, r.err)
				}
			}
		}
		t.Logf("%d runs: %d interrupted, %d killed, of which %d left a task that the next command found", runs, interrupted, killed, found)
		if n := b.left(); n != 0 || killed < runs/3 || found < runs/4 {
			t.Errorf("%d tasks still run; %d runs were killed, and %d tasks found", n, killed, found)
		}
	})
}

func TestARunWhoseTimeIsOverStopsItsTask(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, nil)
		b.up()
		over := errors.New("--timeout 2m0s is over")
		ctx, cancel := context.WithTimeoutCause(t.Context(), 2*time.Minute, over)
		defer cancel()
		r := b.follow(ctx, b.start("sleep 600"), nil)
		if !errors.Is(r.err, over) {
			t.Errorf("it ends with %v", r.err)
		}
		time.Sleep(time.Minute)
		if n := b.left(); n != 0 {
			t.Errorf("%d tasks still run a minute later", n)
		}
	})
}

func TestATaskThatCannotStartSaysWhy(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, nil)
		b.up()
		b.edit(func(w *awssim.World) {
			for _, g := range w.NATGateways {
				g.State = "failed"
			}
		})
		r := b.follow(t.Context(), b.start("echo never"), nil)
		if r.err != nil || r.end.End.ExitCode != nil || !strings.Contains(r.end.End.Reason, "ResourceInitializationError") {
			t.Errorf("%+v, %v", r.end.End, r.err)
		}
		if why := tasks.Explained("validator", r.end.End.Reason); why.Fix() == "" {
			t.Errorf("no fix for %s", r.end.End.Reason)
		}
	})
}

func TestASecondStartWithTheSameTokenIsTheSameTask(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, nil)
		b.up()
		lost := true
		b.sim.Inject(func(c awssim.Call) awssim.Fault {
			if c.Operation == "RunTask" && lost {
				lost = false
				return awssim.Fault{After: awssim.ServerError()}
			}
			return awssim.Fault{}
		})
		arn := b.start("sleep 30")
		if n := b.left(); n != 1 || arn == "" {
			t.Errorf("the reply was lost and the start sent again: %d tasks", n)
		}
	})
}

func TestNoCapacityIsSaidAsSuch(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, nil)
		b.up()
		b.edit(func(w *awssim.World) { w.NoSpotCapacity = true })
		home := b.home()
		services, err := tasks.Services(t.Context(), home.Clients.ECS, home.ClusterName(), []string{"validator"})
		if err != nil {
			t.Fatal(err)
		}
		_, err = provision.RunTask(t.Context(), home.Clients.ECS, provision.RunSpec{
			Cluster: home.ClusterName(), TaskDefinition: aws.ToString(services[0].TaskDefinition), Container: "validator", Network: services[0].NetworkConfiguration, Spot: true, Token: "one",
		})
		if none := new(provision.NotPlaced); !errors.As(err, &none) || !strings.Contains(none.Reason, "Capacity is unavailable") {
			t.Errorf("%v", err)
		}
	})
}

func TestStatusNamesARunThatHasNotEnded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, nil)
		b.up()
		arn := b.start("sleep 600")
		time.Sleep(2 * time.Minute)
		home := b.home()
		w := &Watcher{Clock: engine.RealClock{}, Agents: b.cfg.Agents}
		all, err := tasks.Of(t.Context(), home.Clients.ECS, home.ClusterName(), "", types.DesiredStatusRunning)
		if err != nil {
			t.Fatal(err)
		}
		got := w.runs(all)
		if len(got) != 1 || got[0].Agent != "validator" || got[0].Command != "karmactl run validator --attach "+tasks.Short(arn) {
			t.Errorf("%+v", got)
		}
	})
}
