package ui

import (
	"fmt"
	"strings"
)

// Doctor is what was found to be wrong. It is the JSON document and the text alike.
type Doctor struct {
	Schema   string          `json:"schema"`
	Kind     string          `json:"kind"`
	Stack    string          `json:"stack"`
	Region   string          `json:"region"`
	Findings []DoctorFinding `json:"findings"`
	// Passed are the names of the checks that found nothing.
	Passed []string `json:"passed"`
	Notes  []string `json:"notes,omitempty"`
}

// DoctorFinding is one thing that is wrong; Agent is "" for the whole stack.
type DoctorFinding struct {
	Agent    string   `json:"agent"`
	Check    string   `json:"check"`
	Problem  string   `json:"problem"`
	Cause    string   `json:"cause"`
	Evidence []string `json:"evidence"`
	Fix      string   `json:"fix"`
}

// Doctor prints it.
func (t *Terminal) Doctor(d *Doctor) error {
	d.Schema, d.Kind = Schema, "Doctor"
	if t.JSON {
		return t.Document(d)
	}
	t.Printf("%s", t.doctorText(d))
	return nil
}

func (t *Terminal) doctorText(d *Doctor) string {
	c := t.paint()
	width := max(60, min(t.Width(), 100))
	var b strings.Builder
	fmt.Fprintln(&b, c.bold(d.Stack)+"  "+d.Region)
	for _, f := range d.Findings {
		who := f.Agent
		if who == "" {
			who = "the stack"
		}
		line := func(label, text string) {
			fmt.Fprintf(&b, "      %s %s\n", c.dim(pad(label, 9)), wrap(text, width-16, 16))
		}
		fmt.Fprintf(&b, "  %s %s  %s\n", c.red("✘"), c.bold(who), wrap(f.Problem, width-6, 6))
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
