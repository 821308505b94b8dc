package logs

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// text writes "time agent task message".
func (p *Printer) text(e Event) {
	message := strings.TrimRight(e.Message, "\r\n")
	level := LevelAny
	if p.style.Color && e.Source == "" {
		level = LevelOf(message)
	}
	from := Stream{Group: e.Group, Name: e.Stream}
	inTrace := (p.style.Width > 0 || p.style.Color) && e.Source == "" && p.traces.goesOn(from, Plain(message))
	if inTrace && p.style.Color {
		level = LevelError
	}
	goesOn := inTrace && p.style.Width > 0 && p.last == from
	p.last = from
	said, fields, isJSON := structured(message)
	if isJSON {
		message = levelNames[LevelOf(message)] + said
	}
	for first := !goesOn; ; first = p.style.Width == 0 {
		line, rest, more := strings.Cut(message, "\n")
		if first {
			p.beginning(e)
		} else {
			p.indent()
			p.before = 0
		}
		from := len(p.buf)
		p.leveled(level, strings.TrimSuffix(line, "\r"))
		if isJSON && !more {
			p.fields(fields)
		}
		p.hang(from)
		p.buf = append(p.buf, '\n')
		if !more {
			return
		}
		message = rest
	}
}

// levelColors are the colours of levels (ANSI), readable on black and on white. The others keep the terminal's.
var levelColors = map[Level]string{LevelDebug: "\x1b[2m", LevelWarn: "\x1b[38;5;136m", LevelError: "\x1b[38;5;167m", LevelFatal: "\x1b[1;38;5;167m"}

// levelNames are the levels that have a colour: of a JSON line it is not the only one to say it.
var levelNames = map[Level]string{LevelDebug: "DEBUG ", LevelWarn: "WARN ", LevelError: "ERROR ", LevelFatal: "FATAL "}

// leveled writes a line in its level's colour, unless it has colours of its own.
func (p *Printer) leveled(level Level, line string) {
	paint := levelColors[level]
	if !p.style.Color || strings.IndexByte(line, 0x1b) >= 0 {
		paint = ""
	}
	p.marked(paint, line)
}

// highlight is bold, as no agent is, in a colour that no level has, and readable on black and on white.
const highlight = "\x1b[1;38;5;133m"

// matches are the places of a line that are highlighted, in order, none in another; none without colours, and of a line that
// has its own.
func (p *Printer) matches(line string) (at [][]int) {
	if !p.style.Color || strings.IndexByte(line, 0x1b) >= 0 {
		return nil
	}
	for _, re := range p.style.Highlight {
		at = append(at, re.FindAllStringIndex(line, -1)...)
	}
	slices.SortFunc(at, func(a, b []int) int { return cmp.Or(a[0]-b[0], b[1]-a[1]) })
	end := 0
	return slices.DeleteFunc(at, func(m []int) bool {
		m[0] = max(m[0], end)
		end = max(end, m[1])
		return m[0] >= m[1]
	})
}

// marked writes a text in a colour, and the places in it that are highlighted in that of --highlight.
func (p *Printer) marked(paint, text string) {
	from := 0
	for _, m := range p.matches(text) {
		p.painted(paint, text[from:m[0]])
		p.painted(highlight, text[m[0]:m[1]])
		from = m[1]
	}
	p.painted(paint, text[from:])
}

// painted writes a text in a colour; "" is none.
func (p *Printer) painted(paint, text string) {
	if text == "" {
		return
	}
	p.buf = append(p.buf, paint...)
	p.safe(text)
	if paint != "" {
		p.buf = append(p.buf, "\x1b[0m"...)
	}
}

func (p *Printer) fields(fields []field) {
	if p.style.NoFields {
		return
	}
	paint := ""
	if p.style.Color {
		paint = "\x1b[2m"
	}
	for _, f := range choose(fields, p.style.Fields) {
		p.buf = append(p.buf, ' ')
		p.marked(paint, f.text())
	}
}

// The steps by which a line's beginning gives way to its message in a narrow window.
const (
	wholeBeginning = iota
	withoutTask
	withoutMillis // and without the task
	aboveMessage  // the same, on a line of its own
)

// leastRoom is how many columns a message wants: fewer make a column of single words of it.
const leastRoom = 30

// narrow finds out how much of a line's beginning leaves room for a message.
func (p *Printer) narrow() {
	for p.style.Width > 0 && p.beginningGives < aboveMessage && p.style.Width-p.beginningWidth() < leastRoom {
		p.beginningGives++
	}
}

// beginningWidth is the columns before a message.
func (p *Printer) beginningWidth() int {
	n := len("15:04:05.000 ") + p.width + len(" ")
	if p.style.Timestamps {
		n += len("2006-01-02 ")
	}
	switch p.beginningGives {
	case wholeBeginning:
		n += len("8c1f0a2b ")
	case withoutMillis:
		n -= len(".000")
	case aboveMessage:
		n = len("  ")
	}
	return n
}

