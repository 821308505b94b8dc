package tasks

import (
	"fmt"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
)

// End is how a task ended.
type End struct {
	// Reason is the whole of what ECS says: the task's reason, and the container's
	// where that says more. A task that never started has no log, so there is no more.
	Reason string
	// ExitCode is of the container that ended the task; nil when none has run.
	ExitCode *int32
	// Container is the one that ended the task, where that is not the agent's own.
	Container string
	// Stopped: the scheduler, a scaling or a person ended it, and not a fault of its own.
	Stopped bool
	// Spot: AWS took back the capacity.
	Spot bool
	// TimedOut: the container that keeps a job's time ended it.
	TimedOut bool
}

// The container that keeps the time of a job, and how it ends when the time is over:
// TimerContainer and TimerExitCode of package agents, which this one does not import; a test compares them.
const (
	timer         = "timeout"
	timerExitCode = 124
)

// Ended tells how a task of an agent ended, or is ending.
func Ended(t types.Task, agent string) End {
	c := ending(t, agent)
	e := End{Reason: aws.ToString(t.StoppedReason), ExitCode: c.ExitCode, Spot: t.StopCode == types.TaskStopCodeSpotInterruption}
	if r := aws.ToString(c.Reason); r != "" && !strings.Contains(e.Reason, r) {
		e.Reason = strings.TrimPrefix(e.Reason+": "+r, ": ")
	}
	if name := aws.ToString(c.Name); name != agent {
		e.Container = name
	}
	e.TimedOut = timedOut(t)
	switch t.StopCode {
	case types.TaskStopCodeServiceSchedulerInitiated, types.TaskStopCodeUserInitiated:
		// The scheduler also stops what failed its health check.
		e.Stopped = !strings.Contains(e.Reason, "failed")
	case types.TaskStopCodeSpotInterruption, types.TaskStopCodeTerminationNotice:
		e.Stopped = true
	}
	return e
}

// String is the end in one line.
func (e End) String() string {
	if e.ExitCode == nil {
		return e.Reason
	}
	return strings.TrimSpace(fmt.Sprintf("%s (exit code %d)", e.Reason, *e.ExitCode))
}

// killed is the exit code of a container that SIGTERM ended: it was told to stop,
// and did not bring the task down.
const killed = 143

// slain is that of a container that SIGTERM did not end, so that SIGKILL did. Of one that ran out of memory ECS says so.
// https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_StopTask.html
const slain = 137

// ending is the container that brought a task down: the agent's own, unless that
// ended well, or could not start, and another of the task definition did not end well. Beside one that ended with 0, one
// that was slain was told to stop.
func ending(t types.Task, agent string) types.Container {
	own, _ := Container(t, agent)
	if timedOut(t) { // however its command took the SIGTERM
		c, _ := Container(t, timer)
		c.Reason = aws.String("its time was over")
		return c
	}
	// ECS gives 143 to a container that never started, for what it waited for had failed.
	waited := strings.Contains(aws.ToString(own.Reason), "did not exit successfully")
	if own.Reason != nil && !waited || own.ExitCode != nil && *own.ExitCode != 0 && *own.ExitCode != killed {
		return own
	}
	for _, c := range t.Containers {
		name := aws.ToString(c.Name)
		if name == agent || byAWS(name) || c.ExitCode == nil || *c.ExitCode == 0 || *c.ExitCode == killed {
			continue
		}
		if *c.ExitCode == slain && c.Reason == nil && own.ExitCode != nil && *own.ExitCode == 0 {
			continue
		}
		kind := "container "
		if waited {
			kind = "init container "
		}
		c.Reason = aws.String(strings.TrimSuffix(kind+name+": "+aws.ToString(c.Reason), ": "))
		return c
	}
	return own
}

// timedOut tells whether the time of a job was over before its command was.
func timedOut(t types.Task) bool {
	c, _ := Container(t, timer)
	return c.ExitCode != nil && *c.ExitCode == timerExitCode && strings.HasPrefix(aws.ToString(t.Group), "family:")
}

// byAWS tells a container that AWS puts into a task beside those of its definition.
func byAWS(name string) bool {
	return strings.HasPrefix(name, "ecs-service-connect-") || strings.HasPrefix(name, "aws-guardduty-agent-")
}

// LastEnd is the task of an agent that ended last by a fault of its own, or nil.
// definition is the ARN of a task definition: only its tasks count, unless it is "".
func LastEnd(all []types.Task, agent, definition string) *types.Task {
	var last *types.Task
	for i, t := range all {
		if Agent(t) != agent || at(t).IsZero() || definition != "" && aws.ToString(t.TaskDefinitionArn) != definition {
			continue
		}
		if Ended(t, agent).Stopped {
			continue
		}
		if last == nil || at(t).After(at(*last)) {
			last = &all[i]
		}
	}
	return last
}

// at is when a task ended, or began to; zero while it runs.
func at(t types.Task) time.Time {
	if t.StoppingAt != nil {
		return *t.StoppingAt
	}
	return aws.ToTime(t.StoppedAt)
}

// WhyDown is what ECS says last of an agent that has too few tasks, and what causes
// that: why it starts none, or how the last task of the current task definition
// ended. Both are empty when ECS says nothing.
func WhyDown(s types.Service, all []types.Task, agent string) (said string, c Cause) {
	if said = NotStarted(s); said != "" {
		c = Explained(agent, said)
		if c.Kind == KindCapacity && UsesSpot(s) {
			c.Why = "Fargate Spot has no capacity in these zones, and ECS does not fall back to on-demand"
			c.Hint = fmt.Sprintf("wait: ECS tries again; or agents: {%s: {spot: {fallback: 5m}}} and karmactl up --only %s, which puts it on demand after that long", agent, agent)
		}
	}
	last := LastEnd(all, agent, aws.ToString(s.TaskDefinition))
	if last == nil || said != "" && c.Kind != KindUnknown {
		return said, c
	}
	end := Ended(*last, agent).WithCheck(s)
	return end.String(), Explained(agent, end.Reason)
}

// WithCheck adds what the load balancer's check said, to the end of a task that
// failed it: AWS's reason of the end does not have it.
func (e End) WithCheck(s types.Service) End {
	if check := Unhealthy(s); check != "" && strings.Contains(e.Reason, "failed ELB health checks") && !strings.Contains(e.Reason, check) {
		e.Reason += ": " + check
	}
	return e
}
