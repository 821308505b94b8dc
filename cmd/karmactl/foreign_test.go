package main

import (
	"path/filepath"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/karmacadabra/karmactl/internal/awssim"
)

// plant puts another owner's function into a subnet of the stack, or takes it away
// again: plant key, ! plant.
func plant(ts *testscript.TestScript, neg bool, args []string) {
	sim, _, err := awssim.OpenFile(filepath.Join(ts.Getenv("KARMACTL_SIMULATE"), worldName), simulateSpeed, awssim.Options{Region: "us-east-1"})
	ts.Check(err)
	defer func() { ts.Check(sim.Close()) }()
	const id = "eni-0f0f0f0f0f0f0f0f0"
	done := false
	ts.Check(sim.Edit(func(w *awssim.World) {
		if neg {
			_, done = w.NetworkInterfaces[id]
			delete(w.NetworkInterfaces, id)
			return
		}
		for _, s := range w.Subnets {
			if len(args) == 1 && s.Tags["karmactl:key"] == args[0] {
				done = true
				w.NetworkInterfaces[id] = &awssim.NetworkInterface{
					ID: id, Subnet: s.ID, VPC: s.VPC, Kind: "lambda", Description: "AWS Lambda VPC ENI-reports", Owner: "210987654321", PrivateIP: "10.0.0.250", Created: time.Now(),
				}
			}
		}
	}))
	if !done {
		ts.Fatalf("usage: plant subnet-key (of a subnet that is there), ! plant")
	}
}

// dry has Spot place no task; ! dry has it place them again.
func dry(ts *testscript.TestScript, neg bool, _ []string) {
	sim, _, err := awssim.OpenFile(filepath.Join(ts.Getenv("KARMACTL_SIMULATE"), worldName), simulateSpeed, awssim.Options{Region: "us-east-1"})
	ts.Check(err)
	defer func() { ts.Check(sim.Close()) }()
	ts.Check(sim.Edit(func(w *awssim.World) { w.NoSpotCapacity = !neg }))
}
