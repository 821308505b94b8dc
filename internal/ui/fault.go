package ui

import (
	"fmt"
	"strings"
)

// Fault is an error for people, and the JSON document instead of a result.
type Fault struct {
	Schema     string         `json:"schema"`
	Kind       string         `json:"kind"`
	Code       int            `json:"code"`
	Message    string         `json:"message"`
	Why        string         `json:"why,omitempty"`
	Suggestion string         `json:"suggestion,omitempty"`
	Problems   []FaultProblem `json:"problems,omitempty"`
	// Text is printed as it is, where a message has its own layout.
	Text string `json:"-"`
}

// FaultProblem is one problem in a file.
type FaultProblem struct {
	File    string `json:"file"`
	Line    int    `json:"line"`
	Column  int    `json:"column"`
	Message string `json:"message"`
	Allowed string `json:"allowed,omitempty"`
}

// Fault prints an error: to standard error as text, to standard output as JSON.
func (t *Terminal) Fault(f *Fault) {
	f.Schema, f.Kind = Schema, "Error"
	if t.JSON {
		_ = t.Line(f) // there is nowhere left to say that this failed
		return
	}
	c := paint(t.Color && t.Live)
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
