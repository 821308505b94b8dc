package main

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/karmacadabra/karmactl/internal/awssim"
	"github.com/karmacadabra/karmactl/internal/awssim/livetest"
)

// fleetShapes are the fleets that are taken over.
var fleetShapes = map[string]livetest.Shape{
	"HTTP": {}, "with a domain": {Domain: "agents.example.com"}, "with a private DNS namespace": {PrivateDNS: true},
	"with sidecars and files": {Beside: true},
}

// The work of days on a fleet that was taken over, and its return, while it is asked: what
// it is then compares as it did before the takeover.
func TestATakenOverFleetIsDeployedScaledRolledBackAndGivenBackWhileItAnswers(t *testing.T) {
	for name, shape := range fleetShapes {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				o, f := withoutFileOf(t, shape)
				before, was := o.lasting(), said(t, o, "adopt", "--dry-run", "--from-ecs", livetest.Cluster)
				revision, _ := running(t, f, "validator")
				o.must("", takeIt...)
				o.onlyTags()
				want := "No changes"
				if shape.Domain != "" { // beside the agents' own names, which the fleet has
					want = "Plan: 1 to create, 0 to change, 0 to destroy." // record/*.agents.example.com
				}
				if out := said(t, o, "plan"); !strings.Contains(out, want) {
					t.Errorf("the plan after the takeover:\n%s", out)
				}
				ended := askedMeanwhile(t, f)
				workOn(t, o)
				if out := said(t, o, "adopt", "--undo", "--yes"); !strings.Contains(out, "Given back: ") {
					t.Errorf("undo:\n%s", out)
				}
				time.Sleep(5 * time.Minute) // tasks that were stopped are gone
				if n := ended(); n < 50 {
					t.Errorf("it was asked %d times", n)
				}
				if now, _ := running(t, f, "validator"); now != revision {
					t.Errorf("validator ran %s, and runs %s", revision, now)
				}
				if d := cmp.Diff(before, o.lasting()); d != "" {
					t.Errorf("the account (-before +after):\n%s", d)
				}
				if out := said(t, o, "state", "list"); out != "" {
					t.Errorf("the state has\n%s", out)
				}
				o.file = t.TempDir() + "/agents.yaml" // compared as it was the first time
				if d := cmp.Diff(was, said(t, o, "adopt", "--dry-run", "--from-ecs", livetest.Cluster)); d != "" {
					t.Errorf("the fleet (-before +after):\n%s", d)
				}
			})
		})
	}
}

// askedMeanwhile asks the fleet every five seconds until the result is called, which says
// how often that was.
func askedMeanwhile(t *testing.T, f *livetest.Fleet) (ended func() int) {
	done := make(chan struct{})
	asked := 0
	go func() {
		for {
			select {
			case <-done:
				return
			case <-time.After(5 * time.Second):
				asked++
				if err := f.Ask(); err != nil {
					t.Error(err)
				}
			}
		}
	}()
	return func() int {
		close(done)
		synctest.Wait()
		return asked
	}
}

// workOn does the work of days on a fleet that was taken over.
func workOn(t *testing.T, o *office) {
	for _, command := range []string{
		"deploy validator", "deploy --all", "up --yes", "plan", "status", "doctor", "logs validator --since 1h", "deploy validator --restart", "rollback validator",
		"scale validator=2", "scale validator=auto", "status --drift",
	} {
		if code, said := o.run("", strings.Fields(command)...); code != 0 && (command != "doctor" || code != exitDoctor) {
			t.Errorf("%s exits %d:\n%s", command, code, said)
		} else if command == "plan" && !strings.Contains(said, "No changes") {
			t.Errorf("plan:\n%s", said)
		}
	}
}

// lasting is what the account has, without what comes and goes with tasks and without what
// AWS keeps once it was used. How many tasks an agent has is the autoscaling's.
func (o *office) lasting() []string {
	return slices.Compact(slices.DeleteFunc(o.world(), func(line string) bool {
		return strings.HasPrefix(line, "network-interface arn:aws:ecs:") || strings.HasPrefix(line, "service-linked-role ")
	}))
}

