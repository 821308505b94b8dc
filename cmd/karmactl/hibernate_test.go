package main

import (
	"path/filepath"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/karmacadabra/karmactl/internal/awssim"
)

// bills asks the simulated account's own meter: bills service nat_gateway, or
// ! bills service nat_gateway when none of them may cost anything.
func bills(ts *testscript.TestScript, neg bool, nouns []string) {
	sim, _, err := awssim.OpenFile(filepath.Join(ts.Getenv("KARMACTL_SIMULATE"), worldName), simulateSpeed, awssim.Options{Region: "us-east-1"})
	ts.Check(err)
	defer func() { ts.Check(sim.Close()) }()
	meter, err := sim.Meter()
	ts.Check(err)
	for _, noun := range nouns {
		if meter[noun].IsZero() != neg {
			ts.Fatalf("%s bills %s an hour; there is %s", noun, meter[noun], strings.Join(sim.Inventory(), ", "))
		}
	}
}
