package provision

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/applicationautoscaling/types"
)

// Bounds are how few and how many tasks an agent may have.
type Bounds struct{ Min, Max int }

// String is 1–3, or 2.
func (b Bounds) String() string {
	if b.Min == b.Max {
		return strconv.Itoa(b.Min)
	}
	return fmt.Sprintf("%d–%d", b.Min, b.Max)
}

// Ruled is an agent whose bounds are another's to set than agents.yaml's.
type Ruled struct {
	Agent string
	// Schedule is the schedule's name, and Action a scheduled action that karmactl did not make.
	// Without either it was karmactl scale, by hand.
	Schedule, Action string
	// Resource is what Application Auto Scaling calls the service.
	Resource string
	// Is are the bounds that were set, Says those of agents.yaml.
	Is, Says Bounds
}

// RuledBy says who rules an agent's bounds, where those differ from agents.yaml: what an owner's tag says goes
// before a schedule. It is nil where agents.yaml does. The actions are the region's. Outside its hours a schedule has
// none running, which says nothing of the configuration: what it sets in its hours does.
func RuledBy(agent, resource, owner string, is, says Bounds, actions []types.ScheduledAction) *Ruled {
	r := &Ruled{Agent: agent, Resource: resource, Is: is, Says: says}
	if owner == ScaleManual {
		return r
	}
	for _, x := range actions {
		if aws.ToString(x.ResourceId) != r.Resource {
			continue
		}
		schedule, action, ours := scheduleOf(aws.ToString(x.ScheduledActionName))
		switch {
		case ours && action == ActionStart:
			r.Schedule, r.Action = schedule, ""
			if spec := readScheduledAction(x); spec.Max > 0 {
				r.Is = Bounds{spec.Min, spec.Max}
			}
		case ours:
			r.Schedule, r.Action = schedule, ""
		case r.Schedule == "":
			r.Action = aws.ToString(x.ScheduledActionName)
		}
	}
	if r.Schedule == "" && r.Action == "" {
		return nil
	}
	return r
}

// by tells agents apart that different commands give back.
func (r Ruled) by() string { return r.Schedule + "/" + r.Action }

// RuledNote is what to know of agents that something else rules.
type RuledNote struct {
	Text string
	// Command is what ends it, where that is no command of karmactl's; "" is none.
	Command string
}

// NotesOfRuled say what rules in place of agents.yaml and how that ends: what is the same for more
// agents is said once. What a schedule sets as agents.yaml says is no note.
func NotesOfRuled(all []Ruled) []RuledNote {
	var out []RuledNote
	told := map[string]bool{}
	for _, first := range all {
		if first.Is == first.Says || told[first.by()] {
			continue
		}
		told[first.by()] = true
		var same []Ruled
		for _, r := range all {
			if r.by() == first.by() && r.Is != r.Says {
				same = append(same, r)
			}
		}
		out = append(out, noteOfRuled(same))
	}
	return out
}

// noteOfRuled is a sentence of agents that the same rules.
func noteOfRuled(all []Ruled) RuledNote {
	first := all[0]
	var auto []string
	type pair struct{ is, says Bounds }
	var order []pair
	names := map[pair][]string{}
	for _, r := range all {
		p := pair{r.Is, r.Says}
		if names[p] == nil {
			order = append(order, p)
		}
		names[p], auto = append(names[p], r.Agent), append(auto, r.Agent+"=auto")
	}
	are, it := " is", "it"
	if len(all) > 1 {
		are, it = " are", "them"
	}
	equal := len(order) == 1
	who, differs := strings.Join(names[order[0]], ", ")+are, fmt.Sprintf(", and agents.yaml says %s", first.Says)
	if !equal {
		var told []string
		for _, p := range order {
			told = append(told, fmt.Sprintf("%s (%s, and agents.yaml says %s)", strings.Join(names[p], ", "), p.is, p.says))
		}
		who, differs = strings.Join(told, " and ")+are, ""
	}
	with := func(lead string) string { // the bounds, where they are the same
		if !equal {
			return ""
		}
		return lead + first.Is.String()
	}
	switch {
	case first.Schedule != "":
		return RuledNote{Text: fmt.Sprintf("%s on the schedule %s%s%s: karmactl scale --schedule %s sets %s again", who, first.Schedule, with(", which was set with "), differs, first.Schedule, it)}
	case first.Action != "":
		return RuledNote{
			Text:    fmt.Sprintf("%s on the scheduled action %s, which karmactl did not make%s%s", who, first.Action, with(", with "), differs),
			Command: fmt.Sprintf("aws application-autoscaling delete-scheduled-action --service-namespace ecs --resource-id %s --scalable-dimension ecs:service:DesiredCount --scheduled-action-name %s", first.Resource, first.Action),
		}
	}
	return RuledNote{Text: fmt.Sprintf("%s scaled by hand%s%s: karmactl scale %s gives %s back", who, with(" to "), differs, strings.Join(auto, " "), it)}
}
