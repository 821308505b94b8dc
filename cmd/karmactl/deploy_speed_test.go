package main

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/karmacadabra/karmactl/internal/awssim"
)

// TestADeployAddsLittle bounds what the whole command adds to AWS's own deployment, the credentials, the state, the plan,
// the push and the lock included, less the second until a new revision shows. Every call takes 50 ms, and AWS's token
// buckets are in force. Deployments take different times, so each end is seen at another moment of the following.
func TestADeployAddsLittle(t *testing.T) {
	shows := time.Second // what newOfficeIn is given
	synctest.Test(t, func(t *testing.T) {
		o := newOfficeIn(t, fleetOf(5), awssim.Options{Region: "us-east-1", Visible: shows, Latency: 50 * time.Millisecond, Throttle: true})
		o.takeOver(madeBy(t, fleetOf(5)))
		for _, how := range []string{"--image=public.ecr.aws/x/agent:v2", "--restart"} {
			var sum, less time.Duration
			agents := []string{"agent-01", "agent-02", "agent-03", "agent-04"}
			if how != "--restart" {
				less = shows
			}
			for _, agent := range agents {
				o.sim.ResetCalls()
				began := time.Now()
				o.must("", "deploy", agent, how)
				took, calls := time.Since(began), o.sim.Calls()
				ecs := o.lastDeployment(began)
				added := took - ecs - less
				sum += added
				t.Logf("deploy %s %s: ECS takes %.2f s, %.2f s are added", agent, how, ecs.Seconds(), added.Seconds())
				if added > 1200*time.Millisecond || added <= 0 {
					t.Errorf("deploy %s %s adds %v, and 1.2 s are the most:\n%s", agent, how, added, timeline(began, calls))
				}
			}
			if mean := sum / time.Duration(len(agents)); mean > 1100*time.Millisecond {
				t.Errorf("deploy %s adds %v on average, and 1.1 s are the most", how, mean)
			}
		}
	})
}

// lastDeployment is how long the deployment took in ECS that began after a moment.
func (o *office) lastDeployment(began time.Time) (took time.Duration) {
	o.t.Helper()
	if err := o.sim.Edit(func(w *awssim.World) {
		for _, d := range w.ServiceDeployments {
			if d.Created.After(began) {
				took = d.Finished.Sub(d.Created)
			}
		}
	}); err != nil || took == 0 {
		o.t.Fatalf("there was no deployment: %v", err)
	}
	return took
}
