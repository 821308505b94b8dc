package ui

import "strings"

// StatusScreen is how the fleet is, on one screen.
type StatusScreen struct {
	Head    string
	Columns []string
	Rows    []StatusRow
	// Below are lines under the table, Attention what to look at.
	Below     []string
	Attention []StatusProblem
	// Repaint draws over the screen before.
	Repaint bool
}

// StatusRow is one agent: a cell for each column.
type StatusRow struct {
	Cells []string
	Bad   bool
}

// StatusProblem is a thing to look at and the command that helps.
type StatusProblem struct{ Agent, Problem, Command string }

// Status prints the screen.
func (t *Terminal) Status(s StatusScreen) {
	c := t.paint()
	var b strings.Builder
	if s.Repaint && t.Color {
		b.WriteString("\x1b[H\x1b[2J")
	}
	b.WriteString(c.bold(s.Head) + "\n")
	widths := make([]int, len(s.Columns))
	for _, cells := range append([][]string{s.Columns}, rowCells(s.Rows)...) {
		for i, cell := range cells {
			widths[i] = max(widths[i], len([]rune(cell)))
		}
	}
	line := func(cells []string) string {
		var l strings.Builder
		for i, cell := range cells {
			l.WriteString(pad(cell, widths[i]) + "  ")
		}
		return strings.TrimRight(l.String(), " ")
	}
	b.WriteString("    " + c.dim(line(s.Columns)) + "\n")
	for _, r := range s.Rows {
		sign := c.green("✔")
		if r.Bad {
			sign = c.red("!")
		}
		b.WriteString("  " + sign + " " + line(r.Cells) + "\n")
	}
	for _, l := range s.Below {
		b.WriteString("  " + c.dim(l) + "\n")
	}
	for _, p := range s.Attention {
		b.WriteString("  " + c.yellow("!") + " " + strings.TrimSpace(p.Agent+" "+p.Problem) + ": " + c.bold(p.Command) + "\n")
	}
	t.Printf("%s", b.String())
}

func rowCells(rows []StatusRow) [][]string {
	out := make([][]string, len(rows))
	for i, r := range rows {
		out[i] = r.Cells
	}
	return out
}
