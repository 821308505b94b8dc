// Package ui is the only package that writes to a terminal. Standard output is
// the result, standard error is progress and notes. One recorded run of events
// looks right three ways: a live table, plain lines, JSON.
package ui

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"

	"charm.land/lipgloss/v2"
	"golang.org/x/term"

	"github.com/karmacadabra/karmactl/internal/document"
)

// Terminal is where a command reads from and writes to.
type Terminal struct {
	In  io.Reader
	Out io.Writer
	Err io.Writer
	// JSON prints documents instead of text.
	JSON bool
	// Simulated: the account is one, and every header and document says so.
	Simulated bool
	// Quiet leaves out progress and notes.
	Quiet bool
	// Verbose also tells every call.
	Verbose bool
	// Color is off with NO_COLOR, --color never, and where there is no terminal.
	Color bool
	// forced: colours were asked for, terminal or not.
	forced bool
	// Live: standard error is a terminal that can be repainted.
	Live bool
	// Screen: standard output is a terminal, which wraps what is too wide.
	Screen bool
	// plainLinks: the terminal knows no links.
	plainLinks bool
	// Ask: there is a person to ask.
	Ask bool
	// size is the terminal's width and height.
	size func() (int, int)
	mu   sync.Mutex
	// live has the screen, when there is one: notes go above it.
	live *live
}

// NewTerminal looks at what the streams are.
func NewTerminal(in io.Reader, out, errw io.Writer, env func(string) string) *Terminal {
	t := &Terminal{In: in, Out: out, Err: errw, size: func() (int, int) { return 100, 40 }}
	isTTY := func(v any) (*os.File, bool) {
		f, ok := v.(*os.File)
		return f, ok && term.IsTerminal(int(f.Fd()))
	}
	dumb := env("TERM") == "dumb"
	if f, ok := isTTY(errw); ok {
		t.Live = !dumb && env("CI") == ""
		t.size = func() (int, int) {
			w, h, err := term.GetSize(int(f.Fd()))
			if err != nil || w <= 0 {
				return 100, 40
			}
			return w, h
		}
	}
	_, outTTY := isTTY(out)
	_, inTTY := isTTY(in)
	t.Screen, t.plainLinks = outTTY, linkless(env)
	t.Color = outTTY && !dumb
	for _, name := range []string{"CLICOLOR_FORCE", "FORCE_COLOR"} {
		if v := env(name); v != "" && v != "0" && v != "false" {
			t.ForceColor()
		}
	}
	if env("NO_COLOR") != "" {
		t.NoColor()
	}
	t.Ask = inTTY && t.Live
	return t
}

// NewWindow is a terminal with colours, of so many columns and lines, that is no device:
// what is written to it is what a user would see, who cannot be asked.
func NewWindow(in io.Reader, out, errw io.Writer, width, height int) *Terminal {
	return &Terminal{In: in, Out: out, Err: errw, Color: true, Live: true, Screen: true, size: func() (int, int) { return width, height }}
}

// ForceColor has colours written into pipes and files, too.
func (t *Terminal) ForceColor() { t.Color, t.forced = true, true }

// NoColor has none written.
func (t *Terminal) NoColor() { t.Color, t.forced = false, false }

// Width is the number of columns.
func (t *Terminal) Width() int {
	w, _ := t.size()
	return w
}

// page is how wide a page of text may be: lines of more than 100 columns are hard to read, and in less than 40
// next to nothing has room.
func (t *Terminal) page() int { return max(40, min(t.Width(), 100)) }

// Printf writes to standard output: the result.
func (t *Terminal) Printf(format string, args ...any) {
	t.mu.Lock()
	defer t.mu.Unlock()
	fmt.Fprintf(t.Out, format, args...)
}

// Para writes a paragraph to standard output: on a screen it is broken between
// words, under where the text begins; what is piped on is for others to cut.
func (t *Terminal) Para(lead, text string) { t.Printf("%s", t.para(lead, text)) }

