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
	// Text is printed as it stands, where a message has its own layout.
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
	fmt.Fprintf(t.Err, "%s %s\n", c.red("karmactl:"), f.Message)
	if f.Why != "" {
		fmt.Fprintf(t.Err, "  why   %s\n", f.Why)
	}
	if f.Suggestion != "" {
		fmt.Fprintf(t.Err, "  try   %s\n", f.Suggestion)
	}
}
