package rollout

import (
	"fmt"
	"strings"
)

// Text is how a deployment ended, for people.
func (d *Deployment) Text() string {
	var b strings.Builder
	sign := map[string]string{Succeeded: "✔", Unchanged: "✔", Started: "◐", TimedOut: "◐", RolledBack: "↩", Superseded: "!"}[d.Outcome]
	if sign == "" {
		sign = "✘"
	}
	rev := fmt.Sprintf("rev %d", d.Revision)
	if d.Previous > 0 && d.Previous != d.Revision {
		rev = fmt.Sprintf("rev %d → %d", d.Previous, d.Revision)
	}
	fmt.Fprintf(&b, "%s %s  %s  %s", sign, d.Agent, rev, strings.ReplaceAll(d.Outcome, "_", " "))
	if d.Image != "" {
		fmt.Fprintf(&b, "  %s", short(d.Image))
	}
	b.WriteByte('\n')
	row := func(what, text string) {
		if text != "" {
			fmt.Fprintf(&b, "    %-8s %s\n", what, text)
		}
	}
	if d.Task != "" {
		row("task", d.Task)
	}
	if d.ExitCode != nil {
		row("exit", fmt.Sprint(*d.ExitCode))
	}
	row("stopped", d.StoppedReason)
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
	return b.String()
}
