package ui

import (
	"fmt"
	"strings"

	"charm.land/lipgloss/v2"

	"github.com/karmacadabra/karmactl/internal/document"
)

// Doctor prints it.
func (t *Terminal) Doctor(d *document.Doctor) error {
	d.Head = document.Of("Doctor")
	if t.JSON {
		return t.Document(d)
	}
	t.Printf("%s", t.doctorText(d))
	return nil
}

func (t *Terminal) doctorText(d *document.Doctor) string {
	c := t.paint()
	width := max(60, min(t.Width(), 100))
	var b strings.Builder
	fmt.Fprintln(&b, c.bold(d.Stack)+"  "+d.Region+t.simulated())
	for _, f := range d.Findings {
		who := f.Agent
		if who == "" {
			who = "the stack"
		}
		line := func(label, text string) {
			fmt.Fprintf(&b, "      %s %s\n", c.dim(pad(label, 9)), wrap(text, width-16, 16))
		}
		lead := "  ✘ " + who + "  "
		fmt.Fprintf(&b, "  %s %s  %s\n", c.red("✘"), c.bold(who), wrap(f.Problem, width-lipgloss.Width(lead), lipgloss.Width(lead)))
		line("cause", f.Cause)
		for _, e := range f.Evidence {
			line("evidence", e)
		}
		line("fix", f.Fix)
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
