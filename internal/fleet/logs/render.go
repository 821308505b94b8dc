package logs

import (
	"hash/fnv"
	"io"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// Format is how events are written.
type Format int

// The formats: a line for people, one JSON object a line (LogEvent of karmactl/v1), or the message alone.
const (
	Text Format = iota
	JSON
	Raw
)

// Style says how a Printer writes.
type Style struct {
	Format Format
	// Agents are all names that there are: an agent keeps its colour whichever of them are shown. Shown are the agents whose
	// events may come, and set the width; none are all.
	Agents, Shown []string
	// Color allows ANSI colours, of ours and in the messages.
	Color bool
	// Timestamps puts the time in front of raw lines, and the date before the time in text.
	Timestamps bool
	// Zone is where times are told for people; nil is UTC. JSON is always UTC.
	Zone *time.Location
	// MarkLate marks events that come after newer ones.
	MarkLate bool
	// Simulated marks each event in JSON as one of a simulated account.
	Simulated bool
	// Fields are those of JSON lines that text shows behind the message; none are all. NoFields shows none.
	Fields   []string
	NoFields bool
	// Highlight marks what matches in a message, where there are colours.
	Highlight []*regexp.Regexp
	// Width is how many columns a terminal has: the rest of a longer line is below its message, and only the first line of a
	// message has the beginning. 0 is no terminal: each line of a message gets its beginning, for grep's sake.
	Width int
}

// palette holds the colours of agents (ANSI 256), readable on black and on white.
var palette = [...]uint8{33, 29, 136, 133, 31, 166, 63, 64, 168, 101, 99, 138}

// full is how much a Printer gathers before it writes by itself.
const full = 64 << 10

// Printer writes events. It hands whole lines to its writer, many at once: use Print as Tail's emit and Flush
// as Options.Flush.
type Printer struct {
	w      io.Writer
	style  Style
	width  int
	colors map[string]uint8
	buf    []byte
	before int // the columns of what is between a line's beginning and its message
	// beginningGives is by how much the beginning is shorter, in a narrow window.
	beginningGives int
	clock          []byte
	second         int64
	// traces and last join a traceback whose lines are events of their own.
	traces traces
	last   Stream
}

// NewPrinter makes a Printer.
func NewPrinter(w io.Writer, style Style) *Printer {
	p := &Printer{w: w, style: style, colors: map[string]uint8{}, traces: traces{}, buf: make([]byte, 0, full+8<<10)}
	if p.style.Zone == nil {
		p.style.Zone = time.UTC
	}
	agents := slices.Clone(style.Agents)
	slices.Sort(agents)
	taken := [len(palette)]bool{}
	for i, name := range slices.Compact(agents) {
		if len(style.Shown) == 0 || slices.Contains(style.Shown, name) {
			p.width = max(p.width, utf8.RuneCountInString(name))
		}
		at := colorAt(name)
		for taken[at] && i < len(palette) {
			at = (at + 1) % len(palette)
		}
		taken[at] = true
		p.colors[name] = palette[at]
	}
	p.narrow()
	return p
}

// colorAt is a name's own place in the palette; of two agents that share one, the later in the alphabet moves on.
func colorAt(name string) int {
	h := fnv.New32a()
	_, _ = io.WriteString(h, name)
	return int(h.Sum32() % uint32(len(palette)))
}

// Print adds an event.
func (p *Printer) Print(e Event) error {
	switch p.style.Format {
	case JSON:
		p.json(e)
	case Raw:
		p.raw(e)
	default:
		p.text(e)
	}
	if len(p.buf) >= full {
		return p.Flush()
	}
	return nil
}

// Flush writes what was gathered, which is always whole lines.
func (p *Printer) Flush() error {
	if len(p.buf) == 0 {
		return nil
	}
	_, err := p.w.Write(p.buf)
	p.buf = p.buf[:0]
	return err
}

func (p *Printer) raw(e Event) {
	if p.style.Timestamps {
		p.buf = e.Time.In(p.style.Zone).AppendFormat(p.buf, "2006-01-02T15:04:05.000Z07:00 ")
	}
	p.buf = append(p.buf, strings.TrimRight(e.Message, "\r\n")...)
	p.buf = append(p.buf, '\n')
}

func (p *Printer) color(agent string) uint8 {
	if c, ok := p.colors[agent]; ok {
		return c
	}
	return palette[colorAt(agent)]
}

// time writes the time of day, or with Timestamps the date too. A second is formatted once.
func (p *Printer) time(t time.Time) {
	if s := t.Unix(); s != p.second || p.clock == nil {
		layout := "15:04:05."
		if p.style.Timestamps {
			layout = "2006-01-02 15:04:05."
		}
		p.second = s
		p.clock = t.In(p.style.Zone).AppendFormat(p.clock[:0], layout)
	}
	ms := t.Nanosecond() / 1e6
	p.buf = append(p.buf, p.clock...)
	p.buf = append(p.buf, byte('0'+ms/100), byte('0'+ms/10%10), byte('0'+ms%10))
}

// json writes a LogEvent: ts, agent, task, id, message; container, late and source only when there is something to say.
func (p *Printer) json(e Event) {
	b := append(p.buf, `{"schema":"karmactl/v1","kind":"LogEvent",`...)
	if p.style.Simulated {
		b = append(b, `"simulated":true,`...)
	}
	b = append(b, `"ts":"`...)
	b = e.Time.UTC().AppendFormat(b, "2006-01-02T15:04:05.000Z07:00")
	b = append(b, `","agent":`...)
	b = appendJSON(b, e.Agent)
	b = append(b, `,"task":`...)
	b = appendJSON(b, e.Task)
	b = append(b, `,"id":`...)
	b = appendJSON(b, e.ID)
	b = append(b, `,"message":`...)
	b = appendJSON(b, e.Message)
	if of := e.sidecar(); of != "" {
		b = append(b, `,"container":`...)
		b = appendJSON(b, of)
	}
	if e.Source != "" {
		b = append(b, `,"source":`...)
		b = appendJSON(b, e.Source)
	}
	if e.Late && p.style.MarkLate {
		b = append(b, `,"late":true`...)
	}
	p.buf = append(b, "}\n"...)
}

// appendJSON appends s as a JSON string. What is not UTF-8 becomes U+FFFD.
func appendJSON(b []byte, s string) []byte {
	b = append(b, '"')
	from := 0
	for i := 0; i < len(s); {
		c := s[i]
		if c >= utf8.RuneSelf {
			r, n := utf8.DecodeRuneInString(s[i:])
			if r == utf8.RuneError && n == 1 {
				b = append(append(b, s[from:i]...), "\ufffd"...)
				from = i + 1
			}
			i += n
			continue
		}
		if c >= ' ' && c != '"' && c != '\\' {
			i++
			continue
		}
		b = append(b, s[from:i]...)
		switch c {
		case '"', '\\':
			b = append(b, '\\', c)
		case '\n':
			b = append(b, '\\', 'n')
		case '\r':
			b = append(b, '\\', 'r')
		case '\t':
			b = append(b, '\\', 't')
		default:
			b = append(b, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
		}
		i++
		from = i
	}
	return append(append(b, s[from:]...), '"')
}
