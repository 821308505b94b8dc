package fleet

import (
	"cmp"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/karmacadabra/karmactl/internal/agents"
	"github.com/karmacadabra/karmactl/internal/cloud"
	"github.com/karmacadabra/karmactl/internal/tasks"
)

// full is the percentage above which CPU or memory wants attention.
const full = 90

// What something to look at is about.
const (
	AboutTasks  = "tasks"  // too few run, or a deployment failed
	AboutHealth = "health" // targets are unhealthy
	About5xx    = "5xx"
	AboutUsage  = "usage" // CPU or memory is nearly used up
	AboutScale  = "scale" // scaled to 0
	AboutSpot   = "spot"  // AWS took capacity back
	AboutPast   = "past"  // it went wrong within the last hour and is over
)

// attention is what is wrong with an agent, and what helps.
func attention(conf agents.Agent, a AgentStatus, s types.Service, r readings) []Attention {
	var out []Attention
	add := func(about, command, problem string, args ...any) {
		out = append(out, Attention{Agent: a.Name, About: about, Problem: fmt.Sprintf(problem, args...), Command: command})
	}
	logs := "karmactl logs " + a.Name
	failed := int32(0)
	for _, d := range s.Deployments {
		failed += d.FailedTasks
	}
	why, command := whyDown(s, r, a.Name)
	down := true
	switch {
	case a.Rollout == "failed":
		add(AboutTasks, command, "the deployment of revision %d failed%s", a.Revision, why)
	case a.Running < a.Desired && (a.Rollout != "in_progress" || why != ""):
		add(AboutTasks, command, "%d of %d tasks run%s", a.Running, a.Desired, why)
	case failed > 0:
		add(AboutTasks, command, "%s of the deployment under way failed%s", cloud.Count(int(failed), "task"), why)
	default:
		down = false
	}
	checked := "targets"
	if len(s.LoadBalancers) == 0 {
		checked = "tasks"
	}
	if a.Unhealthy > 0 {
		add(AboutHealth, logs+" --level error", "%d of %d %s are unhealthy", a.Unhealthy, a.Unhealthy+a.Healthy, checked)
	}
	if a.Errors5xx != nil && *a.Errors5xx > 0 {
		add(About5xx, logs+" --level error --since 1h", "%d answers 5xx in the last hour", *a.Errors5xx)
	}
	if a.CPU != nil && a.CPU.Now >= full {
		add(AboutUsage, fmt.Sprintf("karmactl scale %s=%d", a.Name, a.Desired+1), "CPU is at %.0f %%", a.CPU.Now)
	}
	if a.Memory != nil && a.Memory.Now >= full {
		add(AboutUsage, "karmactl up --only "+a.Name, "memory is at %.0f %%: give it more in agents.yaml", a.Memory.Now)
	}
	if queued := conf.Scale.Min == 0 && conf.Scale.Queue.Name != ""; a.Desired == 0 && a.Schedule == "" && !queued {
		wake := "auto"
		if conf.Scale.Min == 0 { // auto would be 0 again
			wake = "1"
		}
		add(AboutScale, "karmactl scale "+a.Name+"="+wake, "is scaled to 0, and no schedule wakes it")
	}
	return append(out, endings(a.Name, r.tasks, down)...)
}

// whyDown is what ECS says of tasks that do not run, for the end of a sentence, and the command that helps; "" when it
// says nothing.
func whyDown(s types.Service, r readings, agent string) (why, command string) {
	said, cause := tasks.WhyDown(s, r.tasks, agent)
	switch {
	case said == "":
		return "", "karmactl logs " + agent + " --since 1h"
	case cause.Kind == tasks.KindUnknown:
		why = tasks.PlainEvent(said)
	default:
		why = cause.Why
	}
	return ": " + why, cmp.Or(cause.Command, "karmactl doctor "+agent)
}

// endings tell of the tasks that stopped within the last hour although they were to
// run: how many, and how the last one did. When the agent is down now, that is
// said already with its cause.
func endings(agent string, all []types.Task, down bool) []Attention {
	spot, own := 0, 0
	for _, t := range all {
		switch end := tasks.Ended(t, agent); {
		case tasks.Agent(t) != agent || t.StoppingAt == nil:
		case end.Spot:
			spot++
		case !end.Stopped:
			own++
		}
	}
	var out []Attention
	command := "karmactl logs " + agent + " --since 1h"
	if spot > 0 {
		out = append(out, Attention{Agent: agent, About: AboutSpot, Problem: fmt.Sprintf("AWS took %s back within the last hour", cloud.Count(spot, "Spot task")), Command: command})
	}
	if own > 0 && !down {
		last := tasks.Ended(*tasks.LastEnd(all, agent, ""), agent)
		out = append(out, Attention{Agent: agent, About: AboutPast, Problem: fmt.Sprintf("%s stopped within the last hour, the last: %s", cloud.Count(own, "task"), tasks.PlainReason(last.String())), Command: command})
	}
	return out
}
