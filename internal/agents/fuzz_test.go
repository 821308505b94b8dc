package agents

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"go.yaml.in/yaml/v3"
)

// FuzzParse: any text is a Config or a list of complete problems, never a panic.
func FuzzParse(f *testing.F) {
	f.Add([]byte(everything), "")
	f.Add([]byte(overlaid), "staging")
	f.Add(Template(), "")
	files, err := filepath.Glob("testdata/invalid/*.yaml")
	if err != nil {
		f.Fatal(err)
	}
	for _, file := range files {
		src, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(src, "")
	}
	f.Fuzz(func(t *testing.T, src []byte, environment string) {
		c, err := Parse("agents.yaml", src, environment)
		if err == nil {
			if len(c.Agents) == 0 || c.Region == "" || c.Agents[0].Memory == 0 {
				t.Errorf("an incomplete config without an error: %+v", c)
			}
			return
		}
		var problems *Problems
		if !errors.As(err, &problems) || len(problems.List) == 0 || err.Error() == "" {
			t.Fatalf("not a list of problems: %v", err)
		}
		for _, p := range problems.List {
			if p.Line < 1 || p.Column < 1 || p.Message == "" {
				t.Errorf("incomplete: %+v", p)
			}
		}
	})
}

// FuzzMerge: laying nothing, or the same, over a document changes nothing, and
// every key of both is in the result.
func FuzzMerge(f *testing.F) {
	f.Add([]byte("a: {b: 1, c: [1, 2]}"), []byte("a: {b: 2}\nd: 3"))
	f.Add([]byte("a: 1"), []byte("a: {b: 2}"))
	f.Add([]byte("a: {b: 1}"), []byte("a: null"))
	f.Add([]byte("a: &x {b: 1}\nc: *x"), []byte("c: {d: *y}"))
	f.Fuzz(func(t *testing.T, one, two []byte) {
		base, over := tree(one), tree(two)
		if base == nil || over == nil {
			return
		}
		if again := merge(base, base); !same(again, base) {
			t.Error("a document over itself is another document")
		}
		if !same(merge(base, &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!null"}), base) {
			t.Error("nothing over a document changes it")
		}
		before := dump(base)
		merged := merge(base, over)
		if dump(base) != before {
			t.Error("merge changed its argument")
		}
		for _, n := range []*yaml.Node{base, over} {
			for k := range pairs(n) {
				if isNull(over) || resolve(base).Kind != yaml.MappingNode || resolve(over).Kind != yaml.MappingNode {
					continue
				}
				if child(merged, k.Value) == nil {
					t.Errorf("key %q is lost", k.Value)
				}
			}
		}
	})
}

// tree is the document as Parse hands it to merge, nil when it does not get that far.
func tree(src []byte) *yaml.Node {
	r := newReader("x", src)
	root := r.parseSource(src)
	if len(r.problems) > 0 {
		return nil
	}
	return root
}

func dump(n *yaml.Node) string {
	n = resolve(n)
	if n == nil {
		return ""
	}
	text := n.Tag + " " + n.Value + "("
	for _, c := range n.Content {
		text += dump(c) + ","
	}
	return text + ")"
}

func same(a, b *yaml.Node) bool { return dump(a) == dump(b) }
