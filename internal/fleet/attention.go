package fleet

import (
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
)

// full is the percentage above which CPU or memory wants attention.
const full = 90

// attention is what is wrong with an agent, and what helps.
func attention(a AgentStatus, s types.Service, r readings) []Attention {
	var out []Attention
	add := func(command, problem string, args ...any) {
		out = append(out, Attention{a.Name, fmt.Sprintf(problem, args...), command})
	}
	logs := "karmactl logs " + a.Name
	failed := int32(0)
	for _, d := range s.Deployments {
		failed += d.FailedTasks
	}
	last := ""
	if a.LastEvent != nil {
		last = a.LastEvent.Message
	}
	switch {
	case strings.Contains(last, "unable to place a task"):
		add("karmactl logs "+a.Name+" --since 1h", "%d of %d tasks run: %s", a.Running, a.Desired, last)
	case a.Rollout == "failed":
		add(logs+" --since 1h", "the deployment of revision %d failed", a.Revision)
	case failed > 0:
		add(logs+" --since 1h", "%d tasks of the deployment under way failed", failed)
	case a.Running < a.Desired && a.Rollout != "in_progress":
		add(logs+" --since 1h", "%d of %d tasks run", a.Running, a.Desired)
	}
	if a.Unhealthy > 0 {
		add(logs+" --level error", "%d of %d targets are unhealthy", a.Unhealthy, a.Unhealthy+a.Healthy)
	}
	if a.Errors5xx != nil && *a.Errors5xx > 0 {
		add(logs+" --level error --since 1h", "%d answers 5xx in the last hour", *a.Errors5xx)
	}
	if a.CPU != nil && a.CPU.Now >= full {
		add(fmt.Sprintf("karmactl scale %s=%d", a.Name, a.Desired+1), "CPU is at %.0f %%", a.CPU.Now)
	}
	if a.Memory != nil && a.Memory.Now >= full {
		add("karmactl up --only "+a.Name, "memory is at %.0f %%: give it more in agents.yaml", a.Memory.Now)
	}
	if a.Desired == 0 && a.Schedule == "" {
		add("karmactl scale "+a.Name+"=auto", "is scaled to 0, and no schedule wakes it")
	}
	for _, e := range endings(a.Name, r.tasks) {
		add(logs+" --since 1h", "%s", e)
	}
	return out
}

// endings tell of the tasks that stopped though nobody wanted them to: how many,
// and how the last one did.
func endings(agent string, tasks []types.Task) []string {
	var last types.Task
	spot, own := 0, 0
	for _, t := range tasks {
		if agentOf(t) != agent {
			continue
		}
		switch t.StopCode {
		case types.TaskStopCodeSpotInterruption:
			spot++
		case types.TaskStopCodeEssentialContainerExited, types.TaskStopCodeTaskFailedToStart:
			if own++; own == 1 || aws.ToTime(t.StoppingAt).After(aws.ToTime(last.StoppingAt)) {
				last = t
			}
		}
	}
	var out []string
	if spot > 0 {
		out = append(out, fmt.Sprintf("AWS took %s back within the last hour", plural(spot, "Spot task")))
	}
	if own > 0 {
		out = append(out, fmt.Sprintf("%s stopped within the last hour, the last: %s", plural(own, "task"), whyStopped(last)))
	}
	return out
}

func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
