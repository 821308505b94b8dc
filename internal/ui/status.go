package ui

import (
	"math"
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
	screen := math.MaxInt // what is piped on is for others to cut
	if t.Screen {
		screen = t.Width()
	}
	widths := s.widths(screen)
	line := func(cells []string) string {
		var l strings.Builder
		for i, cell := range cells {
			if widths[i] > 0 {
				l.WriteString(pad(fit(cell, widths[i]), widths[i]) + "  ")
			}
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

// leastOfLast is how narrow the last column may get before it is given up.
const leastOfLast = 20

// widths are the columns' widths on a screen so wide; 0 is a column that has no room.
func (s StatusScreen) widths(screen int) []int {
	widths := make([]int, len(s.Columns))
	for _, cells := range append([][]string{s.Columns}, rowCells(s.Rows)...) {
		for i, cell := range cells {
			widths[i] = max(widths[i], lipgloss.Width(cell))
		}
	}
	for _, i := range s.Spare {
		over := lipgloss.Width("  ✔ ") - 2 - screen // no gap after the last column
		for _, w := range widths {
			if w > 0 {
				over += w + 2
			}
		}
		switch {
		case over <= 0:
			return widths
		case i == len(widths)-1 && widths[i]-over >= leastOfLast:
			widths[i] -= over
		default:
			widths[i] = 0
		}
	}
	return widths
}

func rowCells(rows []StatusRow) [][]string {
	out := make([][]string, len(rows))
	for i, r := range rows {
		out[i] = r.Cells
	}
	return out
}
