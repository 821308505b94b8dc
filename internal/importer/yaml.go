package importer

import (
	"fmt"
	"strconv"

	"go.yaml.in/yaml/v3"
)

// yamlTree reads a YAML (or JSON) document. Aliases and merges are resolved: what is
// merged keeps the place where it is written.
func yamlTree(file string, src []byte) (*tree, error) {
	var doc yaml.Node
	if err := yaml.Unmarshal(src, &doc); err != nil {
		return nil, fmt.Errorf("%s cannot be read: %w", file, err)
	}
	if len(doc.Content) == 0 {
		return &tree{at: Place{File: file}, kind: dict}, nil
	}
	y := yamlReader{file: file, made: map[*yaml.Node]*tree{}}
	return y.read("", doc.Content[0], 0), nil
}

type yamlReader struct {
	file string
	// made are the trees of anchored nodes, which aliases share the outcome of.
	made  map[*yaml.Node]*tree
	nodes int
}

// Limits on what aliases may blow up to.
const (
	deepest   = 60
	mostNodes = 200000
)

func (y *yamlReader) read(name string, n *yaml.Node, depth int) *tree {
	t := &tree{name: name, at: Place{File: y.file, Line: n.Line}}
	y.nodes++
	if depth > deepest || y.nodes > mostNodes {
		t.null = true
		return t
	}
	for n.Kind == yaml.AliasNode {
		if from := y.made[n.Alias]; from != nil {
			t.sources = append(t.sources, from)
		}
		n = n.Alias
	}
	switch n.Kind {
	case yaml.MappingNode:
		t.kind = dict
		for i := 0; i+1 < len(n.Content); i += 2 {
			k, v := n.Content[i], n.Content[i+1]
			if k.Tag == "!!merge" {
				y.merge(t, v, depth)
				continue
			}
			c := y.read(below(name, k.Value), v, depth+1)
			if c.at.Line == v.Line {
				c.at.Line = k.Line
			}
			t.put(k.Value, c)
		}
	case yaml.SequenceNode:
		t.kind = list
		for i, v := range n.Content {
			t.items = append(t.items, y.read(below(name, strconv.Itoa(i)), v, depth+1))
		}
	default:
		t.text, t.null = n.Value, n.Tag == "!!null"
	}
	if n.Anchor != "" && y.made[n] == nil {
		y.made[n] = t
	}
	return t
}

// merge lays what is merged below what is said.
func (y *yamlReader) merge(t *tree, v *yaml.Node, depth int) {
	for v.Kind == yaml.AliasNode {
		if from := y.made[v.Alias]; from != nil {
			from.own("merged where it is used")
		}
		v = v.Alias
	}
	if v.Kind == yaml.SequenceNode {
		for i := len(v.Content) - 1; i >= 0; i-- {
			y.merge(t, v.Content[i], depth)
		}
		return
	}
	from := y.read(t.name, v, depth+1)
	for k, c := range from.each() {
		if t.get(k) == nil {
			t.put(k, c)
		}
	}
}

func below(name, key string) string {
	if name == "" {
		return key
	}
	return name + "." + key
}
