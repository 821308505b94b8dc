package ui

import (
	"math"
	"strings"

	"charm.land/lipgloss/v2"
)

// Table is rows of cells under their columns' names.
type Table struct {
	Columns []string
	Rows    [][]string
	// Spare are the columns that are given up on a narrow screen, in this order.
	Spare []int
}

// Table prints it on standard output. Where a screen is too narrow for its columns, the cells of the last one are broken
// between words; where that has no room either, each row continues in lines below.
func (t *Terminal) Table(x Table) {
	widths := x.widths(t.room())
	last := len(widths) - 1
	for last > 0 && widths[last] == 0 { // nothing is in it, or it was given up
		last--
	}
	before := lipgloss.Width(line(x.Columns[:last], widths))
	left := t.room() - before
	for i, cells := range append([][]string{x.Columns}, x.Rows...) {
		text := line(cells, widths)
		switch {
		case widths[last] <= left:
		case left >= leastOfLast:
			text = line(cells[:last], widths) + wrap(cells[last], left, before)
		default:
			text = goingOn(cells, widths, t.room())
		}
		for l := range strings.SplitSeq(text, "\n") {
			if l = strings.TrimRight(l, " "); i == 0 {
				l = t.paint().dim(l)
			}
			t.Printf("%s\n", l)
		}
	}
}

// goingOn is a row in as many lines as it needs, all but the first a little further in.
func goingOn(cells []string, widths []int, room int) string {
	var out []string
	l := cells[0]
	for i, cell := range cells[1:] {
		switch {
		case cell == "" || widths[i+1] == 0:
		case l != "" && lipgloss.Width(l)+len(gap)+lipgloss.Width(cell) <= room:
			l += gap + cell
		default:
			if l != "" {
				out = append(out, l)
			}
			l = gap + wrap(cell, room-len(gap), len(gap))
			if i := strings.LastIndexByte(l, '\n'); i >= 0 {
				out, l = append(out, l[:i]), l[i+1:]
			}
		}
	}
	return strings.Join(append(out, l), "\n")
}

// room is how wide a line may be: what is piped on is for others to cut.
func (t *Terminal) room() int {
	if t.Screen {
		return t.Width()
	}
	return math.MaxInt
}

// lines are the columns' names and the rows.
func (x Table) lines(room int) []string {
	widths := x.widths(room)
	var out []string
	for _, cells := range append([][]string{x.Columns}, x.Rows...) {
		out = append(out, strings.TrimRight(line(cells, widths), " "))
	}
	return out
}

// line sets the cells apart that have a width.
func line(cells []string, widths []int) string {
	var l strings.Builder
	for i, cell := range cells {
		if widths[i] > 0 {
			l.WriteString(pad(fit(cell, widths[i]), widths[i]) + gap)
		}
	}
	return l.String()
}

const (
	// gap is between two columns.
	gap = "  "
	// leastOfLast is how narrow the last column may get before it is given up.
	leastOfLast = 20
)

// widths are the columns' widths in so much room; 0 is a column that has none.
func (x Table) widths(room int) []int {
	widths := make([]int, len(x.Columns))
	for _, cells := range append([][]string{x.Columns}, x.Rows...) {
		for i, cell := range cells {
			widths[i] = max(widths[i], lipgloss.Width(cell))
		}
	}
	for _, i := range x.Spare {
		over := -len(gap) - room // no gap after the last column
		for _, w := range widths {
			if w > 0 {
				over += w + len(gap)
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

// Pair is a name and what has it.
type Pair struct{ Name, Value string }

// Pairs prints them, the values below one another. Addresses are links, and where a window has
// no room for one beside its name each has a line of its own, so that it can be copied whole.
func (t *Terminal) Pairs(all []Pair) {
	widest, over := 0, false
	for _, p := range all {
		widest = max(widest, lipgloss.Width(p.Name))
	}
	for _, p := range all {
		over = over || widest+1+lipgloss.Width(p.Value) > t.room()
	}
	for _, p := range all {
		value := p.Value
		if strings.Contains(value, "://") {
			value = t.Link(value)
		}
		if over {
			indent := strings.Repeat(" ", min(2, max(0, t.room()-lipgloss.Width(value))))
			t.Printf("%s\n%s%s\n", t.paint().dim(p.Name), indent, value)
			continue
		}
		t.Printf("%s %s\n", pad(p.Name, widest), value)
	}
}
