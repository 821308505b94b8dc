package main

import (
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/karmacadabra/karmactl/internal/awssim"
)

// losebucket deletes a bucket, as a user might, with all that is in it, once the
// account has no load balancer if that is asked for: losebucket name [once-no-load-balancer].
// It takes part in the account instead of looking at its file, so that on a slow
// machine, too, it sees that moment while the command under test runs.
func losebucket(ts *testscript.TestScript, neg bool, args []string) {
	wait := len(args) == 2 && args[1] == "once-no-load-balancer"
	if neg || len(args) != 1 && !wait {
		ts.Fatalf("usage: losebucket name [once-no-load-balancer]")
	}
	sim, _, err := awssim.OpenFile(ts.Getenv("KARMACTL_SIMULATE"), simulateSpeed, awssim.Options{Region: "us-east-1"})
	ts.Check(err)
	defer func() { ts.Check(sim.Close()) }()
	for until := time.Now().Add(2 * time.Minute); ; time.Sleep(10 * time.Millisecond) {
		now, there := false, false
		ts.Check(sim.Edit(func(w *awssim.World) {
			if now = !wait || len(w.LoadBalancers) == 0; now {
				there = w.Buckets[args[0]] != nil
				delete(w.Buckets, args[0])
			}
		}))
		switch {
		case now && !there:
			ts.Fatalf("there is no bucket %s", args[0])
		case now:
			return
		case time.Now().After(until):
			ts.Fatalf("the account has a load balancer after two minutes, too")
		}
	}
}
