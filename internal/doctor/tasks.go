package doctor

import (
	"cmp"
	"fmt"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/karmacadabra/karmactl/internal/agents"
	"github.com/karmacadabra/karmactl/internal/fleet"
	"github.com/karmacadabra/karmactl/internal/provision"
	"github.com/karmacadabra/karmactl/internal/tasks"
)

func checkServices(sn *snapshot) []Finding {
	if len(sn.Services) == 0 && len(sn.waiting) == 0 {
		return []Finding{{Problem: cmp.Or(sn.Part, "nothing is up"), Cause: "the cluster has no service of " + sn.Cfg.File, Fix: "karmactl up"}}
	}
	var out []Finding
	for _, a := range sn.Agents {
		if _, there := sn.Services[a.Name]; there {
			continue
		}
		f := Finding{Agent: a.Name, Problem: "it has no service", Cause: "it was never brought up, or its service was deleted", Fix: "karmactl up --only " + a.Name}
		if w := sn.waiting[a.Name]; w.Why != "" {
			f.Cause, f.Fix = waitsFor(w)
		}
		out = append(out, f)
	}
	return out
}

// waitsFor is what up waits for as a cause, and what ends it.
func waitsFor(w fleet.Waiting) (cause, fix string) {
	fix = w.Command
	if w.Or != "" {
		fix += ", or " + w.Or
	}
	return "it waits: " + w.Why, fix
}

// checkScale: target tracking has no metric to go by at 0, so nothing wakes a
// service that is scaled to 0: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/service-autoscaling-targettracking.html
func checkScale(sn *snapshot) []Finding {
	var out []Finding
	for _, a := range sn.Agents {
		for _, p := range sn.attention[a.Name] {
			if p.About == fleet.AboutScale {
				out = append(out, Finding{Agent: a.Name, Problem: "it " + p.Problem, Cause: fmt.Sprintf("its service wants 0 tasks; %s says scale.min %d", sn.Cfg.File, a.Scale.Min), Fix: p.Command})
			}
		}
	}
	return out
}

func checkRoles(sn *snapshot) []Finding {
	var out []Finding
	for _, a := range sn.Agents {
		for _, arn := range sn.missingRoles[a.Name] {
			out = append(out, Finding{
				Agent: a.Name, Problem: "ECS cannot start a task", Cause: "a role that its task definition names is gone",
				Evidence: []string{arn, tasks.NotStarted(sn.Services[a.Name])}, Fix: "karmactl up --only " + a.Name + ", which makes it again",
			})
		}
	}
	return out
}

// short tells whether an agent has fewer tasks than it is to have.
func (sn *snapshot) short(a agents.Agent) bool {
	s, there := sn.Services[a.Name]
	return there && s.RunningCount < s.DesiredCount
}

func running(s types.Service) string {
	return fmt.Sprintf("%d of %d tasks run", s.RunningCount, s.DesiredCount)
}

func checkCapacity(sn *snapshot) []Finding {
	var out []Finding
	for _, a := range sn.Agents {
		s := sn.Services[a.Name]
		said, c := tasks.WhyDown(s, sn.Tasks[a.Name], a.Name)
		if !sn.short(a) || c.Kind != tasks.KindCapacity {
			continue
		}
		out = append(out, Finding{Agent: a.Name, Problem: running(s), Cause: c.Why, Evidence: []string{tasks.PlainReason(said)}, Fix: withoutSpot(a, s, c)})
	}
	return out
}

// withoutSpot is what helps an agent that gets no task: ECS does not go from Spot to on-demand.
func withoutSpot(a agents.Agent, s types.Service, c tasks.Cause) string {
	if a.Spot.Fallback > 0 && tasks.UsesSpot(s) {
		return fmt.Sprintf("karmactl doctor --fix, which puts it on demand once Spot has had no capacity for %d minutes", int(a.Spot.Fallback.Minutes()))
	}
	return c.Fix()
}

