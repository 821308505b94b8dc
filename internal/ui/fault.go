package ui

import (
	"fmt"
	"strings"

	"github.com/karmacadabra/karmactl/internal/document"
)

// Fault prints an error: to standard error as text, to standard output as JSON.
func (t *Terminal) Fault(f *document.Error) {
	f.Head = document.Of("Error")
	if t.JSON {
		_ = t.Line(f) // there is nowhere left to say that this failed
		return
	}
	c := paint(t.Color && (t.Live || t.forced))
	if f.Text != "" {
		fmt.Fprintln(t.Err, strings.TrimRight(f.Text, "\n"))
		return
	}
	t.fault(c.red("karmactl:")+" ", f.Message)
	if f.Why != "" {
		t.fault("  why   ", f.Why)
	}
	if f.Suggestion != "" {
		t.fault("  try   ", f.Suggestion)
	}
}

// fault prints a part of an error, line by line; what is too wide for the terminal
// is broken between words.
func (t *Terminal) fault(lead, text string) {
	for line := range strings.Lines(text) {
		line = strings.TrimRight(line, "\n")
		if t.Live {
			line = t.under(lead, line)
		}
		fmt.Fprintln(t.Err, lead+line)
		lead = ""
	}
}
