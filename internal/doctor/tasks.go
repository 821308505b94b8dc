package doctor

import (
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/karmacadabra/karmactl/internal/agents"
	"github.com/karmacadabra/karmactl/internal/fleet"
	"github.com/karmacadabra/karmactl/internal/provision"
)

func checkServices(w *ward) []Finding {
	if len(w.Services) == 0 {
		return []Finding{{Problem: "nothing is up", Cause: "the cluster has no service of " + w.Cfg.File, Fix: "karmactl up"}}
	}
	var out []Finding
	for _, a := range w.Agents {
		if _, there := w.Services[a.Name]; !there {
			out = append(out, Finding{
				Agent: a.Name, Problem: "it has no service", Cause: "it waits for its image or a secret, or was never brought up", Fix: "karmactl up --only " + a.Name,
			})
		}
	}
	return out
}

func checkRoles(w *ward) []Finding {
	var out []Finding
	for _, a := range w.Agents {
		for key, there := range w.roles {
			agent, arn, of := strings.Cut(key, " ")
			if of && agent == a.Name && !there {
				out = append(out, Finding{
					Agent: a.Name, Problem: "ECS cannot start a task", Cause: "a role that its task definition names is gone",
					Evidence: []string{arn, event(w.Services[a.Name], "unable to assume the role")}, Fix: "karmactl up --only " + a.Name + " makes it again",
				})
			}
		}
	}
	return out
}

// short tells whether an agent has fewer tasks than it is to have.
func (w *ward) short(a agents.Agent) bool {
	s, there := w.Services[a.Name]
	return there && s.RunningCount < s.DesiredCount
}

func checkCapacity(w *ward) []Finding {
	var out []Finding
	for _, a := range w.Agents {
		s := w.Services[a.Name]
		said := event(s, "unable to place a task")
		if !w.short(a) || said == "" {
			continue
		}
		out = append(out, Finding{
			Agent: a.Name, Problem: fmt.Sprintf("%d of %d tasks run", s.RunningCount, s.DesiredCount), Cause: "Fargate Spot has no capacity in these zones, and ECS does not fall back to on-demand",
			Evidence: []string{said}, Fix: fmt.Sprintf("wait, ECS goes on trying; or agents: {%s: {spot: false}} and karmactl up --only %s", a.Name, a.Name),
		})
	}
	return out
}

// checkStarts reads the end of the last task, unless the agent runs. What the
// network is to blame for is told by the checks of the network.
func checkStarts(w *ward) []Finding {
	var out []Finding
	for _, a := range w.Agents {
		last := w.lastEnd(a)
		if !w.short(a) || last == nil {
			continue
		}
		why := fleet.WhyStopped(*last)
		if c, known := fleet.CauseOf(a.Name, why); known {
			if c.Again {
				c.Fix += ", then karmactl deploy " + a.Name + " --restart"
			}
			out = append(out, Finding{Agent: a.Name, Problem: c.Problem, Cause: c.Why, Evidence: []string{why}, Fix: c.Fix})
		}
	}
	return out
}

// lastEnd is the task of the current task definition that stopped last.
func (w *ward) lastEnd(a agents.Agent) *types.Task {
	var last *types.Task
	s := w.Services[a.Name]
	for i, t := range w.Tasks[a.Name] {
		if t.StoppedAt == nil || aws.ToString(t.TaskDefinitionArn) != aws.ToString(s.TaskDefinition) {
			continue
		}
		if last == nil || t.StoppedAt.After(*last.StoppedAt) {
			last = &w.Tasks[a.Name][i]
		}
	}
	return last
}

// event is the newest of a service's last ten events that has a text.
func event(s types.Service, text string) string {
	for _, e := range s.Events[:min(10, len(s.Events))] {
		if m := aws.ToString(e.Message); strings.Contains(m, text) {
			return m
		}
	}
	return ""
}

func checkLogGroups(w *ward) []Finding {
	var out []Finding
	for _, a := range w.Agents {
		name := provision.LogGroupName(w.Cfg.Stack(), a.Name)
		if _, up := w.Services[a.Name]; !up || w.logGroups == nil || w.logGroups[name] {
			continue
		}
		f := Finding{Agent: a.Name, Problem: "its next task will not start", Cause: "its log group is gone", Evidence: []string{name}, Fix: "karmactl up --only " + a.Name + " makes it again"}
		if last := w.lastEnd(a); w.short(a) && last != nil {
			f.Problem, f.Evidence = "no task starts", append(f.Evidence, fleet.WhyStopped(*last))
		}
		out = append(out, f)
	}
	return out
}