const (
	// startsWithin is how long a new task may take before its absence is a finding:
	// a large image takes Fargate some minutes.
	startsWithin = 10 * time.Minute
	// keepsEnding is how many ends of an hour make a program that does not stay up,
	// though a task may be running at this very moment.
	keepsEnding = 3
)

// checkTasks reads how the last task ended, and what ECS says of starting none. An
// agent that has too few tasks is a finding whatever the reason is called.
func checkTasks(sn *snapshot) []Finding {
	var out []Finding
	for _, a := range sn.Agents {
		s, up := sn.Services[a.Name]
		if !up || !sn.short(a) && sn.ends(a) < keepsEnding {
			continue
		}
		if f, bad := sn.taskFinding(a, s); bad {
			out = append(out, f)
		}
	}
	return out
}

func (sn *snapshot) taskFinding(a agents.Agent, s types.Service) (Finding, bool) {
	f := Finding{Agent: a.Name}
	said, c := tasks.WhyDown(s, sn.Tasks[a.Name], a.Name)
	switch {
	case said == "" && sn.starting(s):
		return f, false
	case said == "":
		last := ""
		if len(s.Events) > 0 {
			last = aws.ToString(s.Events[0].Message)
		}
		f.Problem, f.Cause, f.Evidence, f.Fix = running(s), "ECS does not say why", []string{last}, "karmactl deploy "+a.Name+" --restart, which has ECS try again"
		return f, true
	}
	c = c.WithMemory(agents.NextFargateMemory(a.CPU, a.Memory))
	f.Problem, f.Cause, f.Evidence, f.Fix = c.Problem, c.Why, []string{tasks.PlainReason(said)}, c.Fix()
	if c.Kind == tasks.KindNetwork && strings.HasPrefix(c.Command, "karmactl doctor") {
		// The checks of routes and endpoints come first, and have found nothing.
		f.Fix = "look at the network ACLs of its subnets and at the egress rules of its security group: its routes and endpoints are right"
	}
	if c.Again {
		f.Fix += ", then karmactl deploy " + a.Name + " --restart"
	}
	return f, true
}

// starting tells whether a service may simply not have got there yet.
func (sn *snapshot) starting(s types.Service) bool {
	d := tasks.Primary(s)
	return d != nil && d.FailedTasks == 0 && sn.Clock.Now().Sub(aws.ToTime(d.CreatedAt)) < startsWithin || s.PendingCount > 0
}

// lastEnd is the task of the current task definition that ended last by a fault of its own.
func (sn *snapshot) lastEnd(a agents.Agent) *types.Task {
	return tasks.LastEnd(sn.Tasks[a.Name], a.Name, aws.ToString(sn.Services[a.Name].TaskDefinition))
}

// ends counts the tasks of the current task definition that ended by a fault of
// their own: ECS tells of them for an hour.
func (sn *snapshot) ends(a agents.Agent) int {
	n := 0
	for _, t := range sn.Tasks[a.Name] {
		if t.StoppingAt != nil && aws.ToString(t.TaskDefinitionArn) == aws.ToString(sn.Services[a.Name].TaskDefinition) && !tasks.Ended(t, a.Name).Stopped {
			n++
		}
	}
	return n
}

func checkLogGroups(sn *snapshot) []Finding {
	var out []Finding
	for _, a := range sn.Agents {
		name := provision.LogGroupName(sn.Cfg.Stack(), a.Name)
		if _, up := sn.Services[a.Name]; !up || sn.logGroups == nil || sn.logGroups[name] {
			continue
		}
		f := Finding{Agent: a.Name, Problem: "its next task will not start", Cause: "its log group is gone", Evidence: []string{name}, Fix: "karmactl up --only " + a.Name + ", which makes it again"}
		if last := sn.lastEnd(a); sn.short(a) && last != nil {
			f.Problem, f.Evidence = "no task starts", append(f.Evidence, tasks.Ended(*last, a.Name).String())
		}
		out = append(out, f)
	}
	return out
}