// Ended is a paragraph whose lead is the sign of how something ended, in its colour; Detail is one below it.
func (t *Terminal) Ended(lead, text string) {
	c := t.paint()
	switch strings.TrimSpace(lead) {
	case "✔":
		lead = c.green(lead)
	case "✘":
		lead = c.red(lead)
	case "◐":
		lead = c.blue(lead)
	default:
		lead = c.yellow(lead)
	}
	t.Para(lead, text)
}

// Detail is a paragraph whose lead says what it is.
func (t *Terminal) Detail(lead, text string) { t.Para(t.paint().dim(lead), text) }

func (t *Terminal) para(lead, text string) string {
	if t.Screen {
		text = t.under(lead, text)
	}
	return lead + text + "\n"
}

// under breaks text where the screen ends, under where it begins. Where there is
// next to no room for that, it begins in the line below.
func (t *Terminal) under(lead, text string) string {
	const least = 16
	indent := lipgloss.Width(lead)
	if t.Width()-indent < least {
		if indent+lipgloss.Width(text) <= t.Width() {
			return text
		}
		return "\n    " + wrap(text, t.Width()-4, 4)
	}
	return advised(text, t.Width()-indent, indent)
}

// Notef writes a line to standard error, unless quiet. In a terminal it is broken between words.
func (t *Terminal) Notef(format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	if t.Live {
		text = t.broken(text)
	}
	t.note(text)
}

// note writes what is broken into lines already to standard error, unless quiet.
func (t *Terminal) note(text string) {
	if t.Quiet || t.JSON {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.live != nil {
		t.live.paint(text + "\n")
		return
	}
	fmt.Fprintln(t.Err, text)
}

// broken breaks the lines that the screen is too narrow for under where their text begins.
func (t *Terminal) broken(text string) string {
	lines := strings.Split(text, "\n")
	for i, l := range lines {
		if lipgloss.Width(l) > t.Width() {
			lead := l[:len(l)-len(strings.TrimLeft(l, " !·✘"))]
			lines[i] = lead + t.under(lead, l[len(lead):])
		}
	}
	return strings.Join(lines, "\n")
}

// Note is Notef for a paragraph, broken between words where the screen ends.
func (t *Terminal) Note(lead, text string) {
	if t.Live {
		text = t.under(lead, text)
	}
	t.note(lead + text)
}

// Document prints v, which carries its schema and kind, as one JSON document.
func (t *Terminal) Document(v document.Document) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.Simulated {
		v.MarkSimulated()
	}
	enc := json.NewEncoder(t.Out)
	enc.SetIndent("", "  ")
	enc.SetEscapeHTML(false)
	return enc.Encode(v)
}

// Line prints v as one line of a JSON stream.
func (t *Terminal) Line(v document.Document) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.Simulated {
		v.MarkSimulated()
	}
	enc := json.NewEncoder(t.Out)
	enc.SetEscapeHTML(false)
	return enc.Encode(v)
}

// simulated is a header's mark of a simulated account, "" for one of AWS.
func (t *Terminal) simulated() string {
	if !t.Simulated {
		return ""
	}
	return "  " + t.paint().yellow("SIMULATED")
}

// paint is how things are told apart; without colour it leaves them as they are.
type paint bool

func (p paint) with(color, s string) string {
	if !p || s == "" {
		return s
	}
	return lipgloss.NewStyle().Foreground(lipgloss.Color(color)).Render(s)
}

// The colours (ANSI 256) are readable on black and on white; the first sixteen are as the terminal
// likes, and many a yellow vanishes on white.
const (
	green  = "28"
	red    = "167"
	yellow = "136"
	blue   = "33"
)

func (p paint) green(s string) string  { return p.with(green, s) }
func (p paint) red(s string) string    { return p.with(red, s) }
func (p paint) yellow(s string) string { return p.with(yellow, s) }
func (p paint) blue(s string) string   { return p.with(blue, s) }
func (p paint) dim(s string) string {
	if !p || s == "" {
		return s
	}
	return lipgloss.NewStyle().Faint(true).Render(s)
}

func (p paint) bold(s string) string {
	if !p || s == "" {
		return s
	}
	return lipgloss.NewStyle().Bold(true).Render(s)
}

// Paint colours for standard output.
func (t *Terminal) paint() paint { return paint(t.Color) }
