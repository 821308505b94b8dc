package main

import (
	"github.com/rogpeppe/go-internal/testscript"

	"github.com/karmacadabra/karmactl/internal/awssim"
)

// losebucket deletes a bucket, as a user might, with all that is in it: losebucket name.
func losebucket(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: losebucket name")
	}
	sim, _, err := awssim.OpenFile(ts.Getenv("KARMACTL_SIMULATE"), simulateSpeed, awssim.Options{Region: "us-east-1"})
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