func TestWhatWasChangedSinceTheTakeoverIsToldBeforeItIsGivenBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o, _ := withoutFile(t)
		o.must("", takeIt...)
		o.must("", "deploy", "validator")
		code, out := o.run("no\n", "adopt", "--undo")
		if code == 0 {
			t.Errorf("exits 0:\n%s", out)
		}
		golden(t, "adopt_return.txt", out)
	})
}

func TestAFleetWhoseResourcesWereReplacedSinceIsNotGivenBackInParts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o, _ := withoutFile(t)
		o.must("", takeIt...)
		o.must("", "adopt", "--release", "--yes")
		edit(t, o, "port: 9001", "port: 9101") // a target group's port cannot change
		o.must("", "up", "--yes")
		o.sim.ResetCalls()
		code, out := o.run("", "adopt", "--undo", "--yes")
		if code != exitError || !strings.Contains(out, "target-group/validator was replaced since it was taken over") {
			t.Errorf("exits %d:\n%s", code, out)
		}
		for _, c := range o.sim.Mutations() {
			if c.Service != "S3" { // the lock
				t.Errorf("%s is called", c.Name())
			}
		}
	})
}

// edit changes the agents.yaml.
func edit(t *testing.T, o *office, old, now string) {
	t.Helper()
	text, err := os.ReadFile(o.file)
	if err != nil || !strings.Contains(string(text), old) {
		t.Fatalf("%q is not in the file (%v):\n%s", old, err, text)
	}
	if err := os.WriteFile(o.file, []byte(strings.Replace(string(text), old, now, 1)), 0o600); err != nil {
		t.Fatal(err)
	}
}

// Every call of the return of a fleet that karmactl has deployed may be the last of its
// process: the same command again ends it.
func TestSweepAReturnAfterADeployThatDiesAtAnyCallIsContinued(t *testing.T) {
	step := 3
	switch {
	case os.Getenv("KARMACTL_SWEEP") == "all":
		step = 1
	case testing.Short():
		step = 17
	}
	n := returnCalls(t)
	if n < 70 {
		t.Fatalf("only %d calls write", n)
	}
	for at := 1; at <= n; at += step {
		t.Run(fmt.Sprintf("call %d of %d", at, n), func(t *testing.T) {
			t.Chdir(t.TempDir()) // a state that cannot be written is left here
			synctest.Test(t, func(t *testing.T) { returnDiesAt(t, at) })
		})
	}
}

func returnCalls(t *testing.T) (n int) {
	synctest.Test(t, func(t *testing.T) {
		o, _ := withoutFile(t)
		o.must("", takeIt...)
		o.must("", "deploy", "--all")
		o.sim.ResetCalls()
		o.must("", "adopt", "--undo", "--yes")
		n = len(o.sim.Mutations())
	})
	return n
}

func returnDiesAt(t *testing.T, at int) {
	o, f := withoutFile(t)
	before := o.lasting()
	o.must("", takeIt...)
	o.must("", "deploy", "--all")
	n := 0
	o.sim.Inject(func(c awssim.Call) awssim.Fault { // one call at a time is asked about
		if c.Mutating {
			n++
		}
		return awssim.Fault{Kill: c.Mutating && n == at}
	})
	o.run("", "adopt", "--undo", "--yes")
	o.sim.Inject(nil)
	time.Sleep(30 * time.Minute) // the lock of what died ends
	if code, said := o.run("", "adopt", "--undo", "--yes"); code != 0 && !strings.Contains(said, "nothing of this stack was taken over") {
		t.Fatalf("again exits %d:\n%s", code, said)
	}
	if err := f.Ask(); err != nil {
		t.Error(err)
	}
	time.Sleep(5 * time.Minute) // tasks that were stopped are gone
	if d := cmp.Diff(before, o.lasting()); d != "" {
		t.Errorf("the account (-before +after):\n%s", d)
	}
}
