package importer

import (
	"fmt"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/karmacadabra/karmactl/internal/lazyregexp"
)

// page is an agents.yaml being written line by line, because comments are half of it.
type page struct {
	lines []string
	// keys are the paths of the lines, to find what a problem is about.
	keys map[int]string
	// from tells where a key's value comes from.
	from map[string]Place
	// refused are the paths that agents.yaml did not take, and why.
	refused map[string]string
	// open are the headings that are written once something is below them.
	open []heading
}

type heading struct {
	indent    int
	key, name string
	comments  []string
}

func (p *page) raw(indent int, text string) {
	p.lines = append(p.lines, strings.TrimRight(strings.Repeat("  ", indent)+text, " "))
}

func (p *page) comment(indent int, text string) {
	const width = 100
	if text == "" {
		p.raw(indent, "#")
		return
	}
	for _, l := range wrapped(text, width-2*indent) {
		p.raw(indent, "# "+l)
	}
}

// in writes a heading, but only when f writes something below it.
func (p *page) in(indent int, key, name string, f func()) {
	if _, no := p.refused[key]; no {
		return
	}
	p.open = append(p.open, heading{indent: indent, key: key, name: name})
	n := len(p.open)
	f()
	if len(p.open) == n {
		p.open = p.open[:n-1]
	}
}

// flush writes the headings that are still to be written.
func (p *page) flush() {
	for _, h := range p.open {
		if h.indent == 0 && len(p.lines) > 0 {
			p.raw(0, "")
		}
		for _, c := range h.comments {
			p.comment(h.indent, c)
		}
		p.raw(h.indent, scalarText(h.name)+":")
		p.keys[len(p.lines)] = h.key
	}
	p.open = p.open[:0]
}

// put writes one key with its value, which is yaml already, and where it is from.
func (p *page) put(indent int, key, value string) {
	if _, no := p.refused[key]; no {
		return
	}
	p.flush()
	name := key[strings.LastIndexByte(key, '.')+1:]
	p.entry(indent, key, name, value)
}

// entry writes a key whose name may have dots.
func (p *page) entry(indent int, key, name, value string) {
	p.line(indent, key, scalarText(name)+": "+value)
}

// listed writes an item of a list.
func (p *page) listed(indent int, key, value string) { p.line(indent, key, "- "+value) }

func (p *page) line(indent int, key, line string) {
	if _, no := p.refused[key]; no {
		return
	}
	p.flush()
	if at, ok := p.from[key]; ok {
		line += "  # " + at.String()
	}
	p.raw(indent, line)
	p.keys[len(p.lines)] = key
}

func (p *page) text(indent int, key, value string) {
	if value != "" {
		p.put(indent, key, scalarText(value))
	}
}

func (p *page) number(indent int, key string, n int) {
	if n != 0 {
		p.put(indent, key, fmt.Sprint(n))
	}
}

func (p *page) seconds(indent int, key string, n int) {
	if n != 0 {
		p.put(indent, key, fmt.Sprintf("%ds", n))
	}
}

func (p *page) truth(indent int, key string, v *bool) {
	if v != nil {
		p.put(indent, key, fmt.Sprint(*v))
	}
}

func (p *page) texts(indent int, key string, all []string) {
	if len(all) > 0 {
		p.put(indent, key, flow(all))
	}
}

func (p *page) pairs(indent int, key, name string, all []pair) {
	p.in(indent, key, name, func() {
		for _, x := range all {
			p.entry(indent+1, key+"."+x.name, x.name, scalarText(x.text))
		}
	})
}

// scalarText quotes a text where yaml would take it for something else, and keeps it in one line.
func scalarText(s string) string {
	n := &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: s}
	if strings.ContainsAny(s, "\n\r\t") || strings.TrimSpace(s) != s {
		n.Style = yaml.DoubleQuotedStyle
	}
	b, err := yaml.Marshal(n)
	if err != nil || strings.Count(string(b), "\n") > 1 {
		return fmt.Sprintf("%q", s)
	}
	return strings.TrimSpace(string(b))
}

// bare is a text that needs no quotes for its characters inside of [] and {}.
var bare = lazyregexp.New(`^[A-Za-z0-9_./@%+=-]([A-Za-z0-9 _./@%+=:|-]*[A-Za-z0-9_./@%+=-])?$`)

// flow is a list in one line.
func flow(all []string) string {
	quoted := make([]string, len(all))
	for i, s := range all {
		quoted[i] = fmt.Sprintf("%q", s)
		if bare.MatchString(s) {
			quoted[i] = scalarText(s)
		}
	}
	return "[" + strings.Join(quoted, ", ") + "]"
}

// wrapped breaks a text between words.
func wrapped(s string, width int) []string {
	var lines []string
	line := ""
	for _, w := range strings.Fields(s) {
		if line != "" && len(line)+1+len(w) > width {
			lines, line = append(lines, line), ""
		}
		line = strings.TrimSpace(line + " " + w)
	}
	return append(lines, line)
}

// quoted is a text inside {}: quoted where it has what ends an entry.
func quoted(s string) string {
	if bare.MatchString(s) && !strings.Contains(s, ":") {
		return scalarText(s)
	}
	return fmt.Sprintf("%q", s)
}
