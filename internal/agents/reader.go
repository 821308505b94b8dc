package agents

import (
	"fmt"
	"strings"

	"go.yaml.in/yaml/v3"
)

// reader walks a tree of nodes, fills a Config, and collects every problem
// with its position. It remembers where each value stood, for the rules that
// look at more than one value.
type reader struct {
	file   string
	lines  []string
	path   string
	places map[string]place
	bad    map[string]bool
	// whole describes the file, for a key that is written at another's place.
	whole     func(*definitions) schema
	keyPlaces map[string][][]string
	// entry: what is read is one of a list, not the whole of what the path names.
	entry    bool
	problems []Problem
	seen     map[Problem]bool
}

// place is where a key and its value are in the file.
type place struct{ key, value *yaml.Node }

func newReader(file string, src []byte) *reader {
	return &reader{
		file:   file,
		lines:  strings.Split(string(src), "\n"),
		places: map[string]place{},
		bad:    map[string]bool{},
		seen:   map[Problem]bool{},
	}
}

// line is the text of a line, counted from 1.
func (r *reader) line(n int) string {
	if n < 1 || n > len(r.lines) {
		return ""
	}
	return strings.TrimRight(r.lines[n-1], "\r")
}

// problemAt notes a problem. The same one twice (a bad default under five
// agents) is one problem.
func (r *reader) problemAt(line, column int, message, allowed string) {
	r.bad[r.path] = true
	p := Problem{
		File: r.file, Line: max(line, 1), Column: max(column, 1),
		Message: printable(message), Allowed: printable(allowed), Source: printable(r.line(line)),
	}
	if !r.seen[p] {
		r.seen[p] = true
		r.problems = append(r.problems, p)
	}
}

func (r *reader) problem(n *yaml.Node, message, allowed string) {
	if n == nil {
		r.problemAt(1, 1, message, allowed)
		return
	}
	r.problemAt(n.Line, n.Column, message, allowed)
}

// cannotBe reports the value at the current path: "cpu cannot be 300: allowed".
func (r *reader) cannotBe(n *yaml.Node, allowed string) {
	be := "be"
	if r.entry {
		be = "contain"
	}
	r.problem(n, fmt.Sprintf("%s cannot %s %s", r.label(), be, describe(n)), allowed)
}

// label is the last key of the current path.
func (r *reader) label() string {
	if r.path == "" {
		return "the file"
	}
	last := r.path[strings.LastIndexByte(r.path, '/')+1:]
	if wholeNumber.MatchString(last) {
		return "the entry"
	}
	return last
}

// under runs read with key added to the path.
func (r *reader) under(key, value *yaml.Node, read func()) {
	before := r.path
	r.path = join(before, key.Value)
	r.places[r.path] = place{key, value}
	read()
	r.path = before
}

// join makes a path; names with a slash are refused elsewhere.
func join(path ...string) string {
	return strings.TrimPrefix(strings.Join(path, "/"), "/")
}

// stated tells whether the file says something at this path.
func (r *reader) stated(path ...string) bool {
	p, ok := r.places[join(path...)]
	return ok && !isNull(p.value)
}

// sound tells whether the values at the paths were fine when they were read.
func (r *reader) sound(paths ...string) bool {
	for _, p := range paths {
		if r.bad[p] {
			return false
		}
	}
	return true
}

// at is the node to point at for a path: its value, or the key of the nearest
// thing above it that the file mentions.
func (r *reader) at(path ...string) *yaml.Node {
	p := join(path...)
	if found, ok := r.places[p]; ok {
		return found.value
	}
	for {
		cut := strings.LastIndexByte(p, '/')
		if cut < 0 {
			return nil
		}
		p = p[:cut]
		if found, ok := r.places[p]; ok {
			return found.key
		}
	}
}

// describe names a node's value for a message.
func describe(n *yaml.Node) string {
	n = resolve(n)
	switch {
	case isNull(n):
		return "empty"
	case n.Kind == yaml.MappingNode:
		return "a mapping"
	case n.Kind == yaml.SequenceNode:
		return "a list"
	case n.Tag == "!!str":
		return fmt.Sprintf("%q", shorten(n.Value))
	}
	return shorten(n.Value)
}

func shorten(s string) string {
	if runes := []rune(s); len(runes) > 60 {
		return string(runes[:57]) + "..."
	}
	return s
}
