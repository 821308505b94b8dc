package fleet

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	schedulertypes "github.com/aws/aws-sdk-go-v2/service/scheduler/types"

	"github.com/karmacadabra/karmactl/internal/agents"
	"github.com/karmacadabra/karmactl/internal/awssim"
	"github.com/karmacadabra/karmactl/internal/engine"
)

// withJob gives the validator a job that runs every six hours from midnight.
func withJob(command string) func(*agents.Config) {
	return func(c *agents.Config) {
		c.Jobs = map[string]agents.Job{"digest": {
			Name: "digest", Agent: "validator", Command: []string{"sh", "-c", command}, Schedule: "every 6 hours", Expression: "cron(0 0/6 * * ? *)", Timezone: "UTC", CPU: 256, Memory: 512,
		}}
	}
}

func (b *bench) lookAtJobs() (*Status, JobStatus) {
	b.t.Helper()
	home := b.home()
	w := &Watcher{
		ECS: home.Clients.ECS, Targets: home.Clients.ELB, Metrics: home.Clients.CloudWatch, Schedules: home.Clients.AutoScaling,
		Cluster: home.ClusterName(), Agents: b.cfg.Agents, Clock: engine.RealClock{}, Jobs: b.cfg.JobsOf("validator"), Scheduler: home.Clients.Scheduler, Streams: home.Clients.Logs,
		Executions: home.Clients.SFN,
	}
	st, err := w.Look(b.t.Context())
	if err != nil {
		b.t.Fatal(err)
	}
	if len(st.Jobs) != 1 || len(st.Notes) != 0 {
		b.t.Fatalf("%d jobs, notes %v", len(st.Jobs), st.Notes)
	}
	return st, st.Jobs[0]
}

// at waits until a time of the first day.
func at(clock string) {
	t, _ := time.Parse("15:04:05", clock)
	time.Sleep(time.Until(time.Date(2000, 1, 1, t.Hour(), t.Minute(), t.Second(), 0, time.UTC)))
}

func TestAJobRunsByItsScheduleAndStatusTellsItsLastAndNextRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, withJob("echo digested; sleep 60; exit 0"))
		b.up()
		if st, j := b.lookAtJobs(); j.State != JobEnabled || j.Last != nil || j.Next == nil || j.Next.UTC().Format(time.RFC3339) != "2000-01-01T06:00:00Z" || strings.Contains(st.problems(), "digest") {
			t.Errorf("before its first run: %+v, %s", j, st.problems())
		}
		at("06:01:10")
		if _, j := b.lookAtJobs(); j.Running != 1 || j.Last == nil || j.Last.Ended != nil || j.Next.UTC().Hour() != 12 {
			t.Errorf("while it runs: %+v", j)
		}
		at("06:10:00")
		st, j := b.lookAtJobs()
		if j.Running != 0 || j.Last == nil || j.Last.ExitCode == nil || *j.Last.ExitCode != 0 || !j.Last.Listed || strings.Contains(st.problems(), "digest") {
			t.Errorf("after its first run: %+v, %s", j, st.problems())
		}
		at("08:00:00") // ECS has forgotten the task
		_, j = b.lookAtJobs()
		if j.Last == nil || j.Last.Listed || j.Last.ExitCode != nil || j.Last.Started.Format("15:04") != "06:00" {
			t.Errorf("two hours later: %+v", j.Last)
		}
	})
}

func TestAJobThatFailsNeedsAttentionForAnHour(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, withJob("sleep 5; exit 3"))
		b.up()
		at("06:10:00")
		if st, _ := b.lookAtJobs(); !strings.Contains(st.problems(), "digest failed 9m10s ago") || !strings.Contains(st.problems(), "with exit code 3: karmactl logs digest --since 1h") {
			t.Errorf("after it failed: %s", st.problems())
		}
		at("08:00:00")
		if st, _ := b.lookAtJobs(); strings.Contains(st.problems(), "digest") {
			t.Errorf("two hours later: %s", st.problems())
		}
	})
}

// TestAJobThatTakesLongerThanItsTimeoutIsStopped: by the container that keeps its time, and nothing of
// karmactl's runs meanwhile. One that ends in time ends as its command does.
func TestAJobThatTakesLongerThanItsTimeoutIsStopped(t *testing.T) {
	within := func(command string) func(*agents.Config) {
		return func(c *agents.Config) {
			withJob(command)(c)
			j := c.Jobs["digest"]
			j.Timeout = 30 * time.Minute
			c.Jobs["digest"] = j
		}
	}
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, within("sleep 7200; exit 0"))
		b.up()
		at("06:30:00")
		if _, j := b.lookAtJobs(); j.Running != 1 {
			t.Errorf("before its time is over: %+v", j)
		}
		at("06:35:00")
		st, j := b.lookAtJobs()
		if j.Running != 0 || j.Last == nil || !j.Last.TimedOut || *j.Last.ExitCode != agents.TimerExitCode || j.Last.Reason != "timed out after 30m" {
			t.Errorf("after its time is over: %+v", j.Last)
		}
		if took := j.Last.Ended.Sub(j.Last.Started); took < 30*time.Minute || took > 33*time.Minute {
			t.Errorf("it was stopped after %s", took)
		}
		if !strings.Contains(st.problems(), "ago: timed out after 30m: karmactl logs digest --since 1h") {
			t.Errorf("%s", st.problems())
		}
	})
	for command, code := range map[string]int{"sleep 60; exit 0": 0, "sleep 60; exit 3": 3} {
		synctest.Test(t, func(t *testing.T) {
			b := newBench(t, within(command))
			b.up()
			at("06:10:00")
			if _, j := b.lookAtJobs(); j.Last == nil || j.Last.TimedOut || j.Last.ExitCode == nil || *j.Last.ExitCode != code || j.Last.Ended.Sub(j.Last.Started) > 4*time.Minute {
				t.Errorf("%s: %+v", command, j.Last)
			}
		})
	}
}

