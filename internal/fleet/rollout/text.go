package rollout

import (
	"cmp"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/karmacadabra/karmactl/internal/agents"
	"github.com/karmacadabra/karmactl/internal/tasks"
)

// TextLine is a line for people: a long Text is wrapped below its beginning, right of Lead.
type TextLine struct{ Lead, Text string }

// Title is how a deployment ended: what became of the agent, in a line.
func (d *Deployment) Title() TextLine { return Titles([]*Deployment{d}, 0)[0] }

// Titles are the titles of several: in columns where they are shown in a window of n columns, 0 is none. Of an image
// that has no room there its digest is left.
func Titles(docs []*Deployment, n int) []TextLine {
	rows, widths := make([][]string, len(docs)), make([]int, 5)
	for i, d := range docs {
		rows[i] = []string{d.Agent, d.revisions(), strings.ReplaceAll(d.Outcome, "_", " "), d.Tag, agents.ShortImage(d.Image)}
		for j, cell := range rows[i] {
			widths[j] = max(widths[j], utf8.RuneCountInString(cell))
		}
	}
	room := len("✔ ")
	for _, w := range widths {
		room += w + len("  ")
	}
	titles := make([]TextLine, len(docs))
	for i, row := range rows {
		if _, digest, pinned := strings.Cut(row[4], "@"); pinned && n > 0 && room > n {
			row[4] = digest
		}
		text := ""
		for j, cell := range row {
			switch {
			case n > 0 && widths[j] > 0:
				text += cell + strings.Repeat(" ", widths[j]-utf8.RuneCountInString(cell)+2)
			case cell != "":
				text += cell + "  "
			}
		}
		sign := map[string]string{Succeeded: "✔", Unchanged: "✔", Started: "◐", TimedOut: "◐", RolledBack: "↩", Superseded: "!"}[docs[i].Outcome]
		titles[i] = TextLine{cmp.Or(sign, "✘") + " ", strings.TrimRight(text, " ")}
	}
	return titles
}

// revisions are what there was and what there is.
func (d *Deployment) revisions() string {
	switch {
	case d.Previous == 0 || d.Previous == d.Revision:
		return fmt.Sprintf("rev %d", d.Revision)
	case d.Outcome == RolledBack && !d.backAt(d.Revision): // the arrow leads to what runs now
		return fmt.Sprintf("rev %d → %d", d.Revision, d.Previous)
	}
	return fmt.Sprintf("rev %d → %d", d.Previous, d.Revision)
}

// Lines are what is to be said of it beside.
func (d *Deployment) Lines() []TextLine {
	var lines []TextLine
	row := func(what, text string) {
		if text != "" {
			lines = append(lines, TextLine{fmt.Sprintf("    %-8s ", what), text})
		}
	}
	row("cause", d.Cause)
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
	switch {
	case d.Outcome == Succeeded && !d.Verified:
		row("note", d.Reason)
	case d.Outcome != RolledBack || d.Reason != rolledBackTo(d.Previous):
		row("reason", d.Reason)
	}
	row("try", d.Fix)
	row("follow", d.Follow)
	return lines
}

// AsFailed tells whether two deployments failed alike, so that it is enough to tell of one.
func (d *Deployment) AsFailed(x *Deployment) bool {
	return !d.OK() && d.Cause != "" && d.Cause == x.Cause && d.Outcome == x.Outcome && (d.ExitCode == nil) == (x.ExitCode == nil) && (d.ExitCode == nil || *d.ExitCode == *x.ExitCode)
}

// backAt tells whether the revision runs now, after a rollback.
func (d *Deployment) backAt(revision int) bool {
	return strings.HasPrefix(d.Reason+" ", rolledBackTo(revision)+" ")
}

// rolledBackTo is what is said of a deployment that was rolled back, where nothing else is to be said.
func rolledBackTo(revision int) string { return fmt.Sprintf("rolled back to revision %d", revision) }
