package main

import (
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/karmacadabra/karmactl/internal/awssim"
)

// losebucket deletes a bucket, as a user might, with all that is in it: losebucket name.
func losebucket(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: losebucket name")
	}
	sim, _, err := awssim.OpenFile(filepath.Join(ts.Getenv("KARMACTL_SIMULATE"), worldName), simulateSpeed, awssim.Options{Region: "us-east-1"})
	ts.Check(err)
	defer func() { ts.Check(sim.Close()) }()
	there := false
	ts.Check(sim.Edit(func(w *awssim.World) {
		there = w.Buckets[args[0]] != nil
		delete(w.Buckets, args[0])
	}))
	if !there {
		ts.Fatalf("there is no bucket %s", args[0])
	}
}

// A down whose state bucket is deleted says so and begins nothing more; the next one
// finds by tag what is left.
func TestADownThatLosesItsStateBucketIsContinuedWithoutAState(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := newOffice(t, oneAgent)
		o.must("", "up", "--yes")
		lost := make(chan error, 1)
		go func() {
			time.Sleep(20 * time.Second) // a down takes a minute
			lost <- o.sim.Edit(func(w *awssim.World) { delete(w.Buckets, "karmactl-state-123456789012-us-east-1") })
		}()
		code, said := o.run("", "down", "--yes", "--images", "--logs")
		if err := <-lost; err != nil {
			t.Fatal(err)
		}
		if code == 0 || !strings.Contains(said, "the bucket that it was in was deleted: nothing more is started; run this again") {
			t.Errorf("down exits %d without its bucket:\n%s", code, last(said, 12))
		}
		o.must("", "down", "--yes", "--images", "--logs")
		if code, said := o.run("", "down", "--yes", "--images", "--logs"); code != 0 || !strings.Contains(said, "Nothing to do") {
			t.Errorf("the third down exits %d:\n%s", code, last(said, 12))
		}
		meter, err := o.sim.Meter()
		if err != nil {
			t.Fatal(err)
		}
		for _, noun := range []string{"service", "nat_gateway", "load_balancer"} {
			if !meter[noun].IsZero() {
				t.Errorf("%s costs %s an hour after down", noun, meter[noun])
			}
		}
		o.must("", "up", "--yes")
		if code, said := o.run("", "plan"); code != 0 || !strings.Contains(said, "No changes") {
			t.Errorf("the plan after the next up exits %d:\n%s", code, last(said, 12))
		}
	})
}
