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

// cause is what one text in a task's end means.
type cause struct {
	text, problem, cause string
	// fix has %[1]s for the agent and %[2]s for what follows text.
	fix string
}

func causes() []cause {
	return []cause{
		{"does not contain descriptor matching platform", "no task starts", "the image is not built for the agent's architecture", "karmactl deploy %[1]s --build builds it for the arch in agents.yaml"},
		{"CannotPullContainerError", "no task starts", "the image is not there", "karmactl deploy %[1]s --image REF, or --build"},
		{"did not contain json key ", "no task starts", "a key is missing in the agent's secret", "karmactl secrets set %[1]s %[2]s, then karmactl deploy %[1]s --restart"},
		{"failed to fetch secret ", "no task starts", "a secret that the task definition names is not there", "karmactl secrets sync, then karmactl deploy %[1]s --restart"},
		{"the secret is not JSON", "no task starts", "the agent's secret is no flat JSON object", "karmactl secrets sync, then karmactl deploy %[1]s --restart"},
		{"OutOfMemory", "its tasks are killed", "it needs more memory than it has", "agents: {%[1]s: {memory: …}} with the next size, then karmactl up --only %[1]s"},
		{"Essential container in task exited", "its tasks end by themselves", "the program exits", "karmactl logs %[1]s --since 1h has its last words"},
	}
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
		for _, c := range causes() {
			_, rest, has := strings.Cut(why, c.text)
			if !has {
				continue
			}
			first, _, _ := strings.Cut(strings.TrimSpace(rest), " ")
			fix := strings.NewReplacer("%[1]s", a.Name, "%[2]s", first).Replace(c.fix)
			out = append(out, Finding{Agent: a.Name, Problem: c.problem, Cause: c.cause, Evidence: []string{why}, Fix: fix})
			break
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
