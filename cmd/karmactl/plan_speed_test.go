package main

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/karmacadabra/karmactl/internal/awssim"
)

// fleetOf is a file with n agents, each calling the one before.
func fleetOf(n int) string {
	var b strings.Builder
	fmt.Fprintln(&b, "project: karmacadabra\nenvironment: prod\nregion: us-east-1\ndefaults: {image: 'public.ecr.aws/docker/library/python:3.13-slim'}\nagents:")
	for i := range n {
		fmt.Fprintf(&b, "  agent-%02d:\n    port: %d\n", i, 9001+i)
		if i > 0 && i%5 != 0 {
			fmt.Fprintf(&b, "    calls: [agent-%02d]\n", i-1)
		}
	}
	return b.String()
}

// TestAPlanIsFast bounds the whole command, the credentials and the state's bucket included. Every call takes 50 ms, and
// AWS's token buckets are in force, of which it empties none.
func TestAPlanIsFast(t *testing.T) {
	for _, bound := range []struct {
		agents, calls int
		took          time.Duration
	}{
		{5, 50, 350 * time.Millisecond},
		{20, 50, 400 * time.Millisecond},
		{50, 70, 600 * time.Millisecond},
	} {
		if testing.Short() && bound.agents > 20 {
			continue
		}
		synctest.Test(t, func(t *testing.T) {
			o := newOfficeIn(t, fleetOf(bound.agents), awssim.Options{Region: "us-east-1", Visible: time.Second, Latency: 50 * time.Millisecond, Throttle: true})
			o.takeOver(madeBy(t, fleetOf(bound.agents)))
			began := time.Now()
			code, said := o.run("", "plan", "--detailed-exitcode")
			took, calls := time.Since(began), o.sim.Calls()
			if code != 0 {
				t.Fatalf("the plan exits %d:\n%s", code, said)
			}
			for _, c := range calls {
				if c.Err != nil {
					t.Errorf("%s was refused: %v", c.Name(), c.Err)
				}
			}
			t.Logf("%d agents: %d calls in %.2f s at 50 ms a call", bound.agents, len(calls), took.Seconds())
			if len(calls) > bound.calls || took > bound.took {
				t.Errorf("%d agents: %d calls in %v, and %d in %v are the most:\n%s", bound.agents, len(calls), took, bound.calls, bound.took, timeline(began, calls))
			}
		})
	}
}

// madeBy is the world that an up of a file leaves, ten minutes later.
func madeBy(t *testing.T, yaml string) *awssim.World {
	t.Helper()
	o := newOffice(t, yaml)
	if err := o.sim.Edit(func(w *awssim.World) { w.FargateVCPU = map[string]float64{"L-36FBB829": 4000} }); err != nil {
		t.Fatal(err)
	}
	o.must("", "up", "--yes", "--quiet")
	time.Sleep(10 * time.Minute)
	var made *awssim.World
	if err := o.sim.Edit(func(w *awssim.World) { made = w }); err != nil {
		t.Fatal(err)
	}
	return made
}

// takeOver puts a world into the office's account.
func (o *office) takeOver(world *awssim.World) {
	o.t.Helper()
	if err := o.sim.Edit(func(w *awssim.World) { *w = *world }); err != nil {
		o.t.Fatal(err)
	}
}

// timeline tells when which calls began, in milliseconds.
func timeline(began time.Time, calls []awssim.Call) string {
	at := map[int64]map[string]int{}
	for _, c := range calls {
		ms := c.At.Sub(began).Milliseconds()
		if at[ms] == nil {
			at[ms] = map[string]int{}
		}
		at[ms][c.Name()]++
	}
	var lines []string
	for ms, names := range at {
		var all []string
		for name, n := range names {
			all = append(all, fmt.Sprintf("%s×%d", name, n))
		}
		slices.Sort(all)
		lines = append(lines, fmt.Sprintf("%6d ms  %s", ms, strings.Join(all, " ")))
	}
	slices.Sort(lines)
	return strings.Join(lines, "\n")
}