func TestAJobThatNothingStartsNeedsAttention(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, withJob("true"))
		b.up()
		b.edit(func(w *awssim.World) {
			for _, x := range w.JobSchedules {
				x.State = schedulertypes.ScheduleStateDisabled
			}
		})
		if st, j := b.lookAtJobs(); j.State != JobDisabled || j.Next != nil || !strings.Contains(st.problems(), "digest is not started: its schedule is disabled: karmactl up --only validator") {
			t.Errorf("disabled: %+v, %s", j, st.problems())
		}
		b.edit(func(w *awssim.World) { clear(w.JobSchedules) })
		if st, j := b.lookAtJobs(); j.State != JobAbsent || !strings.Contains(st.problems(), "digest has no schedule, so nothing starts it: karmactl up --only validator") {
			t.Errorf("deleted: %+v, %s", j, st.problems())
		}
	})
}

func TestAnAgentThatIsThereForItsJobsIsNotScaledToZeroByMistake(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, func(c *agents.Config) {
			withJob("true")(c)
			for i := range c.Agents {
				if c.Agents[i].Name == "validator" {
					c.Agents[i].Scale = agents.Scale{Max: 1}
				}
			}
		})
		b.up()
		if st, _ := b.lookAtJobs(); strings.Contains(st.problems(), "scaled to 0") {
			t.Errorf("%s", st.problems())
		}
	})
}

// TestAJobWhoseStartWasGivenUpIsNamedUntilItRuns: no task tells of it, and no log. The metric is of all jobs together,
// and the job that was due is named, by the clock of its schedule.
func TestAJobWhoseStartWasGivenUpIsNamedUntilItRuns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, withJob("exit 0"))
		b.up()
		var rights map[string]string
		rightsOf := func(change func(*awssim.IAMRole)) {
			b.edit(func(w *awssim.World) {
				for _, r := range w.Roles {
					if strings.Contains(r.Trust, "scheduler.amazonaws.com") {
						change(r)
					}
				}
			})
		}
		rightsOf(func(r *awssim.IAMRole) { rights, r.Inline = r.Inline, nil })
		at("06:30:00")
		if st, j := b.lookAtJobs(); j.NotStarted != nil || strings.Contains(st.problems(), "digest") {
			t.Errorf("while it is tried again: %+v, %s", j, st.problems())
		}
		for _, clock := range []string{"07:05:00", "11:59:00"} {
			at(clock)
			st, j := b.lookAtJobs()
			if j.NotStarted == nil || j.NotStarted.Format("15:04") != "06:00" || !strings.Contains(st.problems(), "digest was not started at Sat 1 Jan 06:00: ECS refused for an hour, and EventBridge Scheduler gave up: karmactl run digest") {
				t.Errorf("at %s: %+v, %s", clock, j, st.problems())
			}
		}
		rightsOf(func(r *awssim.IAMRole) { r.Inline = rights })
		at("12:05:00")
		if st, j := b.lookAtJobs(); j.NotStarted != nil || strings.Contains(st.problems(), "digest") {
			t.Errorf("after its next run: %+v, %s", j, st.problems())
		}
	})
}

// withDeafSidecar gives the validator a container that does not end on SIGTERM, so that ECS kills it with each task: 137.
func withDeafSidecar(c *agents.Config) {
	for i := range c.Agents {
		if a := &c.Agents[i]; a.Name == "validator" {
			a.Sidecars = append(a.Sidecars, agents.Sidecar{Name: "tailer", Image: a.Image, Command: []string{"tail", "-f", "/dev/null"}, Wait: agents.WaitNone})
		}
	}
}

func TestASidecarThatECSKillsAtTheEndIsNotTakenForTheCommand(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, func(c *agents.Config) {
			withJob("sleep 20; exit 0")(c)
			withDeafSidecar(c)
		})
		b.up()
		for command, want := range map[string]int32{"sleep 5; exit 0": 0, "sleep 5; exit 3": 3} {
			if r := b.follow(t.Context(), b.start(command), nil); r.err != nil || r.end.End.ExitCode == nil || *r.end.End.ExitCode != want || r.end.End.Container != "" {
				t.Errorf("a run of %q ends with %v of the container %q, %v", command, r.end.End, r.end.End.Container, r.err)
			}
		}
		at("06:05:00")
		if st, j := b.lookAtJobs(); j.Last == nil || j.Last.ExitCode == nil || *j.Last.ExitCode != 0 || strings.Contains(st.problems(), "digest") {
			t.Errorf("the job's run: %+v, %s", j.Last, st.problems())
		}
	})
}
