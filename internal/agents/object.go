package agents

import (
	"fmt"
	"maps"
	"slices"
	"strconv"

	"go.yaml.in/yaml/v3"
)

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
	// blank is true when "" is a value like any other.
	blank bool
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
		meant := map[string]bool{} // by a key that is mistyped: one mistake, one message
		for k, v := range pairs(n) {
			f := byKey[k.Value]
			if f == nil {
				if k.Tag != "!!merge" && k.Kind == yaml.ScalarNode {
					meant[Nearest(k.Value, names)] = true
					r.problem(k, fmt.Sprintf("unknown key %q", shorten(k.Value)), r.unknownKey(k.Value, names))
				}
				continue
			}
			r.under(k, v, func() { f.read(r, v, into) })
		}
		for _, f := range fields {
			if f.required && !meant[f.key] && !r.stated(r.path, f.key) {
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

// dict is a mapping with free keys; a key names what, such as "a tag".
func dict[T any](keys textRule, what string, v value[T], fresh func(name string) T) value[map[string]T] {
	read := func(r *reader, n *yaml.Node, into *map[string]T) {
		n = resolve(n)
		if n.Kind != yaml.MappingNode {
			r.cannotBe(n, "a mapping in which each key is the name of "+what)
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
					r.problem(k, fmt.Sprintf("%q is no name for %s", shorten(k.Value), what), hint)
				}
				one, exists := out[k.Value]
				if !exists {
					one = fresh(k.Value)
				}
				if isNull(child) && v.blank {
					r.problem(k, fmt.Sprintf("%s has no value", k.Value), "write \"\" for an empty text")
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
				r.problem(item, r.label()+" has an empty entry", what)
				out = append(out, one) // the others keep their places
				continue
			}
			r.places[join(r.path, fmt.Sprint(i))] = place{item, item}
			r.entry = true
			v.read(r, item, &one)
			r.entry = false
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

// objects is a list of mappings. Each that is read without a problem is checked.
func objects[S any](allowed string, one value[S], check func(r *reader, n *yaml.Node, item S)) value[[]S] {
	return value[[]S]{
		read: func(r *reader, n *yaml.Node, into *[]S) {
			n = resolve(n)
			if n.Kind != yaml.SequenceNode {
				r.cannotBe(n, allowed)
				return
			}
			out := make([]S, 0, len(n.Content))
			before := r.path
			for i, item := range n.Content {
				item = resolve(item)
				if item.Kind != yaml.MappingNode {
					r.entry = true
					r.cannotBe(item, allowed)
					r.entry = false
					continue
				}
				var s S
				r.path = join(before, strconv.Itoa(i))
				r.places[r.path] = place{item, item}
				problems := len(r.problems)
				one.read(r, item, &s)
				if len(r.problems) == problems {
					check(r, item, s)
				}
				r.path = before
				out = append(out, s)
			}
			*into = out
		},
		describe: func(d *definitions, _ *[]S) schema {
			return schema{"type": []string{"array", "null"}, "items": one.describe(d, nil)}
		},
	}
}