func (p *Printer) indent() {
	for range p.beginningWidth() {
		p.buf = append(p.buf, ' ')
	}
}

// leastHang is how many columns must be left for the further lines of a message.
const leastHang = 20

// hang breaks what was written since from between words, so that the rest of a long line is below its message, as far to the
// right as that begins. A word that is longer than the room is left whole, and begins as far to the left as it must: a URL
// stays one.
func (p *Printer) hang(from int) {
	indent := p.beginningWidth()
	room := p.style.Width - indent
	if room < leastHang || p.before+utf8.RuneCount(p.buf[from:]) <= room {
		return
	}
	line := string(p.buf[from:])
	p.buf = p.buf[:from]
	plain := Plain(line)
	deep := len(plain) - len(strings.TrimLeft(plain, " "))
	if deep > room-leastHang {
		deep = 0
	}
	used := p.before
	for line != "" {
		at := strings.IndexByte(line[1:], ' ') + 1
		if at == 0 {
			at = len(line)
		}
		word := line[:at]
		line = line[at:]
		n := utf8.RuneCountInString(Plain(word))
		if used > 0 && used+n > room {
			p.buf = append(p.buf, '\n')
			word = strings.TrimPrefix(word, " ")
			used, n = deep, n-1
			p.buf = append(p.buf, strings.Repeat(" ", max(0, min(indent+deep, p.style.Width-n)))...)
		}
		p.buf = append(p.buf, word...)
		used += n
	}
}

func (p *Printer) beginning(e Event) {
	if p.style.Color {
		p.buf = append(p.buf, "\x1b[2m"...)
	}
	p.time(e.Time)
	if p.beginningGives >= withoutMillis {
		p.buf = p.buf[:len(p.buf)-len(".000")]
	}
	if p.style.Color {
		p.buf = append(p.buf, "\x1b[0;38;5;"...)
		p.buf = strconv.AppendUint(p.buf, uint64(p.color(e.Agent)), 10)
		p.buf = append(p.buf, 'm')
	}
	p.buf = append(p.buf, ' ')
	p.buf = append(p.buf, e.Agent...)
	for n := utf8.RuneCountInString(e.Agent); n < p.width && p.beginningGives < aboveMessage; n++ {
		p.buf = append(p.buf, ' ')
	}
	if p.beginningGives == wholeBeginning {
		p.buf = append(p.buf, ' ')
		task := e.Task
		p.buf = append(p.buf, task[:min(8, len(task))]...)
		for n := len(task); n < 8; n++ {
			p.buf = append(p.buf, ' ')
		}
	}
	if p.style.Color {
		p.buf = append(p.buf, "\x1b[0m"...)
	}
	if p.beginningGives == aboveMessage {
		p.buf = append(p.buf, '\n')
		p.indent()
	} else {
		p.buf = append(p.buf, ' ')
	}
	from := len(p.buf)
	if e.Late && p.style.MarkLate {
		p.buf = append(p.buf, "(late) "...)
	}
	if of := cmp.Or(e.Source, e.sidecar()); of != "" {
		p.buf = append(p.buf, "["+of+"] "...)
	}
	p.before = utf8.RuneCount(p.buf[from:])
}

// safe writes a line so that a message cannot steer the terminal: control characters are shown, colours kept.
func (p *Printer) safe(s string) {
	for i := 0; i < len(s); i++ {
		c := s[i]
		if c == 0xc2 && i+1 < len(s) && s[i+1] >= 0x80 && s[i+1] < 0xa0 {
			// U+0080 to U+009F steer some terminals, too.
			p.buf = append(p.buf, '\\', 'x', hex[s[i+1]>>4], hex[s[i+1]&15])
			i++
			continue
		}
		if c >= ' ' && c != 0x7f || c == '\t' {
			p.buf = append(p.buf, c)
			continue
		}
		if n := colorSequence(s[i:]); n > 0 {
			if p.style.Color {
				p.buf = append(p.buf, s[i:i+n]...)
			}
			i += n - 1
			continue
		}
		p.buf = append(p.buf, '\\', 'x', hex[c>>4], hex[c&15])
	}
	if p.style.Color && strings.IndexByte(s, 0x1b) >= 0 {
		p.buf = append(p.buf, "\x1b[0m"...)
	}
}

// colorSequence is the length of an ANSI colour sequence at the beginning of s, or 0.
func colorSequence(s string) int {
	if !strings.HasPrefix(s, "\x1b[") {
		return 0
	}
	for i := 2; i < len(s); i++ {
		switch c := s[i]; {
		case c == 'm':
			return i + 1
		case c != ';' && c != ':' && (c < '0' || c > '9'):
			return 0
		}
	}
	return 0
}

const hex = "0123456789abcdef"
