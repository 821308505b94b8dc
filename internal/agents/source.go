package agents

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// maxNodes limits a file after its aliases are written out. Five hundred
// agents need some 30,000; a few lines of nested aliases can ask for billions.
const maxNodes = 500_000

// parseSource turns text into one tree of nodes and checks what holds for any
// YAML file here: one document, no key twice, no merge keys, sane aliases. A
// nil node means that there is nothing to read on.
func (r *reader) parseSource(src []byte) *yaml.Node {
	root, second, err := decodeYAML(src)
	switch {
	case errors.Is(err, io.EOF):
		r.problemAt(1, 1, "the file is empty", "karmactl init writes a commented one")
		return nil
	case err != nil:
		r.syntaxProblem(src, err)
		return nil
	case second != nil:
		r.problem(second, "a second YAML document starts here", "one document per file; environments go under environments:")
	}
	if len(root.Content) == 0 || isNull(root.Content[0]) {
		r.problemAt(1, 1, "the file is empty", "karmactl init writes a commented one")
		return nil
	}
	if !r.checkAliases(root) {
		return nil
	}
	r.checkKeys(root)
	return root.Content[0]
}

// decodeYAML reads the first document and looks whether there is a second.
func decodeYAML(src []byte) (first, second *yaml.Node, err error) {
	decoder := yaml.NewDecoder(bytes.NewReader(src))
	first = new(yaml.Node)
	if err := decoder.Decode(first); err != nil {
		return nil, nil, err
	}
	var next yaml.Node
	if err := decoder.Decode(&next); errors.Is(err, io.EOF) {
		return first, nil, nil
	} else if err != nil {
		return nil, nil, err
	}
	return first, &next, nil
}

// syntaxProblem reports a file that is not YAML. The library names the line
// where the enclosing block began, or none; the line that people look for is
// the last of the shortest beginning of the file that fails in the same way.
func (r *reader) syntaxProblem(src []byte, err error) {
	said := syntaxText(err)
	low, high := 0, len(r.lines)
	ends := make([]int, 0, high+1)
	for i, b := range src {
		if b == '\n' {
			ends = append(ends, i+1)
		}
	}
	ends = append(ends, len(src))
	high = min(high, len(ends))
	for high-low > 1 {
		middle := (low + high) / 2
		if _, _, err := decodeYAML(src[:ends[middle-1]]); err != nil && syntaxText(err) == said {
			high = middle
		} else {
			low = middle
		}
	}
	text := r.line(high)
	column := 1 + len([]rune(text)) - len([]rune(strings.TrimLeft(text, " \t")))
	message, allowed := explainSyntax(said, text)
	r.problemAt(high, column, message, allowed)
}

var yamlErrorPrefix = regexp.MustCompile(`^yaml: (line \d+: )?`)

func syntaxText(err error) string {
	return yamlErrorPrefix.ReplaceAllString(err.Error(), "")
}

// explainSyntax says in the user's words what the YAML library said in its own.
func explainSyntax(said, line string) (message, allowed string) {
	indent := line[:len(line)-len(strings.TrimLeft(line, " \t"))]
	switch {
	case strings.Contains(indent, "\t"):
		return "this line is indented with a tab", "YAML allows only spaces there"
	case strings.HasPrefix(said, "mapping values are not allowed"):
		return "a colon starts a value where none can be", "one key: value a line, indented like its neighbours; quote a text that contains a colon"
	case said == "did not find expected key", strings.HasPrefix(said, "did not find expected '-'"):
		return "this line does not continue what stands above it", "indent it like its neighbours, and close every quote and bracket before it"
	case strings.HasPrefix(said, "found character that cannot start any token"):
		return "a value cannot start with this character", "quote texts that start with @, ` or %"
	case strings.HasPrefix(said, "unknown anchor"):
		return said, "an alias *name needs an anchor &name before it"
	}
	return "not valid YAML: " + said, "check quotes, brackets and indentation"
}

// checkKeys reports keys given twice, keys that are not text, and merge keys.
func (r *reader) checkKeys(n *yaml.Node) {
	if n.Kind == yaml.MappingNode {
		first := make(map[string]int, len(n.Content)/2)
		for i := 0; i+1 < len(n.Content); i += 2 {
			key := n.Content[i]
			name := resolve(key)
			switch line, twice := first[name.Value]; {
			case name.Kind != yaml.ScalarNode:
				r.problem(key, "a key cannot be "+describe(name), "a word")
			case name.Tag == "!!merge":
				r.problem(key, "merge keys are not read", "put what agents share under defaults:, what environments change under environments:")
			case twice:
				r.problem(key, fmt.Sprintf("duplicate key %q", name.Value), "each key once; the first is on line "+strconv.Itoa(line))
			default:
				first[name.Value] = key.Line
			}
		}
	}
	for _, c := range n.Content {
		r.checkKeys(c)
	}
}

// checkAliases refuses aliases that contain themselves or that multiply.
func (r *reader) checkAliases(root *yaml.Node) bool {
	sizes := map[*yaml.Node]int{}
	const open = -1
	ok := true
	var size func(n *yaml.Node) int
	size = func(n *yaml.Node) int {
		switch known := sizes[n]; {
		case known == open:
			if ok {
				r.problem(n, "an anchor contains an alias of itself", "an alias only of what is complete before it")
			}
			ok = false
			return 0
		case known > 0:
			return known
		}
		sizes[n] = open
		total := 1
		for _, c := range n.Content {
			total = min(total+size(c), maxNodes+1)
		}
		if n.Kind == yaml.AliasNode {
			total = min(total+size(n.Alias), maxNodes+1)
		}
		sizes[n] = total
		return total
	}
	if size(root) > maxNodes && ok {
		r.problemAt(1, 1, "the file is too large", fmt.Sprintf("at most %d values with all aliases written out", maxNodes))
		ok = false
	}
	return ok
}
