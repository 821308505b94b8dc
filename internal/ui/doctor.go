package ui

import (
	"cmp"
	"fmt"
	"slices"
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

// together are the findings that are told as one, in the order of the first of each.
func together(all []document.Finding, full bool) [][]document.Finding {
	var out [][]document.Finding
	for _, f := range all {
		i := slices.IndexFunc(out, func(group []document.Finding) bool { return !full && alike(group[0], f) })
		if i < 0 {
			out = append(out, []document.Finding{f})
			continue
		}
		out[i] = append(out[i], f)
	}
	return out
}

func (t *Terminal) doctorText(d *document.Doctor, full bool) string {
	c := t.paint()
	width := t.page()
	var b strings.Builder
	fmt.Fprintln(&b, c.bold(d.Stack)+"  "+d.Region+t.simulated())
	for _, group := range together(d.Findings, full) {
		var of []string
		for _, f := range group {
			of = append(of, cmp.Or(f.Agent, "the stack"))
		}
		f := group[0]
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
		fmt.Fprintf(&b, "      %s %s\n", c.dim(pad("fix", 9)), advised(f.Fix, width-16, 16))
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
