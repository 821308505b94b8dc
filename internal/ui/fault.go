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
		text := strings.TrimRight(f.Text, "\n")
		if t.Live {
			text = marked(text, max(40, t.Width())) // less has no room for a line of the file
		}
		fmt.Fprintln(t.Err, text)
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

// marked is what is wrong with a file in n columns: sentences are broken between words, and of a line of the file
// that is too long there is what lies around the mark below it.
func marked(text string, n int) string {
	lines := strings.Split(text, "\n")
	isMark := func(i int) bool {
		return i > 0 && i < len(lines) && strings.HasPrefix(strings.TrimLeft(lines[i], " "), "| ") && strings.TrimLeft(lines[i], " |") == "^"
	}
	for i, line := range lines {
		switch {
		case isMark(i):
			lines[i-1], lines[i] = around([]rune(lines[i-1]), strings.Index(line, "|")+2, len(line)-1, n)
		case !isMark(i + 1):
			lines[i] = wrap(line, n-2, 2)
		}
	}
	return strings.Join(lines, "\n")
}

// around cuts a line to n columns so that the one at the mark is among them; what comes before its text stays.
func around(line []rune, text, mark, n int) (cut, below string) {
	from := text
	if len(line) > n && mark > n-10 {
		from = min(mark-(n-text)/2, len(line)-(n-text))
		line[from] = '…'
	}
	to := min(len(line), from+n-text)
	if to < len(line) {
		line[to-1] = '…'
	}
	return string(line[:text]) + string(line[from:to]), strings.Repeat(" ", text-2) + "| " + strings.Repeat(" ", mark-from) + "^"
}
