package main

import (
	"fmt"
	"strings"
	"time"

	"github.com/karmacadabra/karmactl/internal/document"
	"github.com/karmacadabra/karmactl/internal/fleet"
)

// jobLines tell each job: when it runs, how its last run ended, and when the next one is.
func jobLines(jobs []fleet.JobStatus, now time.Time) []string {
	var out []string
	for _, j := range jobs {
		when := j.Schedule
		if j.Timezone != "UTC" {
			when += " " + j.Timezone
		}
		whose := " of " + j.Agent
		if j.Agent == j.Name { // it has an image of its own
			whose = ""
		}
		parts := []string{fmt.Sprintf("job %s%s: %s", j.Name, whose, when)}
		if j.Running > 0 {
			parts = append(parts, fmt.Sprintf("%d running", j.Running))
		}
		parts = append(parts, lastRunText(j.Last, now)+attemptText(j))
		if j.LeftOut != nil {
			parts = append(parts, fmt.Sprintf("left out %s, as its last run had not ended", fleet.ClockText(*j.LeftOut, j.Timezone)))
		}
		if j.Next != nil {
			parts = append(parts, fmt.Sprintf("next %s (in %s)", fleet.ClockText(*j.Next, j.Timezone), until(j.Next.Sub(now))))
		}
		out = append(out, strings.Join(parts, " · "))
	}
	return out
}

// lastRunText says how a job's newest run ended.
func lastRunText(r *document.JobRun, now time.Time) string {
	switch {
	case r == nil:
		return "has not run yet"
	case !r.Listed && r.Outcome != "":
		return fmt.Sprintf("last %s, %s", ago(now.Sub(r.Started)), r.Outcome)
	case !r.Listed:
		return fmt.Sprintf("last %s (ECS forgets exit codes after an hour)", ago(now.Sub(r.Started)))
	case r.Ended == nil:
		return "started " + ago(now.Sub(r.Started))
	case r.ExitCode == nil:
		return fmt.Sprintf("last %s, did not start", ago(now.Sub(*r.Ended)))
	}
	if r.TimedOut {
		return fmt.Sprintf("last %s, %s", ago(now.Sub(*r.Ended)), r.Reason)
	}
	return fmt.Sprintf("last %s, exit code %d", ago(now.Sub(*r.Ended)), *r.ExitCode)
}

// attemptText says which attempt a job's newest run is at, where there are more than one.
func attemptText(j fleet.JobStatus) string {
	if j.Last == nil || j.Last.Attempt == 0 || j.Attempts < 2 {
		return ""
	}
	text := fmt.Sprintf(", attempt %d of %d", j.Last.Attempt, j.Attempts)
	if j.Last.Again {
		text += ", another comes"
	}
	return text
}

// until tells a duration to come in its largest unit.
func until(d time.Duration) string { return strings.TrimSuffix(ago(d), " ago") }
