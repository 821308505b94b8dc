package agents

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// reader walks a tree of nodes, fills a Config, and collects every problem
// with its position. It remembers where each value stood, for the rules that
// look at more than one value.
type reader struct {
	file     string
	lines    []string
	path     string
	places   map[string]place
	bad      map[string]bool
	problems []Problem
	seen     map[Problem]bool
}

// place is where a key and its value stand in the file.
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
	r.problem(n, fmt.Sprintf("%s cannot be %s", r.label(), describe(n)), allowed)
}

// label is the last key of the current path.
func (r *reader) label() string {
	if r.path == "" {
		return "the file"
	}
	return r.path[strings.LastIndexByte(r.path, '/')+1:]
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

// schema is a JSON schema; encoding/json writes its keys in order.
type schema map[string]any

// value reads one kind of YAML value into a T and describes itself as a JSON
// schema. It is the one place that knows what is allowed there.
type value[T any] struct {
	// read fills into, or reports problems and leaves it as it was.
	read func(r *reader, n *yaml.Node, into *T)
	// describe returns the schema; preset is the default, nil when there is none.
	describe func(d *definitions, preset *T) schema
	// null is true when an empty value means something to read.
	null bool
}

// field is one key of a mapping.
type field[S any] struct {
	key      string
	required bool
	read     func(r *reader, n *yaml.Node, into *S)
	describe func(d *definitions, preset *S) schema
}

// key declares one key of a mapping: its name, what it means, what it may be,
// and where it goes.
func key[S, T any](name, doc string, v value[T], ref func(*S) *T) field[S] {
	return field[S]{
		key: name,
		read: func(r *reader, n *yaml.Node, into *S) {
			if !isNull(n) || v.null {
				v.read(r, n, ref(into))
			}
		},
		describe: func(d *definitions, preset *S) schema {
			var s schema
			if preset != nil {
				s = v.describe(d, ref(preset))
			} else {
				s = v.describe(d, nil)
			}
			s["description"] = doc
			return s
		},
	}
}

// need marks a key that must be there.
func need[S any](f field[S]) field[S] {
	f.required = true
	return f
}

// object is a mapping with known keys. It fills in what is stated and leaves
// the rest of into alone, so defaults are filled in before.
func object[S any](name string, fields []field[S]) value[S] {
	byKey := make(map[string]*field[S], len(fields))
	names := make([]string, len(fields))
	for i := range fields {
		byKey[fields[i].key], names[i] = &fields[i], fields[i].key
	}
	read := func(r *reader, n *yaml.Node, into *S) {
		n = resolve(n)
		if !isNull(n) && n.Kind != yaml.MappingNode {
			r.cannotBe(n, "a mapping with the keys "+either(names))
			return
		}
		for k, v := range pairs(n) {
			f := byKey[k.Value]
			if f == nil {
				if k.Tag != "!!merge" && k.Kind == yaml.ScalarNode {
					r.problem(k, fmt.Sprintf("unknown key %q", shorten(k.Value)), suggest(k.Value, names))
				}
				continue
			}
			r.under(k, v, func() { f.read(r, v, into) })
		}
		for _, f := range fields {
			if f.required && !r.stated(r.path, f.key) {
				where := n
				if p, ok := r.places[r.path]; ok {
					where = p.key
				}
				r.problem(where, fmt.Sprintf("%s has no %s", r.label(), f.key), fmt.Sprintf("%s: is required", f.key))
			}
		}
	}
	return value[S]{null: true, read: read, describe: func(d *definitions, preset *S) schema {
		return d.object(name, func() schema { return describeObject(d, fields, preset) })
	}}
}

// dict is a mapping with free keys.
func dict[T any](keys textRule, what string, v value[T], fresh func(name string) T) value[map[string]T] {
	read := func(r *reader, n *yaml.Node, into *map[string]T) {
		n = resolve(n)
		if n.Kind != yaml.MappingNode {
			r.cannotBe(n, "a mapping of "+what)
			return
		}
		out := maps.Clone(*into)
		if out == nil {
			out = map[string]T{}
		}
		for k, child := range pairs(n) {
			if k.Kind != yaml.ScalarNode || k.Tag == "!!merge" {
				continue
			}
			r.under(k, child, func() {
				if hint, ok := keys.check(k.Value); !ok {
					r.problem(k, fmt.Sprintf("%q is no name for one of the %s", shorten(k.Value), what), hint)
				}
				one, exists := out[k.Value]
				if !exists {
					one = fresh(k.Value)
				}
				if isNull(child) && !v.null {
					r.problem(k, fmt.Sprintf("%s has no value", k.Value), "a value; write \"\" for an empty text")
				} else {
					v.read(r, child, &one)
				}
				out[k.Value] = one
			})
		}
		*into = out
	}
	return value[map[string]T]{read: read, describe: func(d *definitions, preset *map[string]T) schema {
		return describeDict(keys, v.describe(d, nil))
	}}
}

// list is a list without duplicates of at least one and at most most values;
// 0 is no limit. An empty list is allowed and means none.
func list[T comparable](what string, most int, v value[T]) value[[]T] {
	read := func(r *reader, n *yaml.Node, into *[]T) {
		n = resolve(n)
		if n.Kind != yaml.SequenceNode {
			r.cannotBe(n, "a list: "+what)
			return
		}
		out := make([]T, 0, len(n.Content))
		for i, item := range n.Content {
			before := len(r.problems)
			var one T
			if isNull(item) {
				r.cannotBe(item, what)
				continue
			}
			r.places[join(r.path, fmt.Sprint(i))] = place{item, item}
			v.read(r, item, &one)
			if len(r.problems) == before && slices.Contains(out, one) {
				r.problem(item, fmt.Sprintf("%s names %v twice", r.label(), one), "each once")
			}
			out = append(out, one)
		}
		if most > 0 && len(out) > most {
			r.problem(n, fmt.Sprintf("%s has %d entries", r.label(), len(out)), fmt.Sprintf("at most %d", most))
		}
		*into = out
	}
	return value[[]T]{read: read, describe: func(d *definitions, preset *[]T) schema {
		s := schema{"type": []string{"array", "null"}, "items": v.describe(d, nil), "uniqueItems": true}
		if most > 0 {
			s["maxItems"] = most
		}
		if preset != nil && len(*preset) > 0 {
			s["default"] = *preset
		}
		return s
	}}
}
