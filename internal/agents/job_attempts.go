package agents

import (
	"fmt"
	"time"
)

// Overlap is what happens when it is time for a job whose last run has not ended.
type Overlap string

// The two.
const (
	OverlapAllow Overlap = "allow"
	OverlapSkip  Overlap = "skip"
)

// AttemptVariable is where a command finds which attempt it is, from 1 on, when its job has retries.
const AttemptVariable = "JOB_ATTEMPT"

// maxRetries keeps what a failing job costs within bounds.
const maxRetries = 10

// ByStateMachine tells whether the job's runs are led by a state machine of Step Functions: EventBridge Scheduler
// and ECS alone neither repeat a run nor leave one out.
func (j Job) ByStateMachine() bool { return j.Retries > 0 || j.Overlap == OverlapSkip }

// Attempts is how often a run is tried at most.
func (j Job) Attempts() int { return j.Retries + 1 }

// AttemptsText is what follows "has failed" of a job whose last attempt has.
func (j Job) AttemptsText() string {
	if j.Retries == 0 {
		return ""
	}
	return fmt.Sprintf(", %d times", j.Attempts())
}

// Backoff is how long is waited after an attempt that failed, counted from 1: a minute, then two, then four, and
// never more than sixteen.
func (j Job) Backoff(attempt int) time.Duration { return time.Minute << min(attempt-1, 4) }
