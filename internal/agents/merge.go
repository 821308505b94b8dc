package agents

import (
	"iter"

	"go.yaml.in/yaml/v3"
)

// merge lays over on top of base: mappings merge key by key, in the order of
// base and then over; scalars and lists replace. A null says nothing and
// leaves base as it is. Neither argument is changed; nodes are shared with
// the result, so that a value keeps the line and column it was written at.
func merge(base, over *yaml.Node) *yaml.Node {
	base, over = resolve(base), resolve(over)
	if isNull(over) {
		return base
	}
	if base == nil || base.Kind != yaml.MappingNode || over.Kind != yaml.MappingNode {
		return over
	}
	out := *over
	out.Content = make([]*yaml.Node, 0, len(base.Content)+len(over.Content))
	places := make(map[string]int, len(base.Content))
	for key, value := range pairs(base) {
		if _, twice := places[key.Value]; twice {
			continue
		}
		places[key.Value] = len(out.Content)
		out.Content = append(out.Content, key, value)
	}
	for key, value := range pairs(over) {
		at, both := places[key.Value]
		if !both {
			places[key.Value] = len(out.Content)
			out.Content = append(out.Content, key, value)
			continue
		}
		if !isNull(value) {
			out.Content[at] = key
			out.Content[at+1] = merge(out.Content[at+1], value)
		}
	}
	return &out
}

// resolve follows aliases to the node they stand for.
func resolve(n *yaml.Node) *yaml.Node {
	for n != nil && n.Kind == yaml.AliasNode {
		n = n.Alias
	}
	return n
}

// isNull tells whether n is absent, empty, null or ~.
func isNull(n *yaml.Node) bool {
	n = resolve(n)
	return n == nil || n.Kind == yaml.ScalarNode && n.Tag == "!!null"
}

// pairs ranges over the keys and values of a mapping; over nothing for another node.
func pairs(n *yaml.Node) iter.Seq2[*yaml.Node, *yaml.Node] {
	return func(yield func(*yaml.Node, *yaml.Node) bool) {
		n = resolve(n)
		if n == nil || n.Kind != yaml.MappingNode {
			return
		}
		for i := 0; i+1 < len(n.Content); i += 2 {
			if !yield(resolve(n.Content[i]), n.Content[i+1]) {
				return
			}
		}
	}
}

// child returns the value of a key of a mapping, or nil.
func child(n *yaml.Node, key string) *yaml.Node {
	for k, v := range pairs(n) {
		if k.Value == key {
			return v
		}
	}
	return nil
}

// with returns a copy of the mapping in which key has another value.
func with(n *yaml.Node, key string, value *yaml.Node) *yaml.Node {
	out := *n
	out.Content = append([]*yaml.Node(nil), n.Content...)
	for i := 0; i+1 < len(out.Content); i += 2 {
		if resolve(out.Content[i]).Value == key {
			out.Content[i+1] = value
		}
	}
	return &out
}

// only returns a copy of the mapping with the keys that keep allows.
func only(n *yaml.Node, keep func(string) bool) *yaml.Node {
	n = resolve(n)
	if n == nil || n.Kind != yaml.MappingNode {
		return nil
	}
	out := *n
	out.Content = nil
	for key, value := range pairs(n) {
		if keep(key.Value) {
			out.Content = append(out.Content, key, value)
		}
	}
	return &out
}
