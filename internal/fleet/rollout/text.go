package rollout

import (
	"fmt"
	"strings"

	"github.com/karmacadabra/karmactl/internal/agents"
	"github.com/karmacadabra/karmactl/internal/tasks"
)

// TextLine is a line for people: a long Text is wrapped below its beginning, right of Lead.
type TextLine struct{ Lead, Text string }

// Lines are how a deployment ended, for people.
func (d *Deployment) Lines() []TextLine {
	sign := map[string]string{Succeeded: "✔", Unchanged: "✔", Started: "◐", TimedOut: "◐", RolledBack: "↩", Superseded: "!"}[d.Outcome]
	if sign == "" {
		sign = "✘"
	}
	rev := fmt.Sprintf("rev %d", d.Revision)
	if d.Previous > 0 && d.Previous != d.Revision {
		rev = fmt.Sprintf("rev %d → %d", d.Previous, d.Revision)
	}
	head := fmt.Sprintf("%s  %s  %s", d.Agent, rev, strings.ReplaceAll(d.Outcome, "_", " "))
	if d.Image != "" {
		head += "  " + agents.ShortImage(d.Image)
	}
	lines := []TextLine{{sign + " ", head}}
	row := func(what, text string) {
		if text != "" {
			lines = append(lines, TextLine{fmt.Sprintf("    %-8s ", what), text})
		}
	}
	if d.Task != "" {
		row("task", tasks.Short(d.Task))
	}
	if d.ExitCode != nil {
		row("exit", fmt.Sprint(*d.ExitCode))
	}
	row("stopped", tasks.PlainEvent(d.StoppedReason))
	for i, l := range d.Log {
		what := ""
		if i == 0 {
			what = "log"
		}
		row(what, "| "+l)
	}
	for _, c := range d.Changes {
		row("changed", c)
	}
	if d.Outcome == Succeeded && !d.Verified {
		row("note", d.Reason)
	} else {
		row("reason", d.Reason)
	}
	row("try", d.Fix)
	row("follow", d.Follow)
	return lines
}
