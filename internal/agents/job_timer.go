package agents

import (
	"fmt"
	"strings"
	"time"
)

// TimerContainer is the container that keeps the time of a job with a timeout.
const TimerContainer = "timeout"

// timerImage has a shell, a sleep and little else. Like any other reference it is pinned by its
// digest when a revision is made.
const timerImage = "public.ecr.aws/docker/library/busybox:1.37"

// TimerExitCode is how the container ends when the time is over, as the program timeout does.
// When the job ends first, ECS stops the container, and it ends with 0.
const TimerExitCode = 124

// timerOf is a container that ends a task after a time. Nothing of karmactl's has to run for that,
// and ECS has no time limit of its own, but it stops all containers of a task when one that is
// essential stops for any reason. The container depends on the job's own, so that it begins to
// count when that has started, and is stopped before it. Its shell is the first process, which
// SIGTERM ends only where it is trapped; wait returns at once then.
// https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ContainerDefinition.html
// https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ContainerDependency.html
func timerOf(timeout time.Duration) Sidecar {
	return Sidecar{
		Name: TimerContainer, Image: timerImage, Essential: true, Wait: WaitNone, Timer: true,
		Command: []string{"sh", "-c", fmt.Sprintf("trap 'exit 0' TERM; sleep %d & wait; exit %d", timeout/time.Second, TimerExitCode)},
	}
}

// TimeoutText is the job's timeout as people write it: 30m, 1h30m.
func (j Job) TimeoutText() string {
	text := j.Timeout.String()
	for _, rest := range []string{"0s", "0m"} {
		if short := strings.TrimSuffix(text, rest); strings.HasSuffix(short, "m") || strings.HasSuffix(short, "h") {
			text = short
		}
	}
	return text
}
