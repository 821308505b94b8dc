package ui

import (
	"cmp"
	"fmt"
	"strings"

	"charm.land/lipgloss/v2"

	"github.com/karmacadabra/karmactl/internal/document"
)

// Doctor prints it; full says what several agents have in common of each.
func (t *Terminal) Doctor(d *document.Doctor, full bool) error {
	d.Head = document.Of("Doctor")
	if t.JSON {
		return t.Document(d)
	}
	t.Printf("%s", t.doctorText(d, full))
	return nil
}

// alike are findings that differ in their agents' names alone, and in what AWS said.
func alike(a, b document.Finding) bool {
	neutral := func(f document.Finding) string {
		return strings.ReplaceAll(strings.Join([]string{f.Check, f.Problem, f.Cause, f.Fix}, "\n"), f.Agent, "AGENT")
	}
	return a.Agent != "" && b.Agent != "" && neutral(a) == neutral(b)
}

func (t *Terminal) doctorText(d *document.Doctor, full bool) string {
	c := t.paint()
	width := t.page()
	var b strings.Builder
	fmt.Fprintln(&b, c.bold(d.Stack)+"  "+d.Region+t.simulated())
	for i, f := range d.Findings {
		var of []string
		for j, o := range d.Findings {
			if i == j || !full && alike(f, o) {
				if j < i {
					of = nil // told with an earlier one
					break
				}
				of = append(of, cmp.Or(o.Agent, "the stack"))
			}
		}
		if len(of) == 0 {
			continue
		}
		line := func(label, text string) {
			fmt.Fprintf(&b, "      %s %s\n", c.dim(pad(label, 9)), wrap(text, width-16, 16))
		}
		if who := of[0]; len(of) == 1 {
			lead := "  ✘ " + who + "  "
			fmt.Fprintf(&b, "  %s %s  %s\n", c.red("✘"), c.bold(who), wrap(f.Problem, width-lipgloss.Width(lead), lipgloss.Width(lead)))
		} else {
			fmt.Fprintf(&b, "  %s %s\n", c.red("✘"), c.bold(wrap(strings.Join(of, ", "), width-4, 4)))
			line("each", f.Problem)
		}
		line("cause", f.Cause)
		for _, e := range f.Evidence {
			line("evidence", e)
		}
		line("fix", f.Fix)
		if len(of) > 1 {
			line("others", "this is "+of[0]+"'s: karmactl doctor --full has each")
		}
	}
	for _, n := range d.Notes {
		fmt.Fprintf(&b, "  %s %s\n", c.yellow("!"), wrap(n, width-4, 4))
	}
	if len(d.Passed) > 0 {
		fmt.Fprintf(&b, "  %s %s\n", c.green("✔"), wrap(strings.Join(d.Passed, " · "), width-4, 4))
	}
	switch n := len(d.Findings); n {
	case 0:
		fmt.Fprintln(&b, c.green("Nothing is wrong."))
	case 1:
		fmt.Fprintln(&b, "1 problem.")
	default:
		fmt.Fprintf(&b, "%d problems.\n", n)
	}
	return b.String()
}
