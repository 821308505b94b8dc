package ui

import (
	"fmt"
	"strings"

	"charm.land/lipgloss/v2"
)

// StatusScreen is how the fleet is, on one screen.
type StatusScreen struct {
	Head string
	// Dashboard is where the head leads, when there is one.
	Dashboard string
	Columns   []string
	Rows      []StatusRow
	// Spare are the columns that are given up on a narrow terminal, in this order.
	Spare []int
	// URLs are where the agents answer.
	URLs []Pair
	// Below are lines under the table, Attention what to look at.
	Below     []string
	Attention []StatusProblem
	// Foot is the last line.
	Foot string
	// Repaint draws over the screen before.
	Repaint bool
}

// StatusRow is one agent: a cell for each column.
type StatusRow struct {
	Cells []string
	Sign  Sign
}

// Sign is the mark before an agent or a line.
type Sign int

// The signs, the worst last.
const (
	Well Sign = iota
	Resting
	Busy // under way, as the mark of up's rows
	Bad
)

// StatusProblem is a thing to look at and the command that helps.
type StatusProblem struct {
	Agent, Problem, Command string
	Sign                    Sign
}

// Status prints the screen.
func (t *Terminal) Status(s StatusScreen) {
	c := t.paint()
	var b strings.Builder
	if s.Repaint && t.Color && t.Screen {
		b.WriteString("\x1b[H\x1b[2J")
	}
	b.WriteString(within(t.link(s.Dashboard, c.bold(s.Head))+t.simulated(), t.room()) + "\n")
	table := Table{Columns: s.Columns, Spare: s.Spare}
	for _, r := range s.Rows {
		table.Rows = append(table.Rows, r.Cells)
	}
	lines := table.lines(t.room() - lipgloss.Width("  ✔ "))
	b.WriteString("    " + c.dim(lines[0]) + "\n")
	for i, l := range lines[1:] {
		sign := map[Sign]string{Well: c.green("✔"), Resting: c.dim("·"), Busy: c.blue(spinner(0)), Bad: c.red("!")}[s.Rows[i].Sign]
		b.WriteString("  " + sign + " " + l + "\n")
	}
	for _, p := range s.Attention {
		sign := c.red("!")
		if p.Sign != Bad {
			sign = c.dim("·")
		}
		say := t.waiting
		if s.Repaint { // lines are scarce there, and what is painted over is hard to copy
			say = t.attention
		}
		b.WriteString(say("  "+sign+" ", strings.TrimSpace(p.Agent+" "+p.Problem), p.Command))
	}
	b.WriteString(t.urls(s.URLs))
	for _, l := range s.Below {
		b.WriteString(t.para("  ", c.dim(l)))
	}
	text := b.String()
	if s.Repaint && t.Screen {
		text = t.inWindow(text, s.Foot)
	}
	t.Printf("%s", text)
}

// urls are where the agents answer, each whole: where one has no room, the command that prints them.
func (t *Terminal) urls(all []Pair) string {
	var b strings.Builder
	names := 0
	for _, p := range all {
		names = max(names, lipgloss.Width(p.Name))
	}
	for _, p := range all {
		if lipgloss.Width("  ")+names+lipgloss.Width(gap+p.Value) > t.room() {
			return t.para("  ", t.paint().dim("where the agents answer: karmactl outputs"))
		}
		b.WriteString("  " + pad(p.Name, names) + gap + t.Link(p.Value) + "\n")
	}
	return b.String()
}

// attention is what is to be looked at, in one line with its command where that has room.
func (t *Terminal) attention(lead, what, command string) string {
	if lipgloss.Width(lead+what+": "+command) <= t.room() {
		return lead + what + ": " + t.paint().bold(command) + "\n"
	}
	return t.waiting(lead, what, command)
}

// inWindow leaves out the last lines that a window has no room for, and counts them: what scrolls
// away cannot be painted over. Foot is the last of all.
func (t *Terminal) inWindow(text, foot string) string {
	c := t.paint()
	_, height := t.size()
	lines := strings.Split(strings.TrimSuffix(text, "\n"), "\n")
	if room := height - 2; len(lines) > room && room > 1 { // the foot, and where the cursor is
		lines = append(lines[:room-1:room-1], c.dim(fmt.Sprintf("  … %d more lines: karmactl status", len(lines)-room+1)))
	}
	return strings.Join(append(lines, c.dim("  "+foot)), "\n") + "\n"
}
