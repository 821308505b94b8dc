package rollout

import (
	"context"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// TestADeploymentIsFollowedWithFewCalls counts the calls of following a deployment of 75 s: 42 s until the new task has
// its image, 20 s until it is healthy, and 10 s until the old one has left.
func TestADeploymentIsFollowedWithFewCalls(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newBench(t)
		f.walk("-")
		image := f.push("v2")
		defer f.lives()()
		follow := f.begin(image)
		f.sim.ResetCalls()
		began := time.Now()
		follow(patience)
		of := map[string]int{}
		calls := f.sim.Calls()
		for _, c := range calls {
			of[c.Operation]++
		}
		t.Logf("%d calls in %s: %v", len(calls), time.Since(began), of)
		if len(calls) > 155 {
			t.Errorf("%d calls, more than 155, in %s", len(calls), time.Since(began))
		}
	})
}

// TestTwentyAgentsAreFollowedWithinTheRatesOfAWS has twenty followers of one deployment share their reads.
func TestTwentyAgentsAreFollowedWithinTheRatesOfAWS(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newBench(t)
		f.walk("-")
		image := f.push("v2")
		defer f.lives()()
		ctx := context.Background()
		f.walk(image)
		if err := f.home.Clock.Wait(ctx, 3*time.Second); err != nil {
			t.Fatal(err)
		}
		ag := f.agent()
		arn, now, was, err := ag.Current(ctx)
		if err != nil {
			t.Fatal(err)
		}
		reads := NewReads(ag.ECS, ag.Clock, ag.Cluster)
		f.sim.ResetCalls()
		var all sync.WaitGroup
		for range 20 {
			all.Go(func() {
				ag := f.agent()
				ag.Reads = reads
				if d, err := ag.Follow(ctx, arn, now, was, FollowOptions{}); err != nil || d.Outcome != Succeeded {
					t.Errorf("it %v: %v", d, err)
				}
			})
		}
		all.Wait()
		calls := f.sim.Calls()
		t.Logf("%d calls for twenty", len(calls))
		for i, c := range calls {
			within := 0
			for _, later := range calls[i:] {
				if later.Service == c.Service && later.At.Sub(c.At) < time.Second {
					within++
				}
			}
			if within >= 10 {
				t.Fatalf("%d calls of %s in the second after %s", within, c.Service, c.At)
			}
		}
	})
}
