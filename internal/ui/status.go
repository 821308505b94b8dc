package ui

import (
	"strings"

	"charm.land/lipgloss/v2"
)

// StatusScreen is how the fleet is, on one screen.
type StatusScreen struct {
	Head    string
	Columns []string
	Rows    []StatusRow
	// Spare are the columns that are given up on a narrow terminal, in this order.
	Spare []int
	// Below are lines under the table, Attention what to look at.
	Below     []string
	Attention []StatusProblem
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
	b.WriteString(c.bold(s.Head) + t.simulated() + "\n")
	table := Table{Columns: s.Columns, Spare: s.Spare}
	for _, r := range s.Rows {
		table.Rows = append(table.Rows, r.Cells)
	}
	lines := table.lines(t.room() - lipgloss.Width("  ✔ "))
	b.WriteString("    " + c.dim(lines[0]) + "\n")
	for i, l := range lines[1:] {
		sign := map[Sign]string{Well: c.green("✔"), Resting: c.dim("·"), Bad: c.red("!")}[s.Rows[i].Sign]
		b.WriteString("  " + sign + " " + l + "\n")
	}
	for _, l := range s.Below {
		b.WriteString(t.para("  ", c.dim(l)))
	}
	for _, p := range s.Attention {
		sign := c.yellow("!")
		if p.Sign != Bad {
			sign = c.dim("·")
		}
		b.WriteString(t.para("  "+sign+" ", strings.TrimSpace(p.Agent+" "+p.Problem)+": "+c.bold(p.Command)))
	}
	t.Printf("%s", b.String())
}
