package agents

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"

	"github.com/karmacadabra/karmactl/internal/lazyregexp"
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
	message, allowed, at := explainSyntax(said, text)
	r.problemAt(high, 1+utf8.RuneCountInString(text[:at]), message, allowed)
}

var yamlErrorPrefix = lazyregexp.New(`^yaml: (line \d+: )?`)

func syntaxText(err error) string {
	return yamlErrorPrefix.ReplaceAllString(err.Error(), "")
}

var unknownAnchor = lazyregexp.New(`^unknown anchor '(.*)' referenced$`)

// explainSyntax says in the user's words what the YAML library said in its own,
// and at which byte of the line: where its text begins, or better where that is known.
func explainSyntax(said, line string) (message, allowed string, at int) {
	at = len(line) - len(strings.TrimLeft(line, " \t"))
	switch {
	case strings.Contains(said, "UTF-8"):
		return "this is not UTF-8 text", "save the file as UTF-8", notUTF8(line)
	case strings.Contains(line[:at], "\t"):
		return "this line is indented with a tab", "YAML allows only spaces there", at
	case strings.HasPrefix(said, "mapping values are not allowed"):
		return "a colon starts a value where none can be", "one key: value a line, indented like its neighbours; quote a text that contains a colon", secondColon(line, at)
	case said == "did not find expected key", strings.HasPrefix(said, "did not find expected '-'"):
		return "this line does not continue the line above it", "indent it like its neighbours, and close every quote and bracket before it", at
	case strings.HasPrefix(said, "found character that cannot start any token"):
		return "a value cannot start with this character", "quote texts that start with @, ` or %", at
	case said == "did not find expected node content":
		return "a value is missing, or is not allowed here", "a value before each comma and closing bracket", at
	case said == "found unexpected end of stream":
		return "a quote is opened here and never closed", "put the same quote at the end of the text", openQuote(line, at)
	}
	if m := unknownAnchor.FindStringSubmatch(said); m != nil {
		return fmt.Sprintf("there is no anchor &%s above this alias", m[1]), fmt.Sprintf("name a value with &%s above this line, or write the value out", m[1]), max(at, strings.Index(line, "*"+m[1]))
	}
	return "not valid YAML: " + said, "check quotes, brackets and indentation", at
}

// notUTF8 is where a line stops being text.
func notUTF8(line string) int {
	for at, c := range line {
		if _, size := utf8.DecodeRuneInString(line[at:]); c == utf8.RuneError && size == 1 {
			return at
		}
	}
	return 0
}

// secondColon is the second colon of a line that ends a key, which is the one
// too many; at when there is no second.
func secondColon(line string, at int) int {
	colons := keyColon.FindAllStringIndex(line, 2)
	if len(colons) < 2 {
		return at
	}
	return colons[1][0]
}

var keyColon = lazyregexp.New(`:( |$)`)

// openQuote is where a text begins whose quote is not closed in the line; at when
// there is none.
func openQuote(line string, at int) int {
	open := -1
	for i := range len(line) {
		switch c := line[i]; {
		case c != '"' && c != '\'':
		case open < 0 && (i == 0 || strings.IndexByte(" [{,:", line[i-1]) >= 0):
			open = i
		case open >= 0 && line[open] == c:
			open = -1
		}
	}
	return max(open, at)
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
				r.problem(n, "this value contains an alias of itself", "an alias only below the end of the value that it stands for")
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
