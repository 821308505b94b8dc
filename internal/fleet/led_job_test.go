package fleet

import (
	"strings"
	"testing"
	"testing/synctest"

	"github.com/karmacadabra/karmactl/internal/agents"
	"github.com/karmacadabra/karmactl/internal/awssim"
)

// withLedJob gives the validator a job that a state machine leads.
func withLedJob(command string, retries int, overlap agents.Overlap) func(*agents.Config) {
	return func(c *agents.Config) {
		withJob(command)(c)
		j := c.Jobs["digest"]
		j.Retries, j.Overlap = retries, overlap
		c.Jobs["digest"] = j
	}
}

func TestStatusTellsTheAttemptAndHasNothingToSayUntilTheLastOne(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, withLedJob("sleep 20; exit 3", 1, agents.OverlapAllow))
		b.up()
		at("06:01:40")
		st, j := b.lookAtJobs()
		if j.Attempts != 2 || j.Last == nil || j.Last.Attempt != 1 || !j.Last.Again || j.Last.ExitCode == nil || *j.Last.ExitCode != 3 || strings.Contains(st.problems(), "digest") {
			t.Errorf("after the first attempt: %+v, last %+v, %s", j, j.Last, st.problems())
		}
		at("06:10:00")
		st, j = b.lookAtJobs()
		if j.Last == nil || j.Last.Attempt != 2 || j.Last.Again || !strings.Contains(st.problems(), "with exit code 3, in attempt 2 of 2: karmactl logs digest --since 1h") {
			t.Errorf("after the last one: %+v, %s", j.Last, st.problems())
		}
		at("09:00:00") // ECS has forgotten the task
		st, j = b.lookAtJobs()
		if j.Last == nil || j.Last.Listed || j.Last.Outcome != "failed" || !strings.Contains(st.problems(), "digest failed in its run of Sat 1 Jan 06:0") {
			t.Errorf("three hours later: %+v, %s", j.Last, st.problems())
		}
	})
}

func TestStatusNamesARunThatWasLeftOutAndOneThatStepFunctionsGaveUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, withLedJob("sleep 25200; exit 0", 0, agents.OverlapSkip))
		b.up()
		for _, clock := range []string{"06:05:00", "08:00:00", "10:00:00"} { // the simulated account lives while it is looked at
			at(clock)
			b.lookAtJobs()
		}
		at("12:05:00")
		st, j := b.lookAtJobs()
		if j.LeftOut == nil || j.LeftOut.Format("15:04") != "12:00" || j.Running != 1 || j.NotStarted != nil || strings.Contains(st.problems(), "digest") {
			t.Errorf("at noon: %+v, %s", j, st.problems())
		}
		at("17:30:00")
		if err := b.sim.Edit(func(w *awssim.World) {
			w.FargateVCPU = map[string]float64{"L-3032A538": 0.1}
		}); err != nil {
			t.Fatal(err)
		}
		at("18:30:00")
		if st, j := b.lookAtJobs(); j.NotStarted != nil || strings.Contains(st.problems(), "gave up") {
			t.Errorf("while it is tried again: %+v, %s", j, st.problems())
		}
		at("19:10:00")
		if st, j := b.lookAtJobs(); j.NotStarted == nil || !strings.Contains(st.problems(), "digest was not started at Sat 1 Jan 18:00: ECS refused for an hour, and Step Functions gave up: karmactl run digest") {
			t.Errorf("after it was given up: %+v, %s", j, st.problems())
		}
	})
}
